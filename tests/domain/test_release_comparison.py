"""What some releases hold that others don't, and which commits touched files of given names."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from factories import World, statements
from sqlalchemy import Connection

from shipmark.infrastructure.database import Database
from shipmark.releases.model import NewRelease
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import comparison, file_changes, releases
from shipmark.repositories import actions as repositories
from shipmark.repositories.model import Change, Commit, CommitInput

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Room:
    """Makes releases of acme with commits."""

    def __init__(self, connection: Connection, world: World) -> None:
        self.connection = connection
        self.acme = world.organizations["acme"]

    def add(self, version: str, *commits: CommitInput) -> int:
        new = NewRelease(version=version, created_at=NOW)
        made, _ = releases.ensure(self.connection, self.acme, new)
        kept = repositories.upsert_commits(self.connection, self.acme, commits, NOW)
        release_commits.bind(self.connection, made.id, [it.commit_id for it in kept])
        return made.id


@pytest.fixture
def room(database: Database, world: World) -> Iterator[Room]:
    with database.transaction() as connection:
        yield Room(connection, world)


def commit(key: str, hour: int = 0, *files: str, author: str | None = "a") -> CommitInput:
    """A commit; a file is modified unless its name begins with ``+`` or ``-``."""
    kinds = {"+": Change.ADDED, "-": Change.DELETED}
    changes = tuple((it.lstrip("+-"), kinds.get(it[0], Change.MODIFIED)) for it in files)
    email = f"{author}@example.com" if author else None
    at = NOW + hour * HOUR
    return CommitInput(sha=key, repository="acme/web", author_email=email, at=at, changes=changes)


def keys(found: tuple[int, list[Commit]]) -> tuple[int, list[str]]:
    return found[0], [it.sha for it in found[1]]


def test_commits_of_several_releases_count_once_newest_first(room: Room) -> None:
    one = room.add("1", commit("a", 1), commit("b", 3))
    two = room.add("2", commit("b", 3), commit("c", 2))
    base = room.add("0", commit("a", 1))
    found = comparison.commits_only_in(room.connection, [one, two], [base], limit=9)
    assert keys(found) == (2, ["b", "c"])
    found = comparison.commits_only_in(room.connection, [one, two], [base], limit=1)
    assert keys(found) == (2, ["b"])
    found = comparison.commits_only_in(room.connection, [base], [one, two], limit=9)
    assert keys(found) == (0, [])


@pytest.mark.parametrize("others", [[], [999]])
def test_nothing_taken_away_leaves_all(room: Room, others: list[int]) -> None:
    one = room.add("1", commit("a"))
    found = comparison.commits_only_in(room.connection, [one], others, limit=9)
    assert keys(found) == (1, ["a"])
    assert comparison.commits_only_in(room.connection, others, [one], limit=9) == (0, [])


def test_who_wrote_the_most_comes_first(room: Room) -> None:
    given = [commit("1"), commit("2", author="b"), commit("3", author="b")]
    one = room.add("1", *given, commit("4", author=None))
    count, ids = comparison.authors_only_in(room.connection, [one], [], limit=9)
    assert (count, len(ids)) == (2, 2)
    kept = repositories.upsert_commits(room.connection, room.acme, given, NOW)
    assert ids == [kept[1].author_id, kept[0].author_id]


@pytest.mark.parametrize(
    ("changes", "comes_to"),
    [
        (("f",), Change.MODIFIED),
        (("+f", "f"), Change.ADDED),
        (("+f", "-f"), Change.DELETED),
        (("-f", "+f"), Change.ADDED),
        (("f", "-f"), Change.DELETED),
        (("-f", "+f", "f"), Change.ADDED),
    ],
)
def test_changes_to_a_file_come_to_one(
    room: Room, changes: tuple[str, ...], comes_to: Change
) -> None:
    """The oldest comes first here."""
    given = [commit(f"{hour}", hour, change) for hour, change in enumerate(changes)]
    one = room.add("1", *given)
    count, [file] = comparison.files_only_in(room.connection, [one], [], limit=9)
    assert (count, file.change, file.commit_count) == (1, comes_to, len(changes))


def test_files_that_most_commits_changed_come_first(room: Room) -> None:
    one = room.add("1", commit("1", 0, "a", "z"), commit("2", 1, "z"), commit("3", 2, "b"))
    count, files = comparison.files_only_in(room.connection, [one], [], limit=2)
    assert (count, [it.filename for it in files]) == (3, ["z", "a"])


def test_each_is_one_statement(room: Room, database: Database) -> None:
    one = room.add("1", commit("1", 0, "a"))
    for ask in (
        comparison.commits_only_in,
        comparison.authors_only_in,
        comparison.files_only_in,
    ):
        with statements(database) as seen:
            ask(room.connection, [one], [], limit=9)
        assert seen.count == 1


@pytest.mark.parametrize(
    "file",
    ["cart.py", "shop/cart.py", "a/b/c/cart.py", "shop\\cart.py", "SHOP/Cart.PY", "/cart.py"],
)
def test_a_touch_is_found_by_the_name_of_the_file(room: Room, file: str) -> None:
    one = room.add("1", commit("1", 0, file))
    [found] = file_changes.of_names(room.connection, [one], ["cart.py"])
    assert (found.filename, found.release_id, found.at) == (file, one, NOW)


@pytest.mark.parametrize("file", ["cart.py/x", "mycart.py", "cart.pyc", "cart_py", "shop/cart.py/"])
def test_other_names_are_not_found(room: Room, file: str) -> None:
    one = room.add("1", commit("1", 0, file))
    assert file_changes.of_names(room.connection, [one], ["cart.py"]) == []


def test_only_touches_of_the_releases_are_found_newest_first(room: Room) -> None:
    one = room.add("1", commit("1", 1, "a"), commit("2", 2, "x/a", "b"))
    two = room.add("2", commit("1", 1, "a"))
    room.add("3", commit("3", 3, "a"))
    found = file_changes.of_names(room.connection, [one, two], ["a", "none"])
    assert [(it.filename, it.release_id) for it in found[:1]] == [("x/a", one)]
    assert {(it.filename, it.release_id) for it in found[1:]} == {("a", one), ("a", two)}
    assert file_changes.of_names(room.connection, [], ["a"]) == []
    assert file_changes.of_names(room.connection, [one], []) == []
