"""The root, ``auth/``, organizations, projects, environments (auth-and-errors.md 8)."""

import pytest
from factories import (
    ADDRESS,
    ALICE,
    MASK,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    error_event,
    masked,
    on_one_database,
    send_event,
)
from sqlalchemy import text

from shipmark.infrastructure.database import Database


def test_the_root_says_who_is_there(bearer: Bearer, world: World) -> None:
    answer = bearer(["org:read", "project:read"]).get("/")
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["version"], shown["auth"]) == ("0", {"scopes": ["org:read", "project:read"]})
    assert masked(shown["user"], "dateJoined") == {
        "id": str(world.users[ALICE]),
        "name": "Alice",
        "username": ALICE,
        "email": ALICE,
        "avatarUrl": None,
        "isActive": True,
        "hasPasswordAuth": True,
        "isManaged": False,
        "dateJoined": MASK,
        "lastLogin": None,
        "has2fa": False,
        "lastActive": None,
        "isSuperuser": False,
        "isStaff": False,
        "experiments": {},
        "emails": [{"id": shown["user"]["emails"][0]["id"], "email": ALICE, "is_verified": True}],
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None},
    }


def test_the_root_welcomes_nobody_and_pipelines(
    anonymous: Caller, organization_token: Caller
) -> None:
    assert anonymous.get("/").json() == {"version": "0", "auth": None, "user": None}
    shown = organization_token.get("/").json()
    assert shown == {"version": "0", "auth": {"scopes": ["org:ci"]}, "user": None}


def test_the_root_refuses_a_wrong_token(client: object, anonymous: Caller) -> None:
    answer = anonymous.get("/", headers={"Authorization": "Bearer nope"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid token"})


@pytest.mark.parametrize("sql", ["UPDATE users SET is_active = false"])
def test_a_token_of_somebody_inactive_is_refused(
    alice: Caller, database: Database, sql: str
) -> None:
    with database.transaction() as connection:
        connection.execute(text(sql))
    answer = alice.get("/")
    assert (answer.status_code, answer.json()) == (401, {"detail": "User inactive or deleted"})


def test_a_token_that_ran_out_is_refused(alice: Caller, database: Database) -> None:
    with database.transaction() as connection:
        statement = "UPDATE user_tokens SET expires_at = '2020-01-01 00:00:00.000000'"
        connection.execute(text(statement))
    answer = alice.get("/")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Token expired"})


def test_a_refused_caller_is_asked_for_a_token(anonymous: Caller) -> None:
    assert anonymous.get("/auth/").headers["www-authenticate"] == 'xBasic realm="api"'


def test_auth_shows_the_user(
    alice: Caller, anonymous: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    assert alice.get("/auth/").json()["email"] == ALICE
    assert bearer([]).get("/auth/").status_code == 200
    for caller in (anonymous, organization_token):
        assert (caller.get("/auth/").status_code, caller.get("/auth/").json()) == (
            401,
            NO_CREDENTIALS,
        )


def organization(world: World) -> dict[str, object]:
    return {
        "id": str(world.organizations["acme"]),
        "slug": "acme",
        "status": {"id": "active", "name": "active"},
        "name": "Acme",
        "dateCreated": "2026-01-05T09:00:00Z",
        "isEarlyAdopter": False,
        "require2FA": False,
        "requireEmailVerification": False,
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None},
        "features": ["open-membership", "relay", "shared-issues", "team-roles"],
        "links": {"organizationUrl": ADDRESS, "regionUrl": ADDRESS},
        "hasAuthProvider": False,
        "allowMemberInvite": True,
        "allowMemberProjectCreation": True,
        "allowSuperuserAccess": True,
    }


def test_the_callers_organizations_are_listed(bob: Caller, world: World) -> None:
    answer = bob.get("/organizations/")
    assert (answer.status_code, answer.json()) == (200, [organization(world)])


@pytest.mark.parametrize("value", ["1", "true"])
def test_the_organizations_that_the_caller_owns_are_listed_alone(
    alice: Caller, bob: Caller, world: World, database: Database, value: str
) -> None:
    path = f"/organizations/?owner={value}"
    assert alice.get(path).json() == [{"organization": organization(world), "singleOwner": True}]
    assert bob.get(path).json() == []
    with database.transaction() as connection:
        connection.execute(text("UPDATE members SET role = 'owner'"))
    assert alice.get(path).json()[0]["singleOwner"] is False
    assert bob.get("/organizations/?owner=0").json() == [organization(world)]


def test_who_may_list_organizations(
    anonymous: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    assert anonymous.get("/organizations/").json() == NO_CREDENTIALS
    assert organization_token.get("/organizations/").json() == NOT_ALLOWED
    assert bearer(["project:read"]).get("/organizations/").json() == NOT_ALLOWED


def test_an_organization_is_shown(bob: Caller, organization_token: Caller, world: World) -> None:
    answer = organization_token.get("/organizations/acme/")
    assert (answer.status_code, answer.json()) == (200, organization(world))
    whole = bob.get("/organizations/acme/").json()
    assert organization(world).items() <= whole.items()
    assert bob.get(f"/organizations/{world.organizations['acme']}/").json()["slug"] == "acme"


PATHS = pytest.mark.parametrize(
    "path",
    [
        "/organizations/acme/",
        "/organizations/acme/projects/",
        "/projects/acme/web/",
        "/projects/acme/web/environments/",
    ],
)


@PATHS
@on_one_database
def test_who_may_not_look(
    anonymous: Caller, charlie: Caller, bearer: Bearer, alice: Caller, path: str
) -> None:
    assert (anonymous.get(path).status_code, anonymous.get(path).json()) == (401, NO_CREDENTIALS)
    assert (charlie.get(path).status_code, charlie.get(path).json()) == (403, NOT_ALLOWED)
    poor = bearer(["event:read"]).get(path)
    assert (poor.status_code, poor.json()) == (403, NOT_ALLOWED)
    missing = alice.get(path.replace("acme", "initech"))
    assert (missing.status_code, missing.json()) == (404, NOT_FOUND)


#: What a member may do on their teams.
CONTRIBUTOR = [
    "alerts:read", "event:read", "event:write", "member:read", "org:read", "project:read",
    "project:releases", "team:read",
]  # fmt: skip
ABSENT = (
    "hasMinifiedStackTrace",
    "hasMonitors",
    "hasProfiles",
    "hasReplays",
    "hasSessions",
    "hasUserReports",
)


def project(world: World, *, is_member: bool = True) -> dict[str, object]:
    return {
        "id": str(world.projects["web"]),
        "slug": "web",
        "name": "web",
        "platform": None,
        "platforms": [],
        "dateCreated": "2026-01-05T09:00:00Z",
        "firstEvent": None,
        "firstTransactionEvent": False,
        "isBookmarked": False,
        "isMember": is_member,
        "isInternal": False,
        "isPublic": False,
        "access": CONTRIBUTOR,
        "hasAccess": True,
        **dict.fromkeys(ABSENT, False),
        "eventProcessing": {"symbolicationDegraded": False},
        "environments": [],
        "features": [],
        "latestRelease": None,
        "latestDeploys": None,
        "status": "active",
        "color": "#54ac39",
        "team": {"id": MASK, "slug": "core", "name": "Core"},
        "teams": [{"id": MASK, "slug": "core", "name": "Core"}],
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None},
    }


def team_masked(shown: dict[str, object]) -> dict[str, object]:
    return shown | {name: masked(shown[name], "id") for name in ("team", "teams")}


def test_a_project_is_shown(bob: Caller, organization_token: Caller, world: World) -> None:
    answer = bob.get("/projects/acme/web/")
    assert answer.status_code == 200
    assert project(world).items() <= team_masked(answer.json()).items()
    assert organization_token.get("/projects/acme/web/").status_code == 200
    assert bob.get(f"/projects/acme/{world.projects['web']}/").json()["slug"] == "web"


def test_a_project_of_another_organization_is_not_found(bob: Caller, world: World) -> None:
    answer = bob.get(f"/projects/acme/{world.projects['globex/web']}/")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_project_shows_its_first_event_and_releases(bob: Caller, world: World) -> None:
    event = error_event(release="web@1.0.0")
    send_event(bob.client, world.keys["web"], world.projects["web"], event)
    shown = bob.get("/projects/acme/web/").json()
    assert (shown["platforms"], shown["features"]) == (["python"], ["releases"])
    assert shown["firstEvent"] is not None


def test_projects_are_listed_by_slug(bob: Caller, world: World) -> None:
    shown = bob.get("/organizations/acme/projects/").json()
    assert [(it["slug"], it["isMember"]) for it in shown] == [
        ("mobile", True),
        ("tools", False),
        ("web", True),
    ]
    assert team_masked(shown[2]) == project(world)
    found = bob.get("/organizations/acme/projects/?query=OB").json()
    assert [it["slug"] for it in found] == ["mobile"]
    page = bob.get("/organizations/acme/projects/?per_page=2&cursor=2:1:0").json()
    assert [it["slug"] for it in page] == ["web"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("acme", ["acme"]),
        ("CM", ["acme"]),
        ("slug:acme", ["acme"]),
        ("slug:acm", []),
        ("status:active", ["acme"]),
        ("status:pending_deletion", []),
        ("id:1", ["acme"]),
        ("acme other", []),
        ("colour:red", []),
        ("%20", ["acme"]),
        ("email:Alice@Example.com", ["acme"]),
        (ALICE, ["acme"]),
        ("email:alice@example", []),
        ("email:charlie@example.com", []),
        ("email:nobody@example.com email:alice@example.com", ["acme"]),
        ("member_id:1", ["acme"]),
        ("member_id:3", []),
        ("member_id:x", []),
    ],
)
@on_one_database
def test_organizations_are_looked_for(bob: Caller, query: str, found: list[str]) -> None:
    shown = bob.get(f"/organizations/?query={query}").json()
    assert [it["slug"] for it in shown] == found


@on_one_database
def test_organizations_are_found_by_the_platforms_of_their_projects(
    bob: Caller, world: World
) -> None:
    assert bob.get("/organizations/?query=platform:python").json() == []
    send_event(bob.client, world.keys["web"], world.projects["web"], error_event())
    shown = bob.get("/organizations/?query=platform:python").json()
    assert [it["slug"] for it in shown] == ["acme"]
    assert bob.get("/organizations/?query=platform:go").json() == []


def test_organizations_come_in_pages(alice: Caller) -> None:
    first = alice.get("/organizations/?per_page=1")
    assert [it["slug"] for it in first.json()] == ["acme"]
    assert 'rel="next"; results="false"' in first.headers["link"]
    assert alice.get("/organizations/?per_page=1&cursor=1:1:0").json() == []


def test_environments_of_a_project_are_listed(bob: Caller, world: World) -> None:
    for environment in ("staging", "production", ""):
        event = error_event(environment=environment)
        send_event(bob.client, world.keys["web"], world.projects["web"], event)
    shown = bob.get("/projects/acme/web/environments/").json()
    assert [(it["name"], it["isHidden"]) for it in shown] == [
        ("production", False),
        ("staging", False),
    ]
