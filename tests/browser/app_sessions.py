"""Sessions of apps: of a release that regressed, of one that is healthy, and of some with too few of them to say."""

import math
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from browser.servers import CHINESE_NAME, LONG_VERSION, RELEASES, Server
from sessions import aggregates, session_envelope

from shipmark.infrastructure.database import Database
from shipmark.release_health.sessions import AGGREGATES_MAX
from shipmark.verdicts import actions as verdicts

#: Entries of aggregates.
Entries = Iterator[dict[str, Any]]
_SECONDS = 30


def fill_health(server: Server) -> None:
    """Give releases of `servers.fill` sessions: web with users, and api, which is a service, without."""
    now = datetime.now(UTC)
    shipped = now - timedelta(hours=95)
    send(server, "web@1.17.0", _users(shipped - timedelta(hours=19), 19, 100, 1), "production")
    send(server, "web@1.17.0", _users(shipped, 95, 9, 1), "production")
    send(server, "web@1.17.0", _numbers(shipped - timedelta(hours=19), 12, 2_000, 10), "staging")
    send(server, "web@2.0.0", _users(shipped, 95, 50, 9), "production")
    send(server, "web@2.0.0", _numbers(shipped - timedelta(hours=6), 20, 2_000, 10), "staging")
    send(server, "web@2.1.0-rc.1", _users(now - timedelta(hours=40), 3, 4, 0), "staging")
    key = server.key_of("api")
    before = now - timedelta(hours=110)
    send(server, "api@1.3.0", _numbers(before, 62, 4_000, 8), "production", key=key)
    later = now - timedelta(hours=48)
    send(server, "api@1.5.0", _numbers(later, 47, 5_000, 9), "production", key=key)
    _wait_for(server, "web@1.17.0", "web@2.0.0", "web@2.1.0-rc.1", "api@1.3.0", "api@1.5.0")
    _judge(server)


def fill_health_awkwardly(server: Server) -> None:
    """Give releases with long names sessions: one regressed in three environments, and has a long version before it."""
    begin = datetime.now(UTC) - timedelta(hours=30)
    for environment in ("region-01", f"{CHINESE_NAME}-00", f"{CHINESE_NAME}-07", "x" * 64):
        send(server, LONG_VERSION, _users(begin, 12, 30, 1), environment)
        later = begin + timedelta(hours=12)
        send(server, "web@1.0.0", _users(later, 17, 30, 40), environment)
    _wait_for(server, LONG_VERSION, "web@1.0.0")
    _judge(server)


def send_some(server: Server, version: str, environment: str) -> None:
    """Send a few sessions of a release, of an hour ago, and wait until they count."""
    start = datetime.now(UTC) - timedelta(hours=1)
    send(server, version, _numbers(start, 1, 12, 0), environment)
    _wait_for(server, version)


def send(
    server: Server,
    version: str,
    entries: Entries,
    environment: str,
    *,
    key: tuple[str, str] | None = None,
) -> None:
    """Send aggregates of sessions, by the key of a project, in one envelope."""
    project_id, public = key or (server.project_id, server.key)
    listed = list(entries)
    items = [
        aggregates(*listed[at : at + AGGREGATES_MAX], release=version, environment=environment)
        for at in range(0, len(listed), AGGREGATES_MAX)
    ]
    request = urllib.request.Request(
        f"{server.address}/api/{project_id}/envelope/?sentry_key={public}",
        session_envelope(*items),
    )
    with urllib.request.urlopen(request, timeout=120):
        pass


def _users(start: datetime, hours: int, number: int, crashed: int) -> Entries:
    """Return a session of some users in each hour, more by day than by night; it crashes for a part of a hundred."""
    sent = 0
    for hour in range(hours):
        at = start + timedelta(hours=hour)
        for _ in range(round(number * _by_day(at))):
            sent += 1
            # The multipliers spread users over hours, and those with crashes over users.
            user = sent * 7919 % 997
            outcome = "crashed" if user * 37 % 100 < crashed and sent % 3 else "exited"
            started = (at + timedelta(seconds=sent * 61 % 3600)).isoformat()
            yield {"started": started, "did": f"user-{user}", outcome: 1}


def _numbers(start: datetime, hours: int, number: int, crashed: int) -> Entries:
    """Return numbers of sessions of unknown users in each hour: some crashed, and one met an unhandled error."""
    for hour in range(hours):
        at = start + timedelta(hours=hour)
        ended = round(number * _by_day(at))
        outcomes = {"exited": ended - crashed - 1, "crashed": crashed, "unhandled": 1}
        yield {"started": at.isoformat(), **outcomes}


def _by_day(at: datetime) -> float:
    return 1 + 0.4 * math.sin(math.pi * (at.hour - 8) / 12)


def _wait_for(server: Server, *versions: str) -> None:
    """Wait until lists show the sessions of releases."""
    query = urlencode({"health": 1, "summaryStatsPeriod": "14d", "per_page": 100})
    deadline = time.monotonic() + _SECONDS
    missing = set(versions)
    while missing:
        assert time.monotonic() < deadline, f"without sessions: {missing}"
        for release in server.send("GET", f"{RELEASES}?{query}"):
            if any(project["healthData"]["totalSessions"] for project in release["projects"]):
                missing.discard(release["version"])
        time.sleep(0.05)


def _judge(server: Server) -> None:
    """Judge all releases, which the server does each minute."""
    database = Database(f"sqlite:///{server.data / 'shipmark.db'}")
    with database.transaction() as connection:
        while verdicts.evaluate_due(connection, datetime.now(UTC)):
            pass
    database.close()
