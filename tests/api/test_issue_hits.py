"""The number of issues of a list, in the headers of each page (groups-api.md 2.1)."""

import pytest
from factories import Caller, World, error_event, send_event, statements

from shipmark.infrastructure.database import Database

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
LISTS = pytest.mark.parametrize("path", [LIST, WEB_LIST])


@pytest.fixture(autouse=True)
def _issues(alice: Caller, bob: Caller, world: World) -> None:
    for name in ("one", "two", "three", "four"):
        event = error_event(name, release="web@1.0.0")
        send_event(alice.client, world.keys["web"], world.projects["web"], event)
    assert bob.put(f"{LIST}WEB-4/", {"status": "resolved"}).status_code == 200


def hits(caller: Caller, url: str) -> str:
    answer = caller.get(url)
    assert (answer.status_code, answer.headers["X-Max-Hits"]) == (200, "1000")
    return str(answer.headers["X-Hits"])


@LISTS
def test_each_page_has_the_number_of_all_issues(bob: Caller, path: str) -> None:
    first = bob.get(f"{path}?query=is:unresolved&limit=2")
    cursors = [first.links[name]["cursor"] for name in ("previous", "next")]
    for cursor in ("", *cursors):
        assert hits(bob, f"{path}?query=is:unresolved&limit=2&cursor={cursor}") == "3"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query=", "4"),
        ("query=&limit=1", "4"),
        ("query=is:resolved&limit=1", "1"),
        ("query=is:for_review&limit=1", "3"),
        ("query=is:for_review&limit=1&sort=inbox", "3"),
        ("query=release:web@1.0.0&limit=1&sort=freq", "4"),
        ("query=nothing", "0"),
        ("query=three", "1"),
        ("group=1&group=2&limit=1", "2"),
        ("limit=0", "3"),
    ],
)
def test_the_number_is_that_of_the_search(bob: Caller, query: str, expected: str) -> None:
    assert hits(bob, f"{LIST}?{query}") == expected


def test_the_count_ends_at_the_maximum(bob: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipmark.api.issues.routes._HITS_MAX", 2)
    answer = bob.get(f"{LIST}?limit=1")
    assert (answer.headers["X-Hits"], answer.headers["X-Max-Hits"]) == ("2", "2")


def test_a_list_of_one_page_is_not_counted(bob: Caller, database: Database) -> None:
    with statements(database) as whole:
        bob.get(LIST)
    with statements(database) as page:
        bob.get(f"{LIST}?limit=2")
    assert len(page.texts) == len(whole.texts) + 1
