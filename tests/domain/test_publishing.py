"""Publishing in one unit of work: what becomes of the release, its projects, commits and refs (releases.md 3)."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from factories import (
    ALICE,
    World,
    counts,
    dump,
    error_event,
    on_one_database,
    publish_context,
    rows,
    send_event,
)
from httpx import Client
from structlog.testing import capture_logs

from shipmark.deletion.release_deletion import delete_releases
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.projects import store as projects
from shipmark.publishing import actions
from shipmark.publishing.model import (
    CommitsAndRefs,
    Published,
    RefInput,
    ReleaseInput,
    ReleaseUpdate,
)
from shipmark.releases.model import Release, ReleaseStatus
from shipmark.repositories.model import CommitInput

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Room:
    """Publishes releases of acme as Alice, each in a unit of work of its own."""

    def __init__(self, database: Database, world: World) -> None:
        self.database = database
        self.world = world

    def publish(
        self,
        version: str = "web@1.0.0",
        *,
        names: tuple[str, ...] = ("web",),
        commits: tuple[CommitInput, ...] = (),
        refs: tuple[RefInput, ...] | None = None,
        **more: Any,
    ) -> Published:
        with self.database.transaction() as connection:
            found = projects.by_ids(connection, [self.world.projects[name] for name in names])
            publication = ReleaseInput(
                version=version,
                projects=tuple(found.values()),
                code=CommitsAndRefs(commits=commits, refs=refs),
                **more,
            )
            return actions.publish(
                connection, publication, publish_context(self.database, self.world, AT)
            )

    def amend(
        self,
        release: Release,
        *,
        told: list[int] | None = None,
        commits: tuple[CommitInput, ...] = (),
        refs: tuple[RefInput, ...] | None = None,
        **more: Any,
    ) -> Release:
        with self.database.transaction() as connection:
            amendment = ReleaseUpdate(code=CommitsAndRefs(commits=commits, refs=refs), **more)
            return actions.update(
                connection, release, amendment, publish_context(self.database, self.world, AT), told
            )

    def withdraw(self, release: Release) -> None:
        with self.database.transaction() as connection:
            delete_releases(connection, [release], publish_context(self.database, self.world, AT))


@pytest.fixture
def room(database: Database, world: World) -> Room:
    return Room(database, world)


def commit(key: str, hours: int | None = None, **more: Any) -> CommitInput:
    at = None if hours is None else AT + hours * HOUR
    return CommitInput(**({"sha": key, "repository": "acme/web", "at": at} | more))


def bound(database: Database, release: Release) -> list[str]:
    """The keys of the release's commits, newest first."""
    keys = {it["id"]: it["key"] for it in rows(database, "commits")}
    held = [it for it in rows(database, "release_commits") if it["release_id"] == release.id]
    return [keys[it["commit_id"]] for it in sorted(held, key=lambda it: it["position"])]


def told(database: Database) -> list[int]:
    """The projects that were told of a release, in the order of it."""
    return [it["project_id"] for it in rows(database, "release_activities")]


def test_a_new_release_is_new_and_news(room: Room) -> None:
    published = room.publish()
    assert (published.is_new, published.created_or_attached) == (True, True)
    assert published.release.created_at == AT


def test_a_known_release_is_neither_new_nor_news(room: Room) -> None:
    first = room.publish()
    again = room.publish()
    assert (again.is_new, again.created_or_attached) == (False, False)
    assert again.release == first.release


def test_a_known_release_in_another_project_is_news(room: Room) -> None:
    room.publish()
    again = room.publish(names=("web", "mobile"))
    assert (again.is_new, again.created_or_attached) == (False, True)


def test_a_new_release_needs_a_project(room: Room, database: Database) -> None:
    before = dump(database)
    with pytest.raises(ValidationFailed) as refusal:
        room.publish(names=(), commits=(commit("a"),))
    assert refusal.value.fields == {"projects": ["This list may not be empty for a new release."]}
    assert dump(database) == before


def test_a_known_release_needs_no_project(room: Room) -> None:
    room.publish()
    assert not room.publish(names=()).is_new


def test_publishing_again_changes_the_status(room: Room) -> None:
    room.publish()
    archived = room.publish(status=ReleaseStatus.ARCHIVED).release
    assert archived.status is ReleaseStatus.ARCHIVED
    assert room.publish(status=ReleaseStatus.OPEN).release.status is ReleaseStatus.OPEN


def test_publishing_again_without_a_status_keeps_it(room: Room) -> None:
    room.publish(status=ReleaseStatus.ARCHIVED)
    assert room.publish().release.status is ReleaseStatus.ARCHIVED


def test_publishing_again_keeps_ref_address_and_date(room: Room, world: World) -> None:
    first = room.publish(ref="main", url="https://example.com/1")
    again = room.publish(
        ref="other",
        url="https://example.com/2",
        released_at=AT,
        owner_id=world.users[ALICE],
        user_agent="curl",
    )
    assert again.release == first.release


def test_a_release_that_is_out_is_told_to_each_project_once(
    room: Room, database: Database, world: World
) -> None:
    for names in (("web",), ("web",), ("web", "mobile"), ("mobile",)):
        room.publish(names=names, released_at=AT)
    assert told(database) == [world.projects["web"], world.projects["mobile"]]


def test_a_release_that_is_not_out_is_told_to_nobody(room: Room, database: Database) -> None:
    room.publish()
    assert told(database) == []


def test_finalizing_tells_all_projects_once(room: Room, database: Database, world: World) -> None:
    release = room.publish(names=("web", "mobile")).release
    for hours in (1, 2):
        release = room.amend(release, released_at=AT + hours * HOUR)
    assert told(database) == sorted(world.projects[name] for name in ("web", "mobile"))
    assert release.released_at == AT + 2 * HOUR
    assert {it["happened_at"] for it in rows(database, "release_activities")} == {AT + HOUR}


def test_finalizing_tells_only_the_projects_given(
    room: Room, database: Database, world: World
) -> None:
    release = room.publish(names=("web", "mobile")).release
    room.amend(release, told=[world.projects["mobile"]], released_at=AT)
    assert told(database) == [world.projects["mobile"]]


def test_finalizing_names_who_did_it(room: Room, database: Database, world: World) -> None:
    room.amend(room.publish().release, released_at=AT)
    [happened] = rows(database, "release_activities")
    assert (happened["type"], happened["user_id"]) == ("release", world.users[ALICE])


def test_an_amendment_keeps_what_it_does_not_name(room: Room) -> None:
    release = room.publish(ref="main", url="https://example.com/1", commits=(commit("a"),)).release
    assert room.amend(release) == release
    changed = room.amend(release, ref="other")
    assert (changed.ref, changed.url) == ("other", "https://example.com/1")
    assert changed.commit_count == 1


def test_commits_are_kept_newest_first(room: Room, database: Database) -> None:
    release = room.publish(commits=(commit("b", 1), commit("none"), commit("c", 2), commit("a", 0)))
    assert bound(database, release.release) == ["c", "b", "a", "none"]


def test_commits_replace_those_before(room: Room, database: Database) -> None:
    room.publish(commits=(commit("a", 0), commit("b", 1)))
    release = room.publish(commits=(commit("c", 2),)).release
    assert bound(database, release) == ["c"]
    assert (release.commit_count, counts(database)["commits"]) == (1, 3)


def test_no_commits_leave_the_release_as_it_is(room: Room, database: Database) -> None:
    first = room.publish(commits=(commit("a"),))
    before = dump(database)
    assert room.publish().release == first.release
    assert dump(database) == before


def test_skipped_commits_are_not_kept(room: Room, database: Database) -> None:
    given = (commit("a", 0), commit("b", 1, message="Bump #skipsentry"))
    release = room.publish(commits=given).release
    assert (bound(database, release), release.commit_count) == (["a"], 1)
    assert counts(database)["commits"] == 1


def test_nothing_but_skipped_commits_empties_the_release(room: Room, database: Database) -> None:
    room.publish(commits=(commit("a", 0),))
    release = room.publish(commits=(commit("b", 1, message="#skipsentry"),)).release
    assert (bound(database, release), release.commit_count) == ([], 0)
    assert release.last_commit_id is None


def test_two_releases_share_a_commit(room: Room, database: Database) -> None:
    first = room.publish("web@1.0.0", commits=(commit("a", 0),)).release
    second = room.publish("web@2.0.0", commits=(commit("a", 0), commit("b", 1))).release
    assert (bound(database, first), bound(database, second)) == (["a"], ["b", "a"])
    assert counts(database)["commits"] == 2


def test_emptying_one_release_leaves_the_commits_of_another(room: Room, database: Database) -> None:
    first = room.publish("web@1.0.0", commits=(commit("a", 0),)).release
    second = room.publish("web@2.0.0", commits=(commit("a", 0),)).release
    room.amend(first, refs=())
    assert (bound(database, first), bound(database, second)) == ([], ["a"])


def test_empty_refs_take_commits_and_heads_out(room: Room, database: Database) -> None:
    release = room.publish(commits=(commit("a", 0, author_email="ada@example.com"),)).release
    assert counts(database)["release_heads"] == 1
    cleared = room.amend(release, refs=())
    assert (cleared.commit_count, cleared.last_commit_id, cleared.author_ids) == (0, None, ())
    found = counts(database)
    assert (found["release_commits"], found["release_heads"], found["commits"]) == (0, 0, 1)


def test_empty_refs_make_room_for_the_commits_beside_them(room: Room, database: Database) -> None:
    release = room.publish(commits=(commit("a", 0),)).release
    changed = room.amend(release, refs=(), commits=(commit("b", 1),))
    assert bound(database, changed) == ["b"]


def test_refs_that_are_not_given_clear_nothing(room: Room, database: Database) -> None:
    release = room.publish(commits=(commit("a", 0),)).release
    room.amend(release, ref="main")
    assert bound(database, release) == ["a"]


def test_the_first_commit_of_a_repository_is_its_head(room: Room, database: Database) -> None:
    room.publish(commits=(commit("a", 0), commit("b", 1), commit("c", 2, repository="acme/api")))
    keys = {it["id"]: it["key"] for it in rows(database, "commits")}
    assert {keys[it["commit_id"]] for it in rows(database, "release_heads")} == {"b", "c"}


def test_the_last_ref_of_a_repository_counts(room: Room, database: Database) -> None:
    release = room.publish(commits=(commit("a", 0),)).release
    refs = tuple(RefInput(repository="acme/web", commit=key) for key in ("b", "c"))
    room.amend(release, refs=refs)
    keys = {it["id"]: it["key"] for it in rows(database, "commits")}
    assert [keys[it["commit_id"]] for it in rows(database, "release_heads")] == ["c"]
    # Without a remote they are all that is said of the release's commits.
    assert bound(database, release) == ["c", "b"]


def test_deleting_takes_all_that_is_only_the_release_s(room: Room, database: Database) -> None:
    release = room.publish(commits=(commit("a", 0),), released_at=AT).release
    room.withdraw(release)
    found = counts(database)
    for name in ("releases", "release_projects", "release_commits", "release_heads"):
        assert found[name] == 0, name


def test_deleting_keeps_commits_and_what_was_told(room: Room, database: Database) -> None:
    release = room.publish(commits=(commit("a", 0),), released_at=AT).release
    room.withdraw(release)
    found = counts(database)
    assert (found["commits"], found["repositories"], found["release_activities"]) == (1, 1, 2)


def test_deleting_leaves_other_releases_alone(room: Room, database: Database) -> None:
    kept = room.publish("web@1.0.0", commits=(commit("a", 0),)).release
    room.withdraw(room.publish("web@2.0.0", commits=(commit("a", 0),)).release)
    assert bound(database, kept) == ["a"]


def test_a_release_that_an_issue_was_first_seen_in_is_not_deleted(
    room: Room, database: Database, world: World, client: Client
) -> None:
    event = error_event(release="web@1.0.0")
    send_event(client, world.keys["web"], world.projects["web"], event)
    before = dump(database)
    with pytest.raises(BadRequest, match="referenced by active issues"):
        room.withdraw(room.publish().release)
    assert dump(database) == before


def test_a_version_can_be_published_again_after_it_was_deleted(room: Room) -> None:
    first = room.publish(commits=(commit("a", 0),)).release
    room.withdraw(first)
    again = room.publish()
    assert again.is_new
    assert (again.release.commit_count, again.release.id == first.id) == (0, False)


#: What was logged in a block, one dict each line.
Lines = list[dict[str, Any]]


@contextmanager
def logged() -> Iterator[Lines]:
    level = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    try:
        with capture_logs() as lines:
            yield lines
    finally:
        structlog.configure(wrapper_class=level)


@on_one_database
def test_a_publish_is_one_line_of_the_log(room: Room) -> None:
    with logged() as lines:
        room.publish(commits=(commit("a", 0), commit("b", 1)))
    [line] = lines
    assert (line["event"], line["outcome"]) == ("release.publish", "done")
    assert (line["release.version"], line["release.has_refs"]) == ("web@1.0.0", False)
    assert (line["release.is_new"], line["commits.count"]) == (True, 2)


@on_one_database
def test_the_line_says_how_long_each_inner_step_took(room: Room) -> None:
    with logged() as lines:
        room.publish(commits=(commit("a", 0),), refs=(RefInput(repository="acme/web", commit="a"),))
    [line] = lines
    inner = {name for name in line if name.endswith(".seconds")}
    steps = ("get_or_create", "attach", "set_commits", "set_refs", "resolve_issues")
    assert inner == {f"release.{step}.seconds" for step in steps}
    assert all(0 <= line[name] <= line["seconds"] for name in inner)


@on_one_database
def test_a_refused_publish_says_why_in_its_line(room: Room) -> None:
    with logged() as lines, pytest.raises(ValidationFailed):
        room.publish(names=())
    [line] = lines
    assert (line["event"], line["outcome"]) == ("release.publish", "refused")
    assert line["refusal.reason"] == "invalid"


@on_one_database
@pytest.mark.parametrize(
    ("step", "act"),
    [
        ("release.amend", lambda room, release: room.amend(release, ref="main")),
        ("release.delete", lambda room, release: room.withdraw(release)),
    ],
)
def test_other_changes_are_one_line_each(
    room: Room, step: str, act: Callable[[Room, Release], object]
) -> None:
    release = room.publish().release
    with logged() as lines:
        act(room, release)
    assert [(it["event"], it["release.version"]) for it in lines] == [(step, "web@1.0.0")]
