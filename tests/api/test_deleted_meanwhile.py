"""A release is deleted while a request reads it, writes to it, or sends a file of it: 404, never 500.

The request is stopped after each of its statements in turn, and the release deleted there, unless it holds the release
by then.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from factories import RELEASES, WEB_RELEASES, Caller, World
from httpx import Client, Response
from sqlalchemy import event, text

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict

ONE = f"{RELEASES}web@1.0.0/"
OF_WEB = f"{WEB_RELEASES}web@1.0.0/"


_numbers = itertools.count()

Request = Callable[[Client, Caller, World], Response]
REQUESTS: dict[str, Request] = {
    "read": lambda _, alice, __: alice.get(ONE),
    "read_in_project": lambda _, alice, __: alice.get(OF_WEB),
    "read_health": lambda _, alice, __: alice.get(f"{ONE}?project=-1&health=0"),
    "read_commits": lambda _, alice, __: alice.get(f"{ONE}commits/"),
    "read_deploys": lambda _, alice, __: alice.get(f"{ONE}deploys/"),
    "read_resolved": lambda _, alice, __: alice.get(f"{OF_WEB}resolved/"),
    "compare": lambda _, alice, __: alice.get(f"{ONE}compare/web@0.9.0/"),
    "finalize": lambda _, alice, __: alice.put(ONE, {"dateReleased": "2026-01-05T10:00:00Z"}),
    "finalize_in_project": lambda _, alice, __: alice.put(OF_WEB, {"status": "archived"}),
    "deploy": lambda _, alice, __: alice.post(f"{ONE}deploys/", {"environment": "production"}),
    "delete": lambda _, alice, __: alice.delete(f"{ONE}?force=1"),
    "upload": lambda client, alice, _: client.post(
        f"/api/0{ONE}files/",
        files={"file": ("app.js", b"alert(1)")},
        data={"name": f"~/{next(_numbers)}.js"},
        headers=alice.headers,
    ),
    "assemble": lambda _, alice, __: alice.post(
        f"{ONE}assemble/", {"checksum": "a" * 40, "chunks": ["a" * 40]}
    ),
    "publish": lambda _, alice, __: alice.post(
        RELEASES, {"version": "web@1.0.0", "projects": ["web", "mobile"]}
    ),
    "event": lambda client, _, world: client.post(
        f"/api/{world.projects['web']}/store/?sentry_key={world.keys['web']}",
        content=json.dumps({"message": "Broken", "release": "web@1.0.1"}),
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_release_that_is_deleted_meanwhile_is_not_found(
    client: Client, alice: Caller, world: World, database: Database, name: str
) -> None:
    fixes = [{"id": "a" * 40, "message": "Fixes WEB-1"}]
    REQUESTS["event"](client, alice, world)
    for after in itertools.count(1):
        alice.publish("web@0.9.0")
        alice.publish("web@1.0.0", commits=fixes)
        with deleting(database, after) as deleted:
            answer = REQUESTS[name](client, alice, world)
        assert answer.status_code < 300 or answer.status_code == 404, (after, answer.text)
        if not deleted:
            break
        assert client.get("/healthz").status_code == 200


@contextmanager
def deleting(database: Database, after: int) -> Iterator[list[bool]]:
    """Delete the release on another connection after so many statements; says whether it came to that."""
    came_to_that: list[bool] = []
    numbers = itertools.count(1)
    other = Database(database.url, lock_wait_seconds=0.1)

    def note(*_: object) -> None:
        if next(numbers) != after:
            return
        came_to_that.append(True)
        # Where the request holds the release by now, it can't be deleted.
        with suppress(Conflict), other.transaction() as connection:
            connection.execute(text("DELETE FROM releases WHERE version = 'web@1.0.0'"))

    event.listen(database.engine, "after_cursor_execute", note)
    try:
        yield came_to_that
    finally:
        event.remove(database.engine, "after_cursor_execute", note)
        other.close()
