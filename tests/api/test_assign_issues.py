"""Assigning issues to users and teams, and searching for their issues (groups-api.md 2.3, 4.1)."""

from collections.abc import Callable
from typing import Any

import pytest
from client_fixtures import Happen
from factories import ALICE, BOB, CHARLIE, Bearer, Caller, World, on_one_database, rows, statements

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.issues.actions.assign import (
    TEAM_WITHOUT_ACCESS,
    UNKNOWN_ASSIGNEE,
    USER_WITHOUT_ACCESS,
)

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
ISSUE = f"{LIST}WEB-1/"
#: The numbers of reasons for subscriptions (releases.md 1.22).
ASSIGNED = 2

TeamId = Callable[[str], str]


@pytest.fixture
def team_id(alice: Caller) -> TeamId:
    """Give the id of a team of acme, which is created if there is none."""

    def found(slug: str) -> str:
        answer = alice.get(f"/teams/acme/{slug}/")
        if answer.status_code == 404:
            answer = alice.post("/organizations/acme/teams/", {"slug": slug, "name": slug})
        named: str = answer.json()["id"]
        return named

    return found


def assign(caller: Caller, name: object, path: str = ISSUE) -> dict[str, Any] | None:
    answer = caller.put(path, {"assignedTo": name})
    assert answer.status_code == 200, answer.text
    assignee: dict[str, Any] | None = answer.json()["assignedTo"]
    return assignee


def assigned_to(caller: Caller, path: str = ISSUE) -> dict[str, Any] | None:
    assignee: dict[str, Any] | None = caller.get(path).json()["assignedTo"]
    return assignee


def refusal(caller: Caller, name: object, path: str = ISSUE) -> list[str]:
    answer = caller.put(path, {"assignedTo": name})
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["assignedTo"]
    messages: list[str] = answer.json()["assignedTo"]
    return messages


def close(alice: Caller) -> None:
    """End open membership: members then see the projects of their teams only."""
    assert alice.put("/organizations/acme/", {"openMembership": False}).status_code == 200


def activity_of(caller: Caller) -> list[tuple[str, dict[str, object], str | None]]:
    return [
        (entry["type"], entry["data"], entry["user"] and entry["user"]["email"])
        for entry in caller.get(f"{ISSUE}activities/").json()["activity"]
    ]


@pytest.mark.parametrize("form", ["{id}", "user:{id}", BOB, "BOB@example.com"])
def test_an_issue_is_assigned_to_a_member(
    alice: Caller, happen: Happen, world: World, form: str
) -> None:
    happen()
    bob_id = str(world.users[BOB])
    expected = {"type": "user", "id": bob_id, "name": "Bob", "email": BOB}
    assert assign(alice, form.format(id=bob_id)) == expected
    assert assigned_to(alice) == expected
    assert alice.get(LIST).json()[0]["assignedTo"] == expected


@pytest.mark.parametrize("form", ["team:{id}", "#core"])
def test_an_issue_is_assigned_to_a_team(
    alice: Caller, happen: Happen, team_id: TeamId, form: str
) -> None:
    happen()
    core = team_id("core")
    expected = {"type": "team", "id": core, "name": "core"}
    assert assign(alice, form.format(id=core)) == expected
    assert assigned_to(alice) == expected


@pytest.mark.parametrize("nobody", ["", None])
def test_an_issue_is_assigned_to_nobody(alice: Caller, happen: Happen, nobody: object) -> None:
    happen()
    assign(alice, BOB)
    assert assign(alice, nobody) is None
    assert assigned_to(alice) is None
    assert [kind for kind, *_ in activity_of(alice)] == ["unassigned", "assigned", "first_seen"]


@pytest.mark.parametrize(
    "name",
    [CHARLIE, "user:{charlie}", "{charlie}", "999999", "team:999999", "#sales", "nobody", "9" * 30],
)
def test_who_is_not_of_the_organization_is_no_assignee(
    alice: Caller, happen: Happen, world: World, database: Database, name: str
) -> None:
    happen()
    named = name.format(charlie=world.users[CHARLIE])
    assert refusal(alice, named) == [UNKNOWN_ASSIGNEE]
    assert rows(database, "issue_assignments") == rows(database, "issue_subscriptions") == []


@on_one_database
def test_the_name_of_an_assignee_is_a_text_with_a_limit(alice: Caller, happen: Happen) -> None:
    happen()
    assert refusal(alice, "a" * 201)
    assert refusal(alice, ["1"])
    assert refusal(alice, True)


def test_a_team_without_the_project_is_no_assignee(
    alice: Caller, happen: Happen, team_id: TeamId
) -> None:
    happen()
    assert refusal(alice, f"team:{team_id('design')}") == [TEAM_WITHOUT_ACCESS]


def test_a_member_without_access_to_the_project_is_no_assignee(
    alice: Caller, happen: Happen
) -> None:
    happen("tools")
    path = f"{LIST}TOOLS-1/"
    assert assign(alice, BOB, path) is not None
    close(alice)
    assert refusal(alice, BOB, path) == [USER_WITHOUT_ACCESS]
    assert assign(alice, ALICE, path) is not None
    happen()
    assert assign(alice, BOB) is not None


def test_a_deactivated_user_is_no_assignee(
    alice: Caller, happen: Happen, world: World, database: Database
) -> None:
    happen()
    with database.engine.begin() as connection:
        inactive = account_store.users.update().where(account_store.users.c.email == BOB)
        connection.execute(inactive.values(is_active=False))
    assert refusal(alice, BOB) == refusal(alice, str(world.users[BOB])) == [UNKNOWN_ASSIGNEE]


def test_an_assignment_is_an_activity_history_and_subscription(
    alice: Caller, happen: Happen, world: World, database: Database
) -> None:
    happen()
    assign(alice, BOB)
    bob_id = world.users[BOB]
    data = {
        "assignee": str(bob_id),
        "assigneeType": "user",
        "assigneeName": "Bob",
        "assigneeEmail": BOB,
    }
    assert activity_of(alice)[0] == ("assigned", data, ALICE)
    assert [row["status"] for row in rows(database, "issue_history")] == ["assigned"]
    [subscription] = rows(database, "issue_subscriptions")
    assert (subscription["user_id"], subscription["reason"]) == (bob_id, ASSIGNED)
    assert BOB not in rows(database, "issue_activities")[0]["details"]


def test_the_members_of_a_team_are_subscribed(
    alice: Caller, happen: Happen, world: World, team_id: TeamId, database: Database
) -> None:
    happen()
    core = team_id("core")
    assign(alice, "#core")
    data = {"assignee": core, "assigneeType": "team", "assigneeName": "core", "assigneeEmail": None}
    assert activity_of(alice)[0] == ("assigned", data, ALICE)
    subscriptions = rows(database, "issue_subscriptions")
    assert [(row["user_id"], row["reason"]) for row in subscriptions] == [
        (world.users[BOB], ASSIGNED)
    ]


def test_assigning_again_changes_nothing(alice: Caller, happen: Happen, database: Database) -> None:
    happen()
    assign(alice, BOB)
    assign(alice, BOB)
    assign(alice, "#core")
    assign(alice, "#core")
    assign(alice, None)
    assign(alice, None)
    kinds = [kind for kind, *_ in activity_of(alice)]
    assert kinds == ["unassigned", "assigned", "assigned", "first_seen"]
    history = [row["status"] for row in rows(database, "issue_history")]
    assert history == ["assigned", "assigned", "unassigned"]


def test_status_and_assignee_are_changed_together(alice: Caller, happen: Happen) -> None:
    happen()
    issue = alice.put(ISSUE, {"status": "resolved", "assignedTo": BOB}).json()
    assert (issue["status"], issue["assignedTo"]["name"]) == ("resolved", "Bob")
    assert alice.put(f"{LIST}?query=", {"status": "resolved", "assignedTo": ALICE}).json() == {
        "status": "resolved",
        "statusDetails": {},
        "substatus": None,
        "inbox": None,
        "assignedTo": {
            "type": "user",
            "id": assigned_to(alice)["id"],  # type: ignore[index]  # it is assigned
            "name": "Alice",
            "email": ALICE,
        },
        "hasMore": False,
    }


def test_many_are_assigned_at_once_by_as_many_statements(
    alice: Caller, happen: Happen, database: Database
) -> None:
    def count(name: object, *, of: int) -> int:
        ids = "&".join(f"id={issue['id']}" for issue in alice.get(LIST).json()[:of])
        with statements(database) as found:
            answer = alice.put(f"{LIST}?{ids}", {"assignedTo": name})
        assert answer.status_code == 200, answer.text
        return found.count

    for value in ("one", "two", "three", "four", "five"):
        happen(value=value)
    assert count(BOB, of=1) == count(BOB, of=4)
    assert count("#core", of=1) == count("#core", of=5)
    assert count(None, of=1) == count(None, of=5)
    assert found(alice, "is:assigned") == []


def test_a_page_of_assigned_issues_takes_no_more_statements(
    alice: Caller, happen: Happen, database: Database
) -> None:
    for value in ("one", "two", "three"):
        happen(value=value)
    with statements(database) as before:
        alice.get(LIST)
    alice.put(f"{LIST}?query=two", {"assignedTo": BOB})
    alice.put(f"{LIST}?query=one", {"assignedTo": "#core"})
    with statements(database) as after:
        assert [it["assignedTo"] and it["assignedTo"]["name"] for it in alice.get(LIST).json()] == [
            None,
            "Bob",
            "core",
        ]
    assert after.count == before.count


def test_all_projects_of_many_issues_are_the_assignees(
    alice: Caller, happen: Happen, database: Database
) -> None:
    happen()
    happen("tools")
    assert refusal(alice, "#core", f"{LIST}?query=") == [TEAM_WITHOUT_ACCESS]
    assert rows(database, "issue_assignments") == []
    assert assign(alice, "#core", f"{WEB_LIST}?query=") is not None


@on_one_database
def test_a_stranger_assigns_nothing(
    charlie: Caller, bearer: Bearer, happen: Happen, database: Database
) -> None:
    happen()
    for path in (ISSUE, LIST, WEB_LIST, "/issues/1/"):
        assert charlie.put(path, {"assignedTo": CHARLIE}).status_code in {403, 404}
        assert bearer(["event:read"]).put(path, {"assignedTo": BOB}).status_code == 403
    assert rows(database, "issue_assignments") == []


def test_who_leaves_the_organization_has_no_issues(alice: Caller, happen: Happen) -> None:
    happen()
    assign(alice, BOB)
    members = alice.get("/organizations/acme/members/").json()
    [member_id] = [member["id"] for member in members if member["email"] == BOB]
    assert alice.delete(f"/organizations/acme/members/{member_id}/").status_code == 204
    assert assigned_to(alice) is None
    assert found(alice, "is:assigned") == []


def test_a_deleted_user_has_no_issues_and_no_name(
    alice: Caller, happen: Happen, world: World, database: Database
) -> None:
    happen()
    assign(alice, BOB)
    with database.transaction() as connection:
        user = account_store.by_id(connection, world.users[BOB])
        assert user is not None
        accounts.remove_user(connection, user, now())
    assert assigned_to(alice) is None
    kind, data, _ = activity_of(alice)[0]
    assert (kind, data["assigneeName"], data["assigneeEmail"]) == ("assigned", None, None)


def test_a_deleted_team_has_no_issues(alice: Caller, happen: Happen) -> None:
    happen()
    assign(alice, "#core")
    assert alice.delete("/teams/acme/core/").status_code == 204
    assert assigned_to(alice) is None


def test_a_team_that_loses_a_project_has_none_of_its_issues(alice: Caller, happen: Happen) -> None:
    happen()
    happen("mobile")
    assign(alice, "#core", f"{LIST}?query=")
    assert alice.delete("/projects/acme/web/teams/core/").status_code == 200
    assert assigned_to(alice) is None
    assert assigned_to(alice, f"{LIST}MOBILE-1/") is not None


def found(caller: Caller, query: str, path: str = LIST) -> list[str]:
    answer = caller.get(path, params={"query": query})
    assert answer.status_code == 200, answer.text
    return sorted(issue["title"].rpartition(" ")[2] for issue in answer.json())


@pytest.fixture
def _shared_out(alice: Caller, happen: Happen, team_id: TeamId) -> None:
    """Assign an issue to each of Alice, Bob and the team core, and leave one."""
    for value, name in (("hers", ALICE), ("his", f"{BOB}"), ("theirs", "#core"), ("free", None)):
        happen(value=value)
        assign(alice, name, f"{LIST}?query={value}")


@pytest.mark.usefixtures("_shared_out")
@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("is:assigned", ["hers", "his", "theirs"]),
        ("is:unassigned", ["free"]),
        ("assigned:none", ["free"]),
        ("!assigned:none", ["hers", "his", "theirs"]),
        ("assigned:me", ["his"]),
        ("assigned_or_suggested:[me, none]", ["free", "his"]),
        ("assigned_to:me", ["his"]),
        ("!assigned:me", ["free", "hers", "theirs"]),
        ("assigned:my_teams", ["theirs"]),
        ("!assigned:my_teams", ["free", "hers", "his"]),
        ("assigned:[me, my_teams]", ["his", "theirs"]),
        ("assigned:[me, my_teams, none]", ["free", "his", "theirs"]),
        ("!assigned:[me, none]", ["hers", "theirs"]),
        ("!assigned:[me, my_teams]", ["free", "hers"]),
        ("assigned:alice@example.com", ["hers"]),
        ("assigned:ALICE@example.com", ["hers"]),
        ("assigned:Alice", ["hers"]),
        ("assigned:#core", ["theirs"]),
        ("!assigned:#core", ["free", "hers", "his"]),
        ("assigned:#nope", []),
        ("assigned:charlie@example.com", []),
        ("!assigned:charlie@example.com", ["free", "hers", "his", "theirs"]),
        ("assigned:me his", ["his"]),
        ("is:assigned is:resolved", []),
        ("is:assigned !assigned:me", ["hers", "theirs"]),
    ],
)
def test_issues_are_found_by_their_assignee(bob: Caller, query: str, titles: list[str]) -> None:
    assert found(bob, query) == titles
    assert found(bob, query, WEB_LIST) == titles
    counts = bob.get("/organizations/acme/issues-count/", params={"query": query}).json()
    assert counts == {query: len(titles)}


@pytest.mark.usefixtures("_shared_out")
def test_my_teams_are_those_of_the_caller(alice: Caller, bearer: Bearer) -> None:
    """Alice is on no team."""
    assert found(alice, "assigned:my_teams") == []
    assert found(bearer(["event:read"], BOB), "assigned:my_teams") == ["theirs"]


@pytest.mark.usefixtures("_shared_out")
def test_assignees_are_of_the_organization_of_the_list(charlie: Caller, alice: Caller) -> None:
    assert found(charlie, "assigned:alice@example.com", "/organizations/globex/issues/") == []
    assert found(charlie, "is:assigned", "/organizations/globex/issues/") == []


@pytest.mark.usefixtures("_shared_out")
def test_what_a_search_by_assignee_finds_is_changed(bob: Caller) -> None:
    bob.put(f"{LIST}?query=assigned:me", {"status": "resolved"})
    assert found(bob, "is:resolved") == ["his"]
    assert bob.put(f"{LIST}?query=assigned:me", {"assignedTo": ""}).json()["hasMore"] is False
    assert found(bob, "assigned:me") == []


@on_one_database
def test_a_search_has_a_limit_of_assignees(bob: Caller, happen: Happen) -> None:
    happen()
    for query in (" ".join(["assigned:me"] * 11), "assigned:[" + ",".join("a" * 21) + "]"):
        assert bob.get(LIST, params={"query": query}).status_code == 400
    assert bob.get(LIST, params={"query": "assigned:b*"}).status_code == 400
