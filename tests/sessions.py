"""Sessions of apps for tests: as an SDK sends them, or folded straight into the database."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from factories import World
from httpx import Client, Response
from sqlalchemy import Connection

from shipmark.infrastructure.database import Database
from shipmark.projects import store as projects
from shipmark.release_health import actions, buckets, compaction
from shipmark.release_health.actions import ReceivedUpdate
from shipmark.release_health.buckets import Hasher, HealthUpdate, hasher_of
from shipmark.release_health.sessions import SessionAggregate, read_aggregates, read_update

RELEASE = "web@1.0.0"
HASHER = hasher_of(b"tests", 1)


def session(
    release: str = RELEASE, environment: str | None = "production", **more: Any
) -> dict[str, Any]:
    """The payload of a ``session`` item: of one that begins now, unless told otherwise."""
    attrs = {"release": release, "environment": environment} | more.pop("attrs", {})
    return {"init": True, "started": datetime.now(UTC).isoformat(), "attrs": attrs} | more


def aggregates(
    *entries: dict[str, Any], release: str = RELEASE, environment: str | None = "production"
) -> dict[str, Any]:
    """The payload of a ``sessions`` item, with entries such as ``{"exited": 3}`` that begin now."""
    now = datetime.now(UTC).isoformat()
    return {
        "aggregates": [{"started": now} | entry for entry in entries],
        "attrs": {"release": release, "environment": environment},
    }


def session_envelope(*items: dict[str, Any] | bytes, **headers: object) -> bytes:
    """An envelope of such payloads, each in an item of its type."""
    lines = [json.dumps(headers).encode()]
    for item in items:
        is_aggregate = isinstance(item, dict) and "aggregates" in item
        content = item if isinstance(item, bytes) else json.dumps(item).encode()
        head = {"type": "sessions" if is_aggregate else "session", "length": len(content)}
        lines += [json.dumps(head).encode(), content]
    return b"\n".join(lines)


def send_sessions(
    client: Client,
    world: World,
    *items: dict[str, Any] | bytes,
    project: str = "web",
    expected: int = 200,
    **headers: object,
) -> Response:
    """Let an SDK send sessions; clients of tests digest them at once."""
    answer = client.post(
        f"/api/{world.projects[project]}/envelope/",
        content=session_envelope(*items, **headers),
        headers={"X-Sentry-Auth": f"Sentry sentry_key={world.keys[project]}"},
    )
    assert answer.status_code == expected, answer.text
    return answer


def health_update(payload: dict[str, Any], at: datetime, hasher: Hasher = HASHER) -> HealthUpdate:
    """What a payload of `session` adds, which began at this moment unless it says otherwise."""
    payload = payload | {"started": payload.get("at", at).isoformat(), "at": None}
    sid = f"{abs(hash(json.dumps(payload))):032x}"
    return buckets.of_update(read_update(payload, default_sid=sid, received_at=at), hasher)


def health_aggregates(
    payload: dict[str, Any], started: datetime, hasher: Hasher = HASHER
) -> list[HealthUpdate]:
    """What a payload of `aggregates` adds, all of which began at this moment."""
    entries = [entry | {"started": started.isoformat()} for entry in payload["aggregates"]]
    read = read_aggregates(payload | {"aggregates": entries})
    return [
        buckets.of_aggregate(each, hasher) for each in read if isinstance(each, SessionAggregate)
    ]


def fold(
    connection: Connection,
    project_id: int,
    updates: Sequence[HealthUpdate],
    at: datetime,
) -> None:
    """Fold updates of a project at this moment, whatever their age."""
    project = projects.by_ids(connection, {project_id})[project_id]
    received = [
        ReceivedUpdate(project=project, update=update, received_at=at) for update in updates
    ]
    actions.fold(connection, received, at)


def drop_orphans(database: Database) -> None:
    """Delete the counts of series that went with their project or release, as the hourly job does in its process."""
    with database.transaction() as connection:
        while compaction.drop_orphans(connection, 0, datetime.now(UTC)) is not None:
            pass
