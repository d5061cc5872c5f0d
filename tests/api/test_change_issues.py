"""Resolving, reopening and ignoring issues by hand (groups-api.md 4, 8; ingest.md 10)."""

from typing import Any

import pytest
from client_fixtures import Happen
from factories import (
    ALICE,
    MASK,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    ago,
    commit,
    dump,
    masked,
    on_one_database,
    release_path,
    rows,
    statements,
    written,
)

from shipmark.infrastructure.database import Database

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
NO_RELEASE = "No release data present in the system to form a basis for 'Next Release'"
RESOLVED: dict[str, object] = {"status": "resolved"}
NEXT: dict[str, object] = {"status": "resolved", "statusDetails": {"inNextRelease": True}}


def shown(caller: Caller, short_id: str = "WEB-1") -> dict[str, Any]:
    answer = caller.get(f"{LIST}{short_id}/")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def id_of(caller: Caller, short_id: str = "WEB-1") -> str:
    found: str = shown(caller, short_id)["id"]
    return found


def change(caller: Caller, body: dict[str, object], short_id: str = "WEB-1") -> dict[str, Any]:
    answer = caller.put(f"{LIST}{short_id}/", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def in_release(version: str) -> dict[str, object]:
    return {"status": "resolved", "statusDetails": {"inRelease": version}}


def told(caller: Caller, short_id: str = "WEB-1") -> list[tuple[str, dict[str, object]]]:
    return [(it["type"], it["data"]) for it in shown(caller, short_id)["activity"]]


PATHS = pytest.mark.parametrize("path", [LIST, WEB_LIST, f"{LIST}WEB-1/", "/issues/1/"])


@PATHS
@on_one_database
def test_a_stranger_may_not(charlie: Caller, alice: Caller, happen: Happen, path: str) -> None:
    happen()
    assert charlie.put(path, RESOLVED).status_code in {403, 404}
    assert shown(alice)["status"] == "unresolved"


@PATHS
@on_one_database
def test_a_token_needs_a_scope_that_writes_events(
    bearer: Bearer, happen: Happen, path: str
) -> None:
    happen()
    answer = bearer(["event:read", "project:write"]).put(path, RESOLVED)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert bearer(["event:write"]).put(path, RESOLVED).status_code == 200


@on_one_database
def test_an_unknown_issue_is_not_found(alice: Caller, happen: Happen) -> None:
    happen()
    for path in (f"{LIST}WEB-2/", f"{LIST}99999/", "/issues/99999/"):
        answer = alice.put(path, RESOLVED)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "done"}, "status"),
        ({"statusDetails": {"inNextRelease": True}}, "status"),
        ({"substatus": "ongoing"}, "status"),
        ({"ignoreCount": 5}, "status"),
        ({"status": "resolved", "statusDetails": "now"}, "statusDetails"),
        ({"status": "resolved", "statusDetails": {"inRelease": 5.5}}, "statusDetails"),
        ({"status": "resolved", "statusDetails": {"inUpcomingRelease": True}}, "statusDetails"),
        ({"status": "resolved", "statusDetails": {"inCommit": {"commit": "a"}}}, "statusDetails"),
        ({"status": "ignored", "substatus": "ongoing"}, "substatus"),
        ({"status": "resolved", "assignedTo": "bob"}, "assignedTo"),
        ({"status": "resolved", "merge": 1}, "merge"),
    ],
)
@on_one_database
def test_a_bad_body_is_refused_by_the_name_of_the_field(
    alice: Caller, happen: Happen, database: Database, body: dict[str, object], field: str
) -> None:
    happen()
    before = dump(database)
    for path in (f"{LIST}WEB-1/", WEB_LIST):
        answer = alice.put(path, body)
        assert (answer.status_code, list(answer.json())) == (400, [field])
    assert dump(database) == before


@pytest.mark.parametrize("body", [{}, {"status": None}, {"statusDetails": {}}, {"unknown": 1}])
def test_a_body_without_a_change_changes_nothing(
    bob: Caller, happen: Happen, body: dict[str, object]
) -> None:
    happen()
    before = shown(bob)
    assert change(bob, body)["id"] == before["id"]
    for path in (LIST, WEB_LIST):
        answer = bob.put(f"{path}?id={before['id']}", body)
        assert (answer.status_code, answer.json()) == (200, {})
    assert shown(bob) == before
    assert bob.put(f"{LIST}?id=999999", body).status_code == 204


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


@pytest.mark.parametrize("status", ["ignored", "muted", "archived"])
def test_ignoring_takes_it_out_of_the_inbox_for_good(
    bob: Caller, happen: Happen, status: str
) -> None:
    happen()
    answer = change(bob, {"status": status, "snoozeDuration": None})
    assert (answer["status"], answer["substatus"], answer["inbox"]) == (
        "ignored",
        "archived_forever",
        None,
    )
    happen()
    assert shown(bob)["status"] == "ignored"
    change(bob, {"status": status})
    assert told(bob) == [("set_ignored", {}), ("first_seen", {})]
    assert change(bob, {"status": "unresolved"})["substatus"] == "new"


def test_ignoring_until_it_escalates_is_taken(bob: Caller, happen: Happen) -> None:
    happen()
    body = {"status": "ignored", "statusDetails": {}, "substatus": "archived_until_escalating"}
    answer = bob.put(f"{LIST}?id={id_of(bob)}", body).json()
    assert answer == {
        "status": "ignored",
        "statusDetails": {"ignoreUntilEscalating": True},
        "substatus": "archived_until_escalating",
        "inbox": None,
    }


def test_several_are_changed_by_their_ids(bob: Caller, happen: Happen) -> None:
    for value in ("one", "two", "three"):
        happen(value=value)
    happen("mobile")
    ids = [id_of(bob, short_id) for short_id in ("WEB-1", "WEB-3", "MOBILE-1")]
    answer = bob.put(f"{WEB_LIST}?{'&'.join(f'id={it}' for it in ids)}", RESOLVED)
    assert answer.json() == {
        "status": "resolved",
        "statusDetails": {},
        "substatus": None,
        "inbox": None,
    }
    states = {it: shown(bob, it)["status"] for it in ("WEB-1", "WEB-2", "WEB-3", "MOBILE-1")}
    assert states == {
        "WEB-1": "resolved",
        "WEB-2": "unresolved",
        "WEB-3": "resolved",
        "MOBILE-1": "unresolved",
    }


def test_issues_out_of_reach_are_passed_over(
    alice: Caller, bob: Caller, charlie: Caller, happen: Happen
) -> None:
    happen()
    answer = charlie.put(f"/organizations/globex/issues/?id={id_of(alice)}", RESOLVED)
    assert (answer.status_code, answer.content) == (204, b"")
    answer = bob.put("/projects/acme/mobile/issues/?id=" + id_of(alice), RESOLVED)
    assert answer.status_code == 204
    assert shown(alice)["status"] == "unresolved"


@pytest.mark.parametrize("given", ["one", "", "1&id=x", "-1", "9" * 30])
@on_one_database
def test_an_id_that_is_no_number_is_refused(bob: Caller, happen: Happen, given: str) -> None:
    happen()
    answer = bob.put(f"{LIST}?id={given}", RESOLVED)
    assert (answer.status_code, answer.json()) == (400, {"detail": "Group ids must be integers"})


@pytest.mark.parametrize(
    ("body", "place"), [(NEXT, "next release"), (in_release("web@1"), "release")]
)
@on_one_database
def test_issues_of_several_projects_share_no_release(
    bob: Caller, happen: Happen, body: dict[str, object], place: str
) -> None:
    happen()
    happen("mobile")
    bob.publish("web@1", "web", "mobile")
    answer = bob.put(f"{LIST}?query=", body)
    words = f"Cannot set resolved in {place} for multiple projects."
    assert (answer.status_code, answer.json()) == (400, {"detail": words})


def test_without_ids_a_search_says_which(bob: Caller, happen: Happen) -> None:
    for value in ("one boom", "two boom", "three"):
        happen(value=value)
    answer = bob.put(f"{WEB_LIST}?query=boom", RESOLVED)
    assert (answer.status_code, answer.json()["hasMore"]) == (200, False)
    assert [shown(bob, f"WEB-{number}")["status"] for number in (1, 2, 3)] == [
        "resolved",
        "resolved",
        "unresolved",
    ]
    assert bob.put(f"{WEB_LIST}?query=boom", RESOLVED).status_code == 204


def test_without_a_search_all_of_a_project_are_meant(bob: Caller, happen: Happen) -> None:
    happen(value="one")
    happen(value="two")
    happen("mobile")
    assert bob.put(WEB_LIST, {"status": "muted"}).status_code == 200
    assert bob.put(f"{WEB_LIST}?status=muted", {"status": "unresolved"}).status_code == 200
    assert bob.put(f"{WEB_LIST}?status=muted", {"status": "unresolved"}).status_code == 204
    assert shown(bob, "MOBILE-1")["activity"][0]["type"] == "first_seen"


@on_one_database
def test_a_search_that_can_not_be_read_is_refused(bob: Caller, happen: Happen) -> None:
    happen()
    for query in ("query=stack.filename:a.py", "status=nope"):
        assert bob.put(f"{LIST}?{query}", RESOLVED).status_code == 400
    assert shown(bob)["status"] == "unresolved"


@on_one_database
def test_a_search_changes_so_many_at_once_and_tells_of_more(
    bob: Caller, happen: Happen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shipmark.api.issues.queries.BULK_MAX", 2)
    for value in ("one", "two", "three"):
        happen(value=value)
    found = [bob.put(WEB_LIST, {"status": "ignored"}) for _ in range(3)]
    assert [it.status_code for it in found] == [200, 200, 204]
    assert [it.json()["hasMore"] for it in found[:2]] == [True, False]
    too_many = bob.put(f"{WEB_LIST}?id=1&id=2&id=3", RESOLVED)
    assert too_many.status_code == 400


@pytest.mark.parametrize(
    "body",
    [RESOLVED, in_release("web@1.0.0"), NEXT, {"status": "ignored"}, {"status": "unresolved"}],
)
@pytest.mark.parametrize("version", ["web@1.0.0", "one"])
def test_the_number_of_statements_does_not_depend_on_the_number_of_issues(
    bob: Caller, happen: Happen, database: Database, body: dict[str, object], version: str
) -> None:
    bob.publish("web@1.0.0")
    found = []
    for size in (2, 9):
        for number in range(size):
            happen(value=f"{size} {number}", release=version, timestamp=written(ago(hours=1)))
        with statements(database) as seen:
            assert bob.put(f"{WEB_LIST}?query=", body).status_code in {200, 204}
        found.append(seen.count)
        bob.put(f"{WEB_LIST}?query=", {"status": "unresolved"})
    assert found[0] == found[1]
    assert found[0] < 40


def test_a_commit_resolves_again_what_was_reopened(alice: Caller, happen: Happen) -> None:
    happen()
    fixes = commit("1", message="Fixes WEB-1", author_email=ALICE)
    alice.publish("web@1.0.0", commits=[fixes])
    change(alice, {"status": "unresolved"})
    alice.publish("web@1.1.0", commits=[fixes])
    assert shown(alice)["statusDetails"]["inRelease"] == "web@1.1.0"
