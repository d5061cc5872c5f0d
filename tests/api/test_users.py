"""The users of an organization, with the projects of their teams: whom clients offer as assignees."""

import pytest
from factories import (
    ALICE,
    BOB,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    statements,
)

from shipmark.infrastructure.database import Database

USERS = "/organizations/acme/users/"


def addresses(caller: Caller, query: str = "") -> list[str]:
    """The users whom a request lists, by address."""
    answer = caller.get(USERS + query)
    assert answer.status_code == 200, answer.text
    return [it["email"] for it in answer.json()]


def test_users_come_with_the_projects_of_their_teams(bob: Caller, world: World) -> None:
    shown = bob.get(USERS).json()
    assert [it["email"] for it in shown] == [ALICE, BOB]
    assert shown[1]["user"]["id"] == str(world.users[BOB])
    assert [it["projects"] for it in shown] == [[], ["mobile", "web"]]


def test_they_are_members_otherwise(bob: Caller) -> None:
    (user,) = (it for it in bob.get(USERS).json() if it["email"] == BOB)
    (member,) = (it for it in bob.get("/organizations/acme/members/").json() if it["email"] == BOB)
    assert user == member | {"projects": ["mobile", "web"]}


def test_a_project_leaves_those_who_are_on_its_teams(bob: Caller, world: World) -> None:
    assert addresses(bob, f"?project={world.projects['web']}") == [BOB]
    assert addresses(bob, "?projectSlug=web") == [BOB]
    assert addresses(bob, "?projectSlug=tools") == []
    assert addresses(bob, "?project=-1") == [BOB]


def test_projects_that_the_caller_may_not_see_are_left_out(bob: Caller, alice: Caller) -> None:
    alice.put("/organizations/acme/", {"openMembership": False})
    alice.post("/organizations/acme/teams/", {"name": "Tools", "slug": "tools"})
    alice.post("/projects/acme/tools/teams/tools/")
    alice.post("/organizations/acme/members/me/teams/tools/")
    assert [it["projects"] for it in alice.get(USERS).json()] == [["tools"], ["mobile", "web"]]
    assert [it["projects"] for it in bob.get(USERS).json()] == [[], ["mobile", "web"]]
    assert addresses(bob, "?projectSlug=tools") == []


def test_invited_persons_are_no_users(alice: Caller) -> None:
    alice.post("/organizations/acme/members/", {"email": "dora@example.com", "orgRole": "member"})
    assert addresses(alice) == [ALICE, BOB]


def test_users_are_paged(bob: Caller) -> None:
    assert addresses(bob, "?per_page=1") == [ALICE]
    assert addresses(bob, "?per_page=1&cursor=1:1:0") == [BOB]


def test_their_number_does_not_add_statements(bob: Caller, database: Database) -> None:
    with statements(database) as few:
        addresses(bob, "?per_page=1&cursor=1:1:0")
    with statements(database) as more:
        addresses(bob)
    assert few.count == more.count


@pytest.mark.parametrize("scope", ["org:read", "member:read"])
def test_reading_the_organization_or_its_members_is_enough(bearer: Bearer, scope: str) -> None:
    assert bearer(scopes=[scope]).get(USERS).status_code == 200


def test_strangers_and_other_scopes_are_refused(
    anonymous: Caller, alice: Caller, charlie: Caller, bearer: Bearer
) -> None:
    assert anonymous.get(USERS).status_code == 401
    assert bearer(scopes=["project:read"]).get(USERS).status_code == 403
    assert charlie.get(USERS).status_code == 403
    assert alice.get("/organizations/nope/users/").json() == NOT_FOUND
