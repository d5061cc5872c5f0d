"""What an organization shows of itself: settings, roles, teams, projects (files-and-avatars.md 1.3)."""

from typing import Any

import pytest
from factories import (
    ALICE,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    on_one_database,
    statements,
)

from shipmark.infrastructure.database import Database
from shipmark.organizations.model import Role

PATH = "/organizations/acme/"


@pytest.fixture
def shown(alice: Caller) -> dict[str, Any]:
    answer = alice.get(PATH)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_settings_that_nobody_has_changed_have_their_defaults(shown: dict[str, Any]) -> None:
    on = {
        "openMembership", "allowSharedIssues", "eventsMemberAdmin", "alertsMemberWrite", "scrapeJavaScript",
        "allowJoinRequests", "aiSuggestedSolution", "githubPRBot", "githubOpenPRBot", "githubNudgeInvite",
        "gitlabPRBot", "issueAlertsThreadFlag", "metricAlertsThreadFlag", "rollbackEnabled",
        "allowMemberInvite", "allowMemberProjectCreation", "allowSuperuserAccess", "isDefault",
    }  # fmt: skip
    off = {
        "enhancedPrivacy", "dataScrubber", "dataScrubberDefaults", "scrubIPAddresses", "codecovAccess",
        "isEarlyAdopter", "require2FA", "requireEmailVerification", "hideAiFeatures", "requiresSso",
        "isDynamicallySampled", "hasAuthProvider",
    }  # fmt: skip
    assert {name for name in on if shown[name] is not True} == set()
    assert {name for name in off if shown[name] is not False} == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sensitiveFields", []),
        ("safeFields", []),
        ("storeCrashReports", 0),
        ("attachmentsRole", "member"),
        ("debugFilesRole", "admin"),
        ("relayPiiConfig", None),
        ("trustedRelays", []),
        ("defaultRole", "member"),
        ("experiments", {}),
        ("onboardingTasks", []),
        ("pendingAccessRequests", 0),
        (
            "quota",
            {"maxRate": None, "maxRateInterval": 60, "accountLimit": 0, "projectLimit": 100},
        ),
        ("status", {"id": "active", "name": "active"}),
        ("avatar", {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None}),
    ],
)
@on_one_database
def test_other_defaults(shown: dict[str, Any], name: str, value: object) -> None:
    assert shown[name] == value


@on_one_database
def test_what_was_never_set_is_not_there(shown: dict[str, Any]) -> None:
    assert not {"apdexThreshold", "targetSampleRate", "samplingMode"} & shown.keys()


@on_one_database
def test_the_caller_sees_what_they_are_and_may(alice: Caller, bob: Caller) -> None:
    for caller, role in ((alice, Role.OWNER), (bob, Role.MEMBER)):
        found = caller.get(PATH).json()
        assert (found["role"], found["orgRole"]) == (role.value, role.value)
        assert found["access"] == sorted(role.scopes)


@on_one_database
def test_access_is_what_the_token_leaves_of_the_role(bearer: Bearer) -> None:
    found = bearer(["org:read", "org:integrations", "org:ci"]).get(PATH).json()
    assert found["access"] == ["org:integrations", "org:read"]
    assert found["role"] == "owner"


@on_one_database
def test_roles_come_with_the_least_first(shown: dict[str, Any]) -> None:
    roles = shown["orgRoleList"]
    assert [it["id"] for it in roles] == ["member", "admin", "manager", "owner"]
    assert shown["availableRoles"] == [{"id": it["id"], "name": it["name"]} for it in roles]
    assert [it["isGlobal"] for it in roles] == [it["is_global"] for it in roles]
    assert [it["isGlobal"] for it in roles] == [False, False, True, True]
    assert [it["isRetired"] for it in roles] == [False, True, False, False]
    assert [it["minimumTeamRole"] for it in roles] == ["contributor", "admin", "admin", "admin"]
    assert roles[3]["scopes"] == sorted(Role.OWNER.scopes)
    assert all(it["desc"] for it in roles)


@on_one_database
def test_roles_on_teams_come_with_the_least_first(shown: dict[str, Any]) -> None:
    roles = shown["teamRoleList"]
    assert [(it["id"], it["isMinimumRoleFor"]) for it in roles] == [
        ("contributor", None),
        ("admin", "admin"),
    ]
    assert "event:admin" not in roles[0]["scopes"]
    assert roles[1]["scopes"] == sorted(Role.ADMIN.scopes)


def test_all_teams_and_projects_are_shown_by_slug(bob: Caller) -> None:
    found = bob.get(PATH).json()
    assert [(it["slug"], it["isMember"], it["memberCount"]) for it in found["teams"]] == [
        ("core", True, 1)
    ]
    assert [(it["slug"], it["isMember"]) for it in found["projects"]] == [
        ("mobile", True),
        ("tools", False),
        ("web", True),
    ]


@pytest.mark.parametrize("value", ["1", "", "2", "true", "00"])
@on_one_database
def test_anything_but_nothing_is_detailed(alice: Caller, value: str) -> None:
    assert "teams" in alice.get(f"{PATH}?detailed={value}").json()


def test_without_details_teams_and_projects_are_left_out(alice: Caller) -> None:
    whole, part = alice.get(PATH).json(), alice.get(f"{PATH}?detailed=0").json()
    assert whole.keys() - part.keys() == {"teams", "projects"}
    assert part.items() <= whole.items()


def test_projects_show_their_last_release_and_where_they_run(alice: Caller) -> None:
    for version in ("web@1.0.0", "web@0.9.0"):
        alice.publish(version, "web")
        path = f"/organizations/acme/releases/{version}/deploys/"
        alice.post(path, {"environment": f"at-{version[4]}"})
    alice.publish("web@3.0.0", "web", status="archived")
    alice.publish("mobile@1", "mobile")
    found = {it["slug"]: it for it in alice.get(PATH).json()["projects"]}
    assert found["web"]["latestRelease"] == {"version": "web@0.9.0"}
    assert found["web"]["environments"] == ["at-0", "at-1"]
    assert found["mobile"]["latestRelease"] == {"version": "mobile@1"}
    assert found["tools"]["latestRelease"] is None


def test_a_pipeline_is_shown_the_base_part_only(organization_token: Caller) -> None:
    found = organization_token.get(PATH).json()
    assert found["slug"] == "acme"
    assert not {"access", "orgRoleList", "teams"} & found.keys()


@on_one_database
def test_who_may_look(anonymous: Caller, charlie: Caller, bearer: Bearer, alice: Caller) -> None:
    assert anonymous.get(PATH).status_code == 401
    assert charlie.get(PATH).json() == NOT_ALLOWED
    assert bearer(["project:releases"]).get(PATH).json() == NOT_ALLOWED
    assert bearer(["org:read"]).get(PATH).status_code == 200
    for name in ("nothing", "9" * 18, "9" * 40, "%00", "a%20b", "é"):
        answer = alice.get(f"/organizations/{name}/")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_only_the_first_organization_is_the_default(charlie: Caller) -> None:
    assert charlie.get("/organizations/globex/").json()["isDefault"] is False


@on_one_database
def test_more_teams_and_projects_take_no_more_statements(
    alice: Caller, database: Database, world: World
) -> None:
    alice.get(PATH)
    with statements(database) as few:
        alice.get(PATH)
    for number in range(5):
        alice.post("/organizations/acme/teams/", {"slug": f"team-{number}"})
        alice.post(f"/teams/acme/team-{number}/projects/", {"name": f"Project {number}"})
    with statements(database) as many:
        found = alice.get(PATH).json()
    assert len(found["projects"]) == 8
    assert many.count == few.count <= 13
    assert world.users[ALICE]
