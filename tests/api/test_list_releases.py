"""GET ``organizations/{org}/releases/`` (releases.md 2.4, 5.2, 5.3)."""

import pytest
from given import (
    ADDRESS,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    RELEASES,
    Bearer,
    Caller,
    World,
    error_event,
    on_one_database,
    send_event,
)
from sqlalchemy import text

from shipmark.ground.database import Database

HERE = f"{ADDRESS}/api/0{RELEASES}"


def listed(caller: Caller, query: str = "") -> list[str]:
    answer = caller.get(f"{RELEASES}{query}")
    assert answer.status_code == 200, answer.text
    return [it["version"] for it in answer.json()]


def test_nobody_lists_without_credentials(anonymous: Caller) -> None:
    answer = anonymous.get(RELEASES)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)


def test_a_stranger_may_not_list(charlie: Caller) -> None:
    answer = charlie.get(RELEASES)
    assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


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


@on_one_database
def test_keys_that_are_not_known_are_refused(bob: Caller) -> None:
    answer = bob.get(f"{RELEASES}?query=release.stage:adopted")
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Invalid key for this search: release.stage"},
    )


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
        ("cursor=10:99999999999999999999:0", 400, {"detail": "Pagination offset too large"}),
        ("project=99999", 403, NOT_ALLOWED),
        (
            "project=nope",
            400,
            {"detail": "Invalid project parameter. Values must be numbers."},
        ),
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
    bob.publish("web@2")
    with database.transaction() as connection:
        connection.execute(
            text(
                "UPDATE releases SET created_at = '2020-01-01 00:00:00.000000'"
                " WHERE version = 'web@1'"
            )
        )
    assert listed(bob, "?statsPeriod=24h") == ["web@2"]
    assert listed(bob, "?start=2019-12-01T00:00:00&end=2020-02-01T00:00:00") == ["web@1"]


def link(query: str, previous: tuple[str, str], following: tuple[str, str]) -> str:
    parts = (("previous", *previous), ("next", *following))
    return ", ".join(
        f'<{HERE}?{query}&cursor={cursor}>; rel="{rel}"; results="{has}"; cursor="{cursor}"'
        for rel, cursor, has in parts
    )


def test_pages_are_linked(bob: Caller) -> None:
    for number in range(5):
        bob.publish(f"web@{number}")
    first = bob.get(f"{RELEASES}?per_page=2&query=web%40")
    assert [it["version"] for it in first.json()] == ["web@4", "web@3"]
    query = "per_page=2&query=web%40"
    assert first.headers["link"] == link(query, ("2:-1:1", "false"), ("2:1:0", "true"))
    second = bob.get(f"{RELEASES}?per_page=2&query=web%40&cursor=2:1:0")
    assert second.headers["link"] == link(query, ("2:0:1", "true"), ("2:2:0", "true"))
    last = bob.get(f"{RELEASES}?per_page=2&query=web%40&cursor=2:2:0")
    assert [it["version"] for it in last.json()] == ["web@0"]
    assert last.headers["link"] == link(query, ("2:1:1", "true"), ("2:3:0", "false"))


@on_one_database
def test_one_page_is_linked_too(bob: Caller) -> None:
    answer = bob.get(RELEASES)
    assert answer.json() == []
    assert answer.headers["link"] == link("", ("100:-1:1", "false"), ("100:1:0", "false"))


def test_nobody_without_projects_gets_links(charlie: Caller, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM project_teams"))
        connection.execute(text("UPDATE members SET role = 'member'"))
    answer = charlie.get("/organizations/globex/releases/")
    assert (answer.status_code, answer.json()) == (200, [])
    assert "link" not in answer.headers
