"""Rate limits on a running server with several processes, and what the SDK of Python makes of them (ingest.md 4.1)."""

import http.client
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sentry_sdk
from browser.servers import Server, empty_server
from factories import envelope, error_event

DAY_SECONDS = 86_400
WAIT_SECONDS = 60
EVENTS = "SELECT count(*) FROM events"
REFUSED = "SELECT coalesce(sum(quantity), 0) FROM discards WHERE reason = 'key_rate_limit'"
#: Requests with an origin are left to the framework.
SLOW = {"Origin": "https://shop.example.com"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with empty_server(tmp_path / "data", workers=2) as running:
        yield running


def key_with(server: Server, count: int) -> str:
    """Return a new key with a limit for the day."""
    body = {"rateLimit": {"count": count, "window": DAY_SECONDS}}
    public: str = server.send("POST", "/api/0/projects/acme/web/keys/", body)["public"]
    return public


def statuses(server: Server, key: str, number: int) -> list[int]:
    """Send events, each over a connection of its own, so that all processes get some, by both paths."""
    address = urlsplit(server.address)

    def send(index: int) -> int:
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        with closing(connection):
            headers = {"X-Sentry-Auth": f"Sentry sentry_key={key}"} | (SLOW if index % 2 else {})
            path = f"/api/{server.project_id}/envelope/"
            connection.request("POST", path, envelope(error_event()), headers)
            return connection.getresponse().status

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(send, range(number)))


def stored(data: Path, query: str) -> int:
    with closing(sqlite3.connect(data / "shipmark.db")) as connection:
        number: int = connection.execute(query).fetchone()[0]
    return number


def wait_for(data: Path, query: str, number: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while stored(data, query) != number and time.monotonic() < deadline:
        time.sleep(0.05)
    assert stored(data, query) == number


def test_a_limit_is_exact_over_several_processes(server: Server) -> None:
    answers = Counter(statuses(server, key_with(server, 37), 120))
    assert answers == {200: 37, 429: 83}
    wait_for(server.data, EVENTS, 37)
    wait_for(server.data, REFUSED, 83)


def test_the_sdk_stops_sending_and_reports_what_it_did_not_send(server: Server) -> None:
    key = key_with(server, 1)
    dsn = f"{server.address.replace('://', f'://{key}@')}/{server.project_id}"
    client = sentry_sdk.Client(
        dsn=dsn, default_integrations=False, auto_enabling_integrations=False
    )
    sent = []
    for number in range(4):
        client.capture_event({"message": f"number {number}", "level": "error"})
        client.flush(WAIT_SECONDS)
        sent.append(client.transport.is_healthy())
    # The second is refused; from then on the SDK sends none.
    assert sent == [True, False, False, False]
    client.close(WAIT_SECONDS)
    wait_for(server.data, EVENTS, 1)
    wait_for(server.data, REFUSED, 1)
    dropped = (
        "SELECT coalesce(sum(quantity), 0) FROM discards"
        " WHERE outcome = 'client_discard' AND reason = 'ratelimit_backoff' AND category = 'error'"
    )
    # A client report is no event: it is taken in all the same.
    wait_for(server.data, dropped, 2)


def test_both_paths_count_in_the_same_window(server: Server) -> None:
    key = key_with(server, 3)
    assert sorted(statuses(server, key, 6)) == [200, 200, 200, 429, 429, 429]
    shown = server.send("GET", f"/api/0/projects/acme/web/keys/{key}/")
    assert shown["rateLimit"] == {"count": 3, "window": DAY_SECONDS}
