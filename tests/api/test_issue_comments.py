"""Comments on issues (groups-api.md 7.6)."""

from typing import Any

import pytest
from client_fixtures import Happen
from factories import ALICE, BOB, CHARLIE, Bearer, Caller, World, on_one_database, rows, statements

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.issues.actions.comments import OF_OTHERS
from shipmark.issues.comments import COMMENT_MAX, MENTIONS_MAX

ISSUE = "/organizations/acme/issues/WEB-1/"
COMMENTS = f"{ISSUE}comments/"
#: The numbers of reasons for subscriptions (releases.md 1.22).
COMMENT, MENTIONED, TEAM_MENTIONED = 1, 6, 7


@pytest.fixture(autouse=True)
def _issue(happen: Happen) -> None:
    happen()


def write(caller: Caller, text: str = "It is known.", **more: object) -> dict[str, Any]:
    answer = caller.post(COMMENTS, {"text": text, **more})
    assert answer.status_code == 201, answer.text
    comment: dict[str, Any] = answer.json()
    return comment


def texts(caller: Caller, path: str = COMMENTS) -> list[str]:
    return [comment["data"]["text"] for comment in caller.get(path).json()]


def subscriptions(database: Database) -> list[tuple[int, int]]:
    found = rows(database, "issue_subscriptions")
    return sorted((row["user_id"], row["reason"]) for row in found)


def test_a_comment_is_an_activity(bob: Caller, world: World) -> None:
    comment = write(bob, "Only with the new cart.\nTurned off.")
    assert comment["user"]["email"] == BOB
    assert (comment["type"], comment["data"]) == (
        "note",
        {"text": "Only with the new cart.\nTurned off."},
    )
    issue = bob.get(ISSUE).json()
    assert issue["numComments"] == 1
    assert [entry["type"] for entry in issue["activity"]] == ["note", "first_seen"]
    assert issue["activity"][0] == comment
    assert bob.get(COMMENTS).json() == [comment]
    assert bob.get("/organizations/acme/issues/").json()[0]["numComments"] == 1
    assert [user["id"] for user in issue["participants"]] == [str(world.users[BOB])]


@pytest.mark.parametrize("name", ["comments", "notes"])
@pytest.mark.parametrize("issue", ["/issues/1/", "/organizations/acme/issues/1/", ISSUE])
@on_one_database
def test_each_form_of_the_path_leads_to_the_same(bob: Caller, issue: str, name: str) -> None:
    path = f"{issue}{name}/"
    comment = bob.post(path, {"text": "One"}).json()
    assert bob.put(f"{path}{comment['id']}/", {"text": "Two"}).status_code == 200
    assert texts(bob, path) == texts(bob) == ["Two"]
    assert bob.delete(f"{path}{comment['id']}/").status_code == 204
    assert texts(bob) == []


def test_comments_are_listed_by_pages_the_newest_first(bob: Caller) -> None:
    for number in range(5):
        write(bob, str(number))
    first = bob.get(COMMENTS, params={"per_page": 2})
    assert [comment["data"]["text"] for comment in first.json()] == ["4", "3"]
    assert texts(bob, first.links["next"]["url"].partition("/api/0")[2]) == ["2", "1"]


def test_authors_change_their_comments(bob: Caller, alice: Caller, database: Database) -> None:
    comment = write(bob)
    path = f"{COMMENTS}{comment['id']}/"
    answer = bob.put(path, {"text": "Changed."})
    assert answer.json() == comment | {"data": {"text": "Changed."}}
    refused = alice.put(path, {"text": "Mine."})
    assert (refused.status_code, refused.json()) == (403, {"detail": OF_OTHERS})
    assert texts(alice) == ["Changed."]


def test_authors_and_those_with_the_scope_delete_comments(
    bob: Caller, alice: Caller, bearer: Bearer
) -> None:
    ids = [write(caller)["id"] for caller in (bob, bob, alice)]
    writing = bearer(["event:read", "event:write"], BOB)
    assert writing.delete(f"{COMMENTS}{ids[0]}/").status_code == 204
    refused = writing.delete(f"{COMMENTS}{ids[2]}/")
    assert (refused.status_code, refused.json()) == (403, {"detail": OF_OTHERS})
    assert alice.delete(f"{COMMENTS}{ids[1]}/").status_code == 204
    assert [comment["id"] for comment in bob.get(COMMENTS).json()] == [ids[2]]


@on_one_database
def test_what_is_no_comment_of_the_issue_is_not_found(
    bob: Caller, alice: Caller, happen: Happen
) -> None:
    comment = write(bob)
    bob.put(ISSUE, {"status": "resolved"})
    [activity_id] = [
        entry["id"]
        for entry in bob.get(ISSUE).json()["activity"]
        if entry["type"] == "set_resolved"
    ]
    happen(value="other")
    for path in (
        f"{COMMENTS}{activity_id}/",
        f"{COMMENTS}999/",
        f"{COMMENTS}x/",
        f"{COMMENTS}{'9' * 30}/",
        f"/organizations/acme/issues/WEB-2/comments/{comment['id']}/",
    ):
        assert alice.put(path, {"text": "Mine."}).status_code == 404
        assert alice.delete(path).status_code == 404
    assert texts(bob) == ["It is known."]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": None}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": "a" * (COMMENT_MAX + 1)}, "text"),
        ({"text": "a\x00"}, "text"),
        ({"text": "a", "mentions": "user:1"}, "mentions"),
        ({"text": "a", "mentions": ["user:1"] * (MENTIONS_MAX + 1)}, "mentions"),
        ({"text": "a", "mentions": ["user:999"]}, "mentions"),
        ({"text": "a", "mentions": [CHARLIE]}, "mentions"),
        ({"text": "a", "mentions": [{}]}, "mentions"),
    ],
)
@on_one_database
def test_a_bad_comment_is_refused_by_the_name_of_the_field(
    bob: Caller, database: Database, body: dict[str, object], field: str
) -> None:
    answer = bob.post(COMMENTS, body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert rows(database, "issue_activities") == rows(database, "issue_subscriptions") == []


def test_the_longest_comment_is_stored(bob: Caller) -> None:
    assert write(bob, "é" * COMMENT_MAX)["data"]["text"] == "é" * COMMENT_MAX


def test_authors_and_mentioned_users_are_subscribed(
    bob: Caller, alice: Caller, world: World, database: Database
) -> None:
    comment = write(alice, mentions=[f"user:{world.users[BOB]}", "#core"])
    assert comment["data"] == {"text": "It is known."}
    assert subscriptions(database) == [
        (world.users[ALICE], COMMENT),
        (world.users[BOB], MENTIONED),
    ]


def test_the_members_of_a_mentioned_team_are_subscribed(
    alice: Caller, world: World, database: Database
) -> None:
    write(alice, mentions=["#core"])
    assert (world.users[BOB], TEAM_MENTIONED) in subscriptions(database)


def test_the_comments_of_a_deleted_user_stay(
    alice: Caller, bob: Caller, world: World, database: Database
) -> None:
    comment = write(bob)
    with database.transaction() as connection:
        user = account_store.by_id(connection, world.users[BOB])
        assert user is not None
        accounts.remove_user(connection, user, now())
    assert alice.get(COMMENTS).json() == [comment | {"user": None}]


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@on_one_database
def test_others_neither_read_nor_write(
    anonymous: Caller, charlie: Caller, bob: Caller, bearer: Bearer, method: str
) -> None:
    comment = write(bob)
    path = COMMENTS if method in {"get", "post"} else f"{COMMENTS}{comment['id']}/"
    more = {"body": {"text": "Mine."}} if method in {"post", "put"} else {}
    assert getattr(anonymous, method)(path, **more).status_code == 401
    assert getattr(charlie, method)(path, **more).status_code in {403, 404}
    scopes = ["project:read"] if method == "get" else ["event:read"]
    assert getattr(bearer(scopes, BOB), method)(path, **more).status_code == 403
    assert texts(bob) == ["It is known."]


def test_a_page_takes_as_many_statements_for_many_comments(bob: Caller, database: Database) -> None:
    write(bob)
    with statements(database) as few:
        bob.get("/organizations/acme/issues/")
        bob.get(COMMENTS)
    for _ in range(5):
        write(bob)
    with statements(database) as many:
        bob.get("/organizations/acme/issues/")
        bob.get(COMMENTS)
    assert few.count == many.count
