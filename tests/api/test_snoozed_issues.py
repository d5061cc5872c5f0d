"""Ignoring issues until a condition is met (groups-api.md 1.1, 4.1, 4.4; ingest.md 11, 12)."""

import json
from datetime import timedelta

import pytest
from client_fixtures import Happen
from factories import (
    MASK,
    Caller,
    commit,
    counts,
    dump,
    masked,
    on_one_database,
    rows,
    statements,
)
from issue_answers import LIST, change, ignore, shown, state_of
from sqlalchemy import text
from timers import Pass

from shipmark.infrastructure.database import Database

WEB_LIST = "/projects/acme/web/issues/"


ISSUE = f"{LIST}WEB-1/"


BOB = "bob@example.com"


NO_CONDITIONS = {
    "ignoreCount": None,
    "ignoreUntil": None,
    "ignoreUserCount": None,
    "ignoreUserWindow": None,
    "ignoreWindow": None,
}


IGNORED = ("ignored", "archived_until_condition_met", None)


ESCALATING = ("unresolved", "escalating", 5)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"statusDetails": {"ignoreCount": 0}}, {"statusDetails": ["ignoreCount"]}),
        ({"statusDetails": {"ignoreCount": "many"}}, {"statusDetails": ["ignoreCount"]}),
        ({"statusDetails": {"ignoreUserCount": 1.5}}, {"statusDetails": ["ignoreUserCount"]}),
        ({"statusDetails": {"ignoreDuration": -1}}, {"statusDetails": ["ignoreDuration"]}),
        ({"statusDetails": {"ignoreDuration": 10**8}}, {"statusDetails": ["ignoreDuration"]}),
        ({"statusDetails": {"ignoreWindow": 60}}, {"statusDetails": ["ignoreWindow"]}),
        (
            {"statusDetails": {"ignoreCount": 5, "ignoreUserWindow": 60}},
            {"statusDetails": ["ignoreUserWindow"]},
        ),
        (
            {"statusDetails": {"ignoreCount": 5, "ignoreWindow": 10_081}},
            {"statusDetails": ["ignoreWindow"]},
        ),
        (
            {"statusDetails": {"ignoreUserCount": 10_001, "ignoreUserWindow": 60}},
            {"statusDetails": ["ignoreUserCount"]},
        ),
        (
            {"statusDetails": {"ignoreUntil": "2030-01-01T00:00:00Z"}},
            {"statusDetails": ["ignoreUntil"]},
        ),
        ({"ignoreDuration": True}, {"ignoreDuration": []}),
        ({"ignoreUserWindow": 60}, {"ignoreUserWindow": []}),
        ({"snoozeDuration": 0}, {"snoozeDuration": []}),
        ({"ignoreCount": 5, "substatus": "archived_forever"}, {"substatus": []}),
        ({"ignoreCount": 5, "substatus": "archived_until_escalating"}, {"substatus": []}),
        ({"substatus": "archived_until_condition_met"}, {"substatus": []}),
        ({"status": "resolved", "ignoreDuration": 30}, {"ignoreDuration": []}),
        (
            {"status": "unresolved", "statusDetails": {"ignoreCount": 5}},
            {"statusDetails": ["ignoreCount"]},
        ),
        ({"status": None, "inbox": False, "ignoreCount": 5}, {"status": []}),
    ],
)
@on_one_database
def test_a_bad_condition_is_refused_by_the_name_of_the_field(
    bob: Caller,
    happen: Happen,
    database: Database,
    body: dict[str, object],
    errors: dict[str, list[str]],
) -> None:
    happen()
    before = dump(database)
    for path in (ISSUE, LIST, WEB_LIST):
        answer = bob.put(path, {"status": "ignored"} | body)
        assert answer.status_code == 400, answer.text
        found = answer.json()
        assert {
            name: list(found[name]) if isinstance(found[name], dict) else [] for name in found
        } == errors
    assert dump(database) == before


def test_an_issue_is_ignored_until_a_condition_is_met(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen()
    answer = ignore(bob, ignoreCount=3, ignoreUserCount=5, ignoreUserWindow=60)
    assert (answer["status"], answer["substatus"], answer["inbox"]) == IGNORED
    details = answer["statusDetails"]
    assert details.pop("actor")["email"] == BOB
    assert details == NO_CONDITIONS | {
        "ignoreCount": 3,
        "ignoreUserCount": 5,
        "ignoreUserWindow": 60,
    }
    [kind, *_] = [(each["type"], each["data"]) for each in shown(bob)["activity"]]
    assert kind == (
        "set_ignored",
        {
            "ignoreCount": 3,
            "ignoreDuration": None,
            "ignoreUntil": None,
            "ignoreUserCount": 5,
            "ignoreUserWindow": 60,
            "ignoreWindow": None,
            "ignoreUntilEscalating": None,
        },
    )
    assert [row["status"] for row in rows(database, "issue_history")] == ["ignored"]


def test_a_list_answers_the_conditions(bob: Caller, happen: Happen) -> None:
    happen()
    happen(value="other")
    body = {"status": "ignored", "statusDetails": {"ignoreCount": 7, "ignoreWindow": 30}}
    answer = bob.put(f"{WEB_LIST}?query=", body)
    user = shown(bob)["statusDetails"]["actor"]
    assert answer.json() == {
        "status": "ignored",
        "statusDetails": NO_CONDITIONS | {"ignoreCount": 7, "ignoreWindow": 30, "actor": user},
        "substatus": "archived_until_condition_met",
        "inbox": None,
        "hasMore": False,
    }
    listed = bob.get(f"{LIST}?query=is:until_condition_met").json()
    assert [issue["statusDetails"]["ignoreCount"] for issue in listed] == [7, 7]


def test_the_event_that_makes_the_number_full_reopens_it(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen()
    ignore(bob, ignoreCount=2)
    happen()
    assert state_of(bob) == IGNORED
    assert shown(bob)["statusDetails"]["ignoreCount"] == 1
    event_id = happen()
    assert state_of(bob) == ESCALATING
    issue = shown(bob)
    conditions = {"until": None, "count": 2, "window": None, "user_count": None}
    conditions |= {"user_window": None}
    assert issue["statusDetails"] == {}
    assert issue["inbox"]["reason_details"] == conditions
    entry = issue["activity"][0]
    assert masked(entry, "id", "dateCreated") == {
        "id": MASK,
        "user": None,
        "type": "set_escalating",
        "data": {"expired_snooze": conditions, "event_id": event_id},
        "dateCreated": MASK,
    }
    assert [row["status"] for row in rows(database, "issue_history")] == ["ignored", "escalating"]
    assert rows(database, "snoozes") == []
    happen()
    assert [each["type"] for each in shown(bob)["activity"]].count("set_escalating") == 1


def test_events_within_a_window_reopen_it(bob: Caller, happen: Happen, database: Database) -> None:
    for _ in range(3):
        happen()
    ignore(bob, ignoreCount=2, ignoreWindow=60)
    happen()
    assert state_of(bob) == IGNORED
    assert shown(bob)["statusDetails"]["ignoreCount"] == 2
    [bucket] = json.loads(rows(database, "snoozes")[0]["recent_events"])
    earlier = {"counts": json.dumps({int(bucket) - 90: 1})}
    with database.transaction() as connection:
        connection.execute(text("UPDATE snoozes SET recent_events = :counts"), earlier)
    happen()
    assert state_of(bob) == IGNORED
    happen()
    assert state_of(bob) == ESCALATING


def test_users_whom_it_had_not_affected_reopen_it(bob: Caller, happen: Happen) -> None:
    happen(user={"id": "1"})
    ignore(bob, ignoreUserCount=2)
    for user in ("1", "2", "2"):
        happen(user={"id": user})
    assert state_of(bob) == IGNORED
    assert shown(bob)["statusDetails"]["ignoreUserCount"] == 1
    happen(user={"id": "3"})
    assert state_of(bob) == ESCALATING


def test_any_users_within_a_window_reopen_it(bob: Caller, happen: Happen) -> None:
    for user in ("1", "2"):
        happen(user={"id": user})
    ignore(bob, ignoreUserCount=2, ignoreUserWindow=60)
    for user in ("1", None, "1"):
        happen(**({"user": {"id": user}} if user else {}))
    assert state_of(bob) == IGNORED
    happen(user={"id": "2"})
    assert state_of(bob) == ESCALATING


@pytest.mark.parametrize(
    "body",
    [
        {"status": "unresolved"},
        {"status": "resolved"},
        {"status": "resolved", "statusDetails": {"inRelease": "web@1.0.0"}},
        {
            "status": "resolved",
            "statusDetails": {"inCommit": {"commit": commit("1")["id"], "repository": "acme/web"}},
        },
        {"status": "ignored"},
        {"status": "ignored", "substatus": "archived_until_escalating"},
    ],
)
def test_another_status_ends_the_conditions(
    bob: Caller, happen: Happen, database: Database, let_pass: Pass, body: dict[str, object]
) -> None:
    happen()
    bob.publish("web@1.0.0", commits=[commit("1")])
    ignore(bob, ignoreDuration=10, ignoreCount=1)
    changed = change(bob, body)
    # What is ignored until it escalates has a condition of its own.
    left = [(row["ends_at"], row["event_count"]) for row in rows(database, "snoozes")]
    assert left == ([(None, None)] if "substatus" in body else [])
    let_pass(timedelta(hours=1))
    assert shown(bob)["status"] == changed["status"] == body["status"]
    assert changed["statusDetails"].keys().isdisjoint(NO_CONDITIONS)


def test_a_release_that_resolves_it_ends_the_conditions(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen()
    ignore(bob, ignoreCount=1)
    bob.publish("web@1.0.0", commits=[commit("1", message="Fixes WEB-1")])
    assert rows(database, "snoozes") == []
    assert shown(bob)["statusDetails"]["inRelease"] == "web@1.0.0"


def test_other_conditions_replace_the_first_ones(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen()
    ignore(bob, ignoreCount=2, ignoreWindow=60)
    happen()
    ignore(bob, ignoreCount=2, ignoreWindow=60)
    assert rows(database, "snoozes")[0]["recent_events"] is None
    happen()
    assert state_of(bob) == IGNORED
    ignore(bob, ignoreUserCount=1)
    happen()
    assert state_of(bob) == IGNORED
    assert shown(bob)["statusDetails"]["ignoreCount"] is None


def test_null_is_no_condition(bob: Caller, happen: Happen) -> None:
    happen()
    issue = ignore(bob, ignoreCount=None, ignoreDuration=None, ignoreUntil=None)
    assert (issue["substatus"], issue["statusDetails"]) == ("archived_forever", {})


def test_lists_searches_and_counts_agree(bob: Caller, happen: Happen) -> None:
    for value in ("one", "two", "three"):
        happen(value=value)
    ignore(bob, ignoreCount=1)
    for term, count in (("is:ignored", 1), ("is:unresolved", 2), ("is:until_condition_met", 1)):
        answer = bob.get(f"{LIST}?query={term}")
        assert (len(answer.json()), answer.headers["X-Hits"]) == (count, str(count)), term
        assert bob.get(f"{LIST[:-8]}/issues-count/?query={term}").json() == {term: count}
    happen(value="one")
    for term, count in (("is:ignored", 0), ("is:unresolved", 3), ("is:escalating", 1)):
        answer = bob.get(f"{LIST}?query={term}")
        assert (len(answer.json()), answer.headers["X-Hits"]) == (count, str(count)), term


def test_conditions_go_with_their_issue_and_stay_without_their_user(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen()
    ignore(bob, ignoreCount=5)
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM users WHERE email = :email"), {"email": BOB})
    assert rows(database, "snoozes")[0]["user_id"] is None
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM issues"))
    assert counts(database)["snoozes"] == 0


def test_a_list_takes_a_statement_more_if_it_has_ignored_issues_under_a_condition(
    bob: Caller, happen: Happen, database: Database
) -> None:
    for number in range(9):
        happen(value=str(number))
    numbers = []
    for body in ({"status": "unresolved"}, {"status": "ignored"}, {"ignoreCount": 5}):
        bob.put(f"{WEB_LIST}?query=is:ignored", {"status": "unresolved"})
        bob.put(f"{WEB_LIST}?query=is:unresolved", {"status": "ignored"} | body)
        with statements(database) as seen:
            assert len(bob.get(f"{LIST}?query=").json()) == 9
        numbers.append(seen.count)
    # The snoozes, and the users who set them.
    assert numbers == [numbers[0], numbers[0], numbers[0] + 2]


def test_changing_many_takes_as_many_statements_as_changing_a_few(
    bob: Caller, happen: Happen, database: Database
) -> None:
    numbers = []
    for size in (2, 9):
        for number in range(size):
            happen(value=f"{size} {number}")
        with statements(database) as seen:
            body = {"status": "ignored", "ignoreCount": 5, "ignoreDuration": 30}
            assert bob.put(f"{WEB_LIST}?query=is:new", body).status_code == 200
        numbers.append(seen.count)
    assert numbers[0] == numbers[1]
