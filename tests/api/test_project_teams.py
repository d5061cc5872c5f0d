"""Teams of a project: adding and removing one (auth-and-errors.md 8.5)."""

import pytest
from factories import (
    BOB,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    give_role,
    on_one_database,
    rows,
)

from shipmark.infrastructure.database import Database
from shipmark.organizations.model import Role

TEAMS = "/projects/acme/web/teams/"
UNKNOWN = {"detail": "Team does not exist."}


@pytest.fixture
def ops(alice: Caller) -> str:
    """A team that does not own the project."""
    assert alice.post("/organizations/acme/teams/", {"slug": "ops"}).status_code == 201
    return f"{TEAMS}ops/"


def owners(caller: Caller) -> list[str]:
    return [it["slug"] for it in caller.get(TEAMS).json()]


def test_a_team_is_added_and_removed(alice: Caller, ops: str, database: Database) -> None:
    added = alice.post(ops)
    assert (added.status_code, added.json()) == (201, alice.get("/projects/acme/web/").json())
    assert [it["slug"] for it in added.json()["teams"]] == owners(alice) == ["core", "ops"]
    removed = alice.delete(ops)
    assert (removed.status_code, removed.json()) == (200, alice.get("/projects/acme/web/").json())
    assert owners(alice) == ["core"]
    notes = [it["note"] for it in alice.get("/organizations/acme/audit-logs/").json()["rows"]]
    assert notes[:2] == [
        "edited project settings: team ops removed",
        "edited project settings: team ops added",
    ]


@on_one_database
def test_doing_it_again_changes_nothing(alice: Caller, ops: str, database: Database) -> None:
    for path in (f"{TEAMS}core/", ops, ops):
        assert alice.post(path).status_code == 201
    for _ in range(2):
        assert alice.delete(ops).status_code == 200
    assert [it["event"] for it in rows(database, "audit_log")] == [20, 31, 31]


@on_one_database
def test_the_only_team_may_be_removed(alice: Caller) -> None:
    shown = alice.delete(f"{TEAMS}core/").json()
    assert (shown["team"], shown["teams"]) == (None, [])


@pytest.mark.parametrize("method", ["post", "delete"])
def test_unknown_names_are_not_found(alice: Caller, method: str) -> None:
    call = getattr(alice, method)
    answer = call(f"{TEAMS}nothing/")
    assert (answer.status_code, answer.json()) == (404, UNKNOWN)
    assert call("/projects/acme/nothing/teams/core/").json() == NOT_FOUND
    assert call("/projects/nothing/web/teams/core/").status_code == 404


@pytest.mark.parametrize("method", ["post", "delete"])
def test_members_may_not(
    alice: Caller, bob: Caller, charlie: Caller, client: Bearer, ops: str, method: str
) -> None:
    assert getattr(alice, method)(ops).status_code in {200, 201}
    for caller in (bob, charlie):
        answer = getattr(caller, method)(ops)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert client.request(method.upper(), f"/api/0{ops}").status_code == 401


def test_admins_give_projects_to_their_own_teams_only_where_membership_is_closed(
    alice: Caller, bob: Caller, ops: str, database: Database, world: World
) -> None:
    give_role(database, world, BOB, Role.ADMIN)
    assert bob.post(ops).status_code == 201
    assert bob.delete(ops).status_code == 200
    alice.put("/organizations/acme/", {"openMembership": False})
    for answer in (bob.post(ops), bob.delete(ops)):
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
    assert owners(alice) == ["core"]
