"""Sessions of apps: taken in with their envelopes, digested once, and counted (ingest.md 7)."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from client_fixtures import Serve
from digesting import discarded
from factories import (
    Caller,
    World,
    counts,
    envelope,
    error_event,
    on_one_database,
    rows,
    send_event,
)
from httpx import Client, Response
from sessions import RELEASE, aggregates, send_sessions, session, session_envelope

from shipmark.infrastructure.database import Database

SID = "7c7b6585f9014351bf8d02711b721929"
NUMBERS = ("sessions", "errored_preaggregated", "errored_sids", "crashed", "abnormal", "unhandled")
USERS = ("users", "users_errored", "users_crashed", "users_abnormal")

Send = Callable[..., Response]


@pytest.fixture
def send(client: Client, world: World) -> Send:
    """Send sessions to project web, unless told otherwise."""
    return lambda *items, **more: send_sessions(client, world, *items, **more)


def counted(database: Database, release: str | None = RELEASE) -> dict[str, int]:
    """The sums of all buckets of a release, or of all releases; users are those of one bucket."""
    ids = {row["version"]: row["id"] for row in rows(database, "releases")}
    release_id = 0 if release is None else ids[release]
    series = [
        row["id"] for row in rows(database, "health_series") if row["release_id"] == release_id
    ]
    total = Counter[str]()
    for row in rows(database, "health_counts"):
        if row["series_id"] in series:
            total.update({name: row[name] for name in (*NUMBERS, *USERS) if row[name]})
    return dict(total)


def test_a_session_is_counted_in_its_release_and_in_all(send: Send, database: Database) -> None:
    assert send(session(sid=SID, did="u1")).json() == {}
    assert counted(database) == counted(database, None) == {"sessions": 1, "users": 1}


def test_an_app_that_runs_and_crashes(send: Send, database: Database) -> None:
    # One moment for all: users are counted by ten minutes.
    run = {"sid": SID, "did": "u1", "started": datetime.now(UTC).isoformat()}
    send(session(**run))
    again = run | {"init": False}
    send(session(**again, errors=1), session(**again, status="crashed"))
    assert counted(database) == {
        "sessions": 1,
        "errored_sids": 1,
        "crashed": 1,
        "users": 1,
        "users_errored": 1,
        "users_crashed": 1,
    }


def test_aggregates_are_counted(send: Send, database: Database) -> None:
    send(
        aggregates(
            {"exited": 123, "abnormal": 5, "crashed": 7}, {"exited": 12, "errored": 3, "did": "u3"}
        )
    )
    assert counted(database) == {
        "sessions": 150,
        "errored_preaggregated": 15,
        "crashed": 7,
        "abnormal": 5,
        "users": 1,
        "users_errored": 1,
    }


def test_users_of_a_bucket_are_distinct(send: Send, database: Database) -> None:
    for did in ("u1", "u2", "u1"):
        send(session(did=did), session(did=did))
    assert counted(database) == {"sessions": 6, "users": 2}


def test_users_of_all_releases_are_a_union(send: Send, database: Database) -> None:
    for release in (RELEASE, "web@2.0.0"):
        send(session(release, did="u1"))
    assert counted(database, None) == {"sessions": 2, "users": 1}


def test_releases_and_environments_come_from_sessions(
    send: Send, database: Database, alice: Caller
) -> None:
    started = (datetime.now(UTC) - timedelta(hours=3)).replace(microsecond=0)
    send(session(), session(started=started.isoformat()))
    [release] = rows(database, "releases")
    assert (release["version"], release["created_at"]) == (RELEASE, started)
    assert len(rows(database, "release_projects")) == 1
    [place] = rows(database, "release_environments")
    assert (place["first_seen_at"], place["new_issue_count"]) == (None, 0)
    shown = alice.get(f"/organizations/acme/releases/{RELEASE}/").json()
    assert (shown["firstEvent"], shown["newGroups"]) == (None, 0)
    assert alice.get("/projects/acme/web/environments/").status_code in {200, 404}


def test_an_older_session_does_not_move_the_date_of_a_release(
    send: Send, database: Database
) -> None:
    """verdict.md 3.1, trap 18."""
    send(session())
    [before] = rows(database, "releases")
    send(session(started=(datetime.now(UTC) - timedelta(days=2)).isoformat()))
    assert rows(database, "releases") == [before]


def test_the_series_knows_its_first_and_last_bucket(send: Send, database: Database) -> None:
    now = datetime.now(UTC)
    for hours in (2, 30, 1):
        send(session(started=(now - timedelta(hours=hours)).isoformat()))
    for row in rows(database, "health_series"):
        starts = [
            row[name] + 600 > (now - timedelta(hours=hours)).timestamp() >= row[name]
            for name, hours in (("first_start", 30), ("last_start", 1))
        ]
        assert starts == [True, True]


def test_old_sessions_are_counted_by_hours(send: Send, database: Database) -> None:
    """Trap 12: the bucket is that of the beginning, whenever it arrives."""
    started = datetime.now(UTC) - timedelta(days=3)
    send(session(started=started.isoformat(), did="u1"), session())
    found = {(row["width"], row["start"]) for row in rows(database, "health_counts")}
    assert (3600, int(started.timestamp()) // 3600 * 3600) in found
    assert {width for width, _ in found} == {600, 3600}
    assert {row["width"] for row in rows(database, "health_sketches")} == {3600}


def test_an_environment_may_be_missing(send: Send, database: Database) -> None:
    """Trap 17: the empty environment is a row; an invalid one is removed."""
    send(session(environment=None), session(environment="a/b"))
    assert [row["name"] for row in rows(database, "environments")] == [""]
    assert counted(database)["sessions"] == 2


def test_a_bad_item_is_dropped_alone(send: Send, database: Database) -> None:
    """Trap 16."""
    old = (datetime.now(UTC) - timedelta(days=6)).isoformat()
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    send(
        b"no JSON",
        b"[]",
        session(sid="?"),
        session(started=old),
        session(started=future),
        session(release="latest"),
        session(),
    )
    assert counted(database) == {"sessions": 1}
    assert discarded(database) == [
        ("invalid", "in_future", "session", 1),
        ("invalid", "invalid", "session", 3),
        ("invalid", "invalid_release", "session", 1),
        ("invalid", "too_old", "session", 1),
    ]


def test_a_drifting_clock_is_corrected(send: Send, database: Database) -> None:
    now = datetime.now(UTC)
    ahead = timedelta(hours=2)
    send(
        session(started=(now + ahead).isoformat(), timestamp=(now + ahead).isoformat()),
        sent_at=(now + ahead).isoformat(),
    )
    assert counted(database) == {"sessions": 1}
    assert rows(database, "health_series")[0]["last_start"] <= now.timestamp() + 60


def test_a_hundred_updates_are_taken_in(send: Send, database: Database) -> None:
    send(*[session()] * 100)
    assert counted(database) == {"sessions": 100}


@on_one_database
def test_the_101st_update_rejects_the_envelope(send: Send, database: Database) -> None:
    """ingest.md 2."""
    answer = send(*[session()] * 101, expected=413)
    assert "100 items" in answer.json()["detail"]
    assert counts(database)["health_series"] == 0


@on_one_database
def test_the_101st_aggregate_is_dropped(send: Send, database: Database) -> None:
    send(aggregates(*[{"exited": 1}] * 103))
    assert counted(database) == {"sessions": 100}
    assert discarded(database) == [("invalid", "too_many_aggregates", "session", 3)]


@on_one_database
def test_an_event_and_sessions_in_one_envelope(
    client: Client, world: World, database: Database
) -> None:
    event = error_event(release=RELEASE, environment="production")
    content = envelope(event) + session_envelope(session())[2:]
    headers = {"X-Sentry-Auth": f"Sentry sentry_key={world.keys['web']}"}
    answer = client.post(
        f"/api/{world.projects['web']}/envelope/", content=content, headers=headers
    )
    assert answer.json() == {"id": event["event_id"]}
    assert counts(database)["events"] == 1
    assert counted(database) == {"sessions": 1}


@on_one_database
def test_a_release_that_sessions_bring_resolves_what_waits_for_it(
    send: Send, client: Client, world: World, database: Database, alice: Caller
) -> None:
    """ingest.md 10.3."""
    event = error_event(release=RELEASE)
    headers = {"X-Sentry-Auth": f"Sentry sentry_key={world.keys['web']}"}
    client.post(f"/api/{world.projects['web']}/envelope/", content=envelope(event), headers=headers)
    answer = alice.put(
        "/organizations/acme/issues/WEB-1/",
        {"status": "resolved", "statusDetails": {"inNextRelease": True}},
    )
    assert answer.status_code == 200, answer.text
    send(session("web@2.0.0"))
    [resolution] = rows(database, "resolutions")
    [second] = [row for row in rows(database, "releases") if row["version"] == "web@2.0.0"]
    assert resolution["release_id"] == second["id"]


FILTERS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "address": (
        {"filters:blacklisted_ips": "192.0.2.0/24"},
        {"ip_address": "192.0.2.7"},
        "ip-address",
    ),
    "crawler": ({}, {"user_agent": "Googlebot/2.1"}, "web-crawlers"),
    "localhost": ({}, {"ip_address": "127.0.0.1"}, "localhost"),
}


@on_one_database
@pytest.mark.parametrize("name", FILTERS)
def test_filters_drop_sessions(send: Send, database: Database, alice: Caller, name: str) -> None:
    options, attrs, reason = FILTERS[name]
    if options:
        assert alice.put("/projects/acme/web/", {"options": options}).status_code == 200
    else:
        answer = alice.put(f"/projects/acme/web/filters/{reason}/", {"active": True})
        assert answer.status_code in {200, 204}
    send(session(attrs=attrs), session(attrs={"user_agent": "App/1", "ip_address": "192.1.1.1"}))
    assert counted(database) == {"sessions": 1}
    assert discarded(database) == [("filtered", reason, "session", 1)]


@on_one_database
def test_the_address_of_a_session_is_that_of_its_sender(
    serve: Serve, world: World, database: Database, alice: Caller
) -> None:
    alice.put("/projects/acme/web/", {"options": {"filters:blacklisted_ips": "198.51.100.0/24"}})
    client = serve(trusted_proxies="192.0.2.0/24")
    behind = client.app

    async def proxied(scope: Any, receive: Any, send: Any) -> None:
        await behind({**scope, "client": ("192.0.2.9", 4711)}, receive, send)

    client.app = proxied
    client.headers["X-Forwarded-For"] = "198.51.100.7"
    send_sessions(client, world, session(attrs={"ip_address": "{{auto}}"}), session())
    assert counts(database)["health_series"] == 0
    assert discarded(database) == [("filtered", "ip-address", "session", 2)]


def test_projects_are_apart(send: Send, database: Database) -> None:
    for project in ("web", "mobile", "globex/web"):
        send(session(did="u1"), project=project)
    assert len(rows(database, "releases")) == 2
    assert len(rows(database, "health_series")) == 6
    encoded = {row["encoded"] for row in rows(database, "health_sketches")}
    # The same user is another number in another organization.
    assert len(encoded) == 2


def test_a_project_has_sessions_from_the_first_on(
    send: Send, client: Client, world: World, alice: Caller
) -> None:
    def shown() -> list[bool]:
        listed = alice.get("/organizations/acme/projects/").json()
        by_slug = {project["slug"]: project["hasSessions"] for project in listed}
        return [by_slug["web"], alice.get("/projects/acme/web/").json()["hasSessions"]]

    # Events of a new issue alone are none.
    send_event(client, world.keys["web"], world.projects["web"], error_event(release=RELEASE))
    assert shown() == [False, False]
    send(session())
    assert shown() == [True, True]


@on_one_database
def test_what_a_full_log_refuses_is_counted_by_session(
    serve: Serve, world: World, database: Database
) -> None:
    client = serve(event_log_max_bytes=-1)
    send_sessions(client, world, session())
    writer = client.state.event_log  # type: ignore[attr-defined]
    writer._looked_at = 0.0
    send_sessions(client, world, *[session()] * 3, expected=429)
    writer._bytes_max, writer._looked_at = 2**30, 0.0
    for written in client.state.admission.write():  # type: ignore[attr-defined]
        written.result()
    send_sessions(client, world, session())
    assert discarded(database) == [("rate_limited", "overloaded", "session", 3)]
