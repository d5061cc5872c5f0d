"""Issues that are ignored until they escalate, and that escalated (groups-api.md 4)."""

import pytest
from client_fixtures import Happen
from factories import (
    Caller,
    ago,
    rows,
    written,
)
from issue_answers import LIST, change, ignore, shown, state_of

from shipmark.infrastructure.database import Database

WEB_LIST = "/projects/acme/web/issues/"

ISSUE = f"{LIST}WEB-1/"

ESCALATING = ("unresolved", "escalating", 5)


ESCALATES = {"status": "ignored", "substatus": "archived_until_escalating"}


def test_an_issue_is_ignored_until_it_escalates(
    bob: Caller, happen: Happen, database: Database
) -> None:
    """By ten events in an hour of the clock, those of before included."""
    long_ago, this_hour = written(ago(hours=5)), written(ago(seconds=0))
    for _ in range(2):
        happen(timestamp=long_ago)
    issue = change(bob, ESCALATES)
    assert (issue["status"], issue["substatus"]) == ("ignored", "archived_until_escalating")
    assert issue["statusDetails"] == {}
    assert shown(bob)["activity"][0]["data"] == {"ignoreUntilEscalating": True}
    for _ in range(9):
        happen(timestamp=this_hour)
    for _ in range(20):
        happen(timestamp=long_ago)
    assert shown(bob)["status"] == "ignored"
    event_id = happen(timestamp=this_hour)
    assert state_of(bob) == ESCALATING
    assert shown(bob)["inbox"]["reason_details"] is None
    entry = shown(bob)["activity"][0]
    assert (entry["type"], entry["data"]) == (
        "set_escalating",
        {"forecast": 10, "event_id": event_id},
    )
    assert rows(database, "snoozes") == []


def test_what_was_frequent_before_escalates_by_more(
    bob: Caller, happen: Happen, database: Database
) -> None:
    at = written(ago(hours=3))
    for _ in range(7):
        happen(timestamp=at)
    assert bob.put(f"{WEB_LIST}?query=", ESCALATES).status_code == 200
    assert [row["hourly_event_count"] for row in rows(database, "snoozes")] == [14]
    change(bob, {"status": "unresolved"})
    assert rows(database, "snoozes") == []


def test_an_escalating_issue_is_reviewed_like_a_new_one(bob: Caller, happen: Happen) -> None:
    happen()
    ignore(bob, ignoreCount=1)
    happen()
    change(bob, {"inbox": False})
    assert state_of(bob) == ("unresolved", "ongoing", None)


#: The ways to ignore an issue, and the substatus and what `statusDetails` say of it.
WAYS: dict[str, tuple[dict[str, object], str, dict[str, object]]] = {
    "forever": ({"substatus": "archived_forever"}, "archived_forever", {}),
    "plain": ({}, "archived_forever", {}),
    "escalating": (
        {"substatus": "archived_until_escalating"},
        "archived_until_escalating",
        {},
    ),
    "escalating-details": (
        {"statusDetails": {"ignoreUntilEscalating": True}},
        "archived_until_escalating",
        {},
    ),
    "count": ({"ignoreCount": 5}, "archived_until_condition_met", {"ignoreCount": 5}),
    "users": (
        {"statusDetails": {"ignoreUserCount": 3}},
        "archived_until_condition_met",
        {"ignoreUserCount": 3},
    ),
}


@pytest.mark.parametrize("path", [ISSUE, f"{WEB_LIST}?query=is:ignored"])
@pytest.mark.parametrize("after", WAYS)
@pytest.mark.parametrize("before", WAYS)
def test_an_ignored_issue_is_ignored_in_another_way(
    bob: Caller, happen: Happen, database: Database, before: str, after: str, path: str
) -> None:
    happen()
    change(bob, {"status": "ignored"} | WAYS[before][0])
    body, substatus, details = WAYS[after]
    assert bob.put(path, {"status": "ignored"} | body).status_code == 200
    issue = shown(bob)
    assert (issue["status"], issue["substatus"]) == ("ignored", substatus)
    shown_details = {key: value for key, value in issue["statusDetails"].items() if value}
    shown_details.pop("actor", None)
    assert shown_details == details
    snoozed = [(row["event_count"], row["user_count"]) for row in rows(database, "snoozes")]
    assert bool(snoozed) is (substatus != "archived_forever")
    is_same = WAYS[before][1] == substatus and not details
    happened = [each["type"] for each in issue["activity"]].count("set_ignored")
    assert happened == (1 if is_same else 2)


def test_an_issue_that_was_ignored_for_ever_escalates_once_it_may(
    bob: Caller, happen: Happen
) -> None:
    happen()
    change(bob, {"status": "ignored"})
    ignore(bob, ignoreCount=1)
    happen()
    assert state_of(bob) == ESCALATING


def test_an_open_issue_gets_the_requested_substatus(bob: Caller, happen: Happen) -> None:
    happen()
    for substatus in ("ongoing", "escalating", "regressed"):
        assert (
            change(bob, {"status": "unresolved", "substatus": substatus})["substatus"] == substatus
        )
    assert change(bob, {"status": "unresolved"})["substatus"] == "regressed"


@pytest.mark.parametrize(
    "body",
    [
        {"status": "resolved", "statusDetails": {"ignoreUntilEscalating": True}},
        {"status": "ignored", "statusDetails": {"ignoreUntilEscalating": True, "ignoreCount": 5}},
    ],
)
def test_until_escalating_is_for_ignored_issues_without_conditions(
    bob: Caller, happen: Happen, body: dict[str, object]
) -> None:
    happen()
    answer = bob.put(ISSUE, body)
    assert (answer.status_code, list(answer.json())) == (400, ["substatus"])
