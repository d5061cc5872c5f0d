"""GET of one release with parameters, and the shapes of releases in lists (releases.md 2.2, 2.4, 2.6)."""

import pytest
from factories import (
    NOT_ALLOWED,
    NOT_FOUND,
    RELEASES,
    Caller,
    World,
    error_event,
    on_one_database,
    release_path,
    send_event,
    statements,
)

from shipmark.infrastructure.database import Database


def meta(caller: Caller, version: str, query: str) -> dict[str, object]:
    answer = caller.get(f"{release_path(version)}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["currentProjectMeta"]  # type: ignore[no-any-return]


def around(
    before: str | None, after: str | None, first: str | None, last: str | None
) -> dict[str, object]:
    return {
        "prevReleaseVersion": before,
        "nextReleaseVersion": after,
        "firstReleaseVersion": first,
        "lastReleaseVersion": last,
        "sessionsLowerBound": None,
        "sessionsUpperBound": None,
    }


@pytest.fixture
def web(bob: Caller, world: World) -> str:
    """The parameter for a project with four releases, one of them archived, beside another's."""
    for version, project, status in (
        ("web@1", "web", "open"),
        ("mobile@1", "mobile", "open"),
        ("web@2", "web", "open"),
        ("web@3", "web", "archived"),
        ("web@4", "web", "open"),
    ):
        bob.publish(version, project, status=status)
    return f"project={world.projects['web']}"


def test_with_a_project_it_tells_what_is_around(bob: Caller, web: str) -> None:
    assert meta(bob, "web@2", web) == around("web@1", "web@4", "web@1", "web@4")
    assert meta(bob, "web@1", web) == around(None, "web@2", "web@1", "web@4")
    assert meta(bob, "web@4", web) == around("web@2", None, "web@1", "web@4")


def test_its_neighbours_are_those_that_a_list_would_show(bob: Caller, web: str) -> None:
    assert meta(bob, "web@2", f"{web}&status=")["nextReleaseVersion"] == "web@3"
    found = meta(bob, "web@2", f"{web}&status=archived")
    assert found == around(None, "web@3", "web@1", "web@4")
    for query in ("B@4", '"B@4"'):
        shown = meta(bob, "web@2", f"{web}&query={query}")
        assert shown == around(None, "web@4", "web@1", "web@4")


def test_environments_narrow_all_four(bob: Caller, web: str) -> None:
    for version in ("web@2", "web@4"):
        bob.post(release_path(version, "deploys/"), {"environment": "production"})
    found = meta(bob, "web@1", f"{web}&environment=production")
    assert found == around(None, "web@2", "web@2", "web@4")


def test_without_a_project_nothing_is_around(bob: Caller, web: str) -> None:
    assert meta(bob, "web@2", "") == {}
    assert meta(bob, "web@2", "sort=semver") == {}


def test_a_project_may_be_named_by_slug_or_as_any(bob: Caller, web: str) -> None:
    there = meta(bob, "web@2", web)
    assert meta(bob, "web@2", "project=web") == there
    assert meta(bob, "web@2", "project=-1") == there


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("sort=semver", 400, {"detail": "invalid sort"}),
        ("status=gone", 400, {"detail": "invalid value for status"}),
        ("healthStat=steps", 400, {"detail": "invalid healthStat"}),
        (
            "summaryStatsPeriod=5d",
            400,
            {
                "detail": "Invalid summaryStatsPeriod. Valid choices are '1h', '24h', '1d', '48h',"
                " '2d', '7d', '14d', '30d', '90d'"
            },
        ),
        ("environment=moon", 404, NOT_FOUND),
    ],
)
@on_one_database
def test_a_bad_parameter_is_refused(
    bob: Caller, web: str, query: str, status: int, told: dict[str, str]
) -> None:
    answer = bob.get(f"{release_path('web@2')}?{web}&{query}")
    assert (answer.status_code, answer.json()) == (status, told)


@on_one_database
@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        (
            "project=none",
            400,
            {"detail": "Invalid project parameter. Values must be numbers."},
        ),
        ("project=99999", 403, NOT_ALLOWED),
        ("project=-1&health=1", 400, {"detail": "Invalid project"}),
    ],
)
def test_a_bad_project_is_refused(
    bob: Caller, web: str, query: str, status: int, told: dict[str, str]
) -> None:
    answer = bob.get(f"{release_path('web@2')}?{query}")
    assert (answer.status_code, answer.json()) == (status, told)


def test_numbers_are_those_of_the_project_asked_for(
    alice: Caller, bob: Caller, world: World
) -> None:
    bob.publish("both@1", "web", "mobile")
    for name, count in (("web", 1), ("mobile", 2)):
        for number in range(count):
            event = error_event(f"{name}{number}", release="both@1", environment="production")
            send_event(alice.client, world.keys[name], world.projects[name], event)

    def told(query: str) -> tuple[int, int]:
        shown = bob.get(f"{release_path('both@1')}?{query}").json()
        return shown["newGroups"], len(shown["projects"])

    assert told("") == (3, 2)
    assert told(f"project={world.projects['mobile']}") == (2, 2)
    assert told(f"project={world.projects['mobile']}&health=1") == (2, 1)
    assert told("environment=production") == (3, 2)
    listed = bob.get(f"{RELEASES}?flatten=1").json()
    assert [(it["newGroups"], it["projects"][0]["slug"]) for it in listed] == [
        (1, "web"),
        (2, "mobile"),
    ]
    assert all(len(it["projects"]) == 1 for it in listed)


def test_environments_tell_what_is_theirs(alice: Caller, bob: Caller, world: World) -> None:
    bob.publish("web@1")
    for number, place in enumerate(("production", "staging", "staging")):
        event = error_event(str(number), release="web@1", environment=place)
        send_event(alice.client, world.keys["web"], world.projects["web"], event)

    def told(query: str) -> int:
        return int(bob.get(f"{RELEASES}?{query}").json()[0]["newGroups"])

    assert told("") == 3
    assert told("environment=production") == 1
    assert told("environment=production&environment=staging") == 3


@on_one_database
def test_health_and_stages_are_shown_when_asked_for(bob: Caller) -> None:
    bob.publish("web@1", "web", "mobile")
    plain = bob.get(RELEASES).json()[0]
    assert "adoptionStages" not in plain
    assert all("healthData" not in project for project in plain["projects"])
    asked = bob.get(f"{RELEASES}?health=1&adoptionStages=1").json()[0]
    assert asked["adoptionStages"] is None
    health = [project["healthData"] for project in asked["projects"]]
    assert [each["totalSessions"] for each in health] == [0, 0]
    bob.post(release_path("web@1", "deploys/"), {"environment": "production", "projects": ["web"]})
    stages = bob.get(f"{release_path('web@1')}?adoptionStages=1").json()["adoptionStages"]
    low = {"stage": "low_adoption", "adopted": None, "unadopted": None}
    assert stages == {"web": low}


@on_one_database
def test_orders_by_sessions_need_flatten_and_then_show_the_newest(bob: Caller) -> None:
    bob.publish("web@1", "web", "mobile")
    bob.publish("web@2")
    names = ["sessions", "users", "sessions_24h", "users_24h"]
    for name in [*names, "crash_free_sessions", "crash_free_users"]:
        refused = bob.get(f"{RELEASES}?sort={name}")
        assert (refused.status_code, refused.json()["detail"]) == (
            400,
            "sorting by crash statistics requires flattening (flatten=1)",
        )
        listed = bob.get(f"{RELEASES}?sort={name}&flatten=1").json()
        assert [it["version"] for it in listed] == ["web@2", "web@1"]
    assert [it["version"] for it in bob.get(f"{RELEASES}?sort=adoption").json()] == [
        "web@2",
        "web@1",
    ]


@pytest.mark.parametrize("query", ["", "sort=semver", "flatten=1&status=", "project=-1"])
def test_a_list_takes_as_many_statements_for_one_release_as_for_many(
    bob: Caller, database: Database, query: str
) -> None:
    counted = []
    for first in (0, 10):
        for number in range(first, first + 1 + first):
            bob.publish(f"web@{number}", commits=[{"id": f"{number:040}"}])
        with statements(database) as asked:
            bob.get(f"{RELEASES}?{query}")
        counted.append(asked.count)
    assert counted[0] == counted[1]
    assert counted[0] <= 16
