"""Resolving, reopening and ignoring issues by hand (groups-api.md 4, 8; ingest.md 10)."""

import pytest
from client_fixtures import Happen
from factories import (
    ALICE,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    ago,
    commit,
    dump,
    on_one_database,
    statements,
    written,
)
from issue_answers import LIST, change, id_of, in_release, shown, told

from shipmark.infrastructure.database import Database

WEB_LIST = "/projects/acme/web/issues/"

RESOLVED: dict[str, object] = {"status": "resolved"}

NEXT: dict[str, object] = {"status": "resolved", "statusDetails": {"inNextRelease": True}}


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
