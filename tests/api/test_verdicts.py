"""The verdict on a release in an environment (verdict.md 1.9)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import (
    ALICE,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    Caller,
    World,
    error_event,
    rows,
    send_event,
    statements,
)
from health_factories import add_hours_of_sessions, add_sessions
from httpx import Client

from shipmark.infrastructure.database import Database
from shipmark.verdicts import actions

OLD, NEW = "web@1.0.0", "web@2.0.0"
PATH = f"/organizations/acme/releases/{NEW}/verdict/"
ASK = f"{PATH}?environment=production"
HOUR = 3_600
BEYOND_MARGIN = (
    "Crash-free sessions: 90%, was 99.5%: 9.5 points lower, 0.1 allowed"
    " (20 of 200 crashed, 390 of 78,000 before)."
)
#: The start of the new release: sessions of an hour ago are ripe.
START = int((datetime.now(UTC) - timedelta(hours=1)).timestamp()) // 600 * 600

Judge = Callable[..., None]
DEFAULTS = {
    "margin": "20%,0.1pp",
    "tolerance": "50%,0.3pp",
    "measure": "S,U,N",
    "soak": "10m",
    "ripe": "10m",
    "alpha": "0.01",
    "beta": "0.05",
    "leastBase": "200",
    "leastBad": "3",
}


@pytest.fixture
def judge(database: Database, world: World) -> Judge:
    """Give the new release sessions, of which some crashed, after a week of the old one, and run the job."""

    def judged(sessions: int = 200, crashed: int = 20, *, project: str = "web") -> None:
        with database.transaction() as connection:
            add_hours_of_sessions(
                connection, world, OLD, START, hours=39, project=project,
                sessions=2_000, crashed=10, users=500, users_crashed=10,
            )  # fmt: skip
            add_sessions(
                connection, world, NEW, START, project=project, width=600,
                sessions=sessions, crashed=crashed,
            )  # fmt: skip
            actions.evaluate_due(connection, datetime.now(UTC))

    return judged


def answer(caller: Caller, path: str = ASK) -> dict[str, Any]:
    response = caller.get(path)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_before_the_job_has_judged_one_goes_back_to_the_base(
    alice: Caller, judge: Judge, database: Database
) -> None:
    judge()
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM release_verdicts")
    verdict = answer(alice)
    assert (verdict["verdict"], verdict["rollback"]) == ("regressed", OLD)


def test_a_regressed_release(alice: Caller, judge: Judge) -> None:
    judge()
    verdict = answer(alice)
    measures, projects = verdict.pop("measures"), verdict.pop("projects")
    moments = [verdict.pop(name) for name in ("since", "regressedAt", "end", "baseStart")]
    assert all(re.fullmatch(r"[\d-]+T[\d:.]+Z", moment) for moment in moments)
    assert [release["version"] for release in verdict.pop("baseReleases")] == [OLD]
    start = f"{datetime.fromtimestamp(START, UTC):%Y-%m-%dT%H:%M:%S}"
    assert (verdict.pop("start")[:19], verdict.pop("baseEnd")[:19]) == (start, start)
    assert verdict == {
        "verdict": "regressed",
        "reason": "beyond the margin",
        "reasons": [
            BEYOND_MARGIN,
            "Crash-free users, by the hour: none of this release yet.",
            "Users without a new issue, by the hour: none of this release yet.",
            "The base was hardly in use at the same time: an outage after the switch would look the same.",
        ],
        "release": NEW,
        "environment": "production",
        "project": "web",
        "base": OLD,
        "compare": "recent",
        "concurrent": False,
        "final": False,
        "criteria": DEFAULTS,
        "marked": None,
        "markedAt": None,
        "rollback": OLD,
        "newIssues": [],
        "newIssueCount": 0,
        "regressedIssues": [],
        "regressedIssueCount": 0,
    }
    assert measures[0] | {"logRegressed": 0, "logHealthy": 0} == {
        "name": "crash_free_sessions",
        "verdict": "regressed",
        "reason": "beyond the margin",
        "base": {"bad": 390.0, "n": 78_000.0},
        "new": {"bad": 20.0, "n": 200.0},
        "spread": 1.0,
        "floor": 0.005,
        "logRegressed": 0,
        "logHealthy": 0,
        "smallestRegression": 0.04,
        "comparedHours": None,
    }
    assert [project["project"] for project in projects] == ["web"]


def test_a_release_without_sessions_is_undecided(alice: Caller) -> None:
    alice.publish(NEW, "web")
    for path in (ASK, f"{PATH}?environment=unheard-of"):
        verdict = answer(alice, path)
        assert (verdict["verdict"], verdict["reason"]) == ("undecided", "no sessions")
        assert verdict["reasons"] == [
            "No session of the release has come from this environment yet."
        ]
        assert (verdict["projects"], verdict["base"]) == ([], None)


def test_the_worst_project_decides(alice: Caller, judge: Judge) -> None:
    judge(20_000, 60)
    judge(200, 20, project="mobile")
    verdict = answer(alice)
    assert (verdict["verdict"], verdict["project"]) == ("regressed", "mobile")
    assert [each["project"] for each in verdict["projects"]] == ["mobile", "web"]
    web = answer(alice, f"{ASK}&project=web")
    assert (web["project"], len(web["projects"])) == ("web", 1)


def test_a_measure_alone(alice: Caller, judge: Judge) -> None:
    judge(20_000, 60)
    verdict = answer(alice, f"{ASK}&measure=S")
    assert verdict["verdict"] == "healthy"
    assert [measure["name"] for measure in verdict["measures"]] == ["crash_free_sessions"]


def test_other_criteria(alice: Caller, judge: Judge) -> None:
    judge()
    assert answer(alice, f"{ASK}&margin=20%25,20pp")["verdict"] == "undecided"
    judge(20_000, 0)
    assert answer(alice, f"{ASK}&measure=S&soak=10m")["verdict"] == "healthy"
    assert answer(alice, f"{ASK}&measure=S&soak=2h")["reason"] == "too young"
    # The stored verdict stays.
    assert answer(alice)["verdict"] == "regressed"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("leastBase=100000", "no base"),
        ("leastBad=10000", "not enough data"),
        ("alpha=0.000001&leastBad=9999", "not enough data"),
    ],
)
def test_how_much_it_takes_can_be_asked_for(
    alice: Caller, judge: Judge, query: str, reason: str
) -> None:
    judge()
    assert answer(alice, f"{ASK}&measure=S")["verdict"] == "regressed"
    asked = answer(alice, f"{ASK}&measure=S&{query}")
    assert (asked["verdict"], asked["reason"]) == ("undecided", reason)


def test_young_sessions_count_for_healthy_if_that_is_asked_for(alice: Caller, judge: Judge) -> None:
    judge(20_000, 0)
    assert answer(alice, f"{ASK}&measure=S")["verdict"] == "healthy"
    assert answer(alice, f"{ASK}&measure=S&ripe=13d")["verdict"] == "undecided"


WEB = "/projects/acme/web/"


def test_a_project_sets_how_sure_a_verdict_is(alice: Caller) -> None:
    sent = {"alpha": 0.002, "beta": ".1", "leastBase": 1000, "leastBad": "5", "ripe": "1h"}
    stored = alice.put(WEB, {"verdictCriteria": sent}).json()["verdictCriteria"]
    own = {"alpha": "0.002", "beta": "0.1", "leastBase": "1000", "leastBad": "5", "ripe": "1h"}
    assert stored == DEFAULTS | own


def test_a_project_has_criteria_of_its_own(alice: Caller, judge: Judge) -> None:
    criteria = {"margin": "20%, 20pp", "measure": "u,S", "soak": "7200"}
    answered = alice.put(WEB, {"verdictCriteria": criteria})
    own = DEFAULTS | {"margin": "20%,20pp", "measure": "S,U", "soak": "2h"}
    assert (answered.status_code, answered.json()["verdictCriteria"]) == (200, own)
    judge()
    judge(project="mobile")
    verdict = answer(alice)
    found = {each["project"]: each for each in verdict["projects"]}
    assert (found["web"]["verdict"], found["mobile"]["verdict"]) == ("undecided", "regressed")
    assert (found["web"]["criteria"], found["mobile"]["criteria"]["soak"]) == (own, "10m")
    assert [measure["name"] for measure in found["web"]["measures"]] == [
        "crash_free_sessions",
        "crash_free_users",
    ]
    # A call may have others.
    asked = answer(alice, f"{ASK}&project=web&margin=20%25,0.1pp")
    assert (asked["verdict"], asked["criteria"]) == ("regressed", own | {"margin": "20%,0.1pp"})
    assert alice.put(WEB, {"verdictCriteria": None}).json()["verdictCriteria"]["soak"] == "10m"
    assert answer(alice, f"{ASK}&project=web")["verdict"] == "regressed"


@pytest.mark.parametrize(
    ("criteria", "field"),
    [
        ({"margin": "20"}, "margin"),
        ({"tolerance": "5%,0pp"}, "tolerance"),
        ({"measure": "X"}, "measure"),
        ({"soak": "15d", "margin": "30%,1pp"}, "soak"),
        ({"soak": 5}, "soak"),
        ({"ripe": "1y"}, "ripe"),
        ({"alpha": "0"}, "alpha"),
        ({"alpha": "0.6"}, "alpha"),
        ({"beta": "1e-3"}, "beta"),
        ({"beta": True}, "beta"),
        ({"leastBase": 0}, "leastBase"),
        ({"leastBase": 1.5}, "leastBase"),
        ({"leastBad": "-1"}, "leastBad"),
    ],
)
def test_criteria_that_cannot_be_read_are_refused(
    alice: Caller, criteria: dict[str, object], field: str
) -> None:
    response = alice.put(WEB, {"verdictCriteria": criteria, "name": "Other"})
    assert response.status_code == 400
    assert list(response.json()["verdictCriteria"]) == [field]
    project = alice.get(WEB).json()
    assert (project["verdictCriteria"]["margin"], project["name"]) == ("20%,0.1pp", "web")


def test_another_base(alice: Caller, judge: Judge, database: Database, world: World) -> None:
    judge()
    with database.transaction() as connection:
        add_hours_of_sessions(
            connection, world, "web@0.9", START, hours=8, sessions=500, crashed=50
        )
    verdict = answer(alice, f"{ASK}&base=web@0.9&measure=S")
    assert (verdict["base"], verdict["measures"][0]["base"]) == (
        "web@0.9",
        {"bad": 400.0, "n": 4_000.0},
    )
    assert verdict["verdict"] != "regressed"


def test_a_base_that_the_caller_may_not_see_is_none(
    alice: Caller, bob: Caller, judge: Judge
) -> None:
    judge()
    alice.put("/organizations/acme/", {"openMembership": False})
    alice.post("/organizations/acme/releases/", {"version": "tools@1", "projects": ["tools"]})
    for version in ("tools@1", "unheard-of"):
        refused = bob.get(f"{ASK}&base={version}")
        told = {"base": ["There is no release with this version."]}
        assert (refused.status_code, refused.json()) == (400, told)
    assert answer(alice, f"{ASK}&base=tools@1")["base"] == "tools@1"


def test_new_issues_are_compared_for_as_long_as_the_base_was_current(
    alice: Caller, judge: Judge, database: Database, world: World
) -> None:
    judge()
    with database.transaction() as connection:
        for bucket in (1, 2, 3):
            add_sessions(
                connection, world, "web@0.9", START - bucket * 600, width=600,
                sessions=500, users=250,
            )  # fmt: skip
    verdict = answer(alice, f"{ASK}&base=web@0.9&measure=S,N")
    hours = {measure["name"]: measure["comparedHours"] for measure in verdict["measures"]}
    assert hours == {"crash_free_sessions": None, "new_issues": 0.5}


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ("", "environment"),
        ("?environment=production&margin=20", "margin"),
        ("?environment=production&margin=20%25,0pp", "margin"),
        ("?environment=production&tolerance=x", "tolerance"),
        ("?environment=production&measure=S,X", "measure"),
        ("?environment=production&soak=1y", "soak"),
        ("?environment=production&soak=15d", "soak"),
        ("?environment=production&base=unheard-of", "base"),
        (f"?environment=production&base={NEW}", "base"),
    ],
)
def test_what_is_wrong_is_named(alice: Caller, judge: Judge, parameters: str, field: str) -> None:
    judge()
    response = alice.get(PATH + parameters)
    assert response.status_code == 400
    assert list(response.json()) == [field]


def test_new_issues_of_the_environment_are_named(
    alice: Caller, client: Client, judge: Judge, world: World
) -> None:
    judge()
    for environment in ("production", "staging"):
        event = error_event(environment, release=NEW, environment=environment)
        send_event(client, world.keys["web"], world.projects["web"], event)
    verdict = answer(alice)
    assert verdict["newIssueCount"] == len(verdict["newIssues"]) == 1
    assert "production" in verdict["newIssues"][0]["title"]


def test_a_person_overrules_the_verdict(alice: Caller, judge: Judge) -> None:
    judge()
    marked = alice.put(ASK, {"marked": "healthy"})
    assert marked.status_code == 200
    assert (marked.json()["verdict"], marked.json()["reason"]) == ("healthy", "marked")
    assert marked.json()["marked"] == answer(alice)["marked"] == "healthy"
    assert answer(alice)["reasons"][0] == "A person marked the release as healthy."
    assert alice.put(ASK, {"marked": None}).json()["verdict"] == "regressed"


def test_marks_are_in_the_audit_log(alice: Caller, judge: Judge) -> None:
    judge()
    alice.put(ASK, {"marked": "healthy"})
    [entry, *_] = alice.get("/organizations/acme/audit-logs/").json()["rows"]
    assert (entry["event"], entry["actor"]["email"]) == ("release.mark", ALICE)
    assert entry["note"] == (
        "marked release web@2.0.0 as healthy in environment production of project web"
    )


@pytest.mark.parametrize("body", [{}, {"marked": "undecided"}, {"marked": "good"}])
def test_a_mark_is_healthy_regressed_or_null(
    alice: Caller, judge: Judge, body: dict[str, object]
) -> None:
    judge()
    response = alice.put(ASK, body)
    assert (response.status_code, list(response.json())) == (400, ["marked"])


def test_what_has_no_verdict_can_not_be_marked(alice: Caller) -> None:
    alice.publish(NEW, "web")
    assert alice.put(ASK, {"marked": "healthy"}).status_code == 404


def test_who_may_see_and_mark(
    anonymous: Caller, charlie: Caller, alice: Caller, judge: Judge
) -> None:
    judge()
    assert (anonymous.get(ASK).status_code, anonymous.get(ASK).json()) == (401, NO_CREDENTIALS)
    assert charlie.get(ASK).json() == NOT_FOUND or charlie.get(ASK).json() == NOT_ALLOWED
    assert charlie.put(ASK, {"marked": "healthy"}).status_code in (403, 404)
    assert alice.get(ASK.replace(NEW, "web@9")).status_code == 404


def test_a_deleted_release_has_no_verdict(alice: Caller, judge: Judge, database: Database) -> None:
    judge()
    assert alice.delete(f"/organizations/acme/releases/{NEW}/?force=1").status_code == 204
    assert [row["release_id"] for row in rows(database, "release_verdicts")] != []
    assert alice.delete(f"/organizations/acme/releases/{OLD}/?force=1").status_code == 204
    assert rows(database, "release_verdicts") == []


def test_statements_do_not_grow_with_the_projects(
    alice: Caller, judge: Judge, database: Database
) -> None:
    numbers = []
    for project in ("web", "mobile"):
        judge(project=project)
        with statements(database) as sent:
            answer(alice)
        numbers.append(len(sent.texts))
    assert numbers[0] == numbers[1] <= 14
