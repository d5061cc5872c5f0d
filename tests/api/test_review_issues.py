"""Reviewing issues by hand: the boolean `inbox` of a change (groups-api.md 4.5)."""

import pytest
from client_fixtures import Happen
from factories import BOB, Caller, on_one_database, rows, statements
from issue_answers import LIST, change

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.issues.actions import review
from shipmark.issues.store import issues

WEB_LIST = "/projects/acme/web/issues/"
ISSUE = f"{LIST}WEB-1/"
ADD: dict[str, object] = {"inbox": True}
REVIEW: dict[str, object] = {"inbox": False}
NEW, MANUAL = 0, 3


def activity_of(caller: Caller) -> list[tuple[str, dict[str, object], str | None]]:
    entries = caller.get(ISSUE).json()["activity"]
    return [
        (entry["type"], entry["data"], entry["user"] and entry["user"]["email"])
        for entry in entries
    ]


def history_of(database: Database) -> list[str]:
    return [row["status"] for row in rows(database, "issue_history")]


def test_reviewing_a_new_issue_takes_it_out_of_the_inbox_and_makes_it_ongoing(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen()
    issue = change(bob, REVIEW)
    assert (issue["status"], issue["substatus"], issue["inbox"]) == ("unresolved", "ongoing", None)
    assert activity_of(bob) == [
        ("auto_set_ongoing", {"manually": True}, None),
        ("mark_reviewed", {}, BOB),
        ("first_seen", {}, None),
    ]
    assert history_of(database) == ["reviewed"]


def test_reviewing_again_is_no_activity(bob: Caller, happen: Happen, database: Database) -> None:
    happen()
    change(bob, REVIEW)
    before = activity_of(bob)
    change(bob, REVIEW)
    assert (activity_of(bob), history_of(database)) == (before, ["reviewed"])


def test_without_a_user_an_issue_is_reviewed_without_activity(
    bob: Caller, happen: Happen, database: Database
) -> None:
    """No caller without a user has the scope today."""
    happen()
    issue_id = rows(database, "issues")[0]["id"]
    with database.transaction() as connection:
        locked = issues.lock_whole(connection, [issue_id])
        review.mark_reviewed(connection, list(locked.values()), None, now())
    assert [kind for kind, *_ in activity_of(bob)] == ["auto_set_ongoing", "first_seen"]
    assert history_of(database) == []


def test_a_resolved_issue_that_is_reviewed_stays_resolved(bob: Caller, happen: Happen) -> None:
    happen()
    change(bob, {"status": "resolved"})
    issue = change(bob, REVIEW)
    assert (issue["status"], issue["substatus"]) == ("resolved", None)
    assert [kind for kind, *_ in activity_of(bob)] == ["set_resolved", "first_seen"]


def test_an_issue_is_added_to_the_inbox(bob: Caller, happen: Happen) -> None:
    happen()
    change(bob, REVIEW)
    issue = change(bob, ADD)
    assert (issue["substatus"], issue["inbox"]["reason"]) == ("ongoing", MANUAL)
    listed = bob.get(f"{LIST}?query=is:for_review").json()
    assert [it["shortId"] for it in listed] == ["WEB-1"]


def test_an_issue_in_the_inbox_keeps_its_reason(bob: Caller, happen: Happen) -> None:
    happen()
    assert change(bob, ADD)["inbox"]["reason"] == NEW


def test_status_and_inbox_are_changed_together(bob: Caller, happen: Happen) -> None:
    happen()
    issue = change(bob, {"status": "resolved", "inbox": True})
    assert (issue["status"], issue["inbox"]["reason"]) == ("resolved", MANUAL)
    issue = change(bob, {"status": "unresolved", "substatus": "new", "inbox": False})
    assert (issue["substatus"], issue["inbox"]) == ("ongoing", None)


@pytest.mark.parametrize("value", [True, False])
def test_a_list_answers_the_boolean_alone(bob: Caller, happen: Happen, *, value: bool) -> None:
    happen()
    answer = bob.put(f"{WEB_LIST}?id={bob.get(ISSUE).json()['id']}", {"inbox": value})
    assert answer.json() == {"inbox": value}


def test_a_list_answers_the_boolean_beside_the_status(bob: Caller, happen: Happen) -> None:
    happen()
    answer = bob.put(f"{WEB_LIST}?query=", {"status": "ignored", "inbox": False})
    assert answer.json() == {
        "status": "ignored",
        "statusDetails": {},
        "substatus": "archived_forever",
        "inbox": False,
        "hasMore": False,
    }


def test_a_search_finds_the_issues_to_review(bob: Caller, happen: Happen) -> None:
    happen()
    happen(value="other")
    path = f"{WEB_LIST}?query=is:for_review"
    assert bob.put(path, REVIEW).json() == {"inbox": False, "hasMore": False}
    assert bob.put(path, REVIEW).status_code == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"inbox": "perhaps"}, "inbox"),
        ({"inbox": False, "substatus": "ongoing"}, "status"),
        ({"inbox": False, "statusDetails": {"inNextRelease": True}}, "status"),
        ({"inbox": False, "isPublic": "to all"}, "isPublic"),
    ],
)
@on_one_database
def test_a_bad_body_is_refused(
    bob: Caller, happen: Happen, body: dict[str, object], field: str
) -> None:
    happen()
    answer = bob.put(ISSUE, body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert bob.get(ISSUE).json()["inbox"]["reason"] == NEW


@pytest.mark.parametrize("body", [ADD, REVIEW])
def test_the_number_of_statements_does_not_depend_on_the_number_of_issues(
    bob: Caller, happen: Happen, database: Database, body: dict[str, object]
) -> None:
    numbers = []
    for size in (2, 9):
        for number in range(size):
            happen(value=f"{size} {number}")
        with statements(database) as seen:
            assert bob.put(f"{WEB_LIST}?query=is:new", body).status_code == 200
        numbers.append(seen.count)
        bob.put(f"{WEB_LIST}?query=", {"status": "ignored"})
    assert numbers[0] == numbers[1]
