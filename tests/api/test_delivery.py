"""The metrics of delivery (verdict.md 4): the worked example and the edges, through the API."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import (
    NO_CREDENTIALS,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    commit,
    error_event,
    release_path,
    send_event,
    statements,
)
from sqlalchemy import insert, select, update

from shipmark.infrastructure.database import Database
from shipmark.issues.store.activity import history
from shipmark.issues.store.issues import issues
from shipmark.issues.store.occurrences import issue_environments
from shipmark.projects import store as projects
from shipmark.releases.store.releases import releases
from shipmark.verdicts.store.verdicts import release_verdicts

PATH = "/organizations/acme/delivery/"
MONDAY = datetime(2024, 6, 3, tzinfo=UTC)
WEEK = "start=2024-06-03T00:00:00Z&end=2024-06-10T00:00:00Z"
HOUR = timedelta(hours=1)


def moment(hours: float) -> str:
    return (MONDAY + hours * HOUR).isoformat()


def ship(
    alice: Caller,
    version: str,
    hours: Iterable[float],
    /,
    *named: str,
    **commits: tuple[float, str],
) -> None:
    """Publish a release with commits, by hours since Monday and message, and deploy it at these hours."""
    listed = [
        commit(key, timestamp=moment(hour), message=message)
        for key, (hour, message) in commits.items()
    ]
    alice.publish(version, *named or ("web",), **({"commits": listed} if listed else {}))
    for hour in hours:
        deploy(alice, version, hour)


def deploy(alice: Caller, version: str, hour: float, **more: object) -> None:
    body = {"environment": "production", "dateFinished": moment(hour)} | more
    answer = alice.post(release_path(version, "deploys/"), body)
    assert answer.status_code == 201, answer.text


def regress(database: Database, world: World, version: str, hour: float) -> None:
    """Store a verdict of the release that became regressed at this hour."""
    acme, at = world.organizations["acme"], MONDAY + hour * HOUR
    with database.transaction() as connection:
        [environment] = projects.environments_named(connection, acme, {"production"})
        release_id = connection.execute(
            select(releases.c.id).where(releases.c.version == version)
        ).scalar_one()
        row = {
            "organization_id": acme,
            "project_id": world.projects["web"],
            "environment_id": environment.id,
            "release_id": release_id,
            "started_at": at,
            "due_at": at,
            "base": '{"releases": [], "measures": {}, "compare": "recent", "counts_users": true}',
            "status": "regressed",
            "reason": "beyond the margin",
            "since": at,
            "regressed_at": at,
        }
        connection.execute(insert(release_verdicts).values(row))


@pytest.fixture
def example(alice: Caller, world: World, database: Database) -> None:
    """The worked example (verdict.md 4.3). Events are of today, so that the issues come before their fixes here."""
    for name, version in (("WEB-1", "web@3.0"), ("WEB-2", "web@5.0")):
        event = error_event(name, release=version, environment="production")
        send_event(alice.client, world.keys["web"], world.projects["web"], event)
    tidy = "Tidy up"
    ship(alice, "web@1.0", [10], a=(-38, tidy))
    ship(alice, "web@2.0", [34, 34 + 1 / 12], b=(16, tidy), c=(32, tidy))
    ship(alice, "web@3.0", [63], d=(57, tidy), e=(15, tidy))
    deploy(alice, "web@2.0", 64)
    ship(alice, "web@4.0", [83], f=(82, "Fixes WEB-1"), d=(57, tidy), e=(15, tidy))
    ship(alice, "web@5.0", [113], g=(109, tidy))
    ship(alice, "web@6.0", [129, 156], h=(128.5, "Fixes WEB-2"))
    regress(database, world, "web@3.0", 63 + 1 / 3)


def answer(caller: Caller, query: str = WEEK) -> dict[str, Any]:
    response = caller.get(f"{PATH}?{query}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.usefixtures("example")
def test_the_metrics_of_the_worked_example(alice: Caller, world: World) -> None:
    shown = answer(alice)
    [web] = shown.pop("projects")
    assert shown == {
        "environment": "production",
        "start": "2024-06-03T00:00:00Z",
        "end": "2024-06-10T00:00:00Z",
        "completeSince": "2024-06-03T00:00:00Z",
    }
    del web["series"], web["deploys"]
    assert web == {
        "id": str(world.projects["web"]),
        "slug": "web",
        "deploymentFrequency": {
            "perDay": 6 / 7,
            "changes": 6,
            "days": 7.0,
            "daysWithChange": 6,
            "medianGapSeconds": 24 * 3600.0,
        },
        "changeLeadTime": {
            "medianSeconds": 4 * 3600.0,
            "p90Seconds": 48 * 3600.0,
            "commits": 7,
            "coverage": 1.0,
            "changesWithCommits": 6,
            "clockErrors": 0,
        },
        "changeFailRate": {"rate": 2 / 6, "failed": 2, "known": 6, "pending": 0},
        "failedDeploymentRecoveryTime": {
            "medianSeconds": 8.5 * 3600,
            "recovered": 2,
            "open": [],
        },
        "deploymentReworkRate": {"rate": 3 / 7, "rollbacks": 1, "fixes": 2},
        "timeToDetect": {"medianSeconds": 20 * 60.0, "detected": 1},
    }


@pytest.mark.usefixtures("example")
def test_the_deploys_of_the_worked_example(alice: Caller) -> None:
    [web] = answer(alice)["projects"]
    deploys = web["deploys"]
    assert [(each["version"], each["kind"], each["outcome"]) for each in deploys] == [
        ("web@6.0", "redeploy", None),
        ("web@6.0", "change", "succeeded"),
        ("web@5.0", "change", "failed"),
        ("web@4.0", "change", "succeeded"),
        ("web@2.0", "rollback", None),
        ("web@3.0", "change", "failed"),
        ("web@2.0", "redeploy", None),
        ("web@2.0", "change", "succeeded"),
        ("web@1.0", "change", "succeeded"),
    ]
    rolled_back = deploys[5]
    assert rolled_back | {"id": ""} == {
        "id": "",
        "version": "web@3.0",
        "dateFinished": "2024-06-05T15:00:00Z",
        "kind": "change",
        "outcome": "failed",
        "failedBecause": "rolled back",
        "regressedAt": "2024-06-05T15:20:00Z",
        "recoveredBy": deploys[4]["id"],
        "recoverySeconds": 3600.0,
        "isFix": False,
        "commits": 2,
        "leadTimeSeconds": [6 * 3600.0, 48 * 3600.0],
        "clockErrors": 0,
    }
    assert (deploys[2]["failedBecause"], deploys[2]["recoveredBy"]) == ("fixed", deploys[1]["id"])
    assert [each["version"] for each in deploys if each["isFix"]] == ["web@6.0", "web@4.0"]


@pytest.mark.usefixtures("example")
def test_a_series_has_whole_intervals_that_end_with_the_period(alice: Caller) -> None:
    [web] = answer(alice, f"{WEEK}&interval=3d")["projects"]
    assert [
        (step["start"], step["end"], step["deploymentFrequency"]["changes"])
        for step in web["series"]
    ] == [
        ("2024-06-03T00:00:00Z", "2024-06-04T00:00:00Z", 1),
        ("2024-06-04T00:00:00Z", "2024-06-07T00:00:00Z", 3),
        ("2024-06-07T00:00:00Z", "2024-06-10T00:00:00Z", 2),
    ]


@pytest.mark.usefixtures("example")
def test_a_fix_of_an_issue_that_the_release_reopened_counts(
    alice: Caller, database: Database
) -> None:
    with database.transaction() as connection:
        connection.execute(update(issue_environments).values(first_release_id=None))
    # Rolled back and regressed all the same; without an issue of its own the other one did not fail.
    assert answer(alice)["projects"][0]["changeFailRate"]["failed"] == 1
    with database.transaction() as connection:
        release_id = connection.execute(
            select(releases.c.id).where(releases.c.version == "web@5.0")
        ).scalar_one()
        issue_id = connection.execute(select(issues.c.id).where(issues.c.number == 2)).scalar_one()
        entry = {"issue_id": issue_id, "status": "regressed", "release_id": release_id}
        connection.execute(insert(history).values(entry | {"happened_at": MONDAY}))
    assert answer(alice)["projects"][0]["changeFailRate"]["failed"] == 2


@pytest.mark.usefixtures("example")
def test_what_came_before_the_period_decides_too(alice: Caller) -> None:
    [web] = answer(alice, "start=2024-06-05T15:30:00Z&end=2024-06-10T00:00:00Z")["projects"]
    assert [each["kind"] for each in web["deploys"]][-2:] == ["change", "rollback"]
    assert web["deploymentReworkRate"] == {"rate": 3 / 4, "rollbacks": 1, "fixes": 2}
    later = answer(alice, "start=2024-09-01T00:00:00Z&end=2024-09-02T00:00:00Z&project=web")
    assert later["projects"][0]["deploymentFrequency"]["changes"] == 0


def test_a_deploy_of_today_is_pending_and_a_later_one_waits(alice: Caller) -> None:
    at = datetime.now(UTC)
    alice.publish("web@1.0", "web")
    for shift in (-HOUR, HOUR):
        deploy(alice, "web@1.0", 0, dateFinished=(at + shift).isoformat())
    [web] = answer(alice, "")["projects"]
    assert [each["outcome"] for each in web["deploys"]] == ["pending"]
    assert web["changeFailRate"] == {"rate": None, "failed": 0, "known": 0, "pending": 1}


def test_a_release_before_the_period_is_current_at_its_start(alice: Caller) -> None:
    ship(alice, "web@1.0", [-24 * 60], a=(-24 * 61, "x"))
    deploy(alice, "web@1.0", 5)
    ship(alice, "web@2.0", [7], b=(6, "x"))
    deploy(alice, "web@1.0", 8)
    [web] = answer(alice)["projects"]
    assert [each["kind"] for each in web["deploys"]] == ["rollback", "change", "redeploy"]
    assert web["changeLeadTime"]["medianSeconds"] == 3600


def test_a_deploy_counts_for_the_projects_that_it_names(alice: Caller) -> None:
    alice.publish("both@1.0", "web", "mobile")
    deploy(alice, "both@1.0", 1, projects=["web"])
    assert [each["slug"] for each in answer(alice)["projects"]] == ["web"]
    deploy(alice, "both@1.0", 2)
    assert [
        (each["slug"], each["deploymentFrequency"]["changes"]) for each in answer(alice)["projects"]
    ] == [("mobile", 1), ("web", 1)]


def test_archived_releases_count_and_deleted_ones_do_not(alice: Caller) -> None:
    ship(alice, "web@1.0", [1])
    ship(alice, "web@2.0", [2])
    alice.put(release_path("web@1.0"), {"status": "archived"})
    assert answer(alice)["projects"][0]["deploymentFrequency"]["changes"] == 2
    assert alice.delete(release_path("web@1.0")).status_code == 204
    assert answer(alice)["projects"][0]["deploymentFrequency"]["changes"] == 1


def test_a_project_without_deploys_is_shown_if_it_is_named(alice: Caller) -> None:
    assert answer(alice)["projects"] == []
    assert [each["slug"] for each in answer(alice, "project=web")["projects"]] == ["web"]


def test_only_production_is_measured_unless_another_environment_is_named(alice: Caller) -> None:
    alice.publish("web@1.0", "web")
    deploy(alice, "web@1.0", 1, environment="staging")
    assert answer(alice)["projects"] == []
    staging = answer(alice, f"{WEEK}&environment=staging")
    assert staging["environment"] == "staging"
    assert staging["projects"][0]["deploymentFrequency"]["changes"] == 1
    assert alice.get(f"{PATH}?environment=unknown").json() == NOT_FOUND


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("statsPeriod=x", {"detail": "Invalid date range: Invalid statsPeriod: 'x'"}),
        ("interval=x", {"detail": "Invalid interval: 'x'"}),
        ("statsPeriod=30d&interval=1h", {"interval": ["An interval has a day at least."]}),
        ("statsPeriod=733d", {"statsPeriod": ["A period has 732 days at most."]}),
        (
            "start=2020-01-01T00:00:00Z&end=2024-01-01T00:00:00Z",
            {"start": ["A period has 732 days at most."]},
        ),
        (
            "start=2100-01-01T00:00:00Z&end=2100-01-02T00:00:00Z",
            {"start": ["The period has not begun yet."]},
        ),
        (
            "start=2024-01-01T00:00:00Z",
            {"detail": "Invalid date range: start and end are both required"},
        ),
        ("project=x", {"detail": "Invalid project parameter. Values must be numbers."}),
    ],
)
def test_bad_parameters_are_named(alice: Caller, query: str, detail: object) -> None:
    response = alice.get(f"{PATH}?{query}")
    assert (response.status_code, response.json()) == (400, detail)


def test_who_may_not_read_releases_reads_no_metrics(
    anonymous: Caller, charlie: Caller, bearer: Bearer
) -> None:
    assert anonymous.get(PATH).json() == NO_CREDENTIALS
    assert charlie.get(PATH).status_code == 403
    assert bearer(scopes=["team:read"]).get(PATH).status_code == 403


@pytest.mark.usefixtures("example")
def test_the_statements_are_a_constant(alice: Caller, database: Database) -> None:
    with statements(database) as few:
        answer(alice)
    for number in range(10, 20):
        ship(alice, f"web@{number}.0", [160 + number / 10], **{f"k{number}": (150, "Fixes WEB-2")})
        ship(alice, f"mobile@{number}.0", [160], "mobile", **{f"m{number}": (150, "x")})
    with statements(database) as more:
        assert len(answer(alice)["projects"]) == 2
    assert len(more.texts) <= len(few.texts) + 2 <= 15
