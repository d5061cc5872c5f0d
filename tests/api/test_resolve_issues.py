"""Resolving issues by hand, now or in a release, and reopening them (groups-api.md 4, 8; ingest.md 10)."""

import pytest
from client_fixtures import Happen
from factories import (
    MASK,
    Caller,
    World,
    ago,
    dump,
    masked,
    release_path,
    rows,
    written,
)
from issue_answers import LIST, change, id_of, in_release, shown, told

from shipmark.infrastructure.database import Database

WEB_LIST = "/projects/acme/web/issues/"

NO_RELEASE = "No release data present in the system to form a basis for 'Next Release'"

RESOLVED: dict[str, object] = {"status": "resolved"}

NEXT: dict[str, object] = {"status": "resolved", "statusDetails": {"inNextRelease": True}}


def test_resolving_tells_activity_history_inbox_and_subscription(
    bob: Caller, happen: Happen, world: World, database: Database
) -> None:
    happen()
    answer = change(bob, RESOLVED)
    assert (answer["status"], answer["substatus"], answer["statusDetails"], answer["inbox"]) == (
        "resolved",
        None,
        {},
        None,
    )
    assert told(bob) == [("set_resolved", {}), ("first_seen", {})]
    user_id = world.users["bob@example.com"]
    assert [(it["status"], it["user_id"]) for it in rows(database, "issue_history")] == [
        ("resolved", user_id)
    ]
    assert [(it["user_id"], it["reason"]) for it in rows(database, "issue_subscriptions")] == [
        (user_id, 4)
    ]
    assert rows(database, "resolutions") == []


def test_resolving_now_again_is_told_again(bob: Caller, happen: Happen) -> None:
    happen()
    for _ in range(2):
        change(bob, RESOLVED)
    assert [kind for kind, _ in told(bob)] == ["set_resolved", "set_resolved", "first_seen"]


def test_an_event_within_seconds_does_not_reopen_what_was_resolved_now(
    bob: Caller, happen: Happen
) -> None:
    happen(timestamp=written(ago(hours=2)))
    change(bob, RESOLVED)
    happen(timestamp=written(ago(hours=1)))
    assert shown(bob)["status"] == "resolved"
    happen(timestamp=written(ago(seconds=-30)))
    assert (shown(bob)["status"], shown(bob)["substatus"]) == ("unresolved", "regressed")


def test_resolving_in_a_release_names_it(bob: Caller, happen: Happen, database: Database) -> None:
    happen()
    bob.publish("web@1.0.0")
    answer = bob.put(f"{WEB_LIST}?id={id_of(bob)}", in_release("web@1.0.0"))
    user = shown(bob)["statusDetails"]["actor"]
    assert masked(answer.json(), "id", "dateCreated") == {
        "status": "resolved",
        "statusDetails": {"inRelease": "web@1.0.0", "actor": masked(user, "id")},
        "substatus": None,
        "inbox": None,
        "activity": [
            {
                "id": MASK,
                "user": masked(user, "id"),
                "type": "set_resolved_in_release",
                "data": {"version": "web@1.0.0"},
                "dateCreated": MASK,
            }
        ],
    }
    assert user["email"] == "bob@example.com"
    listed = bob.get(release_path("web@1.0.0", "resolved/")).json()
    assert [it["shortId"] for it in listed] == ["WEB-1"]
    assert [it["status"] for it in rows(database, "issue_history")] == ["set_resolved_in_release"]


def test_resolving_in_another_release_is_not_told_twice(bob: Caller, happen: Happen) -> None:
    happen()
    for version in ("web@1.0.0", "web@2.0.0"):
        bob.publish(version)
        change(bob, in_release(version))
    assert told(bob) == [
        ("set_resolved_in_release", {"version": "web@1.0.0"}),
        ("first_seen", {}),
    ]
    assert shown(bob)["statusDetails"]["inRelease"] == "web@2.0.0"


def test_latest_is_the_newest_release_of_the_project(bob: Caller, happen: Happen) -> None:
    happen()
    bob.publish("web@2.0.0", dateReleased="2026-01-05T10:00:00Z")
    bob.publish("web@1.0.0")
    bob.publish("mobile@3.0.0", "mobile")
    assert change(bob, in_release("latest"))["statusDetails"]["inRelease"] == "web@1.0.0"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (in_release("web@9.9.9"), "inRelease", "Unable to find a release with the given version."),
        (in_release("mobile@1"), "inRelease", "Unable to find a release with the given version."),
        (in_release("latest"), "inRelease", NO_RELEASE),
        (NEXT, "inNextRelease", NO_RELEASE),
        ({"status": "resolvedInNextRelease"}, "inNextRelease", NO_RELEASE),
    ],
)
def test_a_release_that_the_project_does_not_have_is_refused(
    bob: Caller,
    happen: Happen,
    database: Database,
    body: dict[str, object],
    field: str,
    words: str,
) -> None:
    happen()
    bob.publish("mobile@1", "mobile")
    before = dump(database)
    answer = bob.put(f"{LIST}WEB-1/", body)
    assert (answer.status_code, answer.json()) == (400, {"statusDetails": {field: [words]}})
    assert dump(database) == before


def test_events_of_the_release_reopen_it_and_of_older_ones_do_not(
    bob: Caller, happen: Happen
) -> None:
    happen(release="web@1.0.0")
    bob.publish("web@2.0.0")
    change(bob, in_release("web@2.0.0"))
    happen(release="web@1.0.0")
    happen()
    assert shown(bob)["status"] == "resolved"
    happen(release="web@2.0.0")
    assert shown(bob)["substatus"] == "regressed"
    assert shown(bob)["inbox"]["reason"] == 2


@pytest.mark.parametrize("body", [NEXT, {"status": "resolvedInNextRelease"}])
def test_in_the_next_release_is_answered_as_that(
    bob: Caller, happen: Happen, body: dict[str, object]
) -> None:
    happen()
    bob.publish("web@1.0.0")
    answer = bob.put(f"{WEB_LIST}?id={id_of(bob)}", body).json()
    assert answer["status"] == "resolved"
    assert answer["statusDetails"]["inNextRelease"] is True
    assert answer["statusDetails"]["actor"]["email"] == "bob@example.com"
    assert [it["data"] for it in answer["activity"]] == [{"version": ""}]
    assert shown(bob)["statusDetails"]["inNextRelease"] is True


def test_the_next_release_takes_the_resolution(bob: Caller, happen: Happen) -> None:
    """ingest.md 10.3: also the activity names it, and no other is written."""
    happen()
    bob.publish("web@1.0.0")
    change(bob, NEXT)
    bob.publish("mobile@2.0.0", "mobile")
    assert shown(bob)["statusDetails"]["inNextRelease"] is True
    bob.publish("web@1.1.0")
    assert shown(bob)["statusDetails"]["inRelease"] == "web@1.1.0"
    assert told(bob) == [
        ("set_resolved_in_release", {"version": "web@1.1.0"}),
        ("first_seen", {}),
    ]
    listed = bob.get(release_path("web@1.1.0", "resolved/")).json()
    assert [it["shortId"] for it in listed] == ["WEB-1"]


def test_a_release_that_is_older_is_not_the_next_one(bob: Caller, happen: Happen) -> None:
    happen()
    bob.publish("web@1.0.0")
    change(bob, NEXT)
    bob.publish("web@0.9.0", dateReleased="2020-01-01T00:00:00Z")
    assert shown(bob)["statusDetails"]["inNextRelease"] is True


def test_a_release_that_is_attached_later_is_the_next_one_too(bob: Caller, happen: Happen) -> None:
    happen()
    bob.publish("web@1.0.0")
    change(bob, NEXT)
    bob.publish("web@1.1.0", "mobile")
    assert shown(bob)["statusDetails"]["inNextRelease"] is True
    bob.publish("web@1.1.0", "web")
    assert shown(bob)["statusDetails"]["inRelease"] == "web@1.1.0"


def test_with_semver_the_current_release_and_older_ones_do_not_reopen_it(
    bob: Caller, happen: Happen
) -> None:
    """groups-api.md 8, point 3."""
    happen(release="web@1.0.0")
    change(bob, NEXT)
    assert told(bob)[0][1] == {"version": "", "current_release_version": "web@1.0.0"}
    for version in ("web@1.0.0", "web@0.9.0", "web@1.0.0-rc.1", None):
        happen(release=version)
        assert shown(bob)["status"] == "resolved", version
    happen(release="web@1.0.1")
    assert shown(bob)["substatus"] == "regressed"
    regression = told(bob)[0][1]
    assert (regression["version"], regression["resolved_in_version"]) == ("web@1.0.1", "web@1.0.1")


def test_with_semver_a_backport_is_not_the_next_release(bob: Caller, happen: Happen) -> None:
    happen(release="web@2.0.0")
    change(bob, NEXT)
    happen(release="web@1.9.1")
    assert shown(bob)["status"] == "resolved"
    bob.publish("web@2.0.1")
    assert shown(bob)["statusDetails"]["inRelease"] == "web@2.0.1"
    happen(release="web@2.0.0")
    assert shown(bob)["status"] == "resolved"
    happen(release="web@2.0.1")
    assert shown(bob)["status"] == "unresolved"


def test_without_semver_a_later_release_that_is_there_is_the_next_one(
    bob: Caller, happen: Happen
) -> None:
    """groups-api.md 8, point 2."""
    happen(release="alpha", timestamp=written(ago(hours=3)))
    bob.publish("beta")
    change(bob, NEXT)
    assert told(bob)[0] == ("set_resolved_in_release", {"version": "beta"})
    happen(release="alpha")
    assert shown(bob)["status"] == "resolved"
    happen(release="beta")
    regression = told(bob)[0][1]
    assert (regression["version"], regression["follows_semver"]) == ("beta", False)
    assert shown(bob)["substatus"] == "regressed"


@pytest.mark.parametrize("package", ["", "web@", "v", "web@v"])
def test_without_semver_an_old_client_that_is_new_here_does_not_reopen_it(
    bob: Caller, happen: Happen, package: str
) -> None:
    """The releases of old clients are made when their events come, after the fix: dates would reopen the issue."""
    for number in range(10):  # so many hashes that the project doesn't follow semver
        bob.publish(f"{number:040x}")
    happen(release=f"{package}2.18.1")
    happen(value="another", release=f"{package}2.18.2")
    change(bob, in_release(f"{package}2.18.2"))
    for version in ("2.18.0", "2.18.2-rc.1", "2.9"):
        happen(release=f"{package}{version}")
        assert shown(bob)["status"] == "resolved", version
    bob.publish(f"{package}2.18.3")
    happen(release=f"{package}2.18.3")
    assert shown(bob)["substatus"] == "regressed"


def test_without_semver_an_old_version_is_not_the_next_release(bob: Caller, happen: Happen) -> None:
    happen(release="2.18.1")
    change(bob, NEXT)
    happen(release="2.17.0")
    assert shown(bob)["status"] == "resolved"
    assert shown(bob)["statusDetails"]["inNextRelease"] is True
    bob.publish("2.18.2")
    assert shown(bob)["statusDetails"]["inRelease"] == "2.18.2"
    happen(release="2.17.1")
    assert shown(bob)["status"] == "resolved"
    happen(release="2.18.2")
    assert shown(bob)["substatus"] == "regressed"


def test_without_semver_and_a_later_release_it_waits(bob: Caller, happen: Happen) -> None:
    happen(release="alpha", timestamp=written(ago(hours=3)))
    change(bob, NEXT)
    happen(release="alpha")
    assert shown(bob)["statusDetails"]["inNextRelease"] is True
    bob.publish("beta")
    assert shown(bob)["statusDetails"]["inRelease"] == "beta"
    happen(release="alpha")
    assert shown(bob)["status"] == "resolved"
    happen(release="beta")
    assert shown(bob)["status"] == "unresolved"


def test_reopening_forgets_the_resolution(bob: Caller, happen: Happen, database: Database) -> None:
    happen()
    bob.publish("web@1.0.0")
    change(bob, in_release("web@1.0.0"))
    answer = change(bob, {"status": "unresolved"})
    assert (answer["status"], answer["substatus"], answer["statusDetails"]) == (
        "unresolved",
        "ongoing",
        {},
    )
    assert rows(database, "resolutions") == []
    change(bob, in_release("web@1.0.0"))
    kinds = [kind for kind, _ in told(bob)]
    assert kinds == [
        "set_resolved_in_release",
        "set_unresolved",
        "set_resolved_in_release",
        "first_seen",
    ]
