"""The place of an issue in the list that its page was opened from."""

import re
from datetime import timedelta
from html import unescape

import pytest

from shipmark.infrastructure.clock import now
from shipmark.web.view_models import issue_place

ISSUES = "/organizations/acme/issues/"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def _issues(house):
    """Four issues: WEB-1 was seen last, and WEB-4 first. WEB-3 has most events, and WEB-2 is of a second version."""
    for name, minutes, version, count in (
        ("a", 1, "web@1", 1),
        ("b", 2, "web@2", 1),
        ("c", 3, "web@1", 2),
        ("d", 4, "web@1", 1),
    ):
        for _ in range(count):
            at = (now() - timedelta(minutes=minutes)).timestamp()
            house.fail(version, name, fingerprint=[name], timestamp=at)


def addresses(page):
    """The addresses of the issues of a list, in its order."""
    return [
        unescape(found)
        for found in re.findall(rf'<a class="cut" href="({ISSUES}[^"]*)"', page.text)
    ]


def beside(page):
    """The addresses of the issues before and after, "" at the ends, and the place in words."""
    bar = page.text.partition('<header class="bar">')[2].partition("</header>")[0]
    steps = (re.search(rf'href="([^"]*)" data-step="{step}"', bar) for step in ("previous", "next"))
    words = re.search(r'<span class="faint xs num">([^<]*)</span>', bar)
    return [unescape(found[1]) if found else "" for found in steps], words[1] if words else ""


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["WEB-1", "WEB-2", "WEB-3", "WEB-4"]),
        ("?sort=new", ["WEB-1", "WEB-2", "WEB-3", "WEB-4"]),
        ("?sort=freq", ["WEB-3", "WEB-4", "WEB-2", "WEB-1"]),
        ("?sort=user&project=web", ["WEB-4", "WEB-3", "WEB-2", "WEB-1"]),
    ],
)
def test_issues_of_a_list_lead_to_those_beside_them(owner, query, names):
    listed = addresses(owner.get(f"{ISSUES}{query}"))
    assert [address.partition("?")[0] for address in listed] == [
        f"{ISSUES}{name}/" for name in names
    ]
    for number, address in enumerate(listed):
        around = ["", *listed, ""][number : number + 3]
        assert beside(owner.get(address)) == ([around[0], around[2]], f"{number + 1} of 4")


def test_a_list_with_a_search_leads_on_without_numbers(owner):
    listed = addresses(owner.get(ISSUES, params={"query": "release:web@1", "tab": "review"}))
    assert len(listed) == 3
    page = owner.get(listed[1])
    assert beside(page) == ([listed[0], listed[2]], "")
    back = f"{ISSUES}?tab=review&amp;query=release%3Aweb%401"
    assert f'<a href="{back}">Issues</a>' in page.text


def test_an_issue_that_left_the_list_leads_to_those_beside_its_place(owner):
    first, second, third, _ = addresses(owner.get(ISSUES))
    answer = owner.post(second, data={"action": "resolve"}, headers=SAME_ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, second)
    assert beside(owner.get(second)) == ([first, third], "")
    assert beside(owner.get(third))[1] == "2 of 3"


def test_what_is_sent_to_an_issue_keeps_its_list(owner):
    address = addresses(owner.get(f"{ISSUES}?sort=freq"))[0]
    text = owner.get(f"{address}&event=oldest&period=24h").text
    sent = re.findall(r'<form [^>]*action="([^"]*WEB-3/[^"]*)"', text)
    assert {unescape(each.partition("?")[2]) for each in sent} == {
        "period=24h&tab=unresolved&sort=freq"
    }
    comments = next(unescape(each) for each in sent if "/comments/" in each)
    answer = owner.post(comments, data={"text": "It is known."}, headers=SAME_ORIGIN)
    kept = address.partition("?")[2]
    assert answer.headers["location"] == f"{ISSUES}WEB-3/?period=24h&{kept}#activity"


def test_without_a_list_there_is_no_place(owner):
    assert beside(owner.get(f"{ISSUES}WEB-2/")) == (["", ""], "")
    assert "issue in the list" not in owner.get(f"{ISSUES}WEB-2/").text


def test_unknown_parameters_are_those_of_the_default_list(owner):
    page = owner.get(f"{ISSUES}WEB-2/?tab=x&sort=x&project=x&query=is%3A%3A%3A")
    assert page.status_code == 200
    assert [address.partition("?")[0] for address in beside(page)[0]] == [
        f"{ISSUES}WEB-1/",
        f"{ISSUES}WEB-3/",
    ]


def test_a_long_list_is_counted_up_to_a_limit(owner, monkeypatch):
    monkeypatch.setattr(issue_place, "COUNT_MAX", 2)
    words = [beside(owner.get(address))[1] for address in addresses(owner.get(ISSUES))]
    assert words == ["1 of 1+", "", "", ""]
