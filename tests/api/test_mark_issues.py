"""What users mark issues with for themselves: seen, bookmarked, subscribed (groups-api.md 4.1)."""

from typing import Any

import pytest
from client_fixtures import Happen
from factories import ALICE, BOB, Caller, World, on_one_database, rows, statements

from shipmark.infrastructure.database import Database

LIST = "/organizations/acme/issues/"
ISSUE = f"{LIST}WEB-1/"
MARKS = ("hasSeen", "isBookmarked", "isSubscribed", "subscriptionDetails")


@pytest.fixture(autouse=True)
def _issue(happen: Happen) -> None:
    happen()


def change(caller: Caller, path: str = ISSUE, **body: object) -> dict[str, Any]:
    answer = caller.put(path, body)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def marks(caller: Caller) -> list[object]:
    issue = caller.get(ISSUE).json()
    [listed] = caller.get(f"{LIST}?query=").json()
    assert [issue[name] for name in MARKS] == [listed[name] for name in MARKS]
    return [issue[name] for name in MARKS]


def found(caller: Caller, query: str) -> list[str]:
    answer = caller.get(LIST, params={"query": query})
    assert answer.status_code == 200, answer.text
    return sorted(issue["shortId"] for issue in answer.json())


def test_marks_are_of_the_caller_alone(alice: Caller, bob: Caller) -> None:
    assert marks(bob) == [False, False, False, None]
    issue = change(bob, hasSeen=True, isBookmarked=True)
    assert [issue[name] for name in MARKS] == [True, True, True, {"reason": "bookmarked"}]
    assert marks(bob) == [True, True, True, {"reason": "bookmarked"}]
    assert marks(alice) == [False, False, False, None]
    change(bob, hasSeen=False, isBookmarked=False)
    assert marks(bob) == [False, False, True, {"reason": "bookmarked"}]


def test_marking_again_changes_nothing_but_when_it_was_seen(bob: Caller) -> None:
    first, second = (
        change(bob, hasSeen=True, isBookmarked=True, isSubscribed=True) for _ in range(2)
    )
    assert first == second
    change(bob, hasSeen=False, isBookmarked=False, isSubscribed=False)
    change(bob, hasSeen=False, isBookmarked=False, isSubscribed=False)
    assert marks(bob) == [False, False, False, None]


def test_marks_are_no_activity(bob: Caller, database: Database) -> None:
    change(bob, hasSeen=True, isBookmarked=True, isSubscribed=True)
    assert rows(database, "issue_activities") == rows(database, "issue_history") == []


def test_who_saw_an_issue_is_shown_the_last_first(alice: Caller, bob: Caller, world: World) -> None:
    for caller in (alice, bob, alice):
        change(caller, hasSeen=True)
    seen = bob.get(ISSUE).json()["seenBy"]
    assert [viewer["email"] for viewer in seen] == [ALICE, BOB]
    assert seen[0]["lastViewed"] > seen[1]["lastViewed"]
    change(bob, isSubscribed=True)
    [participant] = bob.get(ISSUE).json()["participants"]
    assert seen[1].keys() == participant.keys() | {"lastViewed"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"isSubscribed": True}, "unknown"),
        ({"status": "resolved"}, "changed_status"),
        ({"isBookmarked": True}, "bookmarked"),
        ({"assignedTo": BOB}, "assigned"),
    ],
)
def test_subscriptions_have_a_reason(bob: Caller, body: dict[str, object], reason: str) -> None:
    assert change(bob, **body)["subscriptionDetails"] == {"reason": reason}
    assert change(bob, isSubscribed=False)["subscriptionDetails"] is None
    assert change(bob, isSubscribed=True)["subscriptionDetails"] == {"reason": reason}


def test_comments_and_mentions_are_reasons_too(alice: Caller, bob: Caller) -> None:
    alice.post(f"{ISSUE}comments/", {"text": "It is known.", "mentions": [BOB]})
    assert marks(alice)[3] == {"reason": "commented"}
    assert marks(bob)[3] == {"reason": "mentioned"}


def test_who_unsubscribed_is_not_subscribed_again(bob: Caller, alice: Caller) -> None:
    change(bob, isSubscribed=False)
    change(bob, status="resolved", isBookmarked=True)
    change(alice, assignedTo=BOB)
    assert marks(bob)[2:] == [False, None]
    assert bob.get(ISSUE).json()["participants"] == []


def test_many_issues_are_marked_at_once(bob: Caller, happen: Happen, database: Database) -> None:
    with statements(database) as one:
        change(bob, f"{LIST}?query=", hasSeen=True, isBookmarked=True, isSubscribed=True)
    for value in ("two", "three"):
        happen(value=value)
    with statements(database) as many:
        assert change(
            bob, f"{LIST}?query=", hasSeen=True, isBookmarked=True, isSubscribed=True
        ) == {
            "hasSeen": True,
            "isBookmarked": True,
            "isSubscribed": True,
            "subscriptionDetails": {"reason": "unknown"},
            "hasMore": False,
        }
    assert one.count == many.count
    assert len(rows(database, "issue_views")) == len(rows(database, "issue_bookmarks")) == 3


def test_bookmarked_issues_are_found(bob: Caller, alice: Caller, happen: Happen) -> None:
    happen(value="two")
    change(bob, isBookmarked=True)
    assert found(bob, "bookmarks:me") == found(bob, "bookmarked_by:me") == ["WEB-1"]
    assert found(bob, "!bookmarks:me") == ["WEB-2"]
    assert found(bob, "bookmarks:me two") == []
    assert (found(alice, "bookmarks:me"), found(alice, "!bookmarks:me")) == ([], ["WEB-1", "WEB-2"])


def test_bookmarks_of_others_are_found(bob: Caller, alice: Caller, happen: Happen) -> None:
    happen(value="two")
    change(bob, isBookmarked=True)
    for query in (f"bookmarks:{BOB}", f"bookmarks:[{ALICE}, {BOB}]", "bookmarked_by:[me, Bob]"):
        assert found(alice, query) == ["WEB-1"]
        assert found(alice, f"!{query}") == ["WEB-2"]
    assert found(alice, "bookmarks:stranger@example.com") == []


def test_subscribed_issues_are_found(bob: Caller, alice: Caller, happen: Happen) -> None:
    happen(value="two")
    change(bob, isBookmarked=True)
    assert found(bob, "subscribed:me") == found(alice, f"subscribed:[{BOB}, me]") == ["WEB-1"]
    assert found(bob, "!subscribed:me") == ["WEB-2"]
    assert (found(alice, "subscribed:me"), found(alice, "!subscribed:me")) == (
        [],
        ["WEB-1", "WEB-2"],
    )
    change(bob, isSubscribed=False)
    assert (found(bob, "subscribed:me"), found(bob, "!subscribed:me")) == ([], ["WEB-1", "WEB-2"])


def test_subscriptions_to_many_issues_are_looked_up_in_each(
    bob: Caller, happen: Happen, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(value="two")
    change(bob, isSubscribed=True)
    monkeypatch.setattr("shipmark.issues.store.search_filter.ids_if_few", lambda *_: None)
    assert found(bob, "subscribed:me") == ["WEB-1"]
    assert found(bob, "!subscribed:me") == ["WEB-2"]


@pytest.mark.parametrize("field", ["hasSeen", "isBookmarked", "isSubscribed"])
@on_one_database
def test_a_mark_is_true_or_false(bob: Caller, field: str) -> None:
    answer = bob.put(ISSUE, {field: "often"})
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert bob.put(ISSUE, {field: None}).json()[field] is False
