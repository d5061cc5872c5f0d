"""Deleting issues while others are at work on them, and what stops the deletion half-way."""

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from factories import World, rows
from issues_at_work import AT, BY, in_a_thread, ingest, merge

from shipmark.deletion import organization_deletion
from shipmark.events.attachments import store as attachment_store
from shipmark.files.store.files import files
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict
from shipmark.issues.actions import delete_issues, merge_issues
from shipmark.issues.store import deletion, issues, moved_rows, retention, states
from shipmark.worker import scheduler


def delete(connection: sa.Connection, world: World, *ids: int) -> None:
    locked = states.locked(connection, world.organizations["acme"], ids)
    delete_issues.request(connection, locked, BY, AT)


def remove_all(database: Database, world: World) -> int:
    """Run batches until nothing is left. Return their number."""
    for number in range(100):
        with database.transaction() as connection:
            if not delete_issues.remove_some(connection, world.organizations["acme"], AT):
                return number
    raise AssertionError("it goes on and on")


def ids_of(database: Database, table: str, column: str = "issue_id") -> set[Any]:
    return {row[column] for row in rows(database, table)}


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_event_that_is_being_stored_goes_with_its_issue(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    def deleting() -> None:
        with database.transaction() as connection:
            delete(connection, world, pair[1])

    with database.transaction() as connection:
        assert ingest(connection, world, "b") == [pair[1]]
        deleted = in_a_thread(deleting)
        assert not deleted.done()
    deleted.result(10)
    remove_all(database, world)
    for table in ("events", "issue_environments", "issue_hashes", "issue_users", "issue_tags"):
        assert ids_of(database, table) == {pair[0]}


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_event_whose_issue_is_deleted_meanwhile_is_stored_again_in_a_new_one(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    def storing() -> list[int]:
        with database.transaction() as connection:
            return ingest(connection, world, "b")

    with database.transaction() as connection:
        delete(connection, world, pair[1])
        stored = in_a_thread(storing)
        assert not stored.done()
    with pytest.raises(Conflict):
        stored.result(10)
    [new] = storing()
    assert new > pair[1]
    remove_all(database, world)
    assert ids_of(database, "events") == {pair[0], new}


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_attachment_that_is_being_stored_does_not_outlive_its_issue(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    with database.transaction() as connection:
        delete(connection, world, pair[1])

    def removing() -> None:
        with database.transaction() as connection:
            delete_issues.remove_some(connection, world.organizations["acme"], AT)

    with database.transaction() as connection:
        attach(connection, world, pair[1])
        removed = in_a_thread(removing)
        assert not removed.done()
    removed.result(10)
    assert rows(database, "event_attachments") == rows(database, "files") == []


def attach(connection: sa.Connection, world: World, issue_id: int) -> None:
    file_id = connection.execute(
        sa.insert(files)
        .values(name="a", kind="x", headers="{}", size=1, sha1="a" * 40, created_at=AT)
        .returning(files.c.id)
    ).scalar_one()
    connection.execute(
        sa.insert(attachment_store.event_attachments).values(
            project_id=world.projects["web"], event_id="1" * 32, issue_id=issue_id,
            file_id=file_id, name="a", type="event.attachment", content_type="text/plain",
            sha1="a" * 40, size=1, created_at=AT,
        )
    )  # fmt: skip


def test_a_batch_that_fails_is_repeated(
    database: Database, world: World, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    monkeypatch.setattr(deletion, "DETAILS_BATCH", 1)
    with database.transaction() as connection:
        delete(connection, world, *pair)
    removed = deletion.remove_details
    with monkeypatch.context() as patch:
        patch.setattr(deletion, "remove_details", lambda *_: 1 / 0)
        for _ in range(8):
            scheduler.run_due(database, datetime.now(UTC))
    assert deletion.remove_details is removed
    assert rows(database, "events")  # the last batch of them was rolled back
    [job] = rows(database, "jobs")
    assert (job["kind"], "division by zero" in job["error"]) == ("remove_issues", True)
    remove_all(database, world)
    assert (
        rows(database, "issues") == rows(database, "events") == rows(database, "issue_tags") == []
    )


def test_a_second_job_and_one_of_an_organization_that_is_gone_do_nothing(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    with database.transaction() as connection:
        delete(connection, world, pair[0])
    assert remove_all(database, world) == 1
    assert remove_all(database, world) == 0
    with database.transaction() as connection:
        assert not delete_issues.remove_some(connection, 999, AT)
    assert ids_of(database, "issues", "id") == {pair[1]}


def test_an_organization_may_be_deleted_meanwhile(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        delete(connection, world, *pair)
        connection.execute(
            sa.text("UPDATE organizations SET status = 'pending_deletion' WHERE id = :id"),
            {"id": acme},
        )
    with database.transaction() as connection:
        assert organization_deletion.finish(connection, acme, AT)
    assert remove_all(database, world) == 0
    assert rows(database, "issue_tags") == []


def test_the_job_that_moves_events_to_it_stops(
    database: Database, world: World, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moved_rows, "BATCH", 1)
    with database.transaction() as connection:
        ingest(connection, world, "b", "b", "a", "a")
        merge(connection, world, *pair)
        delete(connection, world, pair[0])
    left = ids_of(database, "events")
    assert left == set(pair)
    with database.transaction() as connection:
        merge_issues.go_on(connection, pair[0], AT)
    assert ids_of(database, "events") == left
    remove_all(database, world)
    for table in ("issues", "events", "merged_issues", "issue_users", "issue_tags"):
        assert rows(database, table) == []


def test_nothing_finds_it_to_change_it(
    database: Database, world: World, pair: tuple[int, int]
) -> None:
    with database.transaction() as connection:
        delete(connection, world, pair[1])
        assert states.locked(connection, world.organizations["acme"], pair) == [
            issues.by_id(connection, None, pair[0])
        ]
        assert issues.by_id(connection, None, pair[1]) is None
        assert set(issues.lock(connection, pair)) == {pair[0]}
