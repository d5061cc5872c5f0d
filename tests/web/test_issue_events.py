"""The list of an issue's events."""

import re
from html import unescape

from shipmark.web.view_models import issue_events

ISSUES = "/organizations/acme/issues/"
EVENTS = f"{ISSUES}WEB-1/events/"


def listed(answer):
    """The ids of the events, in their order."""
    assert answer.status_code == 200
    return re.findall(r'<a class="mono" href="[^"]*event=(\w+)', answer.text)


def test_an_issue_with_several_events_leads_to_all_of_them(house, owner):
    house.fail("web@1.0.0")
    assert "All events" not in owner.get(f"{ISSUES}WEB-1/").text
    house.fail("web@1.0.0")
    assert f'href="{EVENTS}?period=90d">All events' in owner.get(f"{ISSUES}WEB-1/?period=90d").text
    page = owner.get(f"{EVENTS}?period=90d")
    assert len(listed(page)) == 2
    assert f'href="{ISSUES}WEB-1/?event={listed(page)[0]}&amp;period=90d"' in page.text


def test_an_event_is_listed_with_where_it_was_and_whom_it_hit(house, owner):
    house.fail("web@1.0.0", environment="staging", user={"id": "7", "email": "ada@example.com"})
    text = owner.get(EVENTS).text
    for shown in ("ValueError: something is None", "staging", ">1.0.0</a>", ">ada@example.com<"):
        assert shown in text, shown


def test_an_event_that_says_little_is_listed(house, owner):
    house.fail("", environment=None, user={"name": 3})
    assert len(listed(owner.get(EVENTS))) == 1


def test_events_come_in_pages(house, owner, monkeypatch):
    monkeypatch.setattr(issue_events, "EVENTS_PER_PAGE", 2)
    for _ in range(3):
        house.fail("web@1.0.0")
    first = owner.get(f"{EVENTS}?period=90d")
    [older] = re.findall(r'rel="next" href="([^"]+)"', first.text)
    second = owner.get(unescape(older))
    assert (len(listed(first)), len(listed(second))) == (2, 1)
    assert not set(listed(first)) & set(listed(second))
    [newer] = re.findall(r'rel="prev" href="([^"]+)"', second.text)
    assert listed(owner.get(unescape(newer))) == listed(first)
    assert listed(owner.get(f"{EVENTS}?cursor=nonsense")) == listed(first)


def test_the_list_ends_somewhere(house, owner):
    house.fail("web@1.0.0")
    assert "the list ends before this page" in owner.get(f"{EVENTS}?cursor=1:0:0").text


def test_a_page_takes_the_same_statements_for_any_number_of_events(house, owner, statements):
    numbers = []
    for count in (1, 5):
        for _ in range(count):
            house.fail("web@1.0.0")
        statements.clear()
        owner.get(EVENTS)
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


def test_strangers_see_no_events(house, browser):
    house.fail("web@1.0.0")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(EVENTS).status_code == 404
