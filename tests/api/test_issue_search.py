"""Searches of issues (groups-api.md 2.3)."""

from urllib.parse import quote

import pytest
from client_fixtures import Happen
from factories import (
    ALICE,
    NOT_FOUND,
    Caller,
    ago,
    written,
)
from issue_answers import LIST, names

WEB_LIST = "/projects/acme/web/issues/"


def test_issues_are_searched_by_their_text(bob: Caller, happen: Happen) -> None:
    for value in ("no such table", "out of memory", "100%"):
        happen("web", value)
    assert names(bob, f"{LIST}?query=is:unresolved+TABLE") == ["WEB-1"]
    assert names(bob, f"{LIST}?query=100%25") == ["WEB-3"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("is:new", ["WEB-3", "WEB-2"]),
        ("is:ongoing", []),
        ("is:regressed", ["WEB-1"]),
        ("is:unresolved level:warning", ["WEB-2"]),
        ("!level:warning", ["WEB-1", "WEB-3"]),
        ("level:Fatal", []),
        ("is:for_review", ["WEB-1", "WEB-3", "WEB-2"]),
        ("status:unresolved boom", ["WEB-3", "WEB-2"]),
        ("is:archived", []),
        ("is:archived is:new", ["WEB-3", "WEB-2"]),
        ("is:until_escalating", []),
        ("is:linked", []),
        ("is:reprocessing", []),
        ("is:unlinked", ["WEB-1", "WEB-3", "WEB-2"]),
        ("timesSeen:>1", ["WEB-1", "WEB-2"]),
        ("times_seen:1", ["WEB-3"]),
        ("!timesSeen:<=1", ["WEB-1", "WEB-2"]),
        ("lastSeen:-90m", ["WEB-1"]),
        ("last_seen:+150m", ["WEB-2"]),
        ("age:-1w firstSeen:<2999-01-01", ["WEB-1", "WEB-3", "WEB-2"]),
        ("firstSeen:>2999-01-01T00:00:00+02:00", []),
        ("!firstSeen:>2999-01-01", ["WEB-1", "WEB-3", "WEB-2"]),
        ("lastSeen:+999999w", []),
    ],
)
def test_issues_are_searched_by_what_they_are(
    alice: Caller, bob: Caller, happen: Happen, query: str, expected: list[str]
) -> None:
    happen("web", "fixed", timestamp=written(ago(hours=9)))
    alice.publish("web@1", commits=[{"id": "a", "message": "Fixes WEB-1"}])
    happen("web", "fixed", release="web@1", timestamp=written(ago(hours=0)))
    for _ in range(2):
        happen("web", "boom 2", level="warning", timestamp=written(ago(hours=3)))
    happen("web", "boom 3", timestamp=written(ago(hours=2)))
    assert names(bob, f"{LIST}?query={quote(query)}") == expected
    assert names(bob, f"{WEB_LIST}?query={quote(query)}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("!is:resolved", {"NEW", "ONGOING", "ARCHIVED"}),
        ("!status:resolved", {"NEW", "ONGOING", "ARCHIVED"}),
        ("is:unresolved !is:ignored", {"NEW", "ONGOING"}),
        ("!is:resolved !is:archived", {"NEW", "ONGOING"}),
        ("!is:unresolved", {"RESOLVED", "ARCHIVED"}),
        ("is:resolved !is:resolved", set()),
        ("!is:new", {"ONGOING", "RESOLVED", "ARCHIVED"}),
        ("is:unresolved !is:new !is:ongoing", set()),
        ("!is:for_review", {"ONGOING", "RESOLVED", "ARCHIVED"}),
        ("!is:unassigned", {"ONGOING"}),
        ("!is:assigned", {"NEW", "RESOLVED", "ARCHIVED"}),
        ("!is:linked", {"NEW", "ONGOING", "RESOLVED", "ARCHIVED"}),
        ("!is:unlinked", set()),
    ],
)
def test_states_are_negated(alice: Caller, happen: Happen, query: str, expected: set[str]) -> None:
    titles = ("RESOLVED", "ARCHIVED", "ONGOING", "NEW")
    for title in titles:
        happen("web", title)
    ids = {issue["metadata"]["value"]: issue["id"] for issue in alice.get(LIST).json()}
    alice.put(f"{LIST}?id={ids['RESOLVED']}", {"status": "resolved"})
    alice.put(f"{LIST}?id={ids['ARCHIVED']}", {"status": "ignored"})
    alice.put(f"{LIST}?id={ids['ONGOING']}", {"inbox": False, "assignedTo": ALICE})
    for path in (LIST, WEB_LIST):
        answer = alice.get(f"{path}?query={quote(query)}&limit=1")
        assert answer.headers["X-Hits"] == str(len(expected))
        found = alice.get(f"{path}?query={quote(query)}").json()
        assert {issue["metadata"]["value"] for issue in found} == expected


def test_a_search_that_leaves_a_status_out_changes_no_issue_with_it(
    alice: Caller, happen: Happen
) -> None:
    for title in ("one", "two"):
        happen("web", title)
    alice.put(f"{LIST}?id={alice.get(LIST).json()[0]['id']}", {"status": "ignored"})
    alice.put(f"{LIST}?query={quote('!is:archived')}", {"status": "resolved"})
    assert {it["status"] for it in alice.get(f"{LIST}?query=").json()} == {"ignored", "resolved"}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("!is:loud", 'Invalid value for "is" search, valid values are ['),
        ("is:loud", 'Invalid value for "is" search, valid values are ['),
        ("level:loud", "level: takes one of debug, error, fatal, info, warning."),
        ("timesSeen:many", "timesSeen: takes a number, or a comparison with one, such as >10."),
        ("timesSeen:" + "9" * 19, "timesSeen: takes a number"),
        ("age:2026-01-31", "age: takes a comparison with a date, such as >2026-01-31, or a time"),
        ("lastSeen:>yesterday", "lastSeen: takes a comparison with a date"),
        ("lastSeen:>0001-01-01T00:00:00+14:00", "lastSeen: takes a comparison with a date"),
        ("release:[]", "release: takes up to 20 values."),
        ("!release:[" + "a," * 21 + "]", "release: takes up to 20 values."),
        ("!release:web@*", "release: takes no wildcards."),
        ("firstRelease:web@*", "firstRelease: takes no wildcards."),
        ("environment:prod*", "environment: takes no wildcards."),
        ("release:a " * 11, "A query has no more than 10 terms of releases, environments"),
        ("error.unhandled:often", "error.unhandled: takes true or false."),
        ("error.value:boom", "Invalid key for this search: error.value"),
        ("status:loud", "Invalid key for this search: status"),
        ("level:error " * 51, "A query has no more than 50 conditions."),
    ],
)
def test_terms_that_cannot_be_searched_are_refused(bob: Caller, query: str, detail: str) -> None:
    answer = bob.get(f"{LIST}?query={quote(query)}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(detail)


@pytest.mark.parametrize("path", [LIST, WEB_LIST])
def test_the_id_of_an_event_leads_to_its_issue(bob: Caller, happen: Happen, path: str) -> None:
    event_id = "0123456789abcdef0123456789abcdef"
    happen("web", "one", event_id=event_id, environment="staging")
    happen("web", "two")
    for named in (event_id, "01234567-89AB-cdef-0123-456789abcdef", f"event.id:{event_id}"):
        answer = bob.get(f"{path}?query={named}")
        assert answer.headers["X-Sentry-Direct-Hit"] == "1"
        [found] = answer.json()
        assert (found["shortId"], found["matchingEventId"]) == ("WEB-1", event_id)
        assert found["matchingEventEnvironment"] == "staging"
    answer = bob.get(f"{path}?query={'f' * 32}")
    assert (answer.json(), "X-Sentry-Direct-Hit" in answer.headers) == ([], False)
    assert "matchingEventId" not in bob.get(path).json()[0]


def test_an_event_of_a_hidden_project_leads_nowhere(bob: Caller, happen: Happen) -> None:
    happen("tools", "secret", event_id="e" * 32)
    assert names(bob, f"{LIST}?query={'e' * 32}") == []


def test_keys_that_are_not_known_are_refused(bob: Caller) -> None:
    answer = bob.get(f"{LIST}?query=stack.filename:a.py")
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Invalid key for this search: stack.filename"},
    )


@pytest.mark.parametrize("path", [LIST, WEB_LIST])
def test_issues_are_found_by_their_environment(bob: Caller, happen: Happen, path: str) -> None:
    happen("web", "one", release="web@1.0.0", environment="staging")
    happen("web", "one", release="web@1.1.0", environment="production")
    happen("web", "two", release="web@1.1.0", environment="staging")
    happen("web", "three", release="web@1.0.0")
    found = {
        "environment=production": ["WEB-1"],
        "environment=staging": ["WEB-1", "WEB-2"],
        "environment=staging&environment=production": ["WEB-1", "WEB-2"],
        "environment=production&query=firstRelease:web@1.1.0": ["WEB-1"],
        "environment=staging&query=firstRelease:web@1.1.0": ["WEB-2"],
        "environment=production&query=firstRelease:web@1.0.0": [],
        "environment=production&query=release:web@1.1.0": ["WEB-1"],
        "environment=production&query=release:web@1.0.0": [],
        "environment=production&query=three": [],
    }
    assert {query: sorted(names(bob, f"{path}?{query}")) for query in found} == found
    refused = bob.get(f"{path}?environment=nowhere")
    assert (refused.status_code, refused.json()) == (404, NOT_FOUND)


def test_a_change_by_search_keeps_to_the_environment(bob: Caller, happen: Happen) -> None:
    happen("web", "one", environment="staging")
    happen("web", "two", environment="production")
    answer = bob.put(f"{WEB_LIST}?environment=staging", json={"status": "resolved"})
    assert answer.status_code == 200
    assert names(bob, f"{WEB_LIST}?query=is:resolved") == ["WEB-1"]


@pytest.mark.parametrize("path", [LIST, WEB_LIST])
def test_a_short_id_may_be_looked_up_by_the_list(bob: Caller, happen: Happen, path: str) -> None:
    for value in ("one", "two"):
        happen("web", value)
    happen("globex/web", "other")
    answer = bob.get(f"{path}?shortIdLookup=1&query=web-2")
    assert [issue["shortId"] for issue in answer.json()] == ["WEB-2"]
    assert answer.headers["x-sentry-direct-hit"] == "1"
    assert names(bob, f"{path}?shortIdLookup=1&query=WEB-3") == []
    assert names(bob, f"{path}?query=WEB-2") == []
    assert names(bob, f"{path}?shortIdLookup=1&query=two") == ["WEB-2"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('firstRelease:"web@1.0.0"', ["WEB-1"]),
        ("first-release:web@1.1.0", ["WEB-2"]),
        ("first_release:latest", ["WEB-2"]),
        ("release:web@1.1.0", ["WEB-2", "WEB-1"]),
        ("release:web@1.1.0 is:resolved", []),
        ("regressed_in_release:web@1.1.0", ["WEB-1"]),
        ("regressed_in_release:web@1.0.0", []),
        ("release:web@9.9.9", []),
        ('"one" release:web@1.0.0', ["WEB-1"]),
        ("release:[web@1.0.0, web@9.9.9]", ["WEB-1"]),
        ('firstRelease:["web@1.0.0",latest]', ["WEB-2", "WEB-1"]),
        ("release:web@1.0.0 release:web@1.1.0", ["WEB-1"]),
        ("!release:web@1.0.0", ["WEB-3", "WEB-2"]),
        ("!release:[web@1.0.0, latest]", ["WEB-3"]),
        ("release:latest !firstRelease:latest", ["WEB-1"]),
        ("!release:web@9.9.9", ["WEB-3", "WEB-2", "WEB-1"]),
        ("!regressed_in_release:latest", ["WEB-3", "WEB-2"]),
        ("environment:staging", ["WEB-2"]),
        ("environment:[staging, nowhere]", ["WEB-2"]),
        ("environment:nowhere", []),
        ("!environment:staging", ["WEB-3", "WEB-1"]),
        ("!environment:nowhere", ["WEB-3", "WEB-2", "WEB-1"]),
        ("release:web@1.1.0 environment:staging", ["WEB-2"]),
        ("!release:web@1.0.0 environment:staging", ["WEB-2"]),
        ("error.unhandled:true", ["WEB-3"]),
        ("error.handled:true", ["WEB-2", "WEB-1"]),
        ("!error.unhandled:0", ["WEB-3"]),
        ("boom [a b]", []),
    ],
)
def test_issues_are_found_by_their_releases(
    bob: Caller, happen: Happen, query: str, found: list[str]
) -> None:
    happen("web", "one", release="web@1.0.0", timestamp=written(ago(hours=3)))
    bob.publish("web@1.1.0")
    in_latest = {"status": "resolved", "statusDetails": {"inRelease": "latest"}}
    assert bob.put(f"{LIST}WEB-1/", in_latest).status_code == 200
    happen("web", "one", release="web@1.1.0", timestamp=written(ago(hours=2)))
    here = {"release": "web@1.1.0", "environment": "staging"}
    happen("web", "two", **here, timestamp=written(ago(hours=1)))
    raised = {"type": "ValueError", "value": "three", "mechanism": {"type": "x", "handled": False}}
    happen("web", "three", exception={"values": [raised]}, timestamp=written(ago(hours=0)))
    assert names(bob, f"{LIST}?query={quote(query)}") == found
    assert names(bob, f"{WEB_LIST}?query={quote(query)}") == found


def test_a_term_of_environments_narrows_the_parameter(bob: Caller, happen: Happen) -> None:
    happen("web", "one", environment="staging")
    happen("web", "two", environment="production")
    both = "environment=staging&environment=production"
    assert names(bob, f"{LIST}?{both}&query=environment:staging") == ["WEB-1"]
    assert names(bob, f"{LIST}?environment=production&query=environment:staging") == []
