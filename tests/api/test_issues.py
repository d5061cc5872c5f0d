"""Issues, as far as releases need them (groups-api.md 2, 5, 7)."""

import pytest
from client_fixtures import Happen
from factories import (
    ADDRESS,
    MASK,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    ago,
    masked,
    on_one_database,
    release_path,
    rows,
    written,
)
from issue_answers import LIST, names
from sqlalchemy import text

from shipmark.infrastructure.database import Database

WEB_LIST = "/projects/acme/web/issues/"


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


@pytest.mark.parametrize("path", [LIST, WEB_LIST])
def test_periods_of_statistics_are_checked(bob: Caller, path: str) -> None:
    for period in ("", "24h", "14d", "auto"):
        assert bob.get(f"{path}?groupStatsPeriod={period}").status_code == 200
    answer = bob.get(f"{path}?groupStatsPeriod=1y")
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Invalid stats_period. Valid choices are '', '24h', and '14d'"},
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
