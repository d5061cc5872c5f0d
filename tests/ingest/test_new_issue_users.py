"""Users whom new issues of a release hit are counted with its sessions (verdict.md 1.3, N)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from factories import World, error_event, on_one_database, rows, send_event
from httpx import Client

from shipmark.infrastructure.database import Database

RELEASE = "web@1.0.0"
Send = Callable[..., None]


@pytest.fixture
def send(client: Client, world: World) -> Send:
    """Send an event of the release to project web: ``send("boom", "user", release="web@2.0.0")``."""

    def sent(value: str, user: str | None = None, **more: object) -> None:
        sender = {} if user is None else {"user": {"id": user}}
        event = error_event(
            value, **{"release": RELEASE, "environment": "production"} | sender | more
        )
        send_event(client, world.keys["web"], world.projects["web"], event)

    return sent


def users(database: Database, release: str | None = RELEASE) -> list[int]:
    """The users of new issues in each bucket of a release, or of all."""
    ids = {row["version"]: row["id"] for row in rows(database, "releases")}
    release_id = ids[release] if release else 0
    series = {
        row["id"] for row in rows(database, "health_series") if row["release_id"] == release_id
    }
    found = [row for row in rows(database, "health_counts") if row["series_id"] in series]
    return [row["users_new_issue"] for row in found]


def test_users_of_an_issue_that_the_release_brought(send: Send, database: Database) -> None:
    for user in ("u1", "u2", "u1"):
        send("boom", user)
        send("other", user)
    assert users(database) == users(database, None) == [2]


def test_an_issue_of_an_earlier_release_does_not_count(send: Send, database: Database) -> None:
    send("boom", "u1")
    send("boom", "u2", release="web@2.0.0")
    send("new", "u3", release="web@2.0.0")
    assert users(database) == [1]
    assert users(database, "web@2.0.0") == [1]
    assert users(database, None) == [2]


def test_an_issue_is_new_in_each_environment(send: Send, database: Database) -> None:
    send("boom", "u1")
    send("boom", "u1", release="web@2.0.0", environment="staging")
    assert users(database, "web@2.0.0") == [1]


def test_events_without_a_user_count_once_by_issue(send: Send, database: Database) -> None:
    for value in ("boom", "boom", "other"):
        send(value)
    assert users(database) == [2]


@on_one_database
def test_the_hour_is_that_of_the_event(send: Send, database: Database) -> None:
    at = datetime.now(UTC)
    for days in (0, 3, 3, 20):
        send("boom", "u1", timestamp=(at - timedelta(days=days)).timestamp())
    found = {row["start"] // 86400 for row in rows(database, "health_counts")}
    assert len(found) == 3
    assert users(database) == [1, 1, 1]


@on_one_database
@pytest.mark.parametrize("more", [{"release": None}, {"level": "info"}, {"level": "warning"}])
def test_messages_and_events_without_a_release_do_not_count(
    send: Send, database: Database, more: dict[str, object]
) -> None:
    send("boom", "u1", **more)
    assert rows(database, "health_series") == []


@on_one_database
def test_the_series_of_a_release_without_sessions_has_no_range(
    send: Send, database: Database
) -> None:
    send("boom", "u1")
    for row in rows(database, "health_series"):
        assert row["first_start"] > row["last_start"] == 0


@on_one_database
def test_the_same_event_again_changes_nothing(send: Send, database: Database) -> None:
    for _ in range(2):
        send("boom", event_id="a" * 32)
        assert users(database) == [1]
        assert rows(database, "health_counts")[0]["sessions"] == 0
