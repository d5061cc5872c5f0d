"""GET ``organizations/{org}/releases/`` (releases.md 2.4, 5.2, 5.3)."""

import re

import pytest
from factories import (
    ADDRESS,
    NOT_ALLOWED,
    NOT_FOUND,
    RELEASES,
    Bearer,
    Caller,
    World,
    error_event,
    on_one_database,
    release_path,
    send_event,
)
from httpx import Response
from sqlalchemy import text

from shipmark.infrastructure.database import Database

HERE = f"{ADDRESS}/api/0{RELEASES}"


def listed(caller: Caller, query: str = "") -> list[str]:
    answer = caller.get(f"{RELEASES}{query}")
    assert answer.status_code == 200, answer.text
    return [it["version"] for it in answer.json()]


def test_a_token_without_a_scope_for_it_may_not_list(bearer: Bearer) -> None:
    answer = bearer(["org:read"]).get(RELEASES)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_an_unknown_organization_is_not_found(alice: Caller) -> None:
    answer = alice.get("/organizations/initech/releases/")
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_the_newest_come_first_and_look_as_published(bob: Caller) -> None:
    made = [bob.publish(f"web@{number}", "web", "mobile") for number in range(3)]
    answer = bob.get(RELEASES)
    assert answer.json() == made[::-1]


@on_one_database
def test_the_date_of_release_does_not_order_them(bob: Caller) -> None:
    bob.publish("web@1")
    bob.publish("web@2", dateReleased="2020-01-01T00:00:00Z")
    assert listed(bob) == ["web@2", "web@1"]


def test_archived_ones_are_listed_when_asked_for(bob: Caller) -> None:
    bob.publish("web@1")
    bob.publish("web@2", status="archived")
    assert listed(bob) == ["web@1"]
    assert listed(bob, "?status=archived") == ["web@2"]
    assert listed(bob, "?status=") == ["web@2", "web@1"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("WEB@1", ["web@1.1", "web@1.0"]),
        ("1.0", ["web@1.0"]),
        ("%25", []),
        ("_", ["app_2"]),
        ("+web%401.1+", ["web@1.1"]),
        ("", ["app_2", "web@1.1", "web@1.0"]),
    ],
)
def test_versions_are_searched_for_a_part_of_them(
    bob: Caller, query: str, found: list[str]
) -> None:
    for version in ("web@1.0", "web@1.1", "app_2"):
        bob.publish(version)
    assert listed(bob, f"?query={query}") == found


def test_projects_filter(bob: Caller, world: World) -> None:
    bob.publish("web@1", "web")
    bob.publish("mobile@1", "mobile")
    bob.publish("both@1", "web", "mobile")
    web, mobile = world.projects["web"], world.projects["mobile"]
    assert listed(bob, f"?project={web}") == ["both@1", "web@1"]
    assert listed(bob, "?projectSlug=mobile") == ["both@1", "mobile@1"]
    assert listed(bob, f"?project={web}&project={mobile}") == ["both@1", "mobile@1", "web@1"]


def test_without_a_filter_the_projects_of_the_callers_teams_are_shown(
    alice: Caller, bob: Caller, organization_token: Caller
) -> None:
    alice.publish("web@1", "web")
    alice.publish("tools@1", "tools")
    assert listed(bob) == ["web@1"]
    assert listed(bob, "?project=-1") == ["tools@1", "web@1"]
    assert listed(bob, "?projectSlug=$all") == ["tools@1", "web@1"]
    assert listed(organization_token) == ["tools@1", "web@1"]


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("status=closed", 400, {"detail": "invalid value for status"}),
        ("sort=colour", 400, {"detail": "invalid sort"}),
        ("per_page=x", 400, {"detail": "Invalid per_page parameter."}),
        ("per_page=101", 400, {"detail": "Invalid per_page value. Cannot exceed 100."}),
        ("cursor=x", 400, {"detail": "Invalid cursor parameter."}),
        ("cursor=10:-1:1", 400, {"detail": "Pagination offset cannot be negative"}),
        (f"cursor={10**30}:1:0", 400, {"detail": "Invalid cursor parameter."}),
        ("cursor=5:1:0&sort=semver", 400, {"detail": "Invalid cursor parameter."}),
        ("query=colour:red", 400, {"detail": "Invalid key for this search: colour"}),
        ("project=99999", 403, NOT_ALLOWED),
        (
            "project=nope",
            400,
            {"detail": "Invalid project parameter. Values must be numbers."},
        ),
        ("project=²", 400, {"detail": "Invalid project parameter. Values must be numbers."}),
        ("environment=nope", 404, NOT_FOUND),
        (
            "start=2026-01-01T00:00:00",
            400,
            {"detail": "Invalid date range: start and end are both required"},
        ),
        ("statsPeriod=x", 400, {"detail": "Invalid date range: Invalid statsPeriod: 'x'"}),
    ],
)
@on_one_database
def test_a_bad_parameter_is_refused(
    bob: Caller, query: str, status: int, told: dict[str, str]
) -> None:
    bob.publish("web@1")
    answer = bob.get(f"{RELEASES}?{query}")
    assert (answer.status_code, answer.json()) == (status, told)


def test_a_project_of_another_organization_is_refused(bob: Caller, world: World) -> None:
    answer = bob.get(f"{RELEASES}?project={world.projects['globex/web']}")
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_environments_filter(bob: Caller, world: World) -> None:
    for version, environment in (("web@1", "production"), ("web@2", "staging")):
        event = error_event(release=version, environment=environment)
        send_event(bob.client, world.keys["web"], world.projects["web"], event)
    assert listed(bob, "?environment=production") == ["web@1"]
    assert set(listed(bob, "?environment=production&environment=staging")) == {"web@1", "web@2"}


def test_dates_filter(bob: Caller, database: Database) -> None:
    bob.publish("web@1")
    with database.transaction() as connection:
        connection.execute(
            text("UPDATE release_projects SET created_at = '2020-01-01 00:00:00.000000'")
        )
    bob.publish("web@2")
    assert listed(bob, "?statsPeriod=24h") == ["web@2"]
    assert listed(bob, "?start=2019-12-01T00:00:00&end=2020-02-01T00:00:00") == ["web@1"]


def test_pages_are_linked_both_ways(bob: Caller) -> None:
    for number in range(5):
        bob.publish(f"web@{number}")
    first = bob.get(f"{RELEASES}?per_page=2&query=web%40")
    assert first.headers["link"].startswith(f"<{HERE}?per_page=2&query=web%40&cursor=")
    assert [has for _, has in links(first).values()] == ["false", "true"]
    second = bob.client.get(links(first)["next"][0], headers=first.request.headers)
    assert versions(second) == ["web@2", "web@1"]
    assert [has for _, has in links(second).values()] == ["true", "true"]
    last = bob.client.get(links(second)["next"][0], headers=first.request.headers)
    assert versions(last) == ["web@0"]
    assert [has for _, has in links(last).values()] == ["true", "false"]
    back = bob.client.get(links(last)["previous"][0], headers=first.request.headers)
    assert versions(back) == ["web@2", "web@1"]
    start = bob.client.get(links(back)["previous"][0], headers=first.request.headers)
    assert (versions(start), links(start)["previous"][1]) == (["web@4", "web@3"], "false")


def links(answer: Response) -> dict[str, tuple[str, str]]:
    """The address of each relation, and whether there is anything."""
    found = re.findall(r'<([^>]+)>; rel="(\w+)"; results="(\w+)"', answer.headers["link"])
    return {rel: (url.removeprefix(ADDRESS), has) for url, rel, has in found}


def versions(answer: Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [it["version"] for it in answer.json()]


@on_one_database
def test_an_empty_list_is_linked_too(bob: Caller) -> None:
    answer = bob.get(RELEASES)
    assert answer.json() == []
    assert links(answer) == {
        "previous": (f"/api/0{RELEASES}?&cursor=0:0:1", "false"),
        "next": (f"/api/0{RELEASES}?&cursor=0:0:0", "false"),
    }


@pytest.mark.parametrize("sort", ["date", "semver", "build"])
@pytest.mark.parametrize("flatten", ["", "1"])
def test_a_page_goes_on_though_its_last_release_is_deleted(
    alice: Caller, sort: str, flatten: str
) -> None:
    made = [f"web@1.{number}+{number}" for number in range(6)]
    for version in made:
        alice.publish(version)
    page = alice.get(f"{RELEASES}?per_page=2&sort={sort}&flatten={flatten}")
    for version in versions(page):
        assert alice.delete(release_path(version)).status_code == 204
    following = alice.client.get(links(page)["next"][0], headers=page.request.headers)
    assert versions(page) + versions(following) == made[:1:-1]


def test_nobody_without_projects_gets_links(charlie: Caller, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM project_teams"))
        connection.execute(text("UPDATE members SET role = 'member'"))
    answer = charlie.get("/organizations/globex/releases/")
    assert (answer.status_code, answer.json()) == (200, [])
    assert "link" not in answer.headers
