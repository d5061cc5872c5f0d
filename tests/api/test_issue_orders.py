"""The orders of lists of issues, and their pages (groups-api.md 2.1)."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from factories import Caller, World, ago, error_event, on_one_database, send_event, written

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
LISTS = pytest.mark.parametrize("path", [LIST, WEB_LIST])

#: Of each issue, the hours ago of its events, each of another user but for those of nobody.
ISSUES = {
    "one": ([9, 5, 4], False),
    "two": ([8], True),
    "three": ([9, 6, 1], True),
    "four": ([8], True),
    "five": ([7, 4], False),
}
#: Of equal issues the last made comes first.
ORDERS = {
    "date": [3, 5, 1, 4, 2],
    "new": [5, 4, 2, 3, 1],
    "freq": [3, 1, 5, 4, 2],
    "user": [3, 4, 2, 5, 1],
    "priority": [3, 5, 1, 4, 2],
    "trends": [3, 5, 1, 4, 2],
    "recommended": [3, 5, 1, 4, 2],
    "": [3, 5, 1, 4, 2],
}
Walk = Callable[[str, str], list[str]]


@pytest.fixture(autouse=True)
def _issues(alice: Caller, world: World) -> None:
    for name, (moments, has_users) in ISSUES.items():
        for hours in moments:
            user = {"user": {"id": str(hours)}} if has_users else {}
            event = error_event(name, timestamp=written(ago(hours=hours)), **user)
            send_event(alice.client, world.keys["web"], world.projects["web"], event)


@pytest.fixture
def walk(bob: Caller) -> Walk:
    """Follow the links in a direction to the end of the list. Return the short ids of each page."""

    def walked(url: str, direction: str) -> list[str]:
        pages = []
        while url:
            answer = bob.client.get(url, headers=bob.headers)
            assert answer.status_code == 200, answer.text
            pages.append(" ".join(issue["shortId"] for issue in answer.json()))
            link = answer.links[direction]
            url = link["url"] if link["results"] == "true" else ""
        return pages

    return walked


def short_ids(numbers: list[int]) -> list[str]:
    return [f"WEB-{number}" for number in numbers]


@LISTS
@pytest.mark.parametrize("sort", ORDERS)
def test_pages_cover_a_list_once_in_each_order(walk: Walk, path: str, sort: str) -> None:
    ids = short_ids(ORDERS[sort])
    pages = walk(f"/api/0{path}?query=&limit=2&sort={sort}", "next")
    assert pages == [" ".join(ids[:2]), " ".join(ids[2:4]), ids[4]]


@pytest.mark.parametrize("sort", ["date", "new", "freq", "user"])
def test_pages_lead_back_to_the_start(bob: Caller, walk: Walk, sort: str) -> None:
    ids = short_ids(ORDERS[sort])
    url = f"/api/0{LIST}?query=&limit=2&sort={sort}"
    for _ in range(2):
        url = bob.client.get(url, headers=bob.headers).links["next"]["url"]
    assert walk(url, "previous") == [ids[4], " ".join(ids[2:4]), " ".join(ids[:2])]


def test_an_order_holds_for_each_status(bob: Caller, walk: Walk) -> None:
    for name, status in (("WEB-3", "resolved"), ("WEB-1", "ignored")):
        assert bob.put(f"{LIST}{name}/", {"status": status}).status_code == 200
    assert walk(f"/api/0{LIST}?query=&sort=freq&limit=3", "next") == [
        "WEB-3 WEB-1 WEB-5",
        "WEB-4 WEB-2",
    ]
    assert walk(f"/api/0{LIST}?sort=freq", "next") == ["WEB-5 WEB-4 WEB-2"]


def test_a_page_stays_where_it_is_when_issues_come_before_it(
    alice: Caller, bob: Caller, world: World
) -> None:
    url = f"/api/0{LIST}?limit=2&sort=new"
    following = bob.client.get(url, headers=bob.headers).links["next"]["url"]
    send_event(alice.client, world.keys["web"], world.projects["web"], error_event("six"))
    answer = bob.client.get(following, headers=bob.headers)
    assert [issue["shortId"] for issue in answer.json()] == ["WEB-2", "WEB-3"]


@LISTS
def test_the_inbox_has_an_order_of_its_own(bob: Caller, walk: Walk, path: str) -> None:
    assert bob.put(f"{LIST}WEB-4/", {"status": "ignored"}).status_code == 200
    url = f"/api/0{path}?query=is:for_review&sort=inbox&limit=2"
    pages = walk(url, "next")
    assert sorted(" ".join(pages).split()) == short_ids([1, 2, 3, 5])
    dates = [
        issue["inbox"]["date_added"]
        for issue in bob.get(f"{path}?query=is:for_review&sort=inbox").json()
    ]
    assert dates == sorted(dates, reverse=True)
    last = bob.client.get(url, headers=bob.headers).links["next"]["url"]
    assert walk(last, "previous") == pages[::-1]


@LISTS
@on_one_database
def test_the_inbox_orders_no_other_issues(bob: Caller, path: str) -> None:
    answer = bob.get(f"{path}?sort=inbox")
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Invalid sort parameter. inbox takes a query with is:for_review."},
    )


@LISTS
@on_one_database
def test_an_unknown_order_is_refused(bob: Caller, path: str) -> None:
    answer = bob.get(f"{path}?sort=color")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Invalid sort parameter. Use one of date, new,")


@pytest.mark.parametrize("sort", ["date", "freq", "user"])
@pytest.mark.parametrize("cursor", [f"{2**63}:1:0", f"1:{2**63}:0", "x", "1:-1:0"])
def test_a_cursor_without_a_position_is_refused(bob: Caller, sort: str, cursor: str) -> None:
    answer = bob.get(f"{LIST}?sort={sort}&cursor={cursor}")
    assert answer.status_code == 400


@pytest.mark.parametrize("sort", ["date", "new", "freq", "user", "inbox"])
@pytest.mark.parametrize("value", ["-1", "0", "9999999999999", "99999999999999999"])
def test_a_cursor_of_another_list_is_a_position_too(bob: Caller, sort: str, value: str) -> None:
    for cursor in (f"{value}:3:0", f"{value}:3:1"):
        query = quote("is:for_review")
        answer = bob.get(f"{LIST}?query={query}&sort={sort}&cursor={cursor}")
        assert answer.status_code == 200, answer.text


def test_named_issues_are_ordered_as_well(bob: Caller) -> None:
    issues = {issue["shortId"]: issue["id"] for issue in bob.get(f"{LIST}?query=").json()}
    named = "&".join(f"group={issues[name]}" for name in short_ids([1, 2, 5]))
    answer = bob.get(f"{LIST}?{named}&sort=freq")
    assert [issue["shortId"] for issue in answer.json()] == short_ids([1, 5, 2])
