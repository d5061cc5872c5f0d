"""The buttons of the page of an issue, and what it says of archived issues."""

from datetime import timedelta

import pytest

from shipmark.infrastructure.clock import now
from shipmark.issues.actions import age_changes, snooze_lapses
from shipmark.issues.actions.update_issue import update_issues
from shipmark.issues.model import IssueStatus, StatusChange
from shipmark.issues.snooze import SnoozeConditions
from shipmark.issues.store import states
from shipmark.organizations import model as organization_model
from shipmark.organizations.model import Role

ISSUES = "/organizations/acme/issues/"
UNRESOLVED = "<dt>Status</dt><dd>Unresolved</dd>"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def act(client, issue_id, action, headers=SAME_ORIGIN):
    return client.post(f"{ISSUES}{issue_id}/", data={"action": action}, headers=headers)


@pytest.mark.parametrize(
    ("action", "state", "told"),
    [
        ("resolve", "Resolved", "resolved it"),
        ("resolve-in-current", "Resolved", "resolved it in"),
        ("resolve-in-next", "Resolved", "resolved it in the next release"),
        ("archive", "Archived", "archived it"),
        (
            "archive-until-escalating",
            "Archived by {} until it happens 10 times within an hour<",
            "archived it until it escalates",
        ),
        ("archive-for-a-day", "Archived by {} until <time", "archived it for a day"),
        ("archive-for-a-week", "Archived by {} until <time", "archived it for a week"),
        *(
            (
                f"archive-until-{action}",
                f"Archived by {{}} until {until}<",
                f"archived it until {until}",
            )
            for action, until in (
                ("events-1", "it happens again"),
                ("events-10", "it happens 10 more times"),
                ("events-100", "it happens 100 more times"),
                ("users-10", "10 more users are affected"),
                ("users-100", "100 more users are affected"),
            )
        ),
    ],
)
def test_the_buttons_of_an_issue_change_it(house, owner, action, state, told):
    issue_id = house.fail("web@1.0.0")
    assert f'value="{action}"' in owner.get(f"{ISSUES}{issue_id}/").text
    answer = act(owner, issue_id, action)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUES}{issue_id}/")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert f"<dt>Status</dt><dd>{state.format(house.owner.display_name)}" in text
    assert f"{state.partition(' ')[0]}</span>" in text
    assert f"<b>{house.owner.display_name}</b> {told}" in text
    act(owner, issue_id, "reopen")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert UNRESOLVED in text
    assert f"<b>{house.owner.display_name}</b> reopened it" in text


def ignore(house, issue_id, **conditions):
    change = StatusChange(status=IssueStatus.IGNORED, conditions=SnoozeConditions(**conditions))
    with house.database.transaction() as connection:
        locked = states.locked(connection, house.organization.id, [issue_id])
        update_issues(connection, locked, change, house.owner.id, now())


def test_an_archived_issue_says_until_what_and_how_much_is_left(house, owner):
    issue_id = house.fail("web@1.0.0")
    ignore(
        house, issue_id, duration_minutes=90, event_count=3, user_count=1, user_window_minutes=60
    )
    house.fail("web@1.0.0")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert (
        "</time> or until it happens 2 more times or until 1 user is affected within an hour<"
        in text
    )
    assert "archived it for 90 minutes or until it happens 3 more times or until 1 user is" in text


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"event_count": 1}, "it happens again"),
        ({"event_count": 2000}, "it happens 2,000 more times"),
        ({"event_count": 5, "event_window_minutes": 120}, "it happens 5 times within 2 hours"),
        ({"event_count": 1, "event_window_minutes": 4320}, "it happens 1 time within 3 days"),
        ({"user_count": 1}, "1 more user is affected"),
        ({"user_count": 7, "user_window_minutes": 45}, "7 users are affected within 45 minutes"),
    ],
)
def test_conditions_are_said_in_words(house, owner, conditions, words):
    issue_id = house.fail("web@1.0.0")
    ignore(house, issue_id, **conditions)
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert f"Archived by {house.owner.display_name} until {words}<" in text
    assert f"archived it until {words}" in text


def test_an_issue_that_happens_too_often_is_escalating(house, owner):
    issue_id = house.fail("web@1.0.0")
    act(owner, issue_id, "archive-until-events-1")
    house.fail("web@1.0.0")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert "<dt>Status</dt><dd>Unresolved, escalating</dd>" in text
    assert "Escalating</span>" in text
    assert "Escalated: it was archived until it happens again" in text
    assert "Escalating</span>" in owner.get(ISSUES).text
    assert owner.get(f"{ISSUES}?tab=review").text.count("WEB-1") > 0


def test_an_issue_whose_time_is_over_is_open_again(house, owner):
    issue_id = house.fail("web@1.0.0")
    act(owner, issue_id, "archive-for-a-day")
    with house.database.transaction() as connection:
        snooze_lapses.reopen_by_clock(connection, now() + timedelta(hours=25))
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert UNRESOLVED in text
    assert "Reopened: the time it was archived for is over" in text


@pytest.mark.parametrize(("hours", "words"), [(24, "1 day"), (336, "14 days"), (36, "36 hours")])
def test_an_issue_that_was_resolved_by_age_says_so(house, owner, hours, words):
    issue_id = house.fail("web@1.0.0")
    answer = owner.post(
        "/organizations/acme/settings/projects/web/",
        data={"name": "Web", "slug": "web", "platform": "", "resolveAge": str(hours)},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 303
    with house.database.transaction() as connection:
        age_changes.resolve_by_age(connection, now() + timedelta(days=15), after_project_id=0)
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert "<dt>Status</dt><dd>Resolved by age" in " ".join(text.split())
    assert f"Resolved: it had not been seen for {words}" in text


def test_a_project_without_releases_offers_none(house, owner):
    issue_id = house.fail("")
    assert "resolve-in" not in owner.get(f"{ISSUES}{issue_id}/").text
    answer = act(owner, issue_id, "resolve-in-next")
    assert answer.status_code == 400
    assert "The project has no release" in answer.text
    assert UNRESOLVED in answer.text


def test_a_member_without_the_right_sees_no_buttons_and_changes_nothing(house, owner, monkeypatch):
    issue_id = house.fail("web@1.0.0")
    monkeypatch.setitem(organization_model._SCOPES, Role.OWNER, frozenset({"event:read"}))
    assert 'name="action"' not in owner.get(f"{ISSUES}{issue_id}/").text
    assert act(owner, issue_id, "resolve").status_code == 403
    assert UNRESOLVED in owner.get(f"{ISSUES}{issue_id}/").text


def test_a_change_returns_to_the_address_that_it_was_made_at(house, owner):
    house.fail("web@1.0.0")
    assert act(owner, "WEB-1", "resolve").headers["location"] == f"{ISSUES}WEB-1/"


def test_another_action_is_refused(house, owner):
    issue_id = house.fail("web@1.0.0")
    assert act(owner, issue_id, "explode").status_code == 400
    assert UNRESOLVED in owner.get(f"{ISSUES}{issue_id}/").text


def test_only_our_own_pages_change_an_issue(house, owner):
    issue_id = house.fail("web@1.0.0")
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.com"}):
        assert act(owner, issue_id, "resolve", headers).status_code == 403
    assert UNRESOLVED in owner.get(f"{ISSUES}{issue_id}/").text


def test_a_stranger_changes_nothing(house, browser):
    issue_id = house.fail("web@1.0.0")
    assert act(browser, issue_id, "resolve").status_code == 303
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert act(browser, issue_id, "resolve").status_code == 404
    house.sign_in(browser, house.owner)
    assert UNRESOLVED in browser.get(f"{ISSUES}{issue_id}/").text
