"""The numbers of new and regressed issues of releases after issues were deleted or merged."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from client_fixtures import Happen
from factories import Caller, World, release_path, rows
from issues_at_work import in_a_thread, ingest

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.issues.store import release_counts
from shipmark.worker import scheduler

LIST = "/organizations/acme/issues/"
Act = Callable[[sa.Connection], None]
Numbers = dict[str, tuple[int, int, int]]


def numbers(alice: Caller, database: Database) -> Numbers:
    """What lists say by version: new issues, those of production, and regressed ones."""
    while scheduler.run_due(database, now()):
        pass
    found = {}
    for row in rows(database, "releases"):
        path = release_path(row["version"])
        [regressed] = [
            each["regressed_issue_count"]
            for each in rows(database, "release_projects")
            if each["release_id"] == row["id"]
        ]
        there = alice.get(
            f"/organizations/acme/releases/?environment=production&query={row['version']}"
        )
        [production] = [each["newGroups"] for each in there.json()] or [0]
        found[row["version"]] = (alice.get(path).json()["newGroups"], production, regressed)
    return found


@pytest.fixture
def broken(alice: Caller, happen: Happen) -> list[str]:
    """Issues a, b and c: all are new in 1.0 in production, a and b also in 2.0 in staging; a and b regressed in 2.0."""
    for value in "abc":
        happen(value=value, release="web@1.0", environment="production")
    ids = [alice.get(f"{LIST}WEB-{number}/").json()["id"] for number in (1, 2, 3)]
    resolved = {"status": "resolved", "statusDetails": {"inRelease": "web@1.0"}}
    alice.put(f"{LIST}?id={ids[0]}&id={ids[1]}", resolved)
    for value in "ab":
        happen(value=value, release="web@2.0", environment="staging")
    return ids


def test_a_deleted_issue_counts_no_longer(
    alice: Caller, database: Database, broken: list[str]
) -> None:
    assert numbers(alice, database) == {"web@1.0": (3, 3, 0), "web@2.0": (0, 0, 2)}
    alice.delete(f"{LIST}WEB-1/")
    assert numbers(alice, database) == {"web@1.0": (2, 2, 0), "web@2.0": (0, 0, 1)}
    alice.put(f"{LIST}WEB-3/", {"discard": True})
    assert numbers(alice, database) == {"web@1.0": (1, 1, 0), "web@2.0": (0, 0, 1)}
    staging = alice.get("/organizations/acme/releases/?environment=staging").json()
    assert [each["newGroups"] for each in staging] == [1]
    alice.delete(f"{LIST}?query=!is:archived")
    assert numbers(alice, database) == {"web@1.0": (0, 0, 0), "web@2.0": (0, 0, 0)}


def test_merged_issues_count_as_one(alice: Caller, database: Database, broken: list[str]) -> None:
    alice.put(f"{LIST}?id={broken[0]}&id={broken[1]}", {"merge": True})
    assert numbers(alice, database) == {"web@1.0": (2, 2, 0), "web@2.0": (0, 0, 1)}


def test_issues_of_two_releases_merge_into_one_of_the_first(
    alice: Caller, happen: Happen, database: Database
) -> None:
    for number, value in enumerate("abb"):
        happen(value=value, release=f"web@{min(number, 1) + 1}.0", environment="production")
    assert numbers(alice, database) == {"web@1.0": (1, 1, 0), "web@2.0": (1, 1, 0)}
    ids = [each["id"] for each in alice.get(LIST).json()]
    alice.put(f"{LIST}?id={ids[0]}&id={ids[1]}", {"merge": True})
    assert numbers(alice, database) == {"web@1.0": (1, 1, 0), "web@2.0": (0, 0, 0)}


def test_the_number_is_that_of_the_list(
    alice: Caller, database: Database, broken: list[str]
) -> None:
    alice.put(f"{LIST}?id={broken[0]}&id={broken[1]}", {"merge": True})
    alice.delete(f"{LIST}WEB-3/")
    listed = alice.get(f"{LIST}?query=firstRelease:web@1.0").json()
    assert numbers(alice, database)["web@1.0"][0] == len(listed) == 1


def test_issues_without_releases_have_nothing_counted(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen()
    alice.delete(f"{LIST}WEB-1/")
    assert [row["kind"] for row in rows(database, "jobs")] == ["remove_issues"]


@pytest.mark.parametrize("kind", ["postgresql"])
@pytest.mark.parametrize("is_event_first", [True, False])
def test_an_issue_that_comes_meanwhile_is_counted_once(
    database: Database, world: World, *, is_event_first: bool
) -> None:
    def store(connection: sa.Connection, value: str = "b") -> None:
        ingest(connection, world, value, release="web@1.0")

    def count(connection: sa.Connection) -> None:
        release_counts.count(connection, release_ids)

    def run(act: Act) -> None:
        with database.transaction() as connection:
            act(connection)

    run(lambda connection: store(connection, "a"))
    release_ids = [row["id"] for row in rows(database, "releases")]
    first, second = (store, count) if is_event_first else (count, store)
    with database.transaction() as connection:
        first(connection)
        other = in_a_thread(lambda: run(second))
        assert not other.done()
    other.result(10)
    for table in ("release_projects", "release_environments"):
        assert [row["new_issue_count"] for row in rows(database, table)] == [2]
