"""The list of issues, its tabs and its search, and changes of the selected ones."""

import re
from datetime import timedelta
from html import unescape

import pytest

from shipmark.events import store as events
from shipmark.infrastructure.clock import now
from shipmark.organizations import model as organization_model
from shipmark.organizations.model import Role

ISSUES = "/organizations/acme/issues/"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def listed(client, query=""):
    """The short ids of the list, in its order."""
    answer = client.get(f"{ISSUES}?{query}")
    assert answer.status_code == 200, answer.text
    return re.findall(r'<span class="mono">([^<]+)</span>', answer.text)


def fail(house, name, version="web@1.0.0", **payload):
    return house.fail(version, name, fingerprint=[name], **payload)


def change(client, ids, action, query="", headers=SAME_ORIGIN):
    fields = {"action": action, "issue": [str(issue_id) for issue_id in ids]}
    return client.post(f"{ISSUES}{query}", data=fields, headers=headers)


def test_an_issue_stands_with_its_numbers_and_releases(house, owner):
    fail(house, "first", user={"id": 1})
    fail(house, "first", "web@1.1.0", transaction="GET /cart", level="fatal")
    text = owner.get(ISSUES).text
    row = text.partition("<tbody")[2].partition("</tbody>")[0]
    for shown in (
        "ValueError: first", "WEB-1", f'href="{ISSUES}WEB-1/?tab=unresolved"', "GET /cart", ">New<", "fatal",
        "<b>2</b>", 'title="web@1.1.0"',
    ):  # fmt: skip
        assert shown in row, shown


def test_the_tabs_divide_the_issues(house, owner):
    ids = [fail(house, name) for name in ("a", "b", "c", "d")]
    change(owner, ids[:1], "resolve")
    change(owner, ids[1:2], "archive")
    change(owner, ids[2:3], "reviewed")
    assert set(listed(owner)) == {"WEB-3", "WEB-4"}
    assert listed(owner, "tab=resolved") == ["WEB-1"]
    assert listed(owner, "tab=archived") == ["WEB-2"]
    assert listed(owner, "tab=review") == ["WEB-4"]
    assert listed(owner, "tab=regressed") == []
    assert listed(owner, "tab=nonsense") == listed(owner)


@pytest.mark.parametrize("action", ["archive-for-a-day", "archive-until-users-10"])
def test_the_selected_are_archived_until_a_condition_is_met(house, owner, action):
    ids = [fail(house, name) for name in ("a", "b", "c")]
    assert f'value="{action}"' in owner.get(ISSUES).text
    assert change(owner, ids[:2], action).status_code == 303
    assert set(listed(owner, "tab=archived")) == {"WEB-1", "WEB-2"}
    assert set(listed(owner, "query=is:until_condition_met")) == {"WEB-1", "WEB-2"}
    change(owner, ids[:1], "reopen")
    assert listed(owner, "tab=archived") == ["WEB-2"]


def test_a_review_is_an_activity_of_the_issue(house, owner):
    issue_id = fail(house, "a")
    change(owner, [issue_id], "reviewed")
    text = owner.get(f"{ISSUES}WEB-1/").text
    assert "reviewed it" in text
    assert "Became ongoing" in text
    assert listed(owner, "query=is:ongoing") == ["WEB-1"]


def test_a_regressed_issue_has_its_tab(house, owner):
    fail(house, "a")
    house.publish("web@1.1.0", message="Fixes WEB-1", at=now() - timedelta(minutes=3))
    fail(house, "a", "web@1.1.0", timestamp=now().timestamp())
    fail(house, "b", "web@1.1.0")
    assert listed(owner, "tab=regressed") == ["WEB-1"]
    assert listed(owner, "query=regressed_in_release:latest") == ["WEB-1"]
    row = owner.get(ISSUES).text.partition('title="ValueError: a"')[2].partition("</th>")[0]
    assert 'class="pill regressed"' in row


def test_the_unresolved_issues_are_counted_up_to_a_limit(house, owner, monkeypatch):
    ids = [fail(house, name) for name in ("a", "b", "c")]
    change(owner, ids[:1], "resolve")
    counts = re.compile(r'>([A-Z][a-z ]+) <span class="count">(\S+)</span>')
    assert counts.findall(owner.get(ISSUES).text) == [("Unresolved", "2")]
    assert counts.findall(owner.get(f"{ISSUES}?query=a").text) == []
    monkeypatch.setattr("shipmark.web.view_models.issue_list.COUNT_MAX", 2)
    assert counts.findall(owner.get(ISSUES).text) == [("Unresolved", "1+")]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query=APPLE", ["WEB-1"]),
        ("query=release:web@2.0.0", ["WEB-2"]),
        ("query=firstRelease:latest", ["WEB-2"]),
        ("query=release:unknown", []),
        ("query=pear&project=web", ["WEB-2"]),
        ("query=is:resolved", []),
        ("query=is:unresolved+apple&tab=resolved", ["WEB-1"]),
        ("query=is:new&tab=regressed", ["WEB-2", "WEB-1"]),
        ("query=is:regressed", []),
        ("query=is:for_review&tab=regressed", []),
        ("query=level:error+lastSeen:-1h", ["WEB-2", "WEB-1"]),
        ("query=timesSeen:>1", []),
        ("project=unknown&query=apple", ["WEB-1"]),
    ],
)
def test_a_search_knows_the_terms_of_the_api(house, owner, query, expected):
    fail(house, "apple")
    house.publish("web@2.0.0")
    fail(house, "pear", "web@2.0.0")
    assert listed(owner, query) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["WEB-1", "WEB-2", "WEB-3"]),
        ("new", ["WEB-3", "WEB-2", "WEB-1"]),
        ("freq", ["WEB-2", "WEB-1", "WEB-3"]),
        ("user", ["WEB-3", "WEB-2", "WEB-1"]),
        ("inbox", ["WEB-1", "WEB-2", "WEB-3"]),
        ("x", ["WEB-1", "WEB-2", "WEB-3"]),
    ],
)
def test_the_list_has_orders(house, owner, monkeypatch, sort, expected):
    at = now().timestamp()
    fail(house, "one", timestamp=at - 90)
    for seconds in (80, 70, 20):
        fail(house, "two", timestamp=at - seconds)
    fail(house, "three", timestamp=at - 30, user={"id": 1})
    fail(house, "one", timestamp=at - 10)
    assert listed(owner, f"sort={sort}") == expected
    monkeypatch.setattr("shipmark.web.view_models.issue_list.ISSUES_PER_PAGE", 2)
    text = owner.get(f"{ISSUES}?sort={sort}").text
    following = re.search(r'rel="next" href="([^"]+)"', text)[1].replace("&amp;", "&")
    assert (
        re.findall(r'<span class="mono">([^<]+)</span>', owner.get(following).text) == expected[2:]
    )


def test_the_order_is_kept_with_search_and_tab(house, owner):
    fail(house, "a")
    text = owner.get(f"{ISSUES}?sort=freq&query=ValueError&project=web").text
    assert '<option value="freq" selected>Events</option>' in text
    assert (
        f'href="{ISSUES}?tab=resolved&amp;query=ValueError&amp;project=web&amp;sort=freq"' in text
    )
    assert text.count('aria-sort="descending"><a') == 1
    answer = change(owner, [1], "resolve", "?sort=freq")
    assert answer.headers["location"] == f"{ISSUES}?sort=freq"


def test_an_unreadable_term_is_named_and_the_list_stays(house, owner):
    fail(house, "a")
    text = owner.get(f"{ISSUES}?query=stack.filename:a.py").text
    assert "Invalid key for this search: stack.filename" in text
    assert 'value="stack.filename:a.py"' in text
    assert "WEB-1" in text


@pytest.mark.parametrize("key", ["", "event.id:"])
def test_the_id_of_an_event_leads_to_it(house, owner, key):
    """The npm client `sentry` links so to events."""
    issue_id = fail(house, "a")
    with house.database.snapshot() as connection:
        event = events.newest_of(connection, issue_id)
    answer = owner.get(ISSUES, params={"query": f"{key}{event.event_id}"})
    assert answer.headers["location"] == f"{ISSUES}{issue_id}/?event={event.event_id}"
    unknown = owner.get(ISSUES, params={"query": f"{key}{'0' * 32}"})
    assert unknown.status_code == 200


def test_the_list_can_be_of_one_project(house, owner):
    fail(house, "a")
    house.extra_project("api")
    assert listed(owner, "project=web") == ["WEB-1"]
    assert listed(owner, "project=api") == []


def test_a_project_of_another_team_is_not_listed(house, browser):
    fail(house, "a")
    house.close()
    house.sign_in(browser, house.person("teamless@example.com", Role.MEMBER))
    assert listed(browser) == []
    assert change(browser, [1], "resolve").status_code == 400


def test_pages_cover_the_list_once(house, owner, monkeypatch):
    monkeypatch.setattr("shipmark.web.view_models.issue_list.ISSUES_PER_PAGE", 2)
    for name in "abcde":
        fail(house, name)
    address, seen = ISSUES, []
    while address:
        text = owner.get(address).text
        seen += re.findall(r'<span class="mono">([^<]+)</span>', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == 5
    assert set(seen) == {f"WEB-{n}" for n in range(1, 6)}


@pytest.mark.parametrize(
    "cursor", ["x", "9:9:9", f"1:{2**64}:0", f"{2**64}:0:0", "9" * 3000, "25:-1:0"]
)
def test_an_invalid_cursor_leads_to_the_first_page(house, owner, cursor):
    fail(house, "a")
    assert listed(owner, f"cursor={cursor}") == ["WEB-1"]


def test_an_empty_list_says_what_will_stand_there(house, owner):
    assert "No issues yet" in owner.get(ISSUES).text
    fail(house, "a")
    assert "No archived issues" in owner.get(f"{ISSUES}?tab=archived").text
    assert "No matching issues" in owner.get(f"{ISSUES}?query=zzz").text
    assert "No more issues" in owner.get(f"{ISSUES}?cursor=25:7:0").text


def test_selected_issues_change_and_the_list_stays(house, owner):
    ids = [fail(house, name) for name in ("a", "b", "c")]
    answer = change(owner, ids[:2], "resolve", "?query=ValueError&project=web")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{ISSUES}?query=ValueError&project=web"
    assert listed(owner) == ["WEB-3"]
    assert change(owner, ids[:1], "reopen", "?tab=resolved").status_code == 303
    assert set(listed(owner)) == {"WEB-1", "WEB-3"}


@pytest.mark.parametrize("action", ["resolve-in-current", "resolve-in-next"])
def test_selected_issues_are_resolved_in_a_release(house, owner, action):
    house.publish("web@1.0.0")
    ids = [fail(house, name) for name in ("a", "b")]
    assert change(owner, ids, action).status_code == 303
    assert listed(owner) == []
    assert "Resolved in " in owner.get(f"{ISSUES}WEB-1/").text


def test_issues_of_several_projects_are_not_resolved_in_a_release(house, owner):
    first = fail(house, "a")
    house.project = house.extra_project("api")
    second = fail(house, "b")
    answer = change(owner, [first, second], "resolve-in-next")
    assert answer.status_code == 400
    assert "Select those of one project" in answer.text
    assert re.findall(r'value="(\d+)"[^>]* checked', answer.text) == [str(second), str(first)]
    assert len(listed(owner)) == 2


def test_without_a_release_none_is_resolved_in(house, owner):
    issue_id = fail(house, "a", "")
    assert "resolve-in" not in owner.get(ISSUES).text
    answer = change(owner, [issue_id], "resolve-in-next")
    assert answer.status_code == 400
    assert "The project has no release" in answer.text
    assert listed(owner) == ["WEB-1"]


@pytest.mark.parametrize("ids", [[], ["x"], [999], ["9" * 40], ["²"], ["-1"]])
def test_a_change_of_no_issue_says_so(house, owner, ids):
    fail(house, "a")
    answer = change(owner, ids, "resolve")
    assert answer.status_code == 400
    assert "Select at least one issue" in answer.text


def test_issues_of_an_unseen_project_stay(house, browser):
    """The ids of other projects count as unknown, beside one that is seen."""
    seen = fail(house, "a")
    house.close()
    house.project = house.extra_project("hidden")
    hidden = fail(house, "b")
    house.sign_in(browser, house.person("crew@example.com", Role.MEMBER, teams=("crew",)))
    assert change(browser, [seen, hidden], "resolve").status_code == 303
    house.sign_in(browser, house.owner)
    assert listed(browser) == ["HIDDEN-1"]


def test_enter_on_a_box_changes_nothing(house, owner):
    """Browsers press the first button of the form then that is displayed and enabled."""
    fail(house, "a")
    form = owner.get(ISSUES).text.partition('<form class="card"')[2].partition("</form>")[0]
    first = re.search(r"<button[^>]*>", form)[0]
    assert 'formmethod="get"' in first
    assert "name=" not in first


def test_another_action_is_refused(house, owner):
    assert change(owner, [fail(house, "a")], "explode").status_code == 400
    assert listed(owner) == ["WEB-1"]


def test_only_our_own_pages_change_issues(house, owner):
    issue_id = fail(house, "a")
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.com"}):
        assert change(owner, [issue_id], "resolve", headers=headers).status_code == 403
    assert listed(owner) == ["WEB-1"]


def test_a_member_without_the_right_selects_and_changes_nothing(house, owner, monkeypatch):
    issue_id = fail(house, "a")
    monkeypatch.setitem(organization_model._SCOPES, Role.OWNER, frozenset({"event:read"}))
    text = owner.get(ISSUES).text
    assert 'name="issue"' not in text
    assert 'name="action"' not in text
    assert change(owner, [issue_id], "resolve").status_code == 403
    assert listed(owner) == ["WEB-1"]


def test_a_stranger_finds_nothing(house, browser):
    issue_id = fail(house, "a")
    assert browser.get(ISSUES).headers["location"].startswith("/sign-in/")
    assert change(browser, [issue_id], "resolve").headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert browser.get(ISSUES).status_code == 404
    assert change(browser, [issue_id], "resolve").status_code == 404


def test_hostile_texts_are_shown_as_text(house, owner):
    hostile = '"><script>alert(1)</script>'
    fail(house, hostile, "<script>", transaction=hostile)
    text = owner.get(ISSUES, params={"query": hostile}).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_the_number_of_statements_does_not_depend_on_the_number_of_issues(house, owner, statements):
    counts = []
    for number in range(3):
        for name in "ab":
            fail(house, f"{name}{number}", f"web@{number}.0.0")
        owner.get(ISSUES)
        statements.clear()
        owner.get(ISSUES)
        counts.append(len(statements))
    assert counts[0] == counts[1] == counts[2]


def test_a_bulk_change_takes_the_same_statements_for_any_number(house, owner, statements):
    ids = [fail(house, str(number)) for number in range(6)]
    counts = []
    for selected in (ids[:1], ids[1:]):
        statements.clear()
        assert change(owner, selected, "resolve").status_code == 303
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_the_trend_of_each_issue_is_shown(house, owner):
    fail(house, "first")
    fail(house, "first")
    text = owner.get(ISSUES).text
    assert "Events, 24 h</th>" in text
    assert '<span title="2 events in 24 hours"><svg class="spark"' in text
    text = owner.get(f"{ISSUES}?period=14d&project=web").text
    assert "Events, 14 d</th>" in text
    assert '<span title="2 events in 14 days"><svg class="spark"' in text
    assert f'href="{ISSUES}?project=web" aria-label="24 hours"' in text
    assert '<input type="hidden" name="period" value="14d">' in text
    assert "Events, 24 h</th>" in owner.get(f"{ISSUES}?period=nonsense").text


def test_each_hint_is_a_search_that_can_be_read(house, owner):
    house.fail("web@1.0.0")
    hints = re.findall(r'<a href="([^"]+)"><code>([^<]+)', owner.get(ISSUES).text)
    assert any(term.startswith("firstSeen:") for _, term in hints)
    for address, term in hints:
        assert owner.get(unescape(address)).status_code == 200, term
