"""No statement of a job, or of a deletion, scans a table that grows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from artifacts import js_event
from factories import Caller, World, error_event, release_path, rows, send_event
from filled_acme import MAPPING, fill_acme, repository_id
from sample_data import quarantine_event
from sessions import fold, health_update, send_sessions, session
from sqlalchemy import event
from statement_costs import SMALL

from shipmark.artifacts import actions
from shipmark.deletion import organization_deletion
from shipmark.events.quarantine import store as quarantine_store
from shipmark.infrastructure.database import Database
from shipmark.issues.store import late_symbolications, tag_counts
from shipmark.organizations import store
from shipmark.release_health import actions as health
from shipmark.release_health import compaction
from shipmark.symbolication import waits
from shipmark.symbolication.waits import Target
from shipmark.verdicts import actions as verdicts
from shipmark.worker import retention_jobs, scheduler

SQLITE = pytest.mark.parametrize("kind", ["sqlite"])

Plans = dict[str, list[str]]


@contextmanager
def plans(database: Database) -> Iterator[Plans]:
    """The plan of each statement of the block."""
    seen: list[tuple[str, Any]] = []
    found: Plans = {}

    def note(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    with database.engine.connect() as connection:
        for statement, parameters in seen:
            if statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found[statement] = [row[3] for row in rows]


def scans(found: Plans) -> list[tuple[str, str]]:
    return [
        (step, statement)
        for statement, steps in found.items()
        for step in steps
        if step.startswith("SCAN ") and not SMALL.match(step.removeprefix("SCAN "))
    ]


@pytest.fixture
def _filled(alice: Caller, world: World) -> None:
    fill_acme(alice, world)


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_deleting_an_organization_scans_nothing_either(
    charlie: Caller, world: World, database: Database
) -> None:
    # Nothing of globex was filled: the rows are made here, by those who may.
    charlie.post("/organizations/globex/releases/", {"version": "1", "projects": ["web"]})
    assert charlie.delete("/organizations/globex/").status_code == 202
    with plans(database) as found:
        while scheduler.run_due(database, datetime.now(UTC) + timedelta(days=2)):
            pass
    assert charlie.get("/organizations/globex/").status_code == 404
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_deleting_a_project_scans_nothing_either(
    alice: Caller, world: World, database: Database
) -> None:
    alice.post("/projects/acme/web/files/dsyms/", files={"file": ("a", MAPPING)})
    with plans(database) as found:
        assert alice.delete("/projects/acme/web/").status_code == 204
        while scheduler.run_due(database, datetime.now(UTC) + timedelta(days=2)):
            pass
    assert world.projects["web"] not in [it["id"] for it in rows(database, "projects")]
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_deleting_issues_scans_nothing_either(alice: Caller, database: Database) -> None:
    with plans(database) as found:
        assert alice.delete("/organizations/acme/issues/?query=!is:archived").status_code == 204
        while scheduler.run_due(database, datetime.now(UTC)):
            pass
    assert rows(database, "issues") == []
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_deleting_a_repository_scans_nothing_either(alice: Caller, database: Database) -> None:
    path = f"/organizations/acme/repos/{repository_id(alice)}/"
    assert alice.delete(path).is_success
    with plans(database) as found:
        while scheduler.run_due(database, datetime.now(UTC) + timedelta(hours=2)):
            pass
    assert alice.get(f"{path}commits/").status_code == 404
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_letting_artifacts_go_scans_nothing(alice: Caller, database: Database) -> None:
    path = release_path("web@1.1.0", "files/")
    assert alice.post(path, files={"file": ("a.js", b"x")}).is_success
    later = datetime.now(UTC) + timedelta(days=900)
    with plans(database) as found, database.transaction() as connection:
        for project_id in (None, 1):
            actions.remove_unused(connection, later, timedelta(days=90), project_id)
        actions.schedule_pruning(connection, later)
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_events_that_wait_for_files_are_found_without_a_scan(
    alice: Caller, world: World, database: Database
) -> None:
    sent = js_event(221, release="web@1.1.0", url="https://shop.example.com/other.js")
    send_event(alice.client, world.keys["web"], world.projects["web"], sent)
    target = Target(project_id=world.projects["web"], key="r:web@1.1.0")
    with plans(database) as found, database.transaction() as connection:
        release_id = 3
        assert waits.targets_of_bundle(connection, 1) == [target]
        waits.targets_of_release(connection, release_id)
        issue_id = waits.next_issue(connection, target, 0)
        assert issue_id is not None
        [row_id] = waits.newest_of(connection, target, issue_id, limit=50)
        waits.count_of_release(connection, [world.projects["web"]], "web@1.1.0", limit=1000)
        late_symbolications.of_release(connection, release_id)
        waits.remove(connection, row_id)
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_tags_are_trimmed_without_a_scan(database: Database) -> None:
    with plans(database) as found, database.transaction() as connection:
        counted = [(1, "k", value, 1, 1, 0, 0) for value in "ab"]
        tag_counts.count(connection, counted)
        tag_counts.trim(connection, [1], keys_max=10, values_max=1)
    assert len(found) == 4
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_what_is_in_quarantine_is_found_without_a_scan(database: Database, world: World) -> None:
    quarantine_event(database, world)
    acme, at = world.organizations["acme"], datetime.now(UTC)
    with plans(database) as found, database.transaction() as connection:
        quarantine_store.page_of(connection, acme, limit=50)
        quarantine_store.count_of(connection, acme)
        quarantine_store.request_all(connection, acme, at)
        [(frame_id, _)] = quarantine_store.requested(connection, limit=20)
        quarantine_store.record_failure(connection, frame_id, "again")
        quarantine_store.set_organizations(connection)
        quarantine_store.is_any_older(connection, at)
        quarantine_store.remove_received_before(connection, at)
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_the_end_of_an_organization_scans_nothing(
    alice: Caller, world: World, database: Database
) -> None:
    path = release_path("web@1.1.0", "files/")
    assert alice.post(path, files={"file": ("a.js", b"x")}).is_success
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        store.change(connection, acme, {"status": "pending_deletion"})
    with plans(database) as found, database.transaction() as connection:
        assert organization_deletion.finish(connection, acme, datetime.now(UTC))
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_sessions_are_folded_compacted_and_deleted_without_a_scan(
    world: World, database: Database
) -> None:
    at = datetime.now(UTC)
    updates = [health_update(session(did="u1", status="crashed", duration=1), at)]
    with plans(database) as found:
        with database.transaction() as connection:
            fold(connection, world.projects["web"], updates, at)
        for days in (4, 30, 100):
            for step in compaction.STEPS.values():
                retention_jobs.take(database, step, at + timedelta(days=days), most=10)
        with database.transaction() as connection:
            health.with_sessions(connection, [1], at)
            health.remove_of_releases(connection, [1])
    assert len(found) > 20
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_judging_releases_scans_nothing(alice: Caller, world: World, database: Database) -> None:
    for version in ("web@1.0.0", "web@1.1.0"):
        send_sessions(alice.client, world, session(version))
    later = datetime.now(UTC) + timedelta(minutes=30)
    with plans(database) as found:
        for at in (datetime.now(UTC), later):
            with database.transaction() as connection:
                verdicts.evaluate_due(connection, at)
        answer = alice.get(release_path("web@1.1.0", "verdict/?environment=production"))
    assert answer.json()["projects"]
    assert scans(found) == []


@SQLITE
@pytest.mark.usefixtures("_filled")
def test_reopening_ignored_issues_scans_nothing(
    alice: Caller, world: World, database: Database
) -> None:
    body = {"status": "ignored", "ignoreCount": 2, "ignoreWindow": 60, "ignoreDuration": 60}
    assert alice.put("/organizations/acme/issues/?query=", body).status_code == 200
    later = datetime.now(UTC) + timedelta(hours=2)
    with plans(database) as found:
        for value in ("0", "0", "1"):
            send_event(alice.client, world.keys["web"], world.projects["web"], error_event(value))
        with database.transaction() as connection:
            scheduler.reopen_issues(connection, {}, later)
    assert {row["status"] for row in rows(database, "issues")} == {"unresolved"}
    assert scans(found) == []
