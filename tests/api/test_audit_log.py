"""The audit log: what is told, in which words, and who may read it (files-and-avatars.md 1.6)."""

from typing import Any

import pytest
from factories import (
    ALICE,
    BOB,
    CHARLIE,
    NOT_ALLOWED,
    Bearer,
    Caller,
    World,
    on_one_database,
    rows,
    statements,
)

from shipmark.infrastructure.database import Database
from shipmark.organizations.audit import AuditEvent

PATH = "/organizations/acme/"
LOG = f"{PATH}audit-logs/"


def told(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = caller.get(LOG + query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


@pytest.mark.parametrize(
    ("first", "then", "data"),
    [
        # Options that were not stored before are told where they are no defaults.
        ({}, {"dataScrubber": True}, {"dataScrubber": "to True"}),
        ({}, {"dataScrubber": False}, None),
        ({}, {"scrapeJavaScript": False}, {"scrapeJavaScript": "to False"}),
        ({}, {"safeFields": ["a"]}, {"safeFields": "to ['a']"}),
        ({}, {"safeFields": []}, {"safeFields": "to []"}),
        ({}, {"apdexThreshold": 300}, {"apdexThreshold": "to 300"}),
        ({}, {"attachmentsRole": "member"}, None),
        # Those that were stored are told where they differ.
        ({"dataScrubber": False}, {"dataScrubber": True}, {"dataScrubber": "from False to True"}),
        ({"dataScrubber": True}, {"dataScrubber": True}, None),
        ({"safeFields": ["a"]}, {"safeFields": []}, {"safeFields": "from ['a'] to []"}),
        ({"relayPiiConfig": "{}"}, {"relayPiiConfig": None}, {"relayPiiConfig": "from {} to None"}),
        (
            {"storeCrashReports": 5},
            {"storeCrashReports": -1},
            {"storeCrashReports": "from 5 to -1"},
        ),
        # Columns are told with what they were.
        ({}, {"name": "More"}, {"name": "from Acme to More"}),
        ({}, {"name": "Acme"}, None),
        ({}, {"defaultRole": "admin"}, {"default_role": "from member to admin"}),
        # Flags are told as they are stored, under the names of flags.
        ({}, {"openMembership": False}, {"allow_joinleave": "to False"}),
        ({}, {"openMembership": True}, None),
        ({}, {"allowSharedIssues": False}, {"disable_shared_issues": "to True"}),
        ({}, {"isEarlyAdopter": True}, {"early_adopter": "to True"}),
        ({}, {"allowMemberInvite": False}, {"disable_member_invite": "to True"}),
        ({}, {"requireEmailVerification": True}, None),
        ({}, {"avatarType": "letter_avatar"}, None),
        ({}, {}, None),
        (
            {},
            {"name": "More", "enhancedPrivacy": True, "githubPRBot": False},
            {"name": "from Acme to More", "enhanced_privacy": "to True", "githubPRBot": "to False"},
        ),
    ],
)
@on_one_database
def test_a_change_of_settings_is_told_once(
    alice: Caller,
    first: dict[str, object],
    then: dict[str, object],
    data: dict[str, str] | None,
) -> None:
    alice.put(PATH, first)
    before = len(told(alice))
    assert alice.put(PATH, then).status_code == 200
    found = told(alice)
    assert len(found) - before == (0 if data is None else 1)
    if data is not None:
        assert (found[0]["event"], found[0]["data"]) == ("org.edit", data)


@on_one_database
def test_an_option_is_stored_even_if_nothing_is_told(alice: Caller, database: Database) -> None:
    alice.put(PATH, {"dataScrubber": False})
    assert rows(database, "organization_options")[0]["value"] == "false"
    alice.put(PATH, {"dataScrubber": True})
    assert told(alice)[0]["data"] == {"dataScrubber": "from False to True"}


def test_an_entry_says_who_and_whence_and_when(alice: Caller, world: World) -> None:
    alice.put(PATH, {"name": "More", "isEarlyAdopter": True})
    (entry,) = told(alice)
    assert entry["actor"]["email"] == ALICE
    assert entry["ipAddress"]
    assert entry["targetObject"] == world.organizations["acme"]
    assert entry["targetUser"] is None
    assert entry["dateCreated"].endswith("Z")
    assert entry["note"] == (
        "edited the organization setting: name from Acme to More, early_adopter to True"
    )


def test_relays_are_told_with_what_was_before(alice: Caller) -> None:
    key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"
    alice.put(PATH, {"trustedRelays": [{"name": "edge", "publicKey": key}]})
    alice.put(PATH, {"trustedRelays": []})
    last, first = told(alice)
    assert first["data"]["trustedRelays"].startswith("to [{'name': 'edge'")
    assert last["data"]["trustedRelays"].startswith("from [{'name': 'edge'")
    assert last["data"]["trustedRelays"].endswith(" to []")


def test_deleting_and_restoring_are_told_with_what_it_was(charlie: Caller, world: World) -> None:
    charlie.delete("/organizations/globex/")
    charlie.put("/organizations/globex/", {"cancelDeletion": True, "name": "Back"})
    restored, removed = charlie.get("/organizations/globex/audit-logs/").json()["rows"]
    assert (removed["event"], removed["note"]) == ("org.remove", "removed the organization")
    assert removed["data"] == {
        "id": world.organizations["globex"],
        "slug": "globex",
        "name": "Globex",
        "status": "pending_deletion",
        "flags": 1,
        "default_role": "member",
    }
    assert (restored["event"], restored["note"]) == ("org.restore", "restored the organization")
    assert (restored["data"]["status"], restored["data"]["name"]) == ("active", "Back")


ACTS: dict[str, tuple[str, str, object]] = {
    "team.create": ("POST", "/organizations/acme/teams/", {"name": "More"}),
    "team.edit": ("PUT", "/teams/acme/core/", {"name": "More"}),
    "team.remove": ("DELETE", "/teams/acme/core/", None),
    "project.create": ("POST", "/teams/acme/core/projects/", {"name": "More"}),
    "project.edit": ("PUT", "/projects/acme/web/", {"name": "More"}),
    "projectkey.create": ("POST", "/projects/acme/web/keys/", {}),
    "projectkey.edit": ("PUT", f"/projects/acme/web/keys/{1:032x}/", {"isActive": False}),
    "projectkey.remove": ("DELETE", f"/projects/acme/web/keys/{1:032x}/", None),
    "member.edit": ("PUT", "/organizations/acme/members/2/", {"orgRole": "admin"}),
    "member.remove": ("DELETE", "/organizations/acme/members/2/", None),
    "member.join-team": ("POST", "/organizations/acme/members/me/teams/core/", None),
    "member.leave-team": ("DELETE", "/organizations/acme/members/2/teams/core/", None),
    "org-auth-token.create": ("POST", "/organizations/acme/org-auth-tokens/", {"name": "ci"}),
    "org-auth-token.remove": ("DELETE", "/organizations/acme/org-auth-tokens/1/", None),
}


@pytest.mark.parametrize("name", ACTS)
@on_one_database
def test_what_else_is_changed_is_told_once(alice: Caller, name: str) -> None:
    method, path, body = ACTS[name]
    send = {"POST": alice.post, "PUT": alice.put}.get(method)
    answer = send(path, body) if send else alice.delete(path)
    assert answer.is_success, answer.text
    (entry,) = told(alice)
    assert entry["event"] == name
    assert entry["actor"]["email"] == ALICE
    assert "{" not in entry["note"]
    assert entry["targetObject"] is not None


@pytest.mark.parametrize("name", [it for it in ACTS if it.startswith("member.")])
@on_one_database
def test_a_member_is_named(alice: Caller, name: str) -> None:
    method, path, body = ACTS[name]
    alice.client.request(method, f"/api/0{path}", json=body, headers=alice.headers)
    (entry,) = told(alice)
    email = ALICE if "/me/" in path else BOB
    assert entry["targetUser"]["email"] == email
    assert email in entry["note"]


@on_one_database
def test_what_changes_nothing_is_not_told(alice: Caller) -> None:
    alice.put("/teams/acme/core/", {"name": "Core", "slug": "core"})
    alice.put("/projects/acme/web/", {"name": "web", "resolveAge": 0})
    alice.put("/organizations/acme/members/2/", {"orgRole": "member"})
    alice.put(f"/projects/acme/web/keys/{1:032x}/", {})
    alice.delete("/organizations/acme/members/me/teams/core/")
    assert told(alice) == []


@on_one_database
def test_a_refusal_is_not_told(alice: Caller) -> None:
    alice.put(PATH, {"name": "More", "slug": "globex"})
    alice.post("/organizations/acme/teams/", {"slug": "core"})
    assert told(alice) == []


@on_one_database
def test_no_secret_is_told(alice: Caller, database: Database) -> None:
    text = alice.post(f"{PATH}org-auth-tokens/", {"name": "ci"}).json()["token"]
    alice.put("/projects/acme/web/", {"securityToken": "hidden-words"})
    log = str(rows(database, "audit_log"))
    assert text not in log
    assert "hidden-words" not in log


def test_the_newest_comes_first_in_pages_both_ways(alice: Caller) -> None:
    for number in range(5):
        alice.put(PATH, {"name": f"Name {number}"})
    names = [it["data"]["name"] for it in told(alice)]
    assert [it.rpartition(" ")[2] for it in names] == ["4", "3", "2", "1", "0"]
    walked, query = [], "?per_page=2"
    for _ in range(3):
        answer = alice.get(LOG + query)
        walked += [it["data"]["name"] for it in answer.json()["rows"]]
        following = answer.links["next"]["url"]
        query = "?" + following.partition("?")[2]
    assert walked == names
    back = alice.get(LOG + "?" + answer.links["previous"]["url"].partition("?")[2])
    assert [it["data"]["name"] for it in back.json()["rows"]] == names[2:4]


def test_entries_are_looked_for(alice: Caller, world: World) -> None:
    alice.put(PATH, {"name": "More"})
    alice.post("/organizations/acme/teams/", {"name": "More"})
    me, other = world.users[ALICE], world.users[BOB]
    assert [it["event"] for it in told(alice, "?event=team.create")] == ["team.create"]
    assert len(told(alice, f"?actor={me}")) == 2
    assert told(alice, f"?actor={other}") == []
    assert len(told(alice, f"?event=org.edit&actor={me}&statsPeriod=1h")) == 1
    assert told(alice, "?start=2020-01-01T00:00:00&end=2020-01-02T00:00:00") == []
    assert told(alice, "?start=2020-01-01T00:00:00&end=2100-01-01T00:00:00&event=org.remove") == []


@pytest.mark.parametrize(
    "query",
    [
        "?event=nonsense",
        "?actor=alice",
        f"?actor={'9' * 30}",
        "?actor=-1",
        "?start=2020-01-01T00:00:00",
        "?statsPeriod=soon",
        "?cursor=x",
        "?per_page=101",
    ],
)
@on_one_database
def test_what_can_not_be_asked_is_refused(alice: Caller, query: str) -> None:
    answer = alice.get(LOG + query)
    assert answer.status_code == 400
    assert answer.json()["detail"]


@on_one_database
def test_all_events_there_can_be_are_listed(alice: Caller) -> None:
    options = alice.get(LOG).json()["options"]
    assert options == sorted(options)
    assert {"org.edit", "org.remove", "org-auth-token.create"} <= set(options)
    assert len(options) == len(AuditEvent)


@on_one_database
def test_who_may_read_it(
    anonymous: Caller, bob: Caller, charlie: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    assert anonymous.get(LOG).status_code == 401
    for caller in (bob, charlie, organization_token, bearer(["org:read", "org:admin"])):
        assert (caller.get(LOG).status_code, caller.get(LOG).json()) == (403, NOT_ALLOWED)
    assert bearer(["org:write"]).get(LOG).status_code == 200


@on_one_database
def test_another_organizations_log_is_its_own(alice: Caller, charlie: Caller) -> None:
    alice.put(PATH, {"name": "More"})
    assert charlie.get("/organizations/globex/audit-logs/").json()["rows"] == []
    assert CHARLIE


@on_one_database
def test_who_is_gone_is_known_by_their_address(alice: Caller, database: Database) -> None:
    alice.put(PATH, {"name": "More"})
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE audit_log SET actor_id = NULL")
    assert told(alice)[0]["actor"] == {"name": ALICE}


@on_one_database
def test_longer_pages_take_no_more_statements(alice: Caller, database: Database) -> None:
    alice.put(PATH, {"name": "One"})
    with statements(database) as few:
        told(alice)
    for number in range(6):
        alice.put(PATH, {"name": f"Name {number}"})
    with statements(database) as many:
        assert len(told(alice)) == 7
    assert many.count == few.count
