"""``issues/{id}/first-last-release/`` and ``current-release/`` (groups-api.md 6, releases.md 2.23)."""

from datetime import datetime, timedelta

import pytest
from factories import (
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    ago,
    error_event,
    on_one_database,
    release_path,
    rows,
    send_event,
    statements,
    written,
)

from shipmark.infrastructure.database import Database

ISSUE = "/organizations/acme/issues/WEB-1/"
CHILDREN = ("first-last-release/", "current-release/")


def fail(
    caller: Caller, world: World, release: str | None, at: datetime | None = None, **more: object
) -> None:
    given = {"release": release} if release else {}
    when = {"timestamp": written(at)} if at else {}
    event = error_event(str(more.pop("issue", "boom")), **given, **when, **more)
    send_event(caller.client, world.keys["web"], world.projects["web"], event)


def current(caller: Caller, query: str = "") -> dict[str, object] | None:
    answer = caller.get(f"{ISSUE}current-release/{query}")
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["currentRelease"]
    found: dict[str, object] | None = answer.json()["currentRelease"]
    return found


def test_the_first_and_the_last_release_are_shown_whole(bob: Caller, world: World) -> None:
    for version in ("web@1.0.0", "web@2.0.0", "web@1.5.0"):
        fail(bob, world, version)
    shown = bob.get(f"{ISSUE}first-last-release/").json()
    assert shown == {
        "id": bob.get(ISSUE).json()["id"],
        "firstRelease": bob.get(release_path("web@1.0.0")).json(),
        "lastRelease": bob.get(release_path("web@1.5.0")).json(),
    }


def test_an_issue_without_releases_has_neither(bob: Caller, world: World) -> None:
    fail(bob, world, None)
    issue_id = bob.get(ISSUE).json()["id"]
    assert bob.get(f"{ISSUE}first-last-release/").json() == {
        "id": issue_id,
        "firstRelease": None,
        "lastRelease": None,
    }
    assert current(bob) is None


@pytest.mark.parametrize("child", CHILDREN)
def test_an_issue_is_found_by_its_id_alone(bob: Caller, world: World, child: str) -> None:
    fail(bob, world, "web@1.0.0")
    issue_id = bob.get(ISSUE).json()["id"]
    by_short_id = bob.get(f"{ISSUE}{child}").json()
    assert bob.get(f"/issues/{issue_id}/{child}").json() == by_short_id
    assert bob.get(f"/organizations/acme/issues/{issue_id}/{child}").json() == by_short_id


def test_the_newest_release_is_shown_where_the_issue_was_seen_in_it(
    bob: Caller, world: World
) -> None:
    fail(bob, world, "web@1.0.0", ago(days=3), environment="production")
    fail(bob, world, "web@2.0.0", ago(hours=5), environment="production")
    fail(bob, world, "web@2.0.0", ago(hours=2), environment="production")
    shown = current(bob)
    assert shown is not None
    stats = shown.pop("stats")
    assert (
        shown
        == {
            "release": bob.get(release_path("web@2.0.0")).json(),
            "environment": "production",
            "firstSeen": written(ago(hours=5))[:16] + shown["firstSeen"][16:],  # type: ignore[index]
            "lastSeen": written(ago(hours=2))[:16] + shown["lastSeen"][16:],  # type: ignore[index]
        }
    )
    assert isinstance(stats, dict)
    assert {name: len(steps) for name, steps in stats.items()} == {"24h": 24, "30d": 30}
    assert [sum(many for _, many in steps) for steps in stats.values()] == [2, 2]


def test_numbers_are_of_this_release_step_by_step(bob: Caller, world: World) -> None:
    for release, at in (("web@1.0.0", ago(hours=3)), ("web@2.0.0", ago(hours=3)),
                        ("web@2.0.0", ago(hours=3)), ("web@2.0.0", ago(days=3)),
                        ("web@2.0.0", ago(minutes=1))):  # fmt: skip
        fail(bob, world, release, at)
    shown = current(bob)
    assert shown is not None
    day, month = shown["stats"]["24h"], shown["stats"]["30d"]  # type: ignore[index]
    assert [many for _, many in day if many] in ([2, 1], [3])
    assert sum(many for _, many in month) == 4
    moments = [at for at, _ in day]
    assert moments == list(range(moments[0], moments[0] + 24 * 3600, 3600))
    assert moments[-1] <= datetime.now().timestamp() < moments[-1] + 3600  # noqa: DTZ005
    assert all(at % 86_400 == 0 for at, _ in month)


def test_an_issue_that_the_newest_release_never_met_has_none(bob: Caller, world: World) -> None:
    fail(bob, world, "web@1.0.0", ago(days=1))
    fail(bob, world, "web@2.0.0", issue="other")
    assert current(bob) is None


def test_newest_is_what_came_up_last_and_not_what_was_made_last(bob: Caller, world: World) -> None:
    fail(bob, world, "web@1.0.0")
    bob.publish("web@2.0.0")
    bob.post(release_path("web@2.0.0", "deploys/"), {"environment": "production"})
    shown = current(bob)
    assert shown is not None
    assert shown["release"] == bob.get(release_path("web@1.0.0")).json()


def test_it_can_be_asked_for_some_environments(bob: Caller, world: World) -> None:
    fail(bob, world, "web@1.0.0", ago(days=2), environment="production")
    fail(bob, world, "web@2.0.0", ago(days=1), environment="staging")
    found = {
        query: (current(bob, query) or {}).get("environment")
        for query in ("", "?environment=production", "?environment=staging",
                      "?environment=production&environment=staging")
    }  # fmt: skip
    assert list(found.values()) == ["staging", "production", "staging", "staging"]
    answer = bob.get(f"{ISSUE}current-release/?environment=nope")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_of_several_environments_the_last_counts(bob: Caller, world: World) -> None:
    fail(bob, world, "web@1.0.0", ago(hours=1), environment="staging")
    fail(bob, world, "web@1.0.0", ago(hours=2), environment="production")
    assert (current(bob) or {})["environment"] == "staging"


@pytest.mark.parametrize("child", CHILDREN)
def test_who_learns_nothing(
    bob: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer, world: World,
    database: Database, child: str,
) -> None:  # fmt: skip
    fail(bob, world, "web@1.0.0")
    by_id = f"/issues/{rows(database, 'issues')[0]['id']}/{child}"
    for path in (f"{ISSUE}{child}", by_id):
        answer = anonymous.get(path)
        assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
        answer = bearer(["org:read"]).get(path)
        assert answer.status_code in {403, 404}
    assert charlie.get(f"{ISSUE}{child}").json() == NOT_ALLOWED
    assert charlie.get(by_id).json() == NOT_FOUND
    assert charlie.get(f"{ISSUE}{child}".replace("acme", "globex")).json() == NOT_FOUND


@pytest.mark.parametrize("child", CHILDREN)
@pytest.mark.parametrize("name", ["99999", "9" * 40, "-1", "１", "WEB-99"])
@on_one_database
def test_an_unknown_issue_is_not_found(bob: Caller, name: str, child: str) -> None:
    for base in ("/issues/", "/organizations/acme/issues/"):
        answer = bob.get(f"{base}{name}/{child}")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_more_events_take_no_more_statements(bob: Caller, world: World, database: Database) -> None:
    many = []
    for number in range(2):
        fail(bob, world, "web@1.0.0", ago(hours=number))
        with statements(database) as seen:
            assert all(bob.get(f"{ISSUE}{child}").is_success for child in CHILDREN)
        many.append(seen.count)
    assert many[0] == many[1]


def test_events_of_the_last_minutes_count(bob: Caller, world: World) -> None:
    fail(bob, world, "web@1.0.0", datetime.now(ago().tzinfo) - timedelta(seconds=1))
    shown = current(bob)
    assert shown is not None
    assert sum(many for _, many in shown["stats"]["24h"]) == 1  # type: ignore[index]
