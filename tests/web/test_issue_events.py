"""The list of an issue's events."""

import re
from html import unescape

import pytest

from shipmark.issues import event_search
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


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("user.email:ada@example.com", [0]),
        ("environment:staging", [1]),
        ("environment:staging user.id:7", []),
        ("!environment:staging", [2, 0]),
        ("SOMETHING", [2, 1, 0]),
    ],
)
def test_events_are_searched(house, owner, query, found):
    house.fail("web@1.0.0", user={"id": "7", "email": "ada@example.com"})
    house.fail("web@1.0.0", environment="staging")
    house.fail("web@1.0.0")
    newest_first = listed(owner.get(EVENTS))
    page = owner.get(EVENTS, params={"search": query})
    assert listed(page) == [newest_first[2 - number] for number in found]
    assert f'value="{query}"' in page.text
    assert ("No event of this issue matches" in page.text) is not bool(found)


def test_a_search_keeps_where_the_issue_was_opened_from(house, owner):
    house.fail("web@1.0.0")
    view = {"period": "90d", "tab": "review", "query": "is:unresolved"}
    text = owner.get(EVENTS, params=view).text
    for name, value in view.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in text
    empty = owner.get(EVENTS, params=view | {"search": "nothing"}).text
    [cleared] = re.findall(r'href="([^"]+)">Clear search', empty)
    assert listed(owner.get(unescape(cleared))) == listed(owner.get(EVENTS))
    assert "query=is%3Aunresolved" in unescape(cleared)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("user.id:", "user.id: takes a value."),
        ("is:resolved", "is: is no property of an event."),
        (" ".join(["a:b"] * 21), "A query has no more than 20 terms."),
    ],
)
def test_a_search_that_cannot_be_read_is_named_above_all_events(house, owner, query, problem):
    house.fail("web@1.0.0")
    page = owner.get(EVENTS, params={"search": query})
    assert problem in page.text
    assert 'aria-invalid="true" aria-describedby="search-problem"' in page.text
    assert len(listed(page)) == 1


def test_pages_of_a_search_keep_it(house, owner, monkeypatch):
    monkeypatch.setattr(issue_events, "EVENTS_PER_PAGE", 1)
    for environment in ("staging", "production", "staging"):
        house.fail("web@1.0.0", environment=environment)
    every, address = [], f"{EVENTS}?search=environment:staging&period=90d"
    while address:
        page = owner.get(unescape(address))
        every += listed(page)
        address = next(iter(re.findall(r'rel="next" href="([^"]+)"', page.text)), "")
    monkeypatch.setattr(issue_events, "EVENTS_PER_PAGE", 9)
    newest_first = listed(owner.get(EVENTS))
    assert every == [newest_first[0], newest_first[2]]


def test_a_search_looks_at_a_part_at_a_time(house, owner, monkeypatch):
    monkeypatch.setattr(event_search, "EXAMINED_MAX", 2)
    monkeypatch.setattr(event_search, "_BATCH", 1)
    for environment in ("staging", "production", "production", "production"):
        house.fail("web@1.0.0", environment=environment)
    first = owner.get(f"{EVENTS}?search=environment:staging")
    assert listed(first) == []
    assert "events that were looked at matches" in first.text
    [older] = re.findall(r'rel="next" href="([^"]+)">Search older events', first.text)
    assert len(listed(owner.get(unescape(older)))) == 1


def test_a_search_reads_no_more_than_a_list(house, owner, statements):
    house.fail("web@1.0.0")
    numbers = []
    for address in (EVENTS, f"{EVENTS}?search=environment:staging"):
        statements.clear()
        owner.get(address)
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


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
