"""The table of events, with their compressed payloads, and its queries."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import zstandard
from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    TypedColumns,
    UniqueConstraint,
    literal,
    select,
    tuple_,
    update,
)

from shipmark.events.parsing import Event
from shipmark.infrastructure.database import Id, UtcDateTime, metadata, upsert


class EventColumns(TypedColumns):
    """An event. ``payload`` is the JSON object that the SDK sent, compressed with Zstandard."""

    id = Column(Id, primary_key=True)
    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)
    event_id = Column(String(32), nullable=False)
    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False)
    release_id = Column(Id, ForeignKey("releases.id", ondelete="SET NULL"))
    environment_id = Column(Id, ForeignKey("environments.id", ondelete="SET NULL"), index=True)
    happened_at = Column(UtcDateTime, nullable=False)
    received_at = Column(UtcDateTime, nullable=False)
    payload = Column(LargeBinary, nullable=False)


events = Table(
    "events",
    metadata,
    EventColumns,
    UniqueConstraint("project_id", "event_id"),
    Index("ix_events_issue_id_happened_at", "issue_id", "happened_at", "id"),
    Index("ix_events_release_id_happened_at", "release_id", "project_id", "happened_at"),
    sqlite_autoincrement=True,
)


_ORDER = (events.c.happened_at, events.c.id)
_EVENT = (
    events.c.id,
    events.c.project_id,
    events.c.event_id,
    events.c.issue_id,
    events.c.happened_at,
    events.c.received_at,
    events.c.payload,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """A stored event. ``id`` is that of its row, ``event_id`` that of the client."""

    id: int
    project_id: int
    event_id: str
    issue_id: int
    at: datetime
    received_at: datetime
    payload: dict[str, object]


def add(
    connection: Connection,
    *,
    project_id: int,
    issue_id: int,
    release_id: int | None,
    environment_id: int,
    event: Event,
) -> bool:
    """Insert an event. Return False if it exists already, which changes nothing."""
    row = {
        "project_id": project_id,
        "event_id": event.event_id,
        "issue_id": issue_id,
        "release_id": release_id,
        "environment_id": environment_id,
        "happened_at": event.at,
        "received_at": event.received_at,
        "payload": _compressed(event.payload),
    }
    statement = upsert(events).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(events.c.id)).first() is not None


def exists(connection: Connection, project_id: int, event_id: str) -> bool:
    """Return True if the event is stored."""
    query = select(events.c.id).where(
        events.c.project_id == project_id, events.c.event_id == event_id
    )
    return connection.execute(query).first() is not None


def by_event_id(connection: Connection, project_id: int, event_id: str) -> StoredEvent | None:
    """Return the project's event with this id, or None."""
    query = select(*_EVENT).where(events.c.project_id == project_id, events.c.event_id == event_id)
    row = connection.execute(query).first()
    return _stored(row) if row else None


def newest_of(connection: Connection, issue_id: int) -> StoredEvent | None:
    """Return the issue's newest event, or None."""
    return _first(connection, issue_id, is_newest=True)


def oldest_of(connection: Connection, issue_id: int) -> StoredEvent | None:
    """Return the issue's oldest event, or None."""
    return _first(connection, issue_id, is_newest=False)


def neighbours_of(connection: Connection, event: StoredEvent) -> tuple[str | None, str | None]:
    """Return the ids of the issue's previous and next event, each or None."""
    place = tuple_(events.c.happened_at, events.c.id)
    here = tuple_(literal(event.at, UtcDateTime), literal(event.id, Id))
    of_issue = select(events.c.event_id).where(events.c.issue_id == event.issue_id).limit(1)
    before = of_issue.where(place < here).order_by(*(each.desc() for each in _ORDER))
    after = of_issue.where(place > here).order_by(*_ORDER)
    return (
        connection.execute(before).scalar_one_or_none(),
        connection.execute(after).scalar_one_or_none(),
    )


def replace(connection: Connection, row_id: int, payload: dict[str, object]) -> None:
    """Replace the payload of an event."""
    statement = update(events).where(events.c.id == row_id)
    connection.execute(statement.values(payload=_compressed(payload)))


def _first(connection: Connection, issue_id: int, *, is_newest: bool) -> StoredEvent | None:
    query = select(*_EVENT).where(events.c.issue_id == issue_id)
    order = [each.desc() for each in _ORDER] if is_newest else list(_ORDER)
    row = connection.execute(query.order_by(*order).limit(1)).first()
    return _stored(row) if row else None


def _stored(row: Sequence[Any]) -> StoredEvent:
    id_, project_id, event_id, issue_id, at, received_at, packed = row
    return StoredEvent(
        id=id_,
        project_id=project_id,
        event_id=event_id,
        issue_id=issue_id,
        at=at,
        received_at=received_at,
        payload=json.loads(zstandard.decompress(packed)),
    )


def _compressed(payload: dict[str, object]) -> bytes:
    return zstandard.compress(json.dumps(payload, separators=(",", ":")).encode())
