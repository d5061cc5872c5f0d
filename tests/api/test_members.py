"""Members: listing them, changing roles and teams, letting them go (auth-and-errors.md 8.6)."""

from typing import Any

import pytest
from factories import (
    ALICE,
    BOB,
    CHARLIE,
    MASK,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    give_role,
    masked,
    on_one_database,
    rows,
    statements,
)

from shipmark.infrastructure.database import Database
from shipmark.organizations import store
from shipmark.organizations.model import Role

MEMBERS = "/organizations/acme/members/"
LAST_OWNER = {"detail": "You cannot remove or demote the only remaining owner of the organization."}


def ids(caller: Caller) -> dict[str, str]:
    """The members of acme, by address."""
    return {it["email"]: it["id"] for it in caller.get(MEMBERS).json()}


def invite(database: Database, world: World, role: Role = Role.MEMBER) -> None:
    """Let Charlie be in acme too."""
    with database.transaction() as connection:
        acme, charlie = world.organizations["acme"], world.users[CHARLIE]
        at = store.by_id(connection, acme)
        assert at is not None
        store.ensure_member(connection, acme, charlie, role, at.created_at)


def test_members_are_listed_by_their_ids(bob: Caller, world: World) -> None:
    answer = bob.get(MEMBERS)
    assert answer.status_code == 200
    shown = answer.json()
    assert [it["email"] for it in shown] == [ALICE, BOB]
    assert shown[0]["user"]["id"] == str(world.users[ALICE])
    assert masked(shown[1], "id", "user") == {
        "id": MASK,
        "email": BOB,
        "name": "Bob",
        "user": MASK,
        "role": "member",
        "roleName": "Member",
        "orgRole": "member",
        "pending": False,
        "expired": False,
        "flags": {
            "idp:provisioned": False,
            "idp:role-restricted": False,
            "sso:linked": False,
            "sso:invalid": False,
            "member-limit:restricted": False,
        },
        "dateCreated": "2026-01-05T09:00:00Z",
        "inviteStatus": "approved",
        "inviterName": None,
        "groupOrgRoles": [],
    }


def test_members_come_in_pages(alice: Caller) -> None:
    first = alice.get(f"{MEMBERS}?per_page=1")
    assert [it["email"] for it in first.json()] == [ALICE]
    assert 'rel="next"; results="true"' in first.headers["link"]
    assert [it["email"] for it in alice.get(f"{MEMBERS}?per_page=1&cursor=1:1:0").json()] == [BOB]


def test_a_member_is_shown_with_teams_and_roles(bob: Caller) -> None:
    mine = bob.get(f"{MEMBERS}me/").json()
    assert (mine["email"], mine["teams"]) == (BOB, ["core"])
    assert mine["teamRoles"] == [{"teamSlug": "core", "role": "contributor"}]
    assert [it["id"] for it in mine["orgRoleList"]] == ["member", "admin", "manager", "owner"]
    assert bob.get(f"{MEMBERS}{mine['id']}/").json() == mine


@pytest.mark.parametrize("name", ["0", "999", "9" * 40, "you", "-1", "%00", "é"])
@on_one_database
def test_a_member_who_is_not_there_is_not_found(alice: Caller, name: str) -> None:
    path = f"{MEMBERS}{name}/"
    for answer in (
        alice.get(path),
        alice.put(path, {"orgRole": "admin"}),
        alice.delete(path),
        alice.post(f"{path}teams/core/"),
        alice.delete(f"{path}teams/core/"),
    ):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_a_member_of_another_organization_is_not_found(alice: Caller, charlie: Caller) -> None:
    (owner,) = charlie.get("/organizations/globex/members/").json()
    assert alice.get(f"{MEMBERS}{owner['id']}/").status_code == 404
    assert alice.put(f"{MEMBERS}{owner['id']}/", {"orgRole": "member"}).status_code == 404


@pytest.mark.parametrize("name", ["orgRole", "role"])
@pytest.mark.parametrize("role", ["admin", "manager", "owner"])
@on_one_database
def test_a_member_gets_another_role(alice: Caller, bob: Caller, name: str, role: str) -> None:
    answer = alice.put(f"{MEMBERS}{ids(alice)[BOB]}/", {name: role})
    assert (answer.status_code, answer.json()["orgRole"]) == (200, role)
    assert bob.get("/organizations/acme/").json()["role"] == role


@pytest.mark.parametrize(
    ("body", "slugs"),
    [
        ({"teams": []}, []),
        ({"teams": ["more"]}, ["more"]),
        ({"teams": ["more", "core", "more"]}, ["core", "more"]),
        ({"teamRoles": [{"teamSlug": "more", "role": "admin"}]}, ["more"]),
        ({"teamRoles": [], "teams": ["more"]}, []),
        ({}, ["core"]),
    ],
)
@on_one_database
def test_a_member_gets_other_teams(
    alice: Caller, bob: Caller, body: dict[str, Any], slugs: list[str]
) -> None:
    alice.post("/organizations/acme/teams/", {"slug": "more"})
    answer = alice.put(f"{MEMBERS}{ids(alice)[BOB]}/", body)
    assert (answer.status_code, answer.json()["teams"]) == (200, slugs)
    assert bob.get(f"{MEMBERS}me/").json()["teams"] == slugs


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({"orgRole": "king"}, {"orgRole": ['"king" is not a valid choice.']}),
        ({"orgRole": None}, {"orgRole": ["This field may not be null."]}),
        ({"role": ""}, {"role": ['"" is not a valid choice.']}),
        ({"teams": ["nothing"]}, {"teams": ["Invalid team"]}),
        ({"teams": ["sales"]}, {"teams": ["Invalid team"]}),
        ({"teams": "core"}, {"teams": ['Expected a list of items but got type "str".']}),
        ({"teams": [None]}, {"teams": ["This field may not be null."]}),
        ({"teamRoles": [{}]}, {"teamRoles": {"teamSlug": ["This field is required."]}}),
    ],
)
@on_one_database
def test_what_can_not_be_meant_is_refused_and_changes_nothing(
    alice: Caller, database: Database, body: dict[str, Any], problems: object
) -> None:
    before = rows(database, "members"), rows(database, "team_members")
    answer = alice.put(f"{MEMBERS}{ids(alice)[BOB]}/", {"teams": []} | {"orgRole": "admin"} | body)
    assert (answer.status_code, answer.json()) == (400, problems)
    assert (rows(database, "members"), rows(database, "team_members")) == before


def test_nobody_raises_anybody_above_themselves(
    alice: Caller, bob: Caller, charlie: Caller, database: Database, world: World
) -> None:
    give_role(database, world, BOB, Role.MANAGER)
    invite(database, world)
    known = ids(alice)
    assert bob.put(f"{MEMBERS}{known[CHARLIE]}/", {"orgRole": "manager"}).status_code == 200
    for who in (known[CHARLIE], "me"):
        answer = bob.put(f"{MEMBERS}{who}/", {"orgRole": "owner"})
        assert (answer.status_code, list(answer.json())) == (403, ["detail"])
    assert charlie.get("/organizations/acme/").json()["role"] == "manager"


def test_nobody_changes_or_removes_who_is_above_them(
    alice: Caller, bob: Caller, database: Database, world: World
) -> None:
    give_role(database, world, BOB, Role.MANAGER)
    path = f"{MEMBERS}{ids(alice)[ALICE]}/"
    assert bob.put(path, {"orgRole": "member"}).status_code == 403
    assert bob.delete(path).status_code == 403
    assert alice.get("/organizations/acme/").json()["role"] == "owner"


def test_the_last_owner_stays(alice: Caller, database: Database, world: World) -> None:
    for answer in (
        alice.put(f"{MEMBERS}me/", {"orgRole": "member"}),
        alice.delete(f"{MEMBERS}me/"),
    ):
        assert (answer.status_code, answer.json()) == (400, LAST_OWNER)
    give_role(database, world, BOB, Role.OWNER)
    assert alice.put(f"{MEMBERS}me/", {"orgRole": "member"}).json()["orgRole"] == "member"
    assert alice.delete(f"{MEMBERS}me/").status_code == 204
    assert alice.get("/organizations/acme/").json() == NOT_ALLOWED


def test_a_member_goes_and_the_user_stays(alice: Caller, bob: Caller, database: Database) -> None:
    assert alice.delete(f"{MEMBERS}{ids(alice)[BOB]}/").status_code == 204
    assert bob.get("/organizations/acme/").json() == NOT_ALLOWED
    assert bob.get("/auth/").status_code == 200
    assert rows(database, "team_members")[0]["member_id"] is not None
    assert alice.get("/organizations/acme/teams/").json()[0]["memberCount"] == 0


def test_everybody_may_go(bob: Caller, alice: Caller) -> None:
    assert bob.delete(f"{MEMBERS}{ids(alice)[ALICE]}/").json() == NOT_ALLOWED
    assert bob.delete(f"{MEMBERS}me/").status_code == 204
    assert bob.get("/organizations/").json() == []


@on_one_database
def test_who_may_do_what_with_members(
    anonymous: Caller, bob: Caller, charlie: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    assert anonymous.get(MEMBERS).status_code == 401
    for caller in (charlie, organization_token, bearer(["org:admin"])):
        assert caller.get(MEMBERS).json() == NOT_ALLOWED
        assert caller.get(f"{MEMBERS}me/").json() == NOT_ALLOWED
        assert caller.put(f"{MEMBERS}me/", {}).json() == NOT_ALLOWED
        assert caller.delete(f"{MEMBERS}me/").json() == NOT_ALLOWED
    assert bob.put(f"{MEMBERS}me/", {"teams": []}).json() == NOT_ALLOWED
    writer = bearer(["member:write"])
    assert writer.delete(f"{MEMBERS}{ids(bob)[BOB]}/").json() == NOT_ALLOWED


def team(who: str = "me", slug: str = "core") -> str:
    return f"{MEMBERS}{who}/teams/{slug}/"


def test_somebody_joins_a_team_and_leaves_it(alice: Caller) -> None:
    joined = alice.post(team())
    assert joined.status_code == 201
    assert (joined.json()["isMember"], joined.json()["memberCount"]) == (True, 2)
    again = alice.post(team())
    assert (again.status_code, again.content) == (204, b"")
    left = alice.delete(team())
    assert (left.status_code, left.json()["isMember"], left.json()["memberCount"]) == (
        200,
        False,
        1,
    )
    assert alice.delete(team()).status_code == 200


def test_in_an_open_organization_anybody_joins_any_team(alice: Caller, bob: Caller) -> None:
    alice.post("/organizations/acme/teams/", {"slug": "more"})
    assert bob.post(team(slug="more")).status_code == 201
    assert bob.delete(team(slug="more")).status_code == 200


def test_in_a_closed_one_others_let_them_join(
    alice: Caller, bob: Caller, charlie: Caller, database: Database, world: World
) -> None:
    alice.put("/organizations/acme/", {"openMembership": False})
    alice.post("/organizations/acme/teams/", {"slug": "more"})
    assert bob.post(team(slug="more")).json() == NOT_ALLOWED
    assert alice.post(team(ids(alice)[BOB], "more")).status_code == 201
    assert bob.delete(team(slug="more")).status_code == 200
    invite(database, world)
    assert bob.post(team(ids(alice)[CHARLIE])).json() == NOT_ALLOWED
    give_role(database, world, BOB, Role.ADMIN)
    assert bob.post(team(ids(alice)[CHARLIE])).status_code == 201
    assert bob.post(team(ids(alice)[CHARLIE], "more")).json() == NOT_ALLOWED
    assert charlie.delete(team(ids(alice)[BOB])).json() == NOT_ALLOWED


@pytest.mark.parametrize("slug", ["nothing", "sales", "999"])
@on_one_database
def test_a_team_that_is_not_there_is_not_joined(alice: Caller, slug: str) -> None:
    assert alice.post(team(slug=slug)).json() == NOT_FOUND
    assert alice.delete(team(slug=slug)).json() == NOT_FOUND


@on_one_database
def test_more_members_take_no_more_statements(
    alice: Caller, database: Database, world: World
) -> None:
    alice.get(MEMBERS)
    with statements(database) as few:
        alice.get(MEMBERS)
    invite(database, world)
    with statements(database) as many:
        assert len(alice.get(MEMBERS).json()) == 3
    assert many.count == few.count


TEAM_OF_BOB = f"{MEMBERS}{{}}/teams/core/"


def test_the_team_role_of_a_member_is_confirmed(alice: Caller) -> None:
    path = TEAM_OF_BOB.format(ids(alice)[BOB])
    answer = alice.put(path, {"teamRole": "contributor"})
    assert (answer.status_code, answer.json()) == (
        200,
        {"isActive": True, "teamRole": "contributor"},
    )


def test_the_team_role_follows_from_the_role_in_the_organization(alice: Caller) -> None:
    member = ids(alice)[BOB]
    refused = alice.put(TEAM_OF_BOB.format(member), {"teamRole": "admin"})
    assert refused.status_code == 400
    assert "Change orgRole instead." in refused.json()["teamRole"][0]
    assert alice.put(f"{MEMBERS}{member}/", {"orgRole": "admin"}).status_code == 200
    answer = alice.put(TEAM_OF_BOB.format(member), {"teamRole": "admin"})
    assert (answer.status_code, answer.json()["teamRole"]) == (200, "admin")


@on_one_database
def test_a_team_role_needs_a_member_of_the_team_and_a_caller_who_manages_it(
    alice: Caller, bob: Caller
) -> None:
    known = ids(alice)
    role = {"teamRole": "contributor"}
    assert alice.put(TEAM_OF_BOB.format(known[ALICE]), role).json() == NOT_FOUND
    assert alice.put(TEAM_OF_BOB.format(known[BOB]), {"teamRole": "king"}).status_code == 400
    assert alice.put(TEAM_OF_BOB.format(known[BOB]), {}).status_code == 400
    assert bob.put(TEAM_OF_BOB.format(known[BOB]), role).json() == NOT_ALLOWED
