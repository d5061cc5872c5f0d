"""Issues that are ignored for a time, and the job that reopens them (groups-api.md 4)."""

from datetime import UTC, datetime, timedelta

import pytest
from client_fixtures import Happen
from factories import (
    Caller,
    rows,
)
from issue_answers import LIST, change, ignore, shown, state_of
from sqlalchemy import text
from timers import Pass

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind
from shipmark.worker import scheduler

WEB_LIST = "/projects/acme/web/issues/"


IGNORED = ("ignored", "archived_until_condition_met", None)


ONGOING = ("unresolved", "ongoing", 6)


@pytest.mark.parametrize(
    "body",
    [
        {"statusDetails": {"ignoreDuration": 30}, "substatus": "archived_until_condition_met"},
        {"ignoreDuration": 30},
        {"snoozeDuration": "30"},
        {"ignoreDuration": 30, "snoozeDuration": 90, "statusDetails": {}},
    ],
)
def test_a_time_is_sent_in_minutes(bob: Caller, happen: Happen, body: dict[str, object]) -> None:
    happen()
    before = datetime.now(UTC)
    details = change(bob, {"status": "ignored"} | body)["statusDetails"]
    ends_at = datetime.fromisoformat(details["ignoreUntil"])
    assert timedelta(0) <= ends_at - before - timedelta(minutes=30) < timedelta(seconds=30)
    data = shown(bob)["activity"][0]["data"]
    assert (data["ignoreDuration"], data["ignoreUntil"]) == (30, details["ignoreUntil"])


def test_an_issue_is_reopened_when_its_time_is_over(
    bob: Caller, happen: Happen, database: Database, let_pass: Pass
) -> None:
    happen()
    happen(value="other")
    details = ignore(bob, ignoreDuration=60, ignoreCount=100)["statusDetails"]
    let_pass(timedelta(minutes=59))
    assert state_of(bob) == IGNORED
    let_pass(timedelta(minutes=61))
    assert state_of(bob) == ONGOING
    issue = shown(bob)
    conditions = {"until": details["ignoreUntil"], "count": 100, "window": None}
    conditions |= {"user_count": None, "user_window": None}
    assert issue["inbox"]["reason_details"] == conditions
    entry = issue["activity"][0]
    assert (entry["type"], entry["user"], entry["data"]) == (
        "set_unresolved",
        None,
        {"expired_snooze": conditions},
    )
    assert [row["status"] for row in rows(database, "issue_history")] == ["ignored", "unresolved"]
    assert rows(database, "snoozes") == []


def test_time_that_is_over_before_the_job_runs_is_found_by_an_event(
    bob: Caller, happen: Happen, database: Database, let_pass: Pass
) -> None:
    happen()
    ignore(bob, ignoreDuration=1)
    with database.transaction() as connection:
        connection.execute(text("UPDATE snoozes SET ends_at = '2026-01-01 00:00:00.000000'"))
    happen()
    assert state_of(bob) == ONGOING
    let_pass(timedelta(minutes=5))
    assert [each["type"] for each in shown(bob)["activity"]] == [
        "set_unresolved",
        "set_ignored",
        "first_seen",
    ]


def test_the_job_looks_again_when_the_next_time_is_over(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen()
    ignore(bob, ignoreDuration=1)
    [ends_at] = [row["ends_at"] for row in rows(database, "snoozes")]
    at = ends_at - timedelta(seconds=20)
    with database.transaction() as connection:
        scheduler.reopen_issues(connection, {}, at)
    [job] = rows(database, "jobs")
    assert (job["kind"], job["run_at"]) == (JobKind.REOPEN_ISSUES, ends_at)
    with database.transaction() as connection:
        scheduler.reopen_issues(connection, {}, ends_at)
    assert rows(database, "jobs")[-1]["run_at"] == ends_at + timedelta(minutes=1)
    assert state_of(bob) == ONGOING


def test_many_are_reopened_in_batches(
    bob: Caller, happen: Happen, let_pass: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shipmark.issues.actions.snooze_lapses.BATCH", 2)
    for number in range(5):
        happen(value=str(number))
    body = {"status": "ignored", "ignoreDuration": 5}
    assert bob.put(f"{WEB_LIST}?query=", body).status_code == 200
    let_pass(timedelta(minutes=6))
    listed = bob.get(f"{LIST}?query=is:unresolved")
    assert (len(listed.json()), listed.headers["X-Hits"]) == (5, "5")
    assert {issue["substatus"] for issue in listed.json()} == {"ongoing"}
