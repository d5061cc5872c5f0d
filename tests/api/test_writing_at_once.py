"""Every pair of actions that write to one release, at the same moment: neither is refused, and lists stay true.

One is stopped after some of its statements that take locks, until the other is done or waits for it, so all pairs meet
in both orders. CI stops it after two of them, `make test` after one, and after another for the next pair. `make fuzz`
stops it after each of them, which takes many minutes.
"""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from factories import RELEASES, Caller, World
from fuzzing import EXAMPLES, IS_THOROUGH
from httpx import Client, Response
from sqlalchemy import Connection, event, text

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.units_of_work import UNIT, Unit
from shipmark.releases.store import copies

pytestmark = pytest.mark.parametrize("kind", ["postgresql"])

_WRITES = ("INSERT", "UPDATE", "DELETE")
_PLACES = (2, 5)


def places(first: str, second: str) -> Iterable[int]:
    """Return after how many statements the first action of a pair is stopped."""
    if EXAMPLES:
        return itertools.count(1)
    chosen = (NAMES.index(first) + NAMES.index(second)) % len(_PLACES)
    return _PLACES if IS_THOROUGH else _PLACES[chosen : chosen + 1]


@dataclass
class Pause:
    """Stops the first transaction that begins after one of its statements that take locks."""

    after: int
    reached: threading.Event = field(default_factory=threading.Event)
    resumed: threading.Event = field(default_factory=threading.Event)
    connection: object = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    count: int = 0

    def note(self, connection: Connection, statement: str) -> None:
        """Count a statement, and wait after the last one."""
        if connection.get_execution_options().get(UNIT) != Unit.TRANSACTION:
            return
        if not (statement.startswith(_WRITES) or "FOR " in statement):
            return
        driver = connection.connection.dbapi_connection
        with self.lock:
            self.connection = self.connection or driver
            if self.connection is not driver:
                return
            self.count += 1
        if self.count == self.after:
            self.reached.set()
            assert self.resumed.wait(60)


@contextmanager
def paused(database: Database, after: int) -> Iterator[Pause]:
    pause = Pause(after)

    def note(connection: Connection, _: object, statement: str, *__: object) -> None:
        pause.note(connection, statement)

    event.listen(database.engine, "after_cursor_execute", note)
    try:
        yield pause
    finally:
        pause.resumed.set()
        event.remove(database.engine, "after_cursor_execute", note)


Action = Callable[[str], Response]


def actions(client: Client, alice: Caller, world: World) -> dict[str, Action]:
    """What is done to a release of that version."""
    numbers = itertools.count()

    def store(version: str, project: str, environment: str, message: str) -> Response:
        address = f"/api/{world.projects[project]}/store/?sentry_key={world.keys[project]}"
        body = {"message": message, "release": version, "environment": environment}
        return client.post(address, json=body)

    def publish(version: str, *projects: str, **more: object) -> Response:
        return alice.post(RELEASES, {"version": version, "projects": list(projects), **more})

    def amend(version: str, **more: object) -> Response:
        return alice.put(f"{RELEASES}{version}/", more)

    def deploy(version: str, environment: str) -> Response:
        return alice.post(f"{RELEASES}{version}/deploys/", {"environment": environment})

    commits = [
        {"id": "a" * 40, "message": "Fixes WEB-1, MOBILE-1", "author_email": "a@example.com"}
    ]
    return {
        "publish_commits": lambda it: publish(it, "web", commits=commits),
        "archive_by_publishing": lambda it: publish(it, "web", "mobile", status="archived"),
        "finalize": lambda it: amend(it, dateReleased="2026-01-05T11:00:00Z", commits=commits),
        "archive_many": lambda it: alice.put(
            f"/organizations/acme/bulk-releases/?dryRun=0&query=release.version:{it}",
            {"status": "archived"},
        ),
        "deploy": lambda it: deploy(it, "production"),
        "deploy_to_a_new_environment": lambda it: deploy(it, f"new-{next(numbers)}"),
        "known_issue": lambda it: store(it, "web", "production", "Known"),
        "new_issue": lambda it: store(it, "web", "production", f"{next(numbers)}"),
        "event_of_a_new_environment": lambda it: store(it, "web", f"new-{next(numbers)}", "Known"),
        "event_of_another_project": lambda it: store(it, "mobile", "production", "Known"),
        "resolve_by_hand": lambda it: alice.put(
            "/organizations/acme/issues/WEB-1/",
            {"status": "resolved", "statusDetails": {"inRelease": it}},
        ),
        "delete": lambda it: alice.delete(f"{RELEASES}{it}/?force=1"),
    }


NAMES = tuple(actions(None, None, None))  # type: ignore[arg-type]  # only the names


@pytest.mark.parametrize("first", NAMES)
def test_every_pair_at_once(
    database: Database, client: Client, alice: Caller, world: World, first: str
) -> None:
    known = actions(client, alice, world)
    versions = (f"web@{number}" for number in itertools.count(1))
    for second in NAMES:
        for after in places(first, second):
            version = next(versions)
            for prepared in (known["publish_commits"], known["known_issue"]):
                assert prepared(version).status_code < 300
            answers = at_once(database, known[first], known[second], version, after)
            story = (first, second, after, [(it.status_code, it.text) for it in answers])
            assert all(it.status_code < 300 or is_gone(it) for it in answers), story
            with database.snapshot() as connection:
                assert copies.stale_releases(connection) == [], story
            if len(answers) == 1:
                break


def is_gone(answer: Response) -> bool:
    """Return whether the release was deleted before."""
    return answer.status_code == 404 or "Unable to find a release" in answer.text


def at_once(
    database: Database, first: Action, second: Action, version: str, after: int
) -> list[Response]:
    """Run the second action when the first has come so far; only the first one where it does not come that far."""
    with ThreadPoolExecutor(2) as threads, paused(database, after) as pause:
        one = threads.submit(first, version)
        one.add_done_callback(lambda _: pause.reached.set())
        assert pause.reached.wait(60)
        if one.done():
            return [one.result()]
        other = threads.submit(second, version)
        while not (other.done() or is_waiting(database)):
            wait([other], timeout=0.01)
        pause.resumed.set()
        return [one.result(60), other.result(60)]


def is_waiting(database: Database) -> bool:
    """Return whether a transaction waits for a lock."""
    query = (
        "SELECT 1 FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.autocommit_read() as connection:
        return connection.execute(text(query)).first() is not None
