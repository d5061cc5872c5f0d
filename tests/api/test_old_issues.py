"""Issues that change by age: they are resolved (releases.md 4.4), or become ongoing (ingest.md 11)."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from client_fixtures import Happen
from factories import Caller, ago, commit, dump, rows, statements, written
from sqlalchemy import update
from timers import Pass, run_timers

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind
from shipmark.issues.actions import age_changes
from shipmark.issues.store.issues import issues
from shipmark.worker import scheduler

WEB = "/projects/acme/web/"
LIST = "/organizations/acme/issues/"
ISSUE = f"{LIST}WEB-1/"
RESOLVED = ("resolved", {"autoResolved": True}, None, None)

#: Runs the jobs by age that are due so long from now.


@pytest.fixture
def let_pass(database: Database) -> Pass:
    return lambda time: run_timers(database, time, JobKind.RESOLVE_BY_AGE, JobKind.SET_ONGOING)


def resolve_after(alice: Caller, hours: int, project: str = "web") -> None:
    answer = alice.put(f"/projects/acme/{project}/", {"resolveAge": hours})
    assert answer.status_code == 200, answer.text


def shown(caller: Caller, path: str = ISSUE) -> dict[str, Any]:
    issue: dict[str, Any] = caller.get(path).json()
    return issue


def state_of(caller: Caller, path: str = ISSUE) -> tuple[object, ...]:
    issue = shown(caller, path)
    return issue["status"], issue["statusDetails"], issue["substatus"], issue["inbox"]


def activity_of(caller: Caller) -> list[tuple[object, ...]]:
    entries = shown(caller)["activity"]
    return [(entry["type"], entry["user"], entry["data"]) for entry in entries]


def test_an_issue_that_was_not_seen_for_long_is_resolved(
    alice: Caller, happen: Happen, database: Database, let_pass: Pass
) -> None:
    happen()
    resolve_after(alice, 48)
    let_pass(timedelta(hours=46))
    assert shown(alice)["status"] == "unresolved"
    let_pass(timedelta(hours=49))
    assert state_of(alice) == RESOLVED
    assert activity_of(alice)[0] == ("set_resolved_by_age", None, {"age": 48})
    [entry] = rows(database, "issue_history")
    assert (entry["status"], entry["user_id"]) == ("auto_resolved", None)
    assert rows(database, "inbox") == []
    [issue] = alice.get(f"{LIST}?query=is:resolved").json()
    assert issue["statusDetails"] == {"autoResolved": True}


def test_hours_count_from_the_last_event(alice: Caller, happen: Happen, let_pass: Pass) -> None:
    happen(timestamp=written(ago(hours=60)))
    happen()
    resolve_after(alice, 48)
    let_pass(timedelta(hours=46))
    assert shown(alice)["status"] == "unresolved"


@pytest.mark.parametrize("hours", [0, 720])
def test_without_the_option_and_before_its_age_nothing_changes(
    alice: Caller, happen: Happen, database: Database, let_pass: Pass, hours: int
) -> None:
    happen()
    resolve_after(alice, 24)
    resolve_after(alice, hours)
    before = dump(database) | {"jobs": []}
    let_pass(timedelta(days=6))
    assert dump(database) | {"jobs": []} == before


def test_only_issues_of_projects_with_the_option_are_resolved(
    alice: Caller, happen: Happen, let_pass: Pass
) -> None:
    happen()
    resolve_after(alice, 24, "mobile")
    let_pass(timedelta(days=90))
    assert shown(alice)["status"] == "unresolved"


@pytest.mark.parametrize("status", ["resolved", "ignored"])
def test_issues_that_are_not_open_stay_as_they_are(
    alice: Caller, happen: Happen, database: Database, let_pass: Pass, status: str
) -> None:
    happen()
    resolve_after(alice, 24)
    alice.put(ISSUE, {"status": status})
    before = dump(database) | {"jobs": []}
    let_pass(timedelta(days=90))
    assert dump(database) | {"jobs": []} == before
    assert "autoResolved" not in shown(alice)["statusDetails"]


def test_any_later_event_reopens_it_as_a_regression(
    alice: Caller, happen: Happen, database: Database, let_pass: Pass
) -> None:
    happen(timestamp=written(ago(hours=60)), release="web@1.0.0")
    resolve_after(alice, 48)
    let_pass(timedelta(seconds=-10))
    assert state_of(alice) == RESOLVED
    happen(timestamp=written(ago(minutes=61)), release="web@1.0.0")
    assert state_of(alice) == RESOLVED
    happen(timestamp=written(ago(seconds=0)), release="web@1.0.0")
    issue = shown(alice)
    assert (issue["status"], issue["statusDetails"], issue["substatus"]) == (
        "unresolved",
        {},
        "regressed",
    )
    assert issue["inbox"]["reason"] == 2
    assert [kind for kind, *_ in activity_of(alice)] == [
        "set_regression",
        "set_resolved_by_age",
        "first_seen",
    ]


def test_an_event_that_was_not_stored_yet_reopens_it(
    alice: Caller, happen: Happen, let_pass: Pass
) -> None:
    happen(timestamp=written(ago(hours=60)))
    resolve_after(alice, 48)
    let_pass(timedelta(0))
    assert state_of(alice) == RESOLVED
    happen(timestamp=written(ago(minutes=50)))
    assert shown(alice)["substatus"] == "regressed"


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({"status": "resolved"}, set()),
        ({"status": "resolved", "statusDetails": {"inRelease": "web@1.0.0"}}, {"inRelease"}),
        (
            {
                "status": "resolved",
                "statusDetails": {
                    "inCommit": {"commit": commit("1")["id"], "repository": "acme/web"}
                },
            },
            {"inRelease"},
        ),
        ({"status": "ignored"}, set()),
        ({"status": "unresolved"}, set()),
    ],
)
def test_what_a_user_does_then_counts(
    alice: Caller, happen: Happen, let_pass: Pass, body: dict[str, object], details: set[str]
) -> None:
    alice.publish("web@1.0.0", commits=[commit("1")])
    happen(release="web@1.0.0")
    resolve_after(alice, 24)
    let_pass(timedelta(hours=25))
    assert state_of(alice) == RESOLVED
    assert alice.put(ISSUE, body).status_code == 200
    issue = shown(alice)
    assert issue["status"] == body["status"]
    assert set(issue["statusDetails"]) - {"actor"} == details


def test_an_issue_that_a_user_opens_is_resolved_again_unless_it_is_seen(
    alice: Caller, happen: Happen, let_pass: Pass
) -> None:
    for value in ("boom", "other"):
        happen(value=value, timestamp=written(ago(hours=30)))
    resolve_after(alice, 24)
    let_pass(timedelta(seconds=-10))
    assert alice.put(f"{LIST}?query=is:resolved", {"status": "unresolved"}).status_code == 200
    happen(value="other")
    let_pass(timedelta())
    assert state_of(alice) == RESOLVED
    assert shown(alice, f"{LIST}WEB-2/")["status"] == "unresolved"


def test_many_are_resolved_in_batches_of_all_projects(
    alice: Caller, happen: Happen, let_pass: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(age_changes, "BATCH", 2)
    monkeypatch.setattr(age_changes, "PROJECTS_MAX", 1)
    for number in range(5):
        happen(value=str(number))
        happen(project="mobile", value=str(number))
    for project in ("web", "mobile"):
        resolve_after(alice, 24, project)
    let_pass(timedelta(hours=25))
    assert alice.get(f"{LIST}?query=is:resolved").headers["X-Hits"] == "10"


@pytest.mark.parametrize("kind", ["postgresql"])
def test_an_issue_that_is_seen_meanwhile_stays_open(
    alice: Caller, happen: Happen, database: Database
) -> None:
    """Old issues are read before they are locked; SQLite has one writer at a time."""
    happen()
    resolve_after(alice, 24)
    later = datetime.now(UTC) + timedelta(hours=25)

    def resolve() -> None:
        with database.transaction() as connection:
            age_changes.resolve_by_age(connection, later, after_project_id=0)

    job = threading.Thread(target=resolve)
    with database.transaction() as connection:
        connection.execute(update(issues).values(last_seen_at=later))
        job.start()
        job.join(timeout=0.5)
        assert job.is_alive(), "it waits for the lock"
    job.join()
    assert shown(alice)["status"] == "unresolved"


def test_the_job_takes_a_constant_number_of_statements(
    alice: Caller, happen: Happen, database: Database
) -> None:
    counted = []
    for number in (0, 1, 2, 20):
        for value in range(number):
            happen(value=f"{number} {value}")
        later = datetime.now(UTC) + timedelta(hours=25)
        with statements(database) as found, database.transaction() as connection:
            scheduler.resolve_by_age(connection, {}, later)
        counted.append(len(found.texts))
        if not number:
            resolve_after(alice, 24)
    # One looks for projects with the option, and one schedules the job anew.
    assert counted == [2, 9, 9, 9]


def test_the_job_runs_every_five_minutes(database: Database) -> None:
    at = datetime.now(UTC)
    with database.transaction() as connection:
        scheduler.resolve_by_age(connection, {}, at)
    [job] = rows(database, "jobs")
    assert (job["kind"], job["run_at"]) == ("resolve_by_age", at + timedelta(minutes=5))


def substatus_of(caller: Caller, path: str = ISSUE) -> str | None:
    substatus: str | None = shown(caller, path)["substatus"]
    return substatus


def test_a_new_issue_is_ongoing_after_seven_days(
    alice: Caller, happen: Happen, database: Database, let_pass: Pass
) -> None:
    happen()
    happen()
    let_pass(timedelta(days=6, hours=22))
    assert substatus_of(alice) == "new"
    let_pass(timedelta(days=7))
    issue = shown(alice)
    assert (issue["status"], issue["substatus"], issue["inbox"]["reason"]) == (
        "unresolved",
        "ongoing",
        0,
    )
    assert activity_of(alice)[0] == ("auto_set_ongoing", None, {"after_days": 7})
    [entry] = rows(database, "issue_history")
    assert (entry["status"], entry["user_id"]) == ("ongoing", None)
    let_pass(timedelta(days=15))
    assert len(activity_of(alice)) == 2


def test_a_regressed_issue_is_ongoing_seven_days_after_it_regressed(
    alice: Caller, happen: Happen, let_pass: Pass
) -> None:
    happen(timestamp=written(ago(days=20)))
    resolve_after(alice, 48)
    let_pass(-timedelta(days=10))
    resolve_after(alice, 0)
    happen(timestamp=written(ago(days=3)))
    let_pass(timedelta(days=3, hours=23))
    assert substatus_of(alice) == "regressed"
    let_pass(timedelta(days=4))
    assert substatus_of(alice) == "ongoing"


@pytest.mark.parametrize("substatus", ["regressed", "escalating"])
def test_seven_days_count_from_when_a_user_opened_an_issue_so(
    alice: Caller, happen: Happen, let_pass: Pass, substatus: str
) -> None:
    happen(timestamp=written(ago(days=20)))
    alice.put(ISSUE, {"status": "ignored"})
    alice.put(ISSUE, {"status": "unresolved", "substatus": substatus})
    let_pass(timedelta(days=6, hours=23))
    assert substatus_of(alice) == substatus
    let_pass(timedelta(days=7, seconds=1))
    assert substatus_of(alice) == "ongoing"


def test_an_escalating_issue_is_ongoing_seven_days_after_it_escalated(
    alice: Caller, happen: Happen, let_pass: Pass
) -> None:
    happen(timestamp=written(ago(days=20)))
    alice.put(ISSUE, {"status": "ignored", "ignoreCount": 1})
    happen()
    let_pass(timedelta(days=6, hours=23))
    assert substatus_of(alice) == "escalating"
    let_pass(timedelta(days=7, seconds=1))
    assert substatus_of(alice) == "ongoing"


@pytest.mark.parametrize("body", [{"status": "resolved"}, {"status": "ignored"}, {"inbox": False}])
def test_issues_that_are_not_open_and_ongoing_ones_do_not_become_ongoing(
    alice: Caller, happen: Happen, database: Database, let_pass: Pass, body: dict[str, object]
) -> None:
    happen()
    alice.put(ISSUE, body)
    before = dump(database) | {"jobs": []}
    let_pass(timedelta(days=90))
    assert dump(database) | {"jobs": []} == before


def test_many_become_ongoing_in_batches(
    alice: Caller, happen: Happen, let_pass: Pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(age_changes, "BATCH", 2)
    for number in range(5):
        happen(value=str(number))
    let_pass(timedelta(days=8))
    assert alice.get(f"{LIST}?query=is:ongoing").headers["X-Hits"] == "5"


def test_the_job_for_ongoing_issues_takes_a_constant_number_of_statements(
    happen: Happen, database: Database
) -> None:
    counted = []
    later = datetime.now(UTC) + timedelta(days=8)
    for number in (0, 1, 20):
        for value in range(number):
            happen(value=f"{number} {value}")
        with statements(database) as found, database.transaction() as connection:
            scheduler.set_ongoing(connection, {}, later)
        counted.append(len(found.texts))
    assert counted == [2, 6, 6]
    assert rows(database, "jobs")[-1]["run_at"] == later + timedelta(minutes=5)
