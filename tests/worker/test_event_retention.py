"""Events go by age and by number; what was counted stays."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from factories import (
    Caller,
    World,
    arrival,
    counts,
    dump,
    error_event,
    on_one_database,
    rows,
    send_event,
)
from httpx import Response
from sqlalchemy import event, select, update

from shipmark.events import parsing
from shipmark.events.store import events
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind, enqueue
from shipmark.infrastructure.settings import Settings
from shipmark.issues.actions import expire_events
from shipmark.issues.actions.ingest_events import ingest
from shipmark.issues.store import retention
from shipmark.projects import store as projects
from shipmark.worker import retention_jobs, scheduler

DAY = timedelta(days=1)
ISSUE = "/organizations/acme/issues/WEB-1/"
#: Stores events of one issue at these moments: ``happen([at], release="web@1.0.0")``.
Happen = Callable[..., None]


@pytest.fixture
def happen(database: Database, world: World) -> Happen:
    def happened(moments: Sequence[datetime], value: str = "boom", **more: object) -> None:
        with database.transaction() as connection:
            found = projects.by_key(connection, world.keys["web"])
            assert found is not None
            arrivals = []
            for at in moments:
                payload: dict[str, Any] = error_event(value, timestamp=at.isoformat(), **more)
                read = parsing.read(payload, event_id=payload["event_id"], received_at=at)
                arrivals.append(arrival(found.project, read, payload))
            ingest(connection, arrivals)

    return happened


def expire(database: Database, *, days: int = 90, most: int = 1000) -> None:
    """Run the job, as often as it comes again."""
    at, kind = now(), JobKind.EXPIRE_EVENTS
    with database.transaction() as connection:
        enqueue(connection, kind, {}, now=at, key=kind)
    settings = replace(Settings(), event_retention_days=days, events_per_issue_max=most)
    while job := scheduler.claim(database, at, [kind]):
        retention_jobs.remove_events(database, settings, job, at)


def minutes(count: int, *, since: timedelta = timedelta(hours=20)) -> list[datetime]:
    """Moments from then on, a minute apart."""
    begin = (now() - since).replace(second=10, microsecond=0)
    return [begin + timedelta(minutes=number) for number in range(count)]


def counted(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """All that is counted or recorded of events, but the events."""
    own = {"events", "stored_event_counts", "thinned_event_counts", "jobs", "user_reports"}
    return {name: found for name, found in dump(database).items() if name not in own}


def test_old_events_are_deleted_and_what_they_counted_stays(
    database: Database, happen: Happen
) -> None:
    happen([now() - 91 * DAY, now() - 89 * DAY], release="web@1.0.0", user={"id": "1"})
    happen([now() - 100 * DAY], "gone", release="web@0.9.0", environment="old")
    before = counted(database)
    expire(database)
    assert [each["received_at"] > now() - 90 * DAY for each in rows(database, "events")] == [True]
    assert counted(database) == before


def test_without_limits_all_events_stay(database: Database, happen: Happen) -> None:
    happen([now() - 3000 * DAY, *minutes(150)])
    expire(database, days=0, most=0)
    assert counts(database)["events"] == 151


def test_an_issue_with_too_many_events_is_thinned_out(database: Database, happen: Happen) -> None:
    moments = minutes(350)
    happen(moments[:100], release="web@1.0.0")
    happen(moments[100:], release="web@2.0.0", environment="production")
    happen(moments[:99], "other")
    before = counted(database)
    expire(database, most=100)
    with database.snapshot() as connection:
        kept = [
            row
            for row in connection.execute(
                select(events.c.happened_at, events.c.issue_id).order_by(events.c.happened_at)
            )
            if row.issue_id == 1
        ]
    assert len(kept) == 100
    assert (kept[0].happened_at, kept[-1].happened_at) == (moments[0], moments[-1])
    assert counts(database)["events"] == 199
    assert counted(database) == before
    assert [each["event_count"] for each in rows(database, "stored_event_counts")] == [100]
    assert sum(each["event_count"] for each in rows(database, "thinned_event_counts")) == 250


def test_numbers_over_time_do_not_change_when_events_are_thinned_out(
    database: Database, alice: Caller, happen: Happen
) -> None:
    happen(minutes(350), release="web@1.0.0", environment="production")
    threshold = {
        "threshold_type": "total_error_count",
        "trigger_type": "over",
        "value": 300,
        "window_in_seconds": 2 * 86400,
    }
    assert alice.post("/projects/acme/web/release-thresholds/", threshold).is_success

    def shown() -> list[object]:
        paths = (
            f"{ISSUE}",
            "/organizations/acme/issues/?groupStatsPeriod=24h",
            "/organizations/acme/releases/web@1.0.0/",
        )
        statuses = alice.get(
            "/organizations/acme/release-threshold-statuses/?project=-1"
            f"&start={(now() - DAY).replace(tzinfo=None).isoformat()}"
            f"&end={(now() + DAY).replace(tzinfo=None).isoformat()}"
        )
        return [
            *(_stable(alice.get(path)) for path in paths),
            [
                [each["is_healthy"], each["metric_value"]]
                for listed in statuses.json().values()
                for each in listed
            ],
        ]

    before = shown()
    expire(database, most=100)
    assert counts(database)["events"] == 100
    assert shown() == before
    assert before[-1] == [[False, 350]]


def _stable(answer: Response) -> object:
    assert answer.is_success, answer.text
    return answer.json()


def test_numbers_of_thinned_events_go_with_their_age(database: Database, happen: Happen) -> None:
    happen(minutes(250, since=30 * DAY))
    expire(database, most=100)
    assert rows(database, "thinned_event_counts")
    expire(database, days=20, most=100)
    assert rows(database, "thinned_event_counts") == []
    assert counts(database)["events"] == 0


def test_a_burst_larger_than_a_step_ends_at_the_limit(
    database: Database, happen: Happen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expire_events, "BEYOND_LIMIT", 50)
    monkeypatch.setattr(retention, "BATCH", 30)
    monkeypatch.setattr(retention_jobs, "EVENT_BATCHES_MAX", 3)
    moments = minutes(600)
    happen(moments)
    expire(database, most=100)
    found = [each["happened_at"] for each in rows(database, "events")]
    assert len(found) == 100
    assert {moments[0], *moments[-25:]} <= set(found)


def test_a_job_that_is_killed_leaves_a_state_that_the_next_one_goes_on_with(
    database: Database, happen: Happen
) -> None:
    happen(minutes(900))
    before, statements = counted(database), iter(range(1, 1000))

    def die(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM events") and next(statements) == 2:
            raise KeyboardInterrupt

    event.listen(database.engine, "before_cursor_execute", die)
    with pytest.raises(KeyboardInterrupt):
        expire(database, most=100)
    event.remove(database.engine, "before_cursor_execute", die)
    assert counts(database)["events"] == 400
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM jobs")
    expire(database, most=100)
    assert counts(database)["events"] == 100
    assert counted(database) == before
    assert sum(each["event_count"] for each in rows(database, "thinned_event_counts")) == 800


def test_a_lower_limit_counts_for_issues_of_before(database: Database, happen: Happen) -> None:
    happen(minutes(400))
    expire(database, most=300)
    assert counts(database)["events"] == 300
    expire(database, most=200)
    assert counts(database)["events"] == 200


def test_events_with_reports_of_users_are_kept(
    database: Database, alice: Caller, happen: Happen
) -> None:
    happen(minutes(300))
    reported = rows(database, "events")[100]["event_id"]
    body = {"event_id": reported, "name": "Ada", "email": "ada@example.com", "comments": "Broken."}
    with database.transaction() as connection:
        # The API takes reports of events that are half an hour old.
        connection.execute(update(events).values(received_at=now()))
    assert alice.post("/projects/acme/web/user-feedback/", body).is_success
    expire(database, most=100)
    assert reported in {each["event_id"] for each in rows(database, "events")}


def test_an_issue_without_events_is_shown(
    database: Database, alice: Caller, happen: Happen
) -> None:
    happen([now() - 100 * DAY] * 3, release="web@1.0.0", environment="production")
    event_id = rows(database, "events")[0]["event_id"]
    expire(database)
    assert counts(database)["events"] == 0
    shown = alice.get(ISSUE).json()
    assert (shown["count"], shown["firstRelease"]["version"]) == ("3", "web@1.0.0")
    assert [each["id"] for each in alice.get("/organizations/acme/issues/").json()] == [shown["id"]]
    for name in ("latest", "oldest", "recommended", event_id):
        answer = alice.get(f"{ISSUE}events/{name}/")
        assert (answer.status_code, answer.json()["detail"]) == (404, "Event not found")
    assert alice.get(f"{ISSUE}committers/").status_code == 404
    assert alice.get(f"{ISSUE}first-last-release/").is_success


def test_an_event_comes_back_to_its_issue(
    database: Database, alice: Caller, world: World, happen: Happen
) -> None:
    happen([now() - 100 * DAY])
    expire(database)
    send_event(alice.client, world.keys["web"], world.projects["web"], error_event())
    assert [each["times_seen"] for each in rows(database, "issues")] == [2]
    assert alice.get(f"{ISSUE}events/latest/").is_success


def test_the_hourly_job_schedules_it_once(database: Database, happen: Happen) -> None:
    with database.transaction() as connection:
        expire_events.schedule(connection, now())
    assert rows(database, "jobs") == []
    happen([now() - 2 * DAY])
    for _ in range(2):
        with database.transaction() as connection:
            expire_events.schedule(connection, now())
    assert [each["kind"] for each in rows(database, "jobs")] == [JobKind.EXPIRE_EVENTS]


@on_one_database
def test_the_space_of_deleted_events_is_used_again(database: Database, happen: Happen) -> None:
    def pages() -> int:
        with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as connection:
            found: int = connection.execute("PRAGMA page_count").fetchone()[0]
        return found

    happen([now() - 100 * DAY] * 2000, extra={"padding": "x" * 5000})
    before = pages()
    for _ in range(3):
        expire(database)
        assert counts(database)["events"] == 0
        happen([now() - 100 * DAY] * 2000, extra={"padding": "x" * 5000})
    assert pages() <= before * 1.02
