"""Attachments go by their age, with their events, and with their projects; their files go with them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from factories import Caller, World, counts, error_event, on_one_database, rows, send_event
from sent_attachments import attachment_item, send_attachment
from sqlalchemy import update

from shipmark.deletion import organization_deletion, project_deletion
from shipmark.events.attachments import actions as attachment_actions
from shipmark.events.attachments.store import event_attachments
from shipmark.files.store import garbage
from shipmark.infrastructure import jobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.issues.actions import expire_events
from shipmark.worker import retention_jobs, scheduler


def attach(alice: Caller, world: World, digit: str, *items: bytes, project: str = "web") -> None:
    key, project_id = world.keys[project], world.projects[project]
    send_event(alice.client, key, project_id, error_event(event_id=digit * 32))
    send_attachment(alice.client, key, project_id, digit * 32, *items)


def make_older(database: Database, digit: str, days: float) -> None:
    at = datetime.now(UTC) - timedelta(days=days)
    statement = update(event_attachments).where(event_attachments.c.event_id == digit * 32)
    with database.transaction() as connection:
        connection.execute(statement.values(created_at=at))


def prune(database: Database, days: int = 30) -> int:
    """Run the job as often as it is rescheduled. Return how often."""
    moment, number = now(), 0
    with database.transaction() as connection:
        kind = JobKind.PRUNE_ATTACHMENTS
        jobs.enqueue(connection, kind, {}, now=moment, key=kind)
    while job := scheduler.claim(database, moment, [JobKind.PRUNE_ATTACHMENTS]):
        settings = replace(Settings(), attachment_retention_days=days)
        retention_jobs.prune_attachments(database, settings, job, moment)
        number += 1
    return number


def left(database: Database) -> str:
    return "".join(row["event_id"][0] for row in rows(database, "event_attachments"))


def assert_counted_right(database: Database) -> None:
    with database.snapshot() as connection:
        assert garbage.with_wrong_ref_count(connection) == []
    assert counts(database)["files"] == counts(database)["event_attachments"]


def test_old_attachments_are_deleted(alice: Caller, database: Database, world: World) -> None:
    for digit, days in (("a", 31), ("b", 29), ("c", 40)):
        attach(alice, world, digit)
        make_older(database, digit, days)
    prune(database)
    assert left(database) == "b"
    assert counts(database)["events"] == 3
    assert_counted_right(database)


@on_one_database
def test_without_a_retention_all_stay(alice: Caller, database: Database, world: World) -> None:
    attach(alice, world, "a")
    make_older(database, "a", 4000)
    assert (prune(database, days=0), left(database)) == (1, "a")


@on_one_database
def test_many_take_several_steps(
    alice: Caller, database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachment_actions, "BATCH", 2)
    monkeypatch.setattr(retention_jobs, "BATCHES_MAX", 2)
    items = [attachment_item(filename=f"{number}") for number in range(9)]
    attach(alice, world, "a", *items)
    make_older(database, "a", 31)
    assert (prune(database), left(database)) == (3, "")
    assert_counted_right(database)


def test_the_clock_schedules_it(alice: Caller, database: Database, world: World) -> None:
    def scheduled() -> bool:
        with database.transaction() as connection:
            scheduler.tidy(connection, {}, now())
        return "prune_attachments" in [row["kind"] for row in rows(database, "jobs")]

    attach(alice, world, "a")
    assert not scheduled()
    make_older(database, "a", 2)
    assert scheduled()


def test_attachments_of_events_are_deleted_with_their_events(
    alice: Caller, database: Database, world: World
) -> None:
    for digit in "abc":
        attach(alice, world, digit, attachment_item(), attachment_item(b"other"))
    attach(alice, world, "a", project="mobile")
    with database.transaction() as connection:
        keys = [(world.projects["web"], digit * 32) for digit in "abf"]
        removed = attachment_actions.delete_of_events(connection, keys, now())
        none = attachment_actions.delete_of_events(connection, [], now())
    assert (removed, none, left(database)) == (4, 0, "cca")
    assert_counted_right(database)


def test_attachments_of_old_events_are_deleted_by_the_retention_of_events(
    alice: Caller, database: Database, world: World
) -> None:
    attach(alice, world, "a")
    send_attachment(alice.client, world.keys["web"], world.projects["web"], "b" * 32)
    with database.transaction() as connection:
        later = now() + timedelta(days=1)
        assert expire_events.remove_old(connection, later, later) == 1
    assert left(database) == "b"  # its event never came
    assert_counted_right(database)


def test_the_attachments_of_a_project_are_deleted_with_it(
    alice: Caller, database: Database, world: World
) -> None:
    attach(alice, world, "a")
    attach(alice, world, "b", project="mobile")
    project_id = world.projects["web"]
    assert alice.delete("/projects/acme/web/").status_code == 204
    more = True
    while more:
        with database.transaction() as connection:
            more = project_deletion.remove_some(connection, project_id, now())
    assert left(database) == "b"
    assert_counted_right(database)


def test_the_attachments_of_an_organization_are_deleted_with_it(
    alice: Caller, charlie: Caller, database: Database, world: World
) -> None:
    attach(alice, world, "a")
    attach(alice, world, "b", project="globex/web")
    assert charlie.delete("/organizations/globex/").is_success
    with database.transaction() as connection:
        assert organization_deletion.finish(connection, world.organizations["globex"], now())
    assert left(database) == "a"
    assert_counted_right(database)


@on_one_database
def test_an_attachment_that_was_stored_beside_its_event_is_tied_later(
    alice: Caller, database: Database, world: World
) -> None:
    attach(alice, world, "a")
    with database.transaction() as connection:
        connection.execute(update(event_attachments).values(issue_id=None))
        scheduler.tidy(connection, {}, now())
    assert rows(database, "event_attachments")[0]["issue_id"] == rows(database, "issues")[0]["id"]
