"""No hot statement scans a table that grows."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from given import ALICE, Caller, World, commit, error_event, release_path, send_event
from httpx import Response
from sqlalchemy import event

from shipmark.ground.database import Database

#: What may be read from one end to the other: rows that came with the statement, and what is small by nature.
SMALL = re.compile(
    r"(\w+_rows|given|kept|these|wanted\w*|(\d+ )?CONSTANT ROWS?|anon_\d+|jobs|ranked|\(subquery-\d+)\b"
)

pytestmark = pytest.mark.parametrize("kind", ["sqlite"])

Plans = dict[str, list[str]]


@contextmanager
def plans(database: Database) -> Iterator[Plans]:
    """The plan of each statement of the block."""
    seen: list[tuple[str, Any]] = []
    found: Plans = {}

    def note(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    with database.engine.connect() as connection:
        for statement, parameters in seen:
            if statement.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found[statement] = [row[3] for row in rows]


def scans(found: Plans) -> list[tuple[str, str]]:
    return [
        (step, statement)
        for statement, steps in found.items()
        for step in steps
        if step.startswith("SCAN ") and not SMALL.match(step.removeprefix("SCAN "))
    ]


@pytest.fixture
def _filled(alice: Caller, world: World) -> None:
    for number in range(3):
        event_of = error_event(str(number), release="web@1.0.0", environment="production")
        send_event(alice.client, world.keys["web"], world.projects["web"], event_of)
    alice.publish("web@1.1.0", "web", "mobile", commits=[fix("1")], owner=ALICE)
    alice.post(release_path("web@1.1.0", "deploys/"), {"environment": "production"})


def fix(key: str) -> dict[str, object]:
    patch = [{"path": "a.py", "type": "M"}]
    return commit(key, message="Fixes WEB-1", author_email=ALICE, patch_set=patch)


REFS = [{"repository": "acme/web", "commit": "b" * 40}]
REMOTE_REPOSITORY = {"name": "acme/web", "url": "https://example.com/acme/web"}
ACTS: dict[str, Callable[[Caller, World], object]] = {
    "publish": lambda alice, _: alice.publish(
        "web@1.2.0", "web", "mobile", commits=[fix("1"), fix("2")], refs=REFS, owner=ALICE
    ),
    "publish again": lambda alice, _: alice.publish(
        "web@1.1.0", "web", "mobile", commits=[fix("1")], status="archived"
    ),
    "publish to the project": lambda alice, _: alice.post(
        "/projects/acme/web/releases/", {"version": "web@1.2.0", "commits": [fix("2")]}
    ),
    "amend": lambda alice, _: alice.put(
        release_path("web@1.1.0"),
        {"commits": [fix("2")], "refs": REFS, "dateReleased": "2026-01-05T10:00:00Z"},
    ),
    "clear": lambda alice, _: alice.put(release_path("web@1.1.0"), {"refs": []}),
    "delete": lambda alice, _: alice.delete(release_path("web@1.1.0")),
    "deploy": lambda alice, _: alice.post(
        release_path("web@1.1.0", "deploys/"), {"environment": "staging"}
    ),
    "ask for commits": lambda alice, _: (
        alice.post("/organizations/acme/repos/", REMOTE_REPOSITORY),
        alice.put("/organizations/acme/repos/1/remote/", {"url": "https://git.example.com/x"}),
        alice.publish("web@1.1.0", refs=REFS),
        alice.publish("web@1.2.0", "web", refs=REFS),
        alice.post(release_path("web@1.2.0", "deploys/"), {"environment": "staging"}),
        alice.post(release_path("web@1.2.0", "commit-fetches/")),
        alice.publish("web@1.2.0", commits=[fix("3")]),
    ),
    "event": lambda alice, world: send_event(
        alice.client,
        world.keys["web"],
        world.projects["web"],
        error_event("0", release="web@1.1.0", environment="production", user={"id": "1"}),
    ),
    "new issue": lambda alice, world: send_event(
        alice.client,
        world.keys["web"],
        world.projects["web"],
        error_event("new", release="web@9.0.0", environment="new"),
    ),
    "add repository": lambda alice, _: alice.post(
        "/organizations/acme/repos/", {"name": "acme/x", "url": "https://example.com/x"}
    ),
} | {
    path: lambda alice, _, path=path: alice.get(path)  # type: ignore[misc]
    for path in (
        "/organizations/acme/releases/?project=-1",
        "/organizations/acme/releases/?environment=production",
        "/projects/acme/web/releases/",
        "/organizations/acme/repos/",
        "/organizations/acme/commit-fetches/?state=failed",
        "/organizations/acme/issues/",
        "/organizations/acme/issues/WEB-1/",
        "/organizations/acme/projects/",
        "/projects/acme/web/environments/",
        "/organizations/",
        "/auth/",
        *(
            release_path("web@1.1.0", child)
            for child in (
                "",
                "meta/",
                "commits/",
                "commitfiles/",
                "previous-with-commits/",
                "resolved/",
                "deploys/",
                "commit-fetches/",
            )
        ),
    )
}


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.usefixtures("_filled")
def test_no_statement_scans_a_table_that_grows(
    alice: Caller, world: World, database: Database, name: str
) -> None:
    with plans(database) as found:
        done = ACTS[name](alice, world)
    assert not isinstance(done, Response) or done.is_success, done.text
    assert found, "nothing was asked"
    assert scans(found) == []
