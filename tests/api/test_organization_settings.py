"""PUT of an organization: each setting with good and bad values, and who may (files-and-avatars.md 1.4, 1.5)."""

from typing import Any

import pytest
from factories import (
    ALICE,
    BOB,
    NOT_ALLOWED,
    Bearer,
    Caller,
    World,
    counts,
    give_role,
    on_one_database,
    rows,
    statements,
)

from shipmark.infrastructure.database import Database
from shipmark.organizations.model import Role
from shipmark.organizations.slugs import RESERVED

PATH = "/organizations/acme/"
NULL = ["This field may not be null."]
BLANK = ["This field may not be blank."]
NO_SWITCH = ["Must be a valid boolean."]
NO_NUMBER = ["A valid integer is required."]
NO_MATCH = ["This value does not match the required pattern."]
NO_RATE = ["The accountRateLimit option cannot be configured for this organization"]

SWITCHES = (
    "openMembership", "allowSharedIssues", "enhancedPrivacy", "isEarlyAdopter", "dataScrubber",
    "dataScrubberDefaults", "scrubIPAddresses", "scrapeJavaScript", "allowJoinRequests", "eventsMemberAdmin",
    "alertsMemberWrite", "aiSuggestedSolution", "githubPRBot", "githubOpenPRBot", "githubNudgeInvite",
    "gitlabPRBot", "hideAiFeatures", "issueAlertsThreadFlag", "metricAlertsThreadFlag", "rollbackEnabled",
    "allowMemberInvite", "allowMemberProjectCreation", "allowSuperuserAccess",
)  # fmt: skip


def changed(caller: Caller, **fields: object) -> dict[str, Any]:
    """What is shown once it was changed."""
    answer = caller.put(PATH, fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert caller.get(PATH).json() == found
    return found


@on_one_database
def test_each_switch_goes_off_and_on(alice: Caller) -> None:
    for value in (False, True, False):
        sent = dict.fromkeys(SWITCHES, value)
        shown = changed(alice, **sent)
        assert {name: shown[name] for name in SWITCHES} == sent


def test_only_what_is_sent_is_changed(alice: Caller) -> None:
    before = alice.get(PATH).json()
    after = changed(alice, enhancedPrivacy=True, unknownKey=1)
    assert after == before | {"enhancedPrivacy": True}
    assert changed(alice) == after


@pytest.mark.parametrize(
    ("sent", "is_on"),
    [
        (True, True), (1, True), ("1", True), ("true", True), ("on", True), ("Yes", True), (1.0, True),
        (False, False), (0, False), ("0", False), ("False", False), ("off", False), ("n", False), (0.0, False),
    ],
)  # fmt: skip
@on_one_database
def test_switches_take_many_words(alice: Caller, sent: object, is_on: bool) -> None:
    assert changed(alice, eventsMemberAdmin=sent)["eventsMemberAdmin"] is is_on


@pytest.mark.parametrize(
    ("name", "sent", "messages"),
    [
        ("eventsMemberAdmin", 2, NO_SWITCH),
        ("eventsMemberAdmin", "", NO_SWITCH),
        ("eventsMemberAdmin", "maybe", NO_SWITCH),
        ("eventsMemberAdmin", [], NO_SWITCH),
        ("eventsMemberAdmin", {}, NO_SWITCH),
        ("eventsMemberAdmin", None, NULL),
        ("openMembership", None, NULL),
        ("attachmentsRole", "bogus", ["Invalid role"]),
        ("attachmentsRole", "Owner", ["Invalid role"]),
        ("attachmentsRole", 5, ["Invalid role"]),
        ("attachmentsRole", True, ["Not a valid string."]),
        ("attachmentsRole", None, NULL),
        ("debugFilesRole", "", BLANK),
        ("debugFilesRole", "contributor", ["Invalid role"]),
        ("defaultRole", "bogus", ['"bogus" is not a valid choice.']),
        ("defaultRole", None, NULL),
        ("storeCrashReports", -2, ["Ensure this value is greater than or equal to -1."]),
        ("storeCrashReports", 101, ["Ensure this value is less than or equal to 100."]),
        ("storeCrashReports", None, NULL),
        ("storeCrashReports", "many", NO_NUMBER),
        ("storeCrashReports", True, NO_NUMBER),
        ("storeCrashReports", 1.5, NO_NUMBER),
        ("sensitiveFields", ["a", ""], BLANK),
        ("sensitiveFields", ["a", None], NULL),
        ("sensitiveFields", "a", ['Expected a list of items but got type "str".']),
        ("sensitiveFields", None, NULL),
        ("sensitiveFields", ["x" * 4001], ["List of sensitive fields is too long."]),
        ("safeFields", ["a", " "], BLANK),
        ("safeFields", [["a"]], ["Not a valid string."]),
        ("safeFields", ["\x00"], ["Null characters are not allowed."]),
        ("apdexThreshold", 0, ["Ensure this value is greater than or equal to 1."]),
        ("apdexThreshold", -5, ["Ensure this value is greater than or equal to 1."]),
        ("apdexThreshold", 2**31, ["Ensure this value is less than or equal to 2147483647."]),
        ("apdexThreshold", None, NULL),
        ("relayPiiConfig", "bad", ["expected value at line 1 column 1"]),
        ("relayPiiConfig", "{", ["expected value at line 1 column 2"]),
        ("projectRateLimit", 60, NO_RATE),
        ("projectRateLimit", "", NO_RATE),
        ("projectRateLimit", 49, ["Ensure this value is greater than or equal to 50."]),
        ("accountRateLimit", None, NO_RATE),
        ("accountRateLimit", "x", NO_NUMBER),
        ("accountRateLimit", [], NO_NUMBER),
        ("projectRateLimit", {}, NO_NUMBER),
        ("targetSampleRate", 1.5, ["Ensure this value is less than or equal to 1."]),
        ("targetSampleRate", -0.1, ["Ensure this value is greater than or equal to 0."]),
        ("targetSampleRate", "NaN", ["Ensure this value is greater than or equal to 0."]),
        ("targetSampleRate", "x", ["A valid number is required."]),
        ("targetSampleRate", None, NULL),
        ("samplingMode", "all", ['"all" is not a valid choice.']),
        ("codecovAccess", True, ["Codecov is not connected to this server."]),
        (
            "require2FA",
            True,
            ["Cannot require two-factor authentication without personal two-factor enabled."],
        ),
        ("avatarType", "upload", ["Cannot set avatarType to upload without avatar"]),
        ("avatarType", "gravatar", ['"gravatar" is not a valid choice.']),
        ("name", "", BLANK),
        ("name", "  ", BLANK),
        ("name", None, NULL),
        ("name", "n" * 65, ["Ensure this field has no more than 64 characters."]),
        ("name", {}, ["Not a valid string."]),
        ("slug", "", BLANK),
        ("slug", None, NULL),
        ("slug", "Bad Slug", NO_MATCH),
        ("slug", "-x", NO_MATCH),
        ("slug", "abc-", NO_MATCH),
        ("slug", "a_b", NO_MATCH),
        ("slug", "äbc", NO_MATCH),
        ("slug", "٣٣٣a", NO_MATCH),
        ("slug", "123", NO_MATCH),
        ("slug", "a" * 51, ["Ensure this field has no more than 50 characters."]),
        ("slug", "ab", ['This slug "ab" is too short. Minimum of 3 characters.']),
        ("slug", "settings", ['This slug "settings" is reserved and not allowed.']),
        ("slug", " fine", ['The slug "fine" should not contain any whitespace.']),
        ("slug", "globex", ['The slug "globex" is already in use.']),
    ],
)
@on_one_database
def test_what_can_not_be_meant_is_refused_and_changes_nothing(
    alice: Caller, database: Database, name: str, sent: object, messages: list[str]
) -> None:
    before, known = alice.get(PATH).json(), counts(database)
    answer = alice.put(PATH, {"enhancedPrivacy": True, name: sent})
    assert (answer.status_code, answer.json()) == (400, {name: messages})
    assert (alice.get(PATH).json(), counts(database)) == (before, known)


def test_all_that_is_wrong_is_told_at_once(alice: Caller) -> None:
    answer = alice.put(PATH, {"name": "", "slug": "-", "eventsMemberAdmin": 7, "apdexThreshold": 1})
    assert answer.json() == {"name": BLANK, "slug": NO_MATCH, "eventsMemberAdmin": NO_SWITCH}


@pytest.mark.parametrize("content", ["[]", "null", "{", '"x"', "7"])
@on_one_database
def test_what_is_no_object_is_refused(alice: Caller, content: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert alice.put(PATH, content=content, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("attachmentsRole", "owner", "owner"),
        ("debugFilesRole", "member", "member"),
        ("defaultRole", "admin", "admin"),
        ("storeCrashReports", -1, -1),
        ("storeCrashReports", "5", 5),
        ("storeCrashReports", 100, 100),
        ("sensitiveFields", ["a", " b "], ["a", "b"]),
        ("sensitiveFields", [5], ["5"]),
        ("sensitiveFields", [], []),
        ("sensitiveFields", ["x" * 4000], ["x" * 4000]),
        ("safeFields", ["x" * 5000], ["x" * 5000]),
        ("relayPiiConfig", "{}", "{}"),
        ("relayPiiConfig", '{"rules": {}}', '{"rules": {}}'),
        ("relayPiiConfig", "", None),
        ("relayPiiConfig", None, None),
        ("targetSampleRate", 0.25, 0.25),
        ("targetSampleRate", "1", 1.0),
        ("samplingMode", "project", "project"),
        ("require2FA", False, False),
        ("codecovAccess", "off", False),
        ("requireEmailVerification", True, False),
        ("name", "n" * 64, "n" * 64),
        ("name", " Ünïcode ✓ ", "Ünïcode ✓"),
    ],
)
@on_one_database
def test_what_is_meant_is_kept(alice: Caller, name: str, sent: object, kept: object) -> None:
    assert changed(alice, **{name: sent})[name] == kept


@on_one_database
def test_some_settings_are_kept_and_not_shown(alice: Caller, database: Database) -> None:
    shown = changed(alice, apdexThreshold=400)
    assert "apdexThreshold" not in shown
    stored = rows(database, "organization_options")
    assert [(it["key"], it["value"]) for it in stored] == [("sentry:apdex_threshold", "400")]


@pytest.mark.parametrize("slug", sorted(RESERVED)[::9])
@on_one_database
def test_reserved_slugs_are_refused(alice: Caller, slug: str) -> None:
    answer = alice.put(PATH, {"slug": slug})
    assert answer.status_code == 400
    assert set(answer.json()) == {"slug"}


def test_another_slug_leads_to_the_organization(
    alice: Caller, organization_token: Caller, world: World
) -> None:
    answer = alice.put(PATH, {"slug": "Acme-2"})
    assert (answer.status_code, answer.json()["slug"]) == (200, "Acme-2")
    assert alice.get(PATH).status_code == 404
    assert alice.get("/organizations/Acme-2/").json()["id"] == str(world.organizations["acme"])
    # The slug in a token is for clients to read only.
    assert organization_token.get("/organizations/Acme-2/releases/").status_code == 200
    assert alice.put("/organizations/Acme-2/", {"slug": "acme"}).status_code == 200


def test_a_slug_that_is_taken_is_decided_by_the_database(alice: Caller, charlie: Caller) -> None:
    assert charlie.put("/organizations/globex/", {"slug": "acme"}).json() == {
        "slug": ['The slug "acme" is already in use.']
    }
    assert alice.put(PATH, {"slug": "acme"}).status_code == 200


def test_members_lose_scopes_that_settings_withhold(alice: Caller, bob: Caller) -> None:
    changed(alice, eventsMemberAdmin=False, alertsMemberWrite=False)
    access = set(bob.get(PATH).json()["access"])
    assert access == Role.MEMBER.scopes - {"event:admin", "alerts:write"}
    assert alice.get(PATH).json()["access"] == sorted(Role.OWNER.scopes)
    listed = alice.get(PATH).json()["orgRoleList"]
    assert "event:admin" not in listed[0]["scopes"]
    assert "event:admin" in listed[1]["scopes"]
    changed(alice, eventsMemberAdmin=True, alertsMemberWrite=True)
    assert set(bob.get(PATH).json()["access"]) == Role.MEMBER.scopes


def test_a_scope_that_is_withheld_opens_nothing(alice: Caller, bob: Caller, bearer: Bearer) -> None:
    body = {"threshold_type": "total_error_count", "trigger_type": "over", "value": 1}
    path = "/projects/acme/web/release-thresholds/"
    path += alice.post(path, body | {"window_in_seconds": 60}).json()["id"] + "/"
    few = bearer(["alerts:write"], user=BOB)
    assert few.get(path).status_code == 200
    changed(alice, alertsMemberWrite=False)
    assert few.get(path).json() == NOT_ALLOWED


def test_who_is_on_no_team_sees_nothing_of_a_closed_organization(
    alice: Caller, bob: Caller
) -> None:
    assert bob.get("/projects/acme/tools/").status_code == 200
    changed(alice, openMembership=False)
    assert bob.get("/projects/acme/tools/").status_code == 403
    assert bob.get("/projects/acme/web/").status_code == 200
    assert "open-membership" not in alice.get(PATH).json()["features"]


@on_one_database
def test_sharing_issues_is_a_feature(alice: Caller) -> None:
    assert "shared-issues" in changed(alice, allowSharedIssues=True)["features"]
    assert "shared-issues" not in changed(alice, allowSharedIssues=False)["features"]


def test_what_only_owners_may_change_others_send_in_vain(
    bob: Caller, database: Database, world: World
) -> None:
    give_role(database, world, BOB, Role.MANAGER)
    answer = bob.put(PATH, {"defaultRole": "nonsense", "cancelDeletion": [], "name": "Acme 2"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Acme 2")
    assert answer.json()["defaultRole"] == "member"
    assert bob.put(PATH, {"defaultRole": "admin"}).json()["defaultRole"] == "member"


@on_one_database
def test_who_may_change_settings(
    anonymous: Caller, bob: Caller, charlie: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    body = {"name": ""}
    assert anonymous.put(PATH, body).status_code == 401
    for caller in (bob, charlie, organization_token, bearer(["org:read", "org:ci"])):
        answer = caller.put(PATH, body)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert bearer(["org:write"]).put(PATH, {"name": "X"}).json()["name"] == "X"
    assert bearer(["org:write"]).put(PATH, {"defaultRole": "admin"}).json()["defaultRole"] == (
        "member"
    )


@on_one_database
def test_only_its_own_is_changed(alice: Caller, charlie: Caller) -> None:
    before = charlie.get("/organizations/globex/").json()
    changed(alice, sensitiveFields=["a"], openMembership=False, eventsMemberAdmin=False)
    assert charlie.get("/organizations/globex/").json() == before


@on_one_database
def test_a_form_is_taken_too(alice: Caller) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    content = "eventsMemberAdmin=false&sensitiveFields=a&sensitiveFields=b&storeCrashReports=3"
    shown = alice.put(PATH, content=content, headers=headers).json()
    assert (shown["eventsMemberAdmin"], shown["storeCrashReports"]) == (False, 3)
    assert shown["sensitiveFields"] == ["a", "b"]


@on_one_database
def test_more_settings_take_no_more_statements(alice: Caller, database: Database) -> None:
    alice.put(PATH, {"eventsMemberAdmin": False})
    with statements(database) as few:
        alice.put(PATH, {"eventsMemberAdmin": True})
    with statements(database) as many:
        alice.put(PATH, dict.fromkeys(SWITCHES, False) | {"name": "More", "safeFields": ["a"]})
    assert many.count <= few.count <= 22
    assert ALICE
