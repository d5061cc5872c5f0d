"""Issues are searched by the tags of their events (groups-api.md 2.3)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from factories import Caller, World, error_event, send_event

from shipmark.infrastructure.database import Database
from shipmark.issues.model import IssueFilter
from shipmark.issues.search import parse
from shipmark.issues.store import issue_lists, tagged_issues
from shipmark.issues.store.few_issues import ids_if_few

ISSUES = "/organizations/acme/issues/"

#: Two issues by what they were seen with.
EVENTS: dict[str, list[dict[str, Any]]] = {
    "one": [
        {
            "tags": {"plan": "free trial", "region": "eu-1"},
            "user": {"id": "7", "email": "eve@example.com", "username": "eve"},
            "contexts": {"browser": {"name": "Firefox", "version": "140.0"}},
            "server_name": "web-1",
            "release": "web@1.0.0",
            "dist": "42",
        },
        {"tags": {"region": "us-1"}, "user": {"email": "ann@example.com"}},
    ],
    "two": [
        {
            "tags": {"region": "eu-2", "key_ü": "x", "type:x": "y", "Release": "night"},
            "contexts": {"browser": {"name": "Chrome", "version": "142.0"}},
            "user": {"ip_address": "192.0.2.7"},
        },
        {"user": {"username": "bob", "ip_address": "::1"}},
    ],
}


@pytest.fixture(autouse=True)
def _seen(alice: Caller, world: World) -> None:
    for title, events in EVENTS.items():
        for more in events:
            payload = error_event(title, **more)
            send_event(alice.client, world.keys["web"], world.projects["web"], payload)


def found(alice: Caller, query: str, path: str = ISSUES) -> set[str]:
    answer = alice.get(path, params={"query": query})
    assert answer.is_success, answer.text
    return {issue["metadata"]["value"] for issue in answer.json()}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("browser.name:Firefox", {"one"}),
        ('browser:"Chrome 142.0"', {"two"}),
        ("region:[eu-1, eu-2]", {"one", "two"}),
        ("region:us-1", {"one"}),
        ("!region:us-1", {"two"}),
        ("!region:[eu-2, nowhere]", {"one"}),
        ("region:eu-*", {"one", "two"}),
        ("region:us-*", {"one"}),
        ("!region:us-*", {"two"}),
        ("region:[us-*, eu-2]", {"one", "two"}),
        ('plan:"free trial"', {"one"}),
        ("plan:free", set()),
        ("Region:us-1", set()),
        ("nothing:here", set()),
        ("tags[region]:us-1", {"one"}),
        ("!tags[region]:[us-1, nowhere]", {"two"}),
        ("tags[Release]:night", {"two"}),
        ("tags[type:x]:y", {"two"}),
        ("!tags[type:x]:[y, z]", {"one"}),
        ('"type:x":"y"', {"two"}),
        ('!"type:x":y', {"one"}),
        ("has:type:x", {"two"}),
        ("has:Release", {"two"}),
        ("user.id:7", {"one"}),
        ("user:id:7", {"one"}),
        ("user.email:ann@example.com", {"one"}),
        ("user.email:[ann@*, bob@example.com]", {"one"}),
        ("user.email:eve@example.com", {"one"}),
        ("user.email:[eve@*, nobody@example.com]", {"one"}),
        ("!user.email:eve@example.com", {"two"}),
        ("User.Username:eve", {"one"}),
        ("user.username:[eve, bob]", {"one", "two"}),
        ("user.ip:::1", {"two"}),
        ("has:user.ip", {"two"}),
        ("!has:user.email", {"two"}),
        ("has:user", {"one", "two"}),
        ("has:plan", {"one"}),
        ("!has:plan", {"two"}),
        ('plan:""', {"two"}),
        ('!plan:""', {"one"}),
        ("has:release", {"one"}),
        ("server_name:web-1 dist:42 browser.name:Firefox", {"one"}),
        ("server_name:web-1 browser.name:Chrome", set()),
        ("browser.name:Chrome two is:unresolved", {"two"}),
        ("browser.name:Firefox release:web@1.0.0", {"one"}),
    ],
)
def test_a_term_finds_the_issues_seen_with_it(alice: Caller, query: str, titles: set[str]) -> None:
    assert found(alice, query) == titles
    assert found(alice, query, "/projects/acme/web/issues/") == titles


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("region:*1", "region: takes a * only at the end of a value."),
        ("region:e*1", "region: takes a * only at the end of a value."),
        ('region:[eu-1, ""]', 'region: takes "" only alone.'),
        ("region:", "Invalid key for this search: region"),
        ("has:", "Invalid key for this search: has"),
        ("has:[plan, region]", "has: takes the name of a tag."),
        ("has:pl*", "has: takes the name of a tag."),
        ("https://example.com/", "Invalid key for this search: https"),
        ("error.value:boom", "Invalid key for this search: error.value"),
        ("event.timestamp:>2026-01-01", "Invalid key for this search: event.timestamp"),
        ("Error.Value:boom", "Invalid key for this search: Error.Value"),
        ("!stack.filename:a.py", "Invalid key for this search: !stack.filename"),
        (
            " ".join(f"k{number}:v" for number in range(11)),
            "A query has no more than 10 terms of releases, environments, users, projects, issues and tags.",
        ),
    ],
)
def test_what_no_index_answers_is_refused(alice: Caller, query: str, detail: str) -> None:
    answer = alice.get(ISSUES, params={"query": query})
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("region:[us-*, eu-1]", ["one"]),
        ("has:user.ip", ["two"]),
        ("!has:plan region:eu-*", ["two"]),
    ],
)
def test_what_many_issues_have_is_looked_up_in_each(
    database: Database, world: World, query: str, titles: list[str]
) -> None:
    web, terms = world.projects["web"], parse(query, datetime.now(UTC))
    conditions = IssueFilter(project_ids=(web,), tags=tuple(terms.tags))
    with database.snapshot() as connection:
        listed = issue_lists.page_of(connection, conditions, limit=10)
        few = ids_if_few(connection, tagged_issues.with_tag([web], terms.tags[-1]), most=0)
    assert [each.issue.metadata["value"] for each in listed] == titles
    assert few is None


def test_a_change_of_many_issues_takes_a_search_by_tags(alice: Caller) -> None:
    query = {"query": "browser.name:Chrome"}
    assert alice.put(ISSUES, {"status": "resolved"}, params=query).is_success
    assert found(alice, "is:resolved") == {"two"}


def test_issues_of_projects_that_one_cannot_see_are_not_found(charlie: Caller) -> None:
    answer = charlie.get("/organizations/globex/issues/", params={"query": "browser.name:Firefox"})
    assert answer.json() == []
