"""Teams: listing, making, changing and deleting them (auth-and-errors.md 8.5)."""

from typing import Any

import pytest
from factories import (
    BOB,
    MASK,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    counts,
    give_role,
    masked,
    on_one_database,
    statements,
)

from shipmark.infrastructure.database import Database
from shipmark.organizations.model import Role

TEAMS = "/organizations/acme/teams/"
CORE = "/teams/acme/core/"
TAKEN = "A team with this slug already exists."


def listed(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = caller.get(TEAMS + query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def test_a_team_is_shown_with_what_the_caller_is_there(bob: Caller) -> None:
    (team,) = listed(bob)
    projects = team.pop("projects")
    assert masked(team, "id", "access") == {
        "id": MASK,
        "slug": "core",
        "name": "Core",
        "dateCreated": "2026-01-05T09:00:00Z",
        "isMember": True,
        "teamRole": "contributor",
        "flags": {"idp:provisioned": False},
        "access": MASK,
        "hasAccess": True,
        "isPending": False,
        "memberCount": 1,
        "avatar": {"avatarType": "letter_avatar", "avatarUuid": None, "avatarUrl": None},
        "orgRole": None,
        "externalTeams": [],
    }
    assert [it["slug"] for it in projects] == ["mobile", "web"]
    assert "team:admin" not in team["access"]


def test_who_is_above_all_teams_has_access_without_being_on_one(alice: Caller) -> None:
    (team,) = listed(alice)
    assert (team["isMember"], team["teamRole"], team["hasAccess"]) == (False, None, True)
    assert team["access"] == sorted(Role.ADMIN.scopes)


@on_one_database
def test_without_details_projects_are_left_out(alice: Caller) -> None:
    (team,) = listed(alice, "?detailed=0")
    assert not {"projects", "externalTeams"} & team.keys()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("core", ["core"]),
        ("ATFOR", ["platform"]),
        ("slug:core", ["core"]),
        ("slug:cor", []),
        ("id:1", ["core"]),
        ("id:x", []),
        ("slug:core slug:platform", ["core", "platform"]),
        ("plat form", ["platform"]),
        ("colour:red", []),
        ("", ["core", "platform"]),
        ('"core"', ["core"]),
        (":", []),
    ],
)
@on_one_database
def test_teams_are_looked_for(alice: Caller, query: str, found: list[str]) -> None:
    alice.post(TEAMS, {"slug": "platform"})
    assert [it["slug"] for it in listed(alice, f"?query={query}")] == found


def test_teams_come_in_pages_by_slug(alice: Caller) -> None:
    for slug in ("zoo", "abc"):
        alice.post(TEAMS, {"slug": slug})
    first = alice.get(f"{TEAMS}?per_page=2")
    assert [it["slug"] for it in first.json()] == ["abc", "core"]
    assert 'rel="next"; results="true"' in first.headers["link"]
    assert [it["slug"] for it in listed(alice, "?per_page=2&cursor=2:1:0")] == ["zoo"]


@pytest.mark.parametrize(
    ("body", "slug", "name"),
    [
        ({"slug": "new"}, "new", "new"),
        ({"name": "The New One!"}, "the-new-one", "The New One!"),
        ({"slug": "a_b-c", "name": "ABC"}, "a_b-c", "ABC"),
        ({"name": "42"}, "42-x", "42"),
    ],
)
@on_one_database
def test_a_team_is_made_with_its_maker_on_it(
    alice: Caller, body: dict[str, str], slug: str, name: str
) -> None:
    answer = alice.post(TEAMS, body)
    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["slug"], shown["name"]) == (slug, name)
    assert (shown["isMember"], shown["memberCount"], shown["projects"]) == (True, 1, [])
    assert shown["organization"]["slug"] == "acme"
    assert alice.get(f"/teams/acme/{slug}/").json() == shown


@on_one_database
def test_a_name_that_makes_no_slug_gets_one(alice: Caller) -> None:
    shown = alice.post(TEAMS, {"name": "日本"}).json()
    assert (len(shown["slug"]), shown["name"]) == (12, "日本")


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, {"non_field_errors": ["Name or slug is required"]}),
        ({"slug": ""}, {"slug": ["This field may not be blank."]}),
        ({"slug": None}, {"slug": ["This field may not be null."]}),
        ({"slug": "A"}, {"slug": ["This value does not match the required pattern."]}),
        ({"slug": "a b"}, {"slug": ["This value does not match the required pattern."]}),
        ({"slug": "12"}, {"slug": ["This value does not match the required pattern."]}),
        ({"slug": "é"}, {"slug": ["This value does not match the required pattern."]}),
        ({"slug": "a" * 51}, {"slug": ["Ensure this field has no more than 50 characters."]}),
        ({"name": "n" * 65}, {"name": ["Ensure this field has no more than 64 characters."]}),
        ({"name": 7.5, "slug": []}, {"slug": ["Not a valid string."]}),
    ],
)
@on_one_database
def test_a_team_that_can_not_be_is_refused(
    alice: Caller, database: Database, body: object, problems: object
) -> None:
    before = counts(database)
    answer = alice.post(TEAMS, body)
    assert (answer.status_code, answer.json()) == (400, problems)
    assert counts(database) == before


def test_a_slug_that_is_taken_is_refused(alice: Caller, charlie: Caller) -> None:
    taken = {"non_field_errors": [TAKEN], "detail": TAKEN}
    answer = alice.post(TEAMS, {"slug": "core"})
    assert (answer.status_code, answer.json()) == (409, taken)
    alice.post(TEAMS, {"slug": "more"})
    answer = alice.put("/teams/acme/more/", {"slug": "core"})
    assert (answer.status_code, answer.json()) == (409, taken)
    assert charlie.post("/organizations/globex/teams/", {"slug": "core"}).status_code == 201


def test_a_team_gets_another_name_and_slug(alice: Caller) -> None:
    shown = alice.put(CORE, {"name": "Heart", "slug": "heart"}).json()
    assert (shown["name"], shown["slug"]) == ("Heart", "heart")
    assert [it["slug"] for it in shown["projects"]] == ["mobile", "web"]
    assert alice.get(CORE).json() == NOT_FOUND
    assert alice.put("/teams/acme/heart/", {}).json() == shown
    assert alice.get(f"/teams/acme/{shown['id']}/").json() == shown


def test_a_teams_projects_stay_without_it(alice: Caller, bob: Caller) -> None:
    assert alice.delete(CORE).status_code == 204
    assert alice.get(CORE).json() == NOT_FOUND
    shown = bob.get("/projects/acme/web/").json()
    assert (shown["team"], shown["teams"], shown["isMember"]) == (None, [], False)


def test_members_and_projects_of_a_team_are_listed(alice: Caller) -> None:
    assert [it["email"] for it in alice.get(f"{CORE}members/").json()] == [BOB]
    assert [it["slug"] for it in alice.get(f"{CORE}projects/").json()] == ["mobile", "web"]
    page = alice.get(f"{CORE}projects/?per_page=1&cursor=1:1:0").json()
    assert [it["slug"] for it in page] == ["web"]


@pytest.mark.parametrize("name", ["nothing", "999", "9" * 40, "sales", "%00", "Core", "a%20b", "é"])
@on_one_database
def test_a_team_that_is_not_there_is_not_found(alice: Caller, name: str) -> None:
    path = f"/teams/acme/{name}/"
    for answer in (
        alice.get(path),
        alice.put(path, {"name": "x"}),
        alice.delete(path),
        alice.get(f"{path}members/"),
        alice.get(f"{path}projects/"),
        alice.post(f"{path}projects/", {"name": "x"}),
    ):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@on_one_database
def test_another_organizations_team_is_not_found_by_its_id(alice: Caller, charlie: Caller) -> None:
    (sales,) = charlie.get("/organizations/globex/teams/").json()
    assert alice.get(f"/teams/acme/{sales['id']}/").status_code == 404
    assert alice.get("/teams/globex/sales/").status_code == 403


@on_one_database
def test_who_may_do_what_with_teams(
    anonymous: Caller, bob: Caller, charlie: Caller, organization_token: Caller, bearer: Bearer
) -> None:
    assert anonymous.get(TEAMS).status_code == 401
    for caller in (charlie, organization_token, bearer(["org:read"])):
        assert caller.get(TEAMS).json() == NOT_ALLOWED
        assert caller.get(CORE).json() == NOT_ALLOWED
    for caller in (bob, charlie, bearer(["team:read"])):
        assert caller.post(TEAMS, {"slug": "x"}).json() == NOT_ALLOWED
        assert caller.put(CORE, {"name": "x"}).json() == NOT_ALLOWED
        assert caller.delete(CORE).json() == NOT_ALLOWED
    assert bearer(["team:write"]).delete(CORE).json() == NOT_ALLOWED


def test_in_a_closed_organization_admins_change_their_own_teams(
    alice: Caller, bob: Caller, database: Database, world: World
) -> None:
    give_role(database, world, BOB, Role.ADMIN)
    alice.post(TEAMS, {"slug": "other"})
    other = "/teams/acme/other/"
    assert bob.put(other, {"name": "Fine"}).status_code == 200
    alice.put("/organizations/acme/", {"openMembership": False})
    for answer in (
        bob.put(other, {"name": "x"}),
        bob.delete(other),
        bob.post(f"{other}projects/", {"name": "x"}),
    ):
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert bob.put(CORE, {"name": "Mine"}).json()["teamRole"] == "admin"
    assert bob.post(f"{CORE}projects/", {"name": "x"}).status_code == 201
    shown = {it["slug"]: it["hasAccess"] for it in listed(bob)}
    assert shown == {"core": True, "other": False}


@on_one_database
def test_more_teams_take_no_more_statements(alice: Caller, database: Database) -> None:
    listed(alice)
    with statements(database) as few:
        listed(alice)
    for number in range(5):
        alice.post(TEAMS, {"slug": f"team-{number}"})
        alice.post(f"/teams/acme/team-{number}/projects/", {"name": f"P{number}"})
    with statements(database) as many:
        assert len(listed(alice)) == 6
    assert many.count == few.count
