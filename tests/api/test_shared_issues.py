"""Issues that are public are shown to anyone with their address, without anything about users."""

from typing import Any

import pytest
from client_fixtures import Happen
from factories import (
    ALICE,
    BOB,
    Caller,
    World,
    error_event,
    on_one_database,
    send_event,
    statements,
)

from shipmark.infrastructure.database import Database

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
ISSUE = f"{LIST}WEB-1/"
NOT_FOUND = {"detail": "The requested resource does not exist"}
SECRET = "only-for-us"
FRAME = {
    "filename": "cart.py",
    "function": "add",
    "lineno": 7,
    "context_line": "cart.add(item)",
    "vars": {"card": SECRET},
}
EVENT = {
    "exception": {
        "values": [
            {
                "type": "KeyError",
                "value": "sku",
                "mechanism": {"type": "generic", "handled": True, "data": {"form": SECRET}},
                "stacktrace": {"frames": [FRAME]},
            }
        ]
    },
    "threads": {"values": [{"id": 1, "stacktrace": {"frames": [FRAME]}}]},
    "logentry": {"message": "%s is gone", "params": [SECRET], "formatted": "It is gone"},
    "user": {"id": SECRET, "ip_address": "192.0.2.7"},
    "request": {"url": f"https://example.com/{SECRET}", "cookies": {"a": SECRET}},
    "breadcrumbs": {"values": [{"message": SECRET}]},
    "tags": {"account": SECRET},
    "extra": {"account": SECRET},
    "contexts": {"device": {"name": SECRET}},
    "server_name": SECRET,
}


def share(caller: Caller, *, is_public: bool = True, path: str = ISSUE) -> dict[str, Any]:
    answer = caller.put(path, {"isPublic": is_public})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def seen(caller: Caller, share_id: str) -> tuple[int, dict[str, Any]]:
    """What anyone gets, who has no token."""
    answer = caller.client.get(f"/api/0/shared/issues/{share_id}/")
    return answer.status_code, answer.json()


def activity(caller: Caller) -> list[tuple[object, ...]]:
    entries = caller.get(f"{ISSUE}activities/").json()["activity"]
    return [(entry["type"], entry["user"]["email"], entry["data"]) for entry in entries[:-1]]


def test_a_public_issue_is_shown_without_what_is_about_users(
    alice: Caller, bob: Caller, world: World
) -> None:
    event = error_event("boom", **EVENT)
    event_id = send_event(alice.client, world.keys["web"], world.projects["web"], event)
    share_id = share(bob)["shareId"]
    status, shown = seen(alice, share_id)
    assert (status, SECRET in str(shown)) == (200, False)
    latest = shown.pop("latestEvent")
    own = bob.get(ISSUE).json()
    assert shown == {
        "project": {
            "slug": "web",
            "name": "web",
            "platform": own["project"]["platform"],
            "organization": {"slug": "acme", "name": "Acme"},
        }
    } | {
        name: own[name]
        for name in (
            *("id", "shareId", "shortId", "title", "culprit", "permalink", "level", "status"),
            *("isPublic", "isUnhandled", "issueType", "issueCategory", "platform", "type"),
            *("metadata", "firstSeen", "lastSeen"),
        )
    }
    assert (latest["eventID"], latest["title"], latest["message"]) == (
        event_id,
        "KeyError: sku",
        "It is gone",
    )
    entries = {entry["type"]: entry["data"] for entry in latest["entries"]}
    assert sorted(entries) == ["exception", "message", "threads"]
    [frame] = entries["exception"]["values"][0]["stacktrace"]["frames"]
    assert (frame["filename"], frame["lineNo"], frame["vars"]) == ("cart.py", 7, None)
    assert frame["context"] == [[7, "cart.add(item)"]]


def test_only_public_issues_are_shown(alice: Caller, bob: Caller, happen: Happen) -> None:
    happen()
    issue = bob.get(ISSUE).json()
    assert (issue["isPublic"], issue["shareId"]) == (False, None)
    first = share(bob)
    assert first["isPublic"] is True
    assert len(first["shareId"]) == 32
    assert share(bob)["shareId"] == first["shareId"]
    [listed] = bob.get(f"{LIST}?query=").json()
    assert (listed["isPublic"], listed["shareId"]) == (True, first["shareId"])
    assert seen(alice, first["shareId"])[0] == 200
    private = share(bob, is_public=False)
    assert (private["isPublic"], private["shareId"]) == (False, None)
    assert seen(alice, first["shareId"]) == (404, NOT_FOUND)
    assert share(alice)["shareId"] != first["shareId"]
    assert activity(bob) == [
        ("set_public", ALICE, {}),
        ("set_private", BOB, {}),
        ("set_public", BOB, {}),
    ]


@pytest.mark.parametrize("share_id", ["0" * 32, "None", "1", "x" * 5000, "%00"])
def test_nothing_else_is_found(alice: Caller, happen: Happen, share_id: str) -> None:
    happen()
    assert seen(alice, share_id) == (404, NOT_FOUND)


def test_an_organization_that_shares_nothing_hides_what_was_shared(
    alice: Caller, bob: Caller, happen: Happen
) -> None:
    happen()
    share_id = share(bob)["shareId"]
    alice.put("/organizations/acme/", {"allowSharedIssues": False})
    assert seen(alice, share_id) == (404, NOT_FOUND)
    answer = bob.put(ISSUE, {"isPublic": True})
    assert (answer.status_code, answer.json()) == (
        400,
        {"isPublic": ["This organization does not share issues."]},
    )
    assert share(bob, is_public=False)["shareId"] is None


def test_a_deleted_project_shares_nothing(alice: Caller, happen: Happen) -> None:
    happen()
    share_id = share(alice)["shareId"]
    alice.delete("/projects/acme/web/")
    assert seen(alice, share_id) == (404, NOT_FOUND)


def test_many_issues_are_shared_at_once(bob: Caller, happen: Happen, database: Database) -> None:
    happen()
    with statements(database) as one:
        changed = share(bob, path=f"{WEB_LIST}?query=")
    assert (sorted(changed), changed["isPublic"]) == (["hasMore", "isPublic", "shareId"], True)
    share(bob, is_public=False)
    for value in ("two", "three"):
        happen(value=value)
    with statements(database) as many:
        assert share(bob, path=f"{WEB_LIST}?query=") == {"isPublic": True, "hasMore": False}
    assert one.count == many.count
    assert len({issue["shareId"] for issue in bob.get(WEB_LIST).json()}) == 3


@on_one_database
def test_to_be_public_is_true_or_false(bob: Caller, happen: Happen) -> None:
    happen()
    answer = bob.put(ISSUE, {"isPublic": "to friends"})
    assert (answer.status_code, list(answer.json())) == (400, ["isPublic"])
