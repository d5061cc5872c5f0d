"""Issues are searched by versions, packages, builds and stages of releases they were seen in (groups-api.md 2.3)."""

from urllib.parse import quote

import pytest
from factories import Caller, World, error_event, send_event
from sessions import aggregates, send_sessions

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.release_health.actions import update_adoptions

ISSUES = "/organizations/acme/issues/"
#: The releases in which each issue was seen.
SEEN_IN = {
    "old": ["web@1.0.0+7"],
    "both": ["web@1.0.0+7", "web@2.1.0-beta"],
    "new": ["web@2.1.0-beta", "web@2.1.0"],
    "other": ["ios@2.1.0+12"],
    "hash": ["0123abc"],
    "none": [],
}


@pytest.fixture(autouse=True)
def _seen(alice: Caller, world: World) -> None:
    for title, versions in SEEN_IN.items():
        for version in versions or [None]:
            payload = error_event(title, release=version, environment="production")
            send_event(alice.client, world.keys["web"], world.projects["web"], payload)


def found(caller: Caller, query: str, more: str = "") -> set[str]:
    answer = caller.get(f"{ISSUES}?query={quote(query)}{more}")
    assert answer.is_success, answer.text
    return {issue["metadata"]["value"] for issue in answer.json()}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("release.version:1.0.0", {"old", "both"}),
        ("release.version:>=2.1", {"new", "other"}),
        ("release.version:>1", {"both", "new", "other"}),
        ("release.version:<2", {"old", "both"}),
        ("release.version:2.1.*", {"both", "new", "other"}),
        ("release.version:web@2.1.0", {"new"}),
        ("!release.version:2.1.0", {"old", "both", "new", "hash"}),
        ("release.version:9", set()),
        # Keys count in any case, versions do not.
        ("Release.Version:2.1.0 RELEASE:web@*", {"new"}),
        ("Release:web@2.1.0", {"new"}),
        ("!RELEASE:web@2.1.0 IS:Unresolved FirstRelease:web@2.1.0-beta", set()),
        ("FIRSTRELEASE:web@2.1.0-beta Environment:production", {"new"}),
        ("timesseen:1 Status:UNRESOLVED Message:hash", {"hash"}),
        ("release.package:web", {"old", "both", "new"}),
        ("release.package:[ios, tools]", {"other"}),
        ("release.build:7", {"old", "both"}),
        ("release.build:>7", {"other"}),
        ("release:web@*", {"old", "both", "new"}),
        ("release:*+12", {"other"}),
        ("release:[web@1*, 0123*]", {"old", "both", "hash"}),
        ("release:WEB@*", set()),
        ("release:web@* release:web@2.1.0", {"new"}),
        # Both are meant of one release.
        ("release:web@* release.version:>=2.1", {"new"}),
        ("release.version:>=2 release.package:web", {"both", "new"}),
        ("release.version:>=2 release.build:7", set()),
        ("release.version:1.0.0 release:web@2.1.0-beta", {"both"}),
        ("release.version:1.0.0 !release:web@2.1.0-beta", {"old"}),
        ("release.package:web environment:production old", {"old"}),
        ("release.package:web environment:staging", set()),
    ],
)
def test_issues_are_found_by_the_numbers_of_their_releases(
    bob: Caller, query: str, titles: set[str]
) -> None:
    assert found(bob, query) == titles


def test_issues_are_found_by_the_stage_of_their_releases(
    alice: Caller, world: World, database: Database
) -> None:
    old, new = "web@1.0.0+7", "web@2.1.0"
    send_sessions(alice.client, world, aggregates({"exited": 9000}, release=old))
    with database.transaction() as connection:
        update_adoptions(connection, now())
    send_sessions(alice.client, world, aggregates({"exited": 1}, release=new))
    there = "&environment=production"
    assert found(alice, "release.stage:adopted", there) == {"old", "both"}
    assert found(alice, "release.stage:low_adoption", there) == {"both", "new", "other", "hash"}
    assert found(alice, "release.stage:replaced", there) == set()
    assert found(alice, "release.stage:adopted environment:production") == {"old", "both"}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("release.stage:adopted", "Choose a single environment to filter by release stage."),
        ("release.stage:loud", "Unsupported release.stage value."),
        ("release.version:", "Empty string after 'release.version:'"),
        ("release.version:[1, 2]", "Invalid operation 'IN' for semantic version filter."),
        ('release.package:"a"b', 'Terms of releases can\'t be read: release.package:"a"b'),
    ],
)
def test_terms_that_name_no_releases_are_refused(bob: Caller, query: str, detail: str) -> None:
    answer = bob.get(f"{ISSUES}?query={quote(query)}")
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_releases_of_other_projects_do_not_count(alice: Caller, world: World) -> None:
    alice.publish("tools@2.1.0", projects=["tools"])
    payload = error_event("elsewhere", release="tools@2.1.0")
    send_event(alice.client, world.keys["tools"], world.projects["tools"], payload)
    assert found(alice, "release.package:tools") == {"elsewhere"}
    web = alice.get("/projects/acme/web/issues/?query=release.package:tools")
    assert web.json() == []


def test_terms_of_releases_find_nothing_without_projects(alice: Caller) -> None:
    for project in alice.get("/organizations/acme/projects/").json():
        assert alice.delete(f"/projects/acme/{project['slug']}/").is_success
    assert found(alice, "release.version:>=1") == set()
