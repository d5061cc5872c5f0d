"""A release that had sessions lately is deleted by force only, with its counts (releases.md 2.6)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from factories import Caller, World, counts, error_event, release_path, rows, send_event
from httpx import Client
from sessions import RELEASE, fold, health_update, send_sessions, session

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.release_health import compaction
from shipmark.worker import retention_jobs

REFUSED = {"detail": "This release has health data and cannot be removed."}
PATH = release_path(RELEASE)

Send = Callable[..., object]


@pytest.fixture
def send(client: Client, world: World) -> Send:
    return lambda *items, **more: send_sessions(client, world, *items, **more)


def sweep(database: Database) -> None:
    """Run the compaction of this hour."""
    for step in compaction.STEPS.values():
        retention_jobs.take(database, step, now(), most=100)


@pytest.mark.parametrize("path", [PATH, f"/projects/acme/web/releases/{RELEASE}/"])
def test_a_release_with_sessions_stays(
    send: Send, alice: Caller, database: Database, path: str
) -> None:
    send(session())
    answer = alice.delete(path)
    assert (answer.status_code, answer.json()) == (400, REFUSED)
    assert counts(database)["releases"] == 1


def test_sessions_of_a_hidden_project_count(send: Send, alice: Caller) -> None:
    """verdict.md 3.1, trap 27."""
    send(session(), project="tools")
    alice.publish(RELEASE, "web")
    assert alice.delete(PATH).json() == REFUSED


def test_force_deletes_the_release_with_its_counts(
    send: Send, alice: Caller, database: Database
) -> None:
    send(session(did="u1"), session("web@2.0.0", did="u2", status="crashed"))
    assert alice.delete(f"{PATH}?force=1").status_code == 204
    releases = {row["id"] for row in rows(database, "releases")}
    series = {row["id"]: row["release_id"] for row in rows(database, "health_series")}
    assert set(series.values()) == {0} | releases
    assert {row["release_id"] for row in rows(database, "health_standings")} <= {0} | releases
    sweep(database)
    for name in ("health_counts", "health_sketches"):
        assert {row["series_id"] for row in rows(database, name)} == set(series)
    # The project had them all the same.
    [total] = [number for number, release_id in series.items() if release_id == 0]
    [row] = [row for row in rows(database, "health_counts") if row["series_id"] == total]
    assert (row["sessions"], row["users"]) == (2, 2)


def test_after_ninety_days_it_can_be_deleted(
    alice: Caller, database: Database, world: World
) -> None:
    started = datetime.now(UTC) - timedelta(days=91)
    with database.transaction() as connection:
        fold(connection, world.projects["web"], [health_update(session(), started)], started)
    assert alice.delete(PATH).status_code == 204


def test_events_of_new_issues_are_no_sessions(
    client: Client, alice: Caller, database: Database, world: World
) -> None:
    event = error_event(release=RELEASE)
    send_event(client, world.keys["web"], world.projects["web"], event)
    assert counts(database)["health_series"] == 2
    assert "referenced by active issues" in alice.delete(PATH).json()["detail"]


def test_of_many_those_with_sessions_stay(send: Send, alice: Caller) -> None:
    send(session())
    alice.publish("web@2.0.0")
    bulk = "/organizations/acme/bulk-releases/?query=release.package:web&dryRun=0"
    done = alice.delete(bulk).json()
    assert done["versions"] == ["web@2.0.0"]
    assert done["kept"] == [{"version": RELEASE, "reason": REFUSED["detail"]}]
    assert alice.delete(f"{bulk}&force=1").json()["versions"] == [RELEASE]


@pytest.mark.parametrize("what", ["project", "organization"])
def test_counts_go_with_their_project(
    send: Send, database: Database, world: World, what: str
) -> None:
    send(session(did="u1"))
    send(session(did="u1"), project="globex/web")
    with database.transaction() as connection:
        name = "web" if what == "project" else "acme"
        connection.exec_driver_sql(f"DELETE FROM {what}s WHERE slug = '{name}' AND id IN (1)")
    sweep(database)
    assert len(rows(database, "health_series")) == 2
    assert len({row["series_id"] for row in rows(database, "health_counts")}) == 2
    assert len({row["series_id"] for row in rows(database, "health_sketches")}) == 2
