"""Discarding issues while others are at work on them, and what a batch of events then takes."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from factories import World, rows, statements
from issues_at_work import AT, BY, in_a_thread, ingest

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict
from shipmark.issues.actions import arrivals, discard_issues
from shipmark.issues.store import discarded_issues, hashes, issues, states


def discard(connection: sa.Connection, world: World, *ids: int) -> int:
    """Discard issues. Return the number of those that were there."""
    locked = states.locked(connection, world.organizations["acme"], ids)
    discard_issues.discard(connection, locked, BY, AT)
    return len(locked)


def test_a_batch_of_discarded_events_takes_few_statements(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    numbers = []
    with database.transaction() as connection:
        ingest(connection, world, *"abab")
        for values in ("bb", "b" * 9):
            with statements(database) as before:
                ingest(connection, world, *values)
            numbers.append(before.count)
        discard(connection, world, pair[0])
        for values in ("aabb", "a" * 9 + "b" * 9):
            with statements(database) as with_discarded:
                stored = ingest(connection, world, *values)
            numbers.append(with_discarded.count)
        with statements(database) as only_discarded:
            assert ingest(connection, world, *"aaa") == [0, 0, 0]
    assert set(stored) == {0, pair[1]}
    assert len(set(numbers)) == 1
    assert only_discarded.count == 3


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_event_that_is_being_stored_goes_with_its_issue(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    def discarding() -> None:
        with database.transaction() as connection:
            discard(connection, world, pair[1])

    with database.transaction() as connection:
        assert ingest(connection, world, "b") == [pair[1]]
        discarded = in_a_thread(discarding)
        assert not discarded.done()
    discarded.result(10)
    with database.transaction() as connection:
        assert ingest(connection, world, "b", "a") == [0, pair[0]]


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_event_whose_issue_is_discarded_meanwhile_is_discarded_in_the_next_try(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    def storing() -> list[int]:
        with database.transaction() as connection:
            return ingest(connection, world, "b")

    with database.transaction() as connection:
        discard(connection, world, pair[1])
        stored = in_a_thread(storing)
        assert not stored.done()
    with pytest.raises(Conflict):
        stored.result(10)
    assert storing() == [0]


def test_an_issue_that_comes_and_is_discarded_before_the_event_has_a_number(
    database: Database, world: World, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = arrivals.hashes.targets
    with database.transaction() as connection:
        discard(connection, world, pair[0])
        # As long as the first look-up was before both.
        monkeypatch.setattr(
            "shipmark.issues.actions.ingest_events.targets_of",
            lambda *_: monkeypatch.undo() or {},
        )
        with pytest.raises(Conflict):
            ingest(connection, world, "a")
    assert arrivals.hashes.targets is looked_up


@pytest.mark.parametrize("kind", ["postgresql"])
def test_of_two_users_at_once_one_discards(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    def discarding() -> int:
        with database.transaction() as connection:
            return discard(connection, world, *pair)

    with database.transaction() as connection:
        assert discard(connection, world, pair[0]) == 1
        second = in_a_thread(discarding)
        assert not second.done()
    assert second.result(10) == 1
    discarded = rows(database, "discarded_issues")
    assert sorted(row["issue_id"] for row in discarded) == sorted(pair)
    assert len(rows(database, "audit_log")) == 2


def test_a_discarded_hash_that_another_issue_has_got_stays_discarded(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    """As of a minified event, whose original stack is known later."""
    [hash_of_first] = [
        row["hash"] for row in rows(database, "issue_hashes") if row["issue_id"] == pair[0]
    ]
    with database.transaction() as connection:
        discard(connection, world, pair[0])
        second = issues.by_id(connection, None, pair[1])
        assert second is not None
        hashes.add(connection, second, [hash_of_first])
        assert ingest(connection, world, "a", "b") == [0, pair[1]]
        discard(connection, world, pair[1])
        newest, oldest = discarded_issues.page_of(connection, second.project_id, None, limit=5)
        assert (newest.issue_id, oldest.issue_id) == (pair[1], pair[0])
        discarded_issues.remove(connection, oldest.id)
        assert ingest(connection, world, "a", "b") == [0, 0]
        discarded_issues.remove(connection, newest.id)
        assert pair[1] < min(ingest(connection, world, "a", "b"))


def test_they_are_listed_by_the_moment(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    project_id = world.projects["web"]
    with database.transaction() as connection:
        discarded_issues.add(connection, [pair[1]], None, AT)
        discarded_issues.add(connection, [pair[0]], None, AT - timedelta(days=1))
        rows_ = discarded_issues.page_of(connection, project_id, None, limit=5)
    assert [row.issue_id for row in rows_] == [pair[1], pair[0]]
