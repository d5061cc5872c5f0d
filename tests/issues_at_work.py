"""Events that are stored and issues that are merged, as others do at the same moment, and the jobs of that."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import sqlalchemy as sa
from factories import Caller, World, arrival, error_event

from shipmark.events import parsing
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.issues.actions import ingest_events, merge_issues
from shipmark.issues.actions.ingest_events import IngestResult
from shipmark.issues.store import states
from shipmark.organizations.model import Actor
from shipmark.projects import store as projects
from shipmark.worker import scheduler

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
BY = Actor(user_id=None, label="alice")

#: Stores an event of a project: ``store("boom", at=AT, hashes=("a" * 32,), release="web@1.0.0")``.
Store = Callable[..., IngestResult]


def ingest(
    connection: sa.Connection, world: World, *values: str, release: str | None = None
) -> list[int]:
    """Store an event of each value. Return the ids of their issues."""
    events = []
    for value in values:
        payload = error_event(value, user={"id": value}, release=release)
        events.append(parsing.read(payload, event_id=str(payload["event_id"]), received_at=AT))
    [project] = projects.by_ids(connection, [world.projects["web"]]).values()
    results = ingest_events.ingest(
        connection, [arrival(project, event) for event in events]
    ).results
    return [result.issue_id or 0 for result in results]


def merge(connection: sa.Connection, world: World, *ids: int) -> None:
    locked = states.locked(connection, world.organizations["acme"], ids)
    merge_issues.merge(connection, [issue.id for issue in locked], None, AT)


def id_of(caller: Caller, short_id: str) -> str:
    return str(caller.get(f"/organizations/acme/issues/{short_id}/").json()["id"])


def run_jobs(database: Database) -> None:
    while scheduler.run_due(database, now()):
        pass


def in_a_thread(act: Callable[[], object]) -> "Future[object]":
    """Run it, and wait until it waits for a lock, or a moment."""
    begun = threading.Event()

    def run() -> object:
        begun.set()
        return act()

    future = ThreadPoolExecutor(1).submit(run)
    begun.wait()
    threading.Event().wait(0.3)
    return future
