"""Issues, as far as releases need them (groups-api.md 2, 5, 7)."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from factories import (
    ADDRESS,
    MASK,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    ago,
    error_event,
    masked,
    on_one_database,
    release_path,
    rows,
    send_event,
    written,
)
from sqlalchemy import text

from shipmark.infrastructure.database import Database

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"

Happen = Callable[..., None]


@pytest.fixture
def happen(alice: Caller, world: World) -> Happen:
    def happened(project: str, value: str = "boom", **more: object) -> None:
        key, project_id = world.keys[project], world.projects[project]
        send_event(alice.client, key, project_id, error_event(value, **more))

    return happened


def names(caller: Caller, path: str) -> list[str]:
    answer = caller.get(path)
    assert answer.status_code == 200, answer.text
    return [it["shortId"] for it in answer.json()]


PATHS = pytest.mark.parametrize(
    "path",
    [
        LIST,
        WEB_LIST,
        f"{LIST}WEB-1/",
        f"{LIST}WEB-1/activities/",
        "/organizations/acme/shortids/WEB-1/",
        "/issues/1/",
        "/issues/1/activities/",
    ],
)


@PATHS
@on_one_database
def test_a_stranger_may_not_look(charlie: Caller, happen: Happen, path: str) -> None:
    happen("web")
    assert charlie.get(path).status_code in {403, 404}


@PATHS
@on_one_database
def test_a_token_without_a_scope_for_it_may_not_look(
    bearer: Bearer, happen: Happen, path: str
) -> None:
    happen("web")
    answer = bearer(["project:releases"]).get(path)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


@pytest.mark.parametrize(
    "path",
    [
        f"{LIST}WEB-2/",
        f"{LIST}99999/",
        f"{LIST}{'9' * 30}/",
        f"{LIST}nope/",
        f"{LIST}NOPE-1/activities/",
        "/organizations/acme/shortids/WEB-2/",
        "/issues/99999/",
        "/issues/WEB-1/",
        "/issues/99999/activities/",
    ],
)
@on_one_database
def test_an_unknown_issue_is_not_found(alice: Caller, happen: Happen, path: str) -> None:
    happen("web")
    answer = alice.get(path)
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_issue_is_shown_whole(bob: Caller, happen: Happen, world: World) -> None:
    moments = [written(ago(hours=hours)) for hours in (2, 1)]
    for moment in moments:
        happen("web", release="web@1.0.0", timestamp=moment, user={"id": moment}, level="fatal")
    shown = bob.get(f"{LIST}WEB-1/").json()
    issue_id = shown["id"]
    assert masked(shown, "dateCreated", "dateAdded", "date_added") | {
        "firstRelease": ...,
        "lastRelease": ...,
        "metadata": ...,
        "stats": ...,
        "tags": ...,
    } == {
        "id": issue_id,
        "shareId": None,
        "shortId": "WEB-1",
        "title": "ValueError: boom",
        "culprit": "",
        "permalink": f"{ADDRESS}/organizations/acme/issues/{issue_id}/",
        "logger": None,
        "level": "fatal",
        "status": "unresolved",
        "statusDetails": {},
        "substatus": "new",
        "isPublic": False,
        "priority": "high",
        "priorityLockedAt": None,
        "platform": "python",
        "project": {
            "id": str(world.projects["web"]),
            "name": "web",
            "slug": "web",
            "platform": None,
        },
        "type": "error",
        "metadata": ...,
        "numComments": 0,
        "assignedTo": None,
        "isBookmarked": False,
        "isSubscribed": False,
        "subscriptionDetails": None,
        "hasSeen": False,
        "annotations": [],
        "issueType": "error",
        "issueCategory": "error",
        "isUnhandled": False,
        "count": "2",
        "userCount": 2,
        "firstSeen": moments[0],
        "lastSeen": moments[1],
        "inbox": {"reason": 0, "reason_details": None, "date_added": MASK},
        "activity": [
            {"id": "0", "user": None, "type": "first_seen", "data": {}, "dateCreated": MASK}
        ],
        "stats": ...,
        "participants": [],
        "seenBy": [],
        "userReportCount": 0,
        "pluginActions": [],
        "pluginContexts": [],
        "pluginIssues": [],
        "firstRelease": ...,
        "lastRelease": ...,
        "tags": ...,
    }
    assert (shown["metadata"]["type"], shown["metadata"]["value"]) == ("ValueError", "boom")
    assert shown["firstRelease"]["version"] == shown["lastRelease"]["version"] == "web@1.0.0"


@pytest.mark.parametrize("name", ["WEB-1", "web-1", "web_1", "WEB-01", "id"])
def test_an_issue_is_found_by_its_id_and_short_id(bob: Caller, happen: Happen, name: str) -> None:
    happen("web")
    issue_id = bob.get(f"{LIST}WEB-1/").json()["id"]
    shown = bob.get(f"{LIST}{issue_id if name == 'id' else name}/")
    assert shown.json()["id"] == issue_id
    assert bob.get(f"/issues/{issue_id}/").json() == shown.json()


def test_a_short_id_leads_to_its_issue(bob: Caller, happen: Happen) -> None:
    happen("web")
    [issue] = bob.get(f"{LIST}?collapse=lifetime&collapse=filtered").json()
    answer = bob.get("/organizations/acme/shortids/web-1/")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "organizationSlug": "acme",
            "projectSlug": "web",
            "groupId": issue["id"],
            "group": issue,
            "shortId": "WEB-1",
        },
    )


def test_activities_end_with_the_first_time_it_was_seen(bob: Caller, happen: Happen) -> None:
    happen("web")
    issue = bob.get(f"{LIST}WEB-1/").json()
    answer = bob.get(f"{LIST}WEB-1/activities/")
    assert (answer.status_code, answer.json()) == (200, {"activity": issue["activity"]})
    assert bob.get(f"/issues/{issue['id']}/activities/").json() == answer.json()


def test_open_issues_are_listed_the_last_seen_first(
    alice: Caller, bob: Caller, happen: Happen
) -> None:
    for hours, project in ((3, "web"), (2, "mobile"), (1, "tools")):
        happen(project, project, timestamp=written(ago(hours=hours)))
    assert names(bob, LIST) == ["MOBILE-1", "WEB-1"]
    assert names(bob, f"{LIST}?project=-1") == ["TOOLS-1", "MOBILE-1", "WEB-1"]
    assert names(bob, WEB_LIST) == ["WEB-1"]
    alice.publish("web@1", commits=[{"id": "a", "message": "Fixes WEB-1"}])
    assert names(bob, LIST) == ["MOBILE-1"]
    assert names(bob, f"{LIST}?query=is:resolved") == ["WEB-1"]
    assert names(bob, f"{LIST}?query=") == ["MOBILE-1", "WEB-1"]
    assert names(bob, WEB_LIST) == ["WEB-1"]


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
    ("query", "detail"),
    [
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


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("statsPeriod=24h", ["WEB-2"]),
        ("statsPeriod=30d", ["WEB-2", "WEB-1"]),
        ("statsPeriodStart=30d&statsPeriodEnd=24h", ["WEB-1"]),
        ("start=2020-01-01&end=2020-02-01", []),
        ("statsPeriod=24h&query=", ["WEB-2"]),
    ],
)
def test_a_period_lists_issues_that_were_seen_in_it(
    bob: Caller, happen: Happen, period: str, expected: list[str]
) -> None:
    happen("web", "old", timestamp=written(ago(hours=48)))
    happen("web", "new")
    answer = bob.get(f"{LIST}?{period}")
    assert [issue["shortId"] for issue in answer.json()] == expected
    assert answer.headers["X-Hits"] == str(len(expected))


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ("statsPeriod=often", "Invalid statsPeriod: 'often'"),
        ("start=2020-01-01", "start and end are both required"),
        ("start=2020-02-01&end=2020-01-01", "start must be before end"),
    ],
)
def test_periods_that_cannot_be_read_are_refused(bob: Caller, period: str, reason: str) -> None:
    answer = bob.get(f"{LIST}?{period}")
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": f"Invalid date range: {reason}"},
    )


def test_an_event_of_a_hidden_project_leads_nowhere(bob: Caller, happen: Happen) -> None:
    happen("tools", "secret", event_id="e" * 32)
    assert names(bob, f"{LIST}?query={'e' * 32}") == []


@pytest.mark.parametrize("path", [LIST, WEB_LIST])
def test_periods_of_statistics_are_checked(bob: Caller, path: str) -> None:
    for period in ("", "24h", "14d", "auto"):
        assert bob.get(f"{path}?groupStatsPeriod={period}").status_code == 200
    answer = bob.get(f"{path}?groupStatsPeriod=1y")
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Invalid stats_period. Valid choices are '', '24h', and '14d'"},
    )


def test_keys_that_are_not_known_are_refused(bob: Caller) -> None:
    answer = bob.get(f"{LIST}?query=stack.filename:a.py")
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Invalid key for this search: stack.filename"},
    )


def test_lists_have_pages(bob: Caller, happen: Happen) -> None:
    for hours in range(5):
        happen("web", str(hours), timestamp=written(ago(hours=hours)))
    pages, url = [], f"{LIST}?limit=2"
    while True:
        answer = bob.get(url)
        pages.append([it["shortId"] for it in answer.json()])
        if answer.links["next"]["results"] == "false":
            break
        url = f"{LIST}?limit=2&cursor={answer.links['next']['cursor']}"
    assert pages == [["WEB-1", "WEB-2"], ["WEB-3", "WEB-4"], ["WEB-5"]]
    before = f"{LIST}?limit=2&cursor={answer.links['previous']['cursor']}"
    assert names(bob, before) == ["WEB-3", "WEB-4"]
    [first] = [bob.get(f"{LIST}?limit=2").links["previous"]]
    assert (first["results"], names(bob, f"{LIST}?cursor={first['cursor']}")) == ("false", [])


def test_a_walk_misses_no_issue_while_others_change(bob: Caller, happen: Happen) -> None:
    """A program that resolves page by page met every second page only (groups-api.md 2.1: keyset cursors)."""
    for hours in range(5):
        happen("web", str(hours), timestamp=written(ago(hours=hours)))
    url = f"{LIST}?query=is:unresolved&limit=2"
    answer = bob.get(url)
    for issue in answer.json():
        assert bob.put(f"{LIST}{issue['id']}/", {"status": "resolved"}).status_code == 200
    happen("web", "new")
    after = f"{url}&cursor={answer.links['next']['cursor']}"
    assert names(bob, after) == ["WEB-3", "WEB-4"]
    answer = bob.get(after)
    assert names(bob, f"{url}&cursor={answer.links['previous']['cursor']}") == ["WEB-6"]


def test_an_issue_of_a_hidden_project_is_not_found(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen("tools")
    issue_id = rows(database, "issues")[0]["id"]
    assert bob.get(f"{LIST}TOOLS-1/").status_code == 200
    with database.transaction() as connection:
        connection.execute(text("UPDATE organizations SET is_open = false"))
    for path in (f"{LIST}TOOLS-1/", f"/issues/{issue_id}/"):
        answer = bob.get(path)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_an_issue_of_another_organization_is_not_found(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen("globex/web")
    issue_id = rows(database, "issues")[0]["id"]
    for path in (f"{LIST}{issue_id}/", f"{LIST}WEB-1/"):
        answer = bob.get(path)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_a_stranger_does_not_learn_that_an_issue_exists(
    bob: Caller, happen: Happen, database: Database
) -> None:
    happen("globex/web")
    known = bob.get(f"/issues/{rows(database, 'issues')[0]['id']}/")
    unknown = bob.get("/issues/99999/")
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())


@pytest.mark.parametrize("path", [LIST, WEB_LIST])
@on_one_database
def test_limit_says_how_many_a_page_holds(bob: Caller, happen: Happen, path: str) -> None:
    for value in ("one", "two", "three"):
        happen("web", value)
    answer = bob.get(f"{path}?query=&limit=2")
    assert len(answer.json()) == 2
    assert 'rel="next"; results="true"' in answer.headers["link"]
    assert len(bob.get(f"{path}?query=&limit=1000").json()) == 3
    refused = bob.get(f"{path}?limit=few")
    assert (refused.status_code, refused.json()) == (400, {"detail": "Invalid limit parameter."})


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
def test_a_list_may_name_its_issues(
    bob: Caller, happen: Happen, database: Database, path: str
) -> None:
    for value in ("one", "two", "three"):
        happen("web", value)
    happen("tools")
    ids = [issue["id"] for issue in rows(database, "issues")]
    named = "&".join(f"group={issue_id}" for issue_id in [ids[0], ids[2], ids[3], 99])
    assert sorted(names(bob, f"{path}?{named}&query=nothing")) == ["WEB-1", "WEB-3"]
    assert len(names(bob, f"{path}?{named}&limit=1")) == 1
    refused = bob.get(f"{path}?group=x")
    assert (refused.status_code, refused.json()) == (400, {"detail": "Group ids must be integers"})


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


@on_one_database
def test_the_release_tells_how_many_issues_came_back(bob: Caller, happen: Happen) -> None:
    """Once for each issue, however often it comes back."""
    happen("web", "one", release="web@1.0.0", timestamp=written(ago(hours=3)))
    for hours in (2, 1):
        in_first = {"status": "resolved", "statusDetails": {"inRelease": "web@1.0.0"}}
        assert bob.put(f"{LIST}WEB-1/", in_first).status_code == 200
        happen("web", "one", release="web@1.0.0", timestamp=written(ago(hours=hours)))
    shown = bob.get(release_path("web@1.0.0")).json()
    assert (shown["newGroups"], shown["regressedGroups"]) == (1, 1)
    [listed] = bob.get("/organizations/acme/releases/").json()
    assert listed["regressedGroups"] == 1
