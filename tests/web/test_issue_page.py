"""An issue with its newest event, and what happened to it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import delete

from shipmark.events import store as events
from shipmark.infrastructure.clock import now
from shipmark.issues import user_reports
from shipmark.issues.actions import age_changes, prioritize, snooze_lapses
from shipmark.issues.actions.update_issue import update_issues
from shipmark.issues.actions.user_reports import receive
from shipmark.issues.model import IssueStatus, StatusChange
from shipmark.issues.priorities import Priority
from shipmark.issues.snooze import SnoozeConditions
from shipmark.issues.store import states
from shipmark.organizations import model as organization_model
from shipmark.organizations.model import Role
from shipmark.repositories import store as repositories
from shipmark.repositories.store import code_mappings

ISSUES = "/organizations/acme/issues/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def test_an_open_issue_is_shown_with_its_stack(house, owner):
    house.fail("web@1.0.0")
    issue_id = house.fail("web@1.0.0", level="warning", environment="production")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    for shown in (
        "ValueError: something is None", "WEB-1", "Unresolved", "production", "checkout",
        "shop/cart.py:41", "In app", "server.py:7", "First seen in",
    ):  # fmt: skip
        assert shown in text, shown
    assert '<dt>Events</dt><dd class="num">2</dd>' in text


def test_a_resolved_issue_says_where_and_by_whom(house, owner):
    issue_id = house.fail("web@1.0.0")
    house.person("ada@example.com", None)
    release = house.publish("web@1.1.0", message="Mend it. Fixes WEB-1")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert f'title="{release.version}">1.1.0</a>' in text
    for shown in ("Resolved", "resolved it in", "mentioned this issue in", "Mend it. Fixes WEB-1"):
        assert shown in text, shown
    assert text.count("resolved it in") == 1


def test_an_issue_is_found_by_its_short_id(house, owner):
    issue_id = house.fail("web@1.0.0")
    by_id = owner.get(f"{ISSUES}{issue_id}/")
    for short_id in ("WEB-1", "web-1"):
        answer = owner.get(f"{ISSUES}{short_id}/")
        assert (answer.status_code, _title(answer)) == (200, _title(by_id))


def _title(answer):
    return answer.text.partition("<title>")[2].partition("</title>")[0]


def test_an_author_who_is_no_member_is_named(house, owner):
    issue_id = house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1", author_name="Grace Hopper")
    text = owner.get(f"{ISSUES}{issue_id}/").text
    for shown in (
        "<b>Grace Hopper</b> resolved it", "<b>Grace Hopper</b> mentioned", "by Grace Hopper",
    ):  # fmt: skip
        assert shown in text, shown


def test_the_release_names_that_author_too(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@1.1.0", message="Fixes WEB-1", author_name="Grace Hopper")
    release = owner.get("/organizations/acme/releases/web@1.1.0/").text
    assert "<b>Grace Hopper</b> resolved" in release.partition('id="activity"')[2]


def test_an_author_without_a_name_is_named_by_the_address(house, owner):
    issue_id = house.fail("web@1.0.0")
    house.publish(
        "web@1.1.0", message="Fixes WEB-1", author_name=None, author_email="grace@example.com"
    )
    assert "<b>grace@example.com</b> resolved it" in owner.get(f"{ISSUES}{issue_id}/").text


def test_an_issue_that_was_resolved_in_a_commit_names_it(house, owner):
    """The project has no release with the commit yet."""
    issue_id = house.fail("web@1.0.0")
    release = house.publish("api@1.0.0", project=house.extra_project("api"))
    with house.database.transaction() as connection:
        commit = repositories.commits_by_ids(connection, [release.last_commit_id])
        change = StatusChange(status=IssueStatus.RESOLVED, in_commit=commit[release.last_commit_id])
        locked = states.locked(connection, house.organization.id, [issue_id])
        update_issues(connection, locked, change, house.owner.id, now())
    text = owner.get(f"{ISSUES}{issue_id}/").text
    sha = change.in_commit.sha
    assert re.search(rf'<dt>Status</dt><dd>Resolved with <code class="sha" title="{sha}">', text)
    assert f'<b>{house.owner.display_name}</b> resolved it with <code class="sha"' in text


def test_a_priority_is_shown_with_who_set_it(house, owner):
    issue_id = house.fail("web@1.0.0", level="warning")
    assert "<dt>Priority</dt><dd>Medium</dd>" in owner.get(f"{ISSUES}{issue_id}/").text
    with house.database.transaction() as connection:
        locked = states.locked(connection, house.organization.id, [issue_id])
        prioritize.set_priority(connection, locked, Priority.LOW, house.owner.id, now())
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert "<dt>Priority</dt><dd>Low</dd>" in text
    assert f"<b>{house.owner.display_name}</b> set the priority to low" in text


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


def test_the_events_of_an_issue_are_linked(house, owner):
    issue_id = house.fail("web@1.0.0", environment="first")
    for environment in ("second", "third"):
        house.fail("web@1.0.0", environment=environment)
    latest = owner.get(f"{ISSUES}WEB-1/").text
    assert "Latest event" in latest
    assert 'rel="next"' not in latest
    previous = owner.get(re.search(r'rel="prev" href="([^"]+)"', latest)[1]).text
    assert '<span class="env " title="second">' in previous
    assert 'rel="next"' in previous
    first = owner.get(f"{ISSUES}{issue_id}/?event=oldest").text
    assert '<span class="env " title="first">' in first
    assert 'rel="prev"' not in first


@pytest.mark.parametrize("event", ["x", "0" * 32, "OLDEST", "%00", "²", "9" * 5000])
def test_an_unknown_event_shows_the_latest(house, owner, event):
    house.fail("web@1.0.0")
    answer = owner.get(f"{ISSUES}WEB-1/?event={event}")
    assert answer.status_code == 200
    assert "Latest event" in answer.text


def test_an_event_of_another_issue_is_not_shown(house, owner):
    house.fail("web@1.0.0", "other", fingerprint=["other"], environment="secret-place")
    text = owner.get(f"{ISSUES}WEB-1/").text
    event_id = re.search(r'data-copy="([0-9a-f]{32})"', text)[1]
    house.fail("web@1.0.0")
    assert "secret-place" not in owner.get(f"{ISSUES}WEB-2/?event={event_id}").text


def test_the_chart_and_the_shares_count_the_events(house, owner):
    # A minute ago may be yesterday.
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    for environment in ("production", "production", "production", "staging"):
        house.fail("web@1.0.0", environment=environment, timestamp=today.timestamp())
    text = owner.get(f"{ISSUES}WEB-1/").text
    assert "4 events in 30 days" in text
    label = "Events of each day in 30 days: 4 events in all, 4 in the last."
    assert f'aria-label="{label}"' in text
    assert len(re.findall(r'<rect class="hit"[^>]* tabindex="-?[01]"', text)) == 30
    tags = tags_on(text)
    assert [percent for *_, percent in tags["release"]] == ["100%"]
    assert [percent for *_, percent in tags["environment"]] == ["75%", "25%"]


def chart_of(page):
    """The card with the chart of events."""
    return page.text.partition('aria-labelledby="trend"')[2].partition("</section>")[0]


def steps_of(page):
    """The texts of the steps that have something to tell."""
    found = re.findall(r'class="hit"[^>]*aria-label="([^"]*)"', chart_of(page))
    return [
        text.partition(": ")[2] for text in map(unescape, found) if not text.endswith(": 0 events")
    ]


def labels_of(page):
    """The labels of the marks."""
    return re.findall(r'<g class="deploy">.*?<text[^>]*>([^<]*)</text>', chart_of(page))


def test_the_chart_has_ranges(house, owner):
    house.fail("web@1.0.0")
    house.fail("web@1.0.0", timestamp=(now() - timedelta(days=2)).timestamp())
    issue = "/organizations/acme/issues/WEB-1/"
    month = owner.get(issue)
    assert steps_of(month) == ["1 event", "1 event\n1.0.0 created, first seen"]
    assert f'href="{issue}" aria-label="30 days" aria-current="true"' in month.text
    day = owner.get(issue, params={"period": "24h"})
    assert "1 event in 24 hours" in day.text
    assert chart_of(day).count('class="hit"') == 24
    assert "data-at=" in chart_of(day)
    assert "Hour (UTC)" in day.text
    quarter = owner.get(issue, params={"period": "90d"})
    assert "2 events in 90 days" in quarter.text
    assert chart_of(quarter).count('class="hit"') == 90
    assert "2 events in 30 days" in owner.get(issue, params={"period": "<x>"}).text


def test_links_to_events_and_ranges_keep_each_other(house, owner):
    for _ in range(2):
        house.fail("web@1.0.0")
    text = owner.get(f"{ISSUES}WEB-1/?event=oldest&period=90d").text
    assert f'href="{ISSUES}WEB-1/?period=90d">Latest' in text
    assert f'href="{ISSUES}WEB-1/?event=oldest&amp;period=24h" aria-label="24 hours"' in text


def test_hours_of_the_chart_are_those_of_the_reader(house, owner):
    house.fail("web@1.0.0")
    owner.cookies.set("shipmark_zone", "Asia/Tokyo")
    chart = chart_of(owner.get(f"{ISSUES}WEB-1/", params={"period": "24h"}))
    assert re.search(r'<text class="" x="0%"[^>]*>\d\d:00 JST</text>', chart)
    assert re.search(r'data-words="\d\d \w{3} \d\d:00 JST"', chart)


def test_the_chart_marks_when_releases_were_deployed(house, owner):
    house.fail("web@1.0.0")
    house.deploy(house.publish("web@1.0.0"), "staging")
    house.deploy(house.publish("web@1.0.0"), "production")
    house.publish("web@1.1.0")
    page = owner.get(f"{ISSUES}WEB-1/")
    assert labels_of(page) == ["1.0.0 first seen"]
    assert any("1.0.0 deployed to production, first seen" in text for text in steps_of(page))
    assert "<td>1.0.0 deployed to production, first seen</td>" in page.text


def test_without_deploys_the_chart_marks_when_releases_were_created(house, owner):
    house.fail("web@1.0.0")
    house.publish("web@<b>1.1.0", at=now() - timedelta(days=5), released_at=None)
    house.publish(
        "web@1.2.0", at=now() - timedelta(days=40), released_at=now() - timedelta(days=40)
    )
    page = owner.get(f"{ISSUES}WEB-1/")
    assert any("&lt;b&gt;1.1.0 created" in text for text in re.findall("<td>(.*?)</td>", page.text))
    assert "<b>1.1.0" not in page.text
    assert "1.2.0" not in labels_of(page)
    assert "1.2.0" in labels_of(owner.get(f"{ISSUES}WEB-1/", params={"period": "90d"}))


def test_the_chart_says_which_release_resolved_and_brought_back_the_issue(house, owner):
    ago = [now() - timedelta(days=days) for days in (20, 10, 2)]
    house.fail("web@1.0.0", timestamp=ago[0].timestamp())
    house.publish("web@1.1.0", message="Fixes WEB-1", at=ago[1], released_at=ago[1])
    house.publish("web@1.2.0", at=ago[2], released_at=ago[2])
    house.fail("web@1.2.0")
    page = owner.get(f"{ISSUES}WEB-1/")
    assert {"1.1.0 resolved", "1.2.0 regressed"} <= set(labels_of(page))
    assert "since 1.2.0, in which it regressed" in page.text
    chart = chart_of(page)
    assert chart.count('class="s-past"') == chart.count('class="s-bad"') == 1
    assert 'class="s-1"' not in chart


def test_the_number_of_statements_does_not_depend_on_what_happened(house, owner, statements):
    house.fail("web@1.0.0")
    owner.get(f"{ISSUES}WEB-1/")
    counts = []
    for _ in range(2):
        house.publish(f"web@1.{len(counts) + 1}.0", message="Fixes WEB-1")
        house.fail(f"web@1.{len(counts) + 1}.0", environment=f"e{len(counts)}")
        statements.clear()
        owner.get(f"{ISSUES}WEB-1/")
        counts.append(len(statements))
    assert counts[0] == counts[1]


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


def test_the_commit_that_may_have_brought_it_is_named(house, owner):
    """`House.publish` changes the file that `House.fail` fails in."""
    house.publish("web@1.0.0", message="Make carts faster")
    text = owner.get(f"{ISSUES}{house.fail('web@1.0.0')}/").text
    card = text.partition("Suspect commit")[2].partition("</section>")[0]
    for shown in (
        "Make carts faster",
        "Ada Lovelace",
        "acme/web",
        'title="web@1.0.0"',
        "shop/cart.py",
    ):
        assert shown in card, shown


def test_without_a_suspect_there_is_no_word_of_one(house, owner):
    house.publish("web@1.0.0")
    elsewhere = [{"filename": "other.py", "in_app": True}]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": elsewhere}}
    ids = [
        house.fail("web@0.1.0", "no commits"),
        house.fail("web@1.0.0", "elsewhere", exception={"values": [raised]}),
        house.fail("web@1.0.0", "words", exception=None, message="words"),
        house.fail("", "no release", fingerprint=["other"]),
    ]
    assert len(set(ids)) == 4
    for issue_id in ids:
        answer = owner.get(f"{ISSUES}{issue_id}/")
        assert answer.status_code == 200
        assert "Suspect commit" not in answer.text


def test_nothing_that_may_be_secret_is_shown(house, owner):
    issue_id = house.fail("web@1.0.0")
    assert "hunter2" not in owner.get(f"{ISSUES}{issue_id}/").text


def test_the_variables_of_a_frame_are_shown(house, owner):
    variables = {
        "order": {"id": 7, "lines": None}, "name": "'Größe'", "empty": "", "is_new": True,
        "api_key": "hunter2", "settings": {"password": "hunter2"}, "url": "https://a.example/?t=hunter2",
    }  # fmt: skip
    frames = [{"function": "f", "filename": "f.py", "in_app": True, "vars": variables}]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": frames}}
    issue_id = house.fail("web@1.0.0", exception={"values": [raised]})
    text = unescape(owner.get(f"{ISSUES}{issue_id}/").text)
    for name, value in (
        ("order", '{"id": 7, "lines": null}'), ("name", "'Größe'"), ("empty", '""'), ("is_new", "true"),
        ("api_key", "[Filtered]"), ("settings", '{"password": [Filtered]}'), ("url", "https://a.example/"),
    ):  # fmt: skip
        assert f"<dt>{name}</dt><dd>{value}</dd>" in text, name
    assert "hunter2" not in text


def test_a_frame_links_to_its_line_at_the_host_of_its_repository(house, owner):
    house.publish("web@1.0.0")
    issue_id = house.fail("web@1.0.0")
    address = "https://github.com/acme/web/blob/"
    assert address not in owner.get(f"{ISSUES}{issue_id}/").text
    with house.database.transaction() as connection:
        known = repositories.add_named(
            connection,
            house.project.organization_id,
            "acme/web",
            "https://github.com/acme/web",
            now(),
        )
        roots = [("shop/", "services/shop")]
        code_mappings.save(
            connection, house.project.id, known.id, roots, default_branch="main", at=now()
        )
        sha = connection.exec_driver_sql("SELECT key FROM commits").scalar_one()
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert f'href="{address}{sha}/services/shop/cart.py#L41"' in text
    assert text.count(address) == 1, "the frame of the library is not mapped"
    # Of a release without commits the link leads to the branch.
    other = house.fail("web@2.0.0", "something else is None")
    assert f'href="{address}main/services/shop/cart.py#L41"' in owner.get(f"{ISSUES}{other}/").text


def test_a_rule_counts_for_events_from_before_it(house, owner):
    frames = [{"function": "f", "filename": "f.py", "in_app": True, "vars": {"pin": "4711"}}]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": frames}}
    issue_id = house.fail("web@1.0.0", exception={"values": [raised]})
    assert "4711" in owner.get(f"{ISSUES}{issue_id}/").text
    path = "/organizations/acme/settings/projects/web/data/scrubbing/"
    rules = {"scrubbing": "1", "defaults": "1", "sensitive": "pin"}
    assert owner.post(path, data=rules, headers=OWN).status_code == 303
    assert "4711" not in owner.get(f"{ISSUES}{issue_id}/").text


@pytest.mark.parametrize("sent", ["x", ["x"], None, {"": "x"}, {"x" * 600: "y" * 600}])
def test_variables_of_any_shape_are_no_failure(house, owner, sent):
    frames = [{"function": "f", "filename": "f.py", "in_app": True, "vars": sent}]
    raised = {"type": "E", "value": "x", "stacktrace": {"frames": frames}}
    issue_id = house.fail("web@1.0.0", exception={"values": [raised]})
    assert owner.get(f"{ISSUES}{issue_id}/").status_code == 200


def test_what_is_hostile_is_shown_as_text(house, owner):
    hostile = "<script>alert(1)</script>"
    frames = [{"function": hostile, "filename": hostile, "context_line": hostile, "in_app": True}]
    frames[0] |= {"vars": {hostile: hostile}}
    raised = {"type": hostile, "value": hostile, "stacktrace": {"frames": frames}}
    issue_id = house.fail("<script>", exception={"values": [raised]}, transaction=hostile)
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6


@pytest.mark.parametrize(
    "payload",
    [
        {"exception": None, "message": "Only words"},
        {"exception": {"values": [{"type": "E", "stacktrace": {"frames": [{"lineno": True}]}}]}},
        {"exception": {"values": [{"type": "E", "stacktrace": {"frames": "x"}}]}},
        {"exception": None, "message": "x", "stacktrace": {"frames": [{"function": "f"}]}},
    ],
)
def test_an_event_of_any_shape_has_a_page(house, owner, payload):
    issue_id = house.fail("web@1.0.0", **payload)
    assert owner.get(f"{ISSUES}{issue_id}/").status_code == 200


@pytest.mark.parametrize("issue", ["999", "x", "-1", "²", "9" * 40, "WEB-2", "NOPE-1", "WEB-"])
def test_an_unknown_issue_is_not_found(house, owner, issue):
    house.fail("web@1.0.0")
    assert owner.get(f"{ISSUES}{issue}/").status_code == 404


def test_a_stranger_does_not_learn_that_it_exists(house, browser):
    issue_id = house.fail("web@1.0.0")
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert browser.get(f"{ISSUES}{issue_id}/").status_code == 404


def test_somebody_without_a_session_is_asked_to_sign_in(browser):
    answer = browser.get(f"{ISSUES}1/")
    assert answer.headers["location"] == "/sign-in/?next=%2Forganizations%2Facme%2Fissues%2F1%2F"


def tags_on(text: str) -> dict[str, list[tuple[str, str, str]]]:
    """The address, text and share of each value on a page, by tag."""
    card = text.partition('id="shares"')[2].partition("</section>")[0]
    return {
        unescape(tag): [
            (unescape(address), unescape(value), percent)
            for address, value, percent in re.findall(
                r'<span class="cut" title="[^"]*">(?:<a href="([^"]*)">)?([^<]*)(?:</a>)?</span>'
                r"<span>([^<]*%)</span>",
                values,
            )
        ]
        for tag, values in re.findall(
            r'with [^"]*">([^<]*)</span></dt>(.*?)</div>', card, re.DOTALL
        )
    }


def test_tags_show_the_shares_of_their_values(house, owner):
    for browser in ("Firefox", "Firefox", "<b>Chrome", 'say "x"'):
        house.fail("web@1.0.0", tags={"browser": browser, "password": "hunter2"})
    text = owner.get(f"{ISSUES}WEB-1/").text
    tags = tags_on(text)
    first, *others = [each[1:] for each in tags["browser"]]
    assert first == ("Firefox", "50%")
    assert sorted(others) == [("<b>Chrome", "25%"), ('say "x"', "25%")]
    assert tags["release"] == [("/organizations/acme/releases/web%401.0.0/", "1.0.0", "100%")]
    assert not {"password", "user"} & tags.keys()
    assert "hunter2" not in text
    assert "<b>Chrome" not in text


def test_a_value_leads_to_the_issues_with_it(house, owner):
    house.fail("web@1.0.0", tags={"browser": "Firefox", "region": 'say "x"', "glob": "a*"})
    house.fail("web@1.0.0", tags={"browser": "Chrome"}, fingerprint=["other"])
    tags = tags_on(owner.get(f"{ISSUES}WEB-1/").text)
    for tag in ("browser", "region"):
        [(address, *_)] = tags[tag]
        listed = owner.get(address).text
        assert ("WEB-1" in listed, "WEB-2" in listed) == (True, False)
    # Nothing can search for it.
    assert tags["glob"] == [("", "a*", "100%")]


def test_tags_stay_when_events_are_gone(house, owner):
    issue_id = house.fail("web@1.0.0", tags={"browser": "Firefox"})
    with house.database.transaction() as connection:
        connection.execute(delete(events.events))
    assert tags_on(owner.get(f"{ISSUES}{issue_id}/").text)["browser"][0][1] == "Firefox"


def test_what_a_newer_rule_removes_is_not_among_the_tags(house, owner):
    house.fail("web@1.0.0", tags={"browser": "Firefox", "pin": "4711"})
    assert "pin" in tags_on(owner.get(f"{ISSUES}WEB-1/").text)
    path = "/organizations/acme/settings/projects/web/data/scrubbing/"
    rules = {"scrubbing": "1", "defaults": "1", "sensitive": "pin"}
    assert owner.post(path, data=rules, headers=OWN).status_code == 303
    assert "pin" not in tags_on(owner.get(f"{ISSUES}WEB-1/").text)


def test_shares_take_the_same_statements_for_any_number_of_events(house, owner, statements):
    house.fail("web@1.0.0", tags={"a": "1"})
    statements.clear()
    owner.get("/organizations/acme/issues/WEB-1/?event=oldest")
    few = len(statements)
    for number in range(5):
        house.fail("web@1.0.0", tags={"a": str(number)})
    statements.clear()
    owner.get("/organizations/acme/issues/WEB-1/?event=oldest")
    assert len(statements) == few


def test_reports_of_users_are_shown(house, owner):
    issue_id = house.fail("web@1.0.0")
    assert "User reports" not in owner.get(f"{ISSUES}{issue_id}/").text
    with house.database.transaction() as connection:
        newest = events.newest_of(connection, issue_id)
        content = {"name": "Jane <Doe>", "email": "jane@example.com", "comments": "It <broke>."}
        report = user_reports.from_item(
            content, project_id=house.project.id, event_id=newest.event_id, received_at=now()
        )
        receive(connection, [report])
    text = owner.get(f"{ISSUES}{issue_id}/").text
    for shown in ("User reports", "Jane &lt;Doe&gt;", "jane@example.com", "It &lt;broke&gt;."):
        assert shown in text, shown
    assert f"?event={newest.event_id}" in text


def test_an_event_that_is_gone_is_said_to_be_so(house, owner):
    issue_id = house.fail("web@1.0.0")
    gone = owner.get(f"{ISSUES}{issue_id}/?event={'f' * 32}").text
    assert "This event is not stored, or not any more. The latest one is shown." in gone
    assert "not any more" not in owner.get(f"{ISSUES}{issue_id}/?event=oldest").text


def test_an_issue_whose_events_are_gone_shows_what_it_counted(house, owner):
    issue_id = house.fail("web@1.0.0")
    with house.database.transaction() as connection:
        connection.execute(delete(events.events))
    text = owner.get(f"{ISSUES}{issue_id}/").text
    assert "No event of this issue is stored any more." in text
    assert '<dt>Events</dt><dd class="num">1</dd>' in text


def test_a_report_of_a_browser_says_what_was_blocked(house, owner):
    report = {
        "effective_directive": "img-src",
        "violated_directive": "img-src 'self'",
        "blocked_uri": "https://tracker.example.org/pixel.gif?user=hunter2",
        "document_uri": "https://shop.example.com/checkout",
        "original_policy": "default-src 'none'; img-src 'self'",
        "source_file": "https://shop.example.com/app.js",
        "line_number": 14,
        "script_sample": "<b>alert(1)</b>",
    }
    issue_id = house.fail("web@1.0.0", exception=None, csp=report)
    text = owner.get(f"{ISSUES}{issue_id}/").text
    for shown in (
        "Blocked &#39;image&#39; from &#39;tracker.example.org&#39;",
        "Security report",
        "A browser has reported this.",
        "<dd>https://tracker.example.org/pixel.gif</dd>",
        "<dd>https://shop.example.com/checkout</dd>",
        "<dd>img-src</dd>",
        "<dd>default-src &#39;none&#39;; img-src &#39;self&#39;</dd>",
        "<dd>https://shop.example.com/app.js:14</dd>",
        "&lt;b&gt;alert(1)",
    ):
        assert shown in text, shown
    assert "hunter2" not in text
    host = house.fail("web@1.0.0", exception=None, hpkp={"hostname": "x.example.com", "port": 443})
    text = owner.get(f"{ISSUES}{host}/").text
    assert "<dd>x.example.com</dd>" in text
    assert "Security report" not in owner.get(f"{ISSUES}{house.fail('web@1.0.0')}/").text
