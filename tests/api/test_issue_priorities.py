"""Priorities of issues follow from the level, until a user sets them (groups-api.md 3.1, 4.1)."""

from typing import Any

import pytest
from client_fixtures import Happen
from factories import ALICE, BOB, Caller, on_one_database, rows, statements

from shipmark.infrastructure.database import Database

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
ISSUE = f"{LIST}WEB-1/"
UNHANDLED = {"values": [{"type": "E", "value": "x", "mechanism": {"type": "x", "handled": False}}]}


def priorities(caller: Caller, query: str = "") -> dict[str, str]:
    answer = caller.get(LIST, params={"query": query})
    assert answer.status_code == 200, answer.text
    return {issue["shortId"]: issue["priority"] for issue in answer.json()}


def set_priority(caller: Caller, priority: str, path: str = ISSUE) -> dict[str, Any]:
    answer = caller.put(path, {"priority": priority})
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def activity(caller: Caller) -> list[tuple[object, ...]]:
    entries = caller.get(f"{ISSUE}activities/").json()["activity"]
    return [
        (entry["data"], entry["user"] and entry["user"]["email"])
        for entry in entries
        if entry["type"] == "set_priority"
    ]


def test_the_priority_follows_the_level_and_what_was_not_handled(
    bob: Caller, happen: Happen
) -> None:
    for number, level in enumerate(("fatal", "error", "warning", "info", "debug")):
        happen(value=str(number), level=level)
    happen(value="6", level="info", exception=UNHANDLED)
    expected = {
        "WEB-1": "high",
        "WEB-2": "high",
        "WEB-3": "medium",
        "WEB-4": "low",
        "WEB-5": "low",
        "WEB-6": "high",
    }
    assert priorities(bob) == expected
    set_priority(bob, "low")
    expected["WEB-1"] = "low"
    for query, names in (
        ("issue.priority:high", {"high"}),
        ("issue.priority:[High, medium]", {"high", "medium"}),
        ("!issue.priority:[high, medium]", {"low"}),
        ("issue.priority:medium is:unresolved", {"medium"}),
        ("!issue.priority:medium", {"high", "low"}),
        ("!issue.priority:[high, medium, low]", set()),
    ):
        found = {name: each for name, each in expected.items() if each in names}
        assert priorities(bob, query) == found, query


def test_a_priority_that_a_user_set_stays(bob: Caller, happen: Happen) -> None:
    happen()
    assert bob.get(ISSUE).json()["priorityLockedAt"] is None
    changed = set_priority(bob, "low")
    assert (changed["priority"], changed["status"]) == ("low", "unresolved")
    happen(level="fatal")
    shown = bob.get(ISSUE).json()
    assert shown["priority"] == "low"
    assert shown["priorityLockedAt"] == changed["priorityLockedAt"] is not None


def test_a_change_is_an_activity(alice: Caller, bob: Caller, happen: Happen) -> None:
    happen()
    locked_at = set_priority(bob, "high")["priorityLockedAt"]
    assert activity(bob) == []
    assert set_priority(alice, "high")["priorityLockedAt"] == locked_at
    set_priority(bob, "medium")
    set_priority(alice, "low")
    assert activity(bob) == [
        ({"priority": "low", "reason": None}, ALICE),
        ({"priority": "medium", "reason": None}, BOB),
    ]


def test_many_issues_are_changed_at_once(bob: Caller, happen: Happen, database: Database) -> None:
    happen()
    with statements(database) as one:
        set_priority(bob, "low", f"{WEB_LIST}?query=")
    for value in ("two", "three"):
        happen(value=value)
    with statements(database) as many:
        changed = set_priority(bob, "medium", f"{WEB_LIST}?query=")
    assert changed == {"priority": "medium", "hasMore": False}
    assert one.count == many.count
    assert set(priorities(bob).values()) == {"medium"}
    assert len(rows(database, "issue_activities")) == 4


@on_one_database
@pytest.mark.parametrize("priority", ["urgent", 1, "", ["high"]])
def test_other_priorities_are_refused(bob: Caller, happen: Happen, priority: object) -> None:
    happen()
    answer = bob.put(ISSUE, {"priority": priority})
    assert (answer.status_code, list(answer.json())) == (400, ["priority"])
    answer = bob.get(LIST, params={"query": "issue.priority:urgent"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "issue.priority: takes one of high, medium, low."},
    )
