"""The events, with all that the SDK sent, compressed."""

import json
from datetime import datetime

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
    select,
)

from shipmark.ground.database import Id, Moment, metadata, upsert
from shipmark.issues.events import Event


class EventColumns(TypedColumns):
    """An event. ``payload`` is the JSON object that the SDK sent, compressed with Zstandard."""

    id = Column(Id, primary_key=True)
    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)
    event_id = Column(String(32), nullable=False)
    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False)
    release_id = Column(Id, ForeignKey("releases.id", ondelete="SET NULL"))
    environment_id = Column(Id, ForeignKey("environments.id", ondelete="SET NULL"), index=True)
    happened_at = Column(Moment, nullable=False)
    received_at = Column(Moment, nullable=False)
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


def add(
    connection: Connection,
    *,
    project_id: int,
    issue_id: int,
    release_id: int | None,
    environment_id: int,
    event: Event,
) -> bool:
    """Keep an event; says false for one that we have already, which changes nothing."""
    row = {
        "project_id": project_id,
        "event_id": event.event_id,
        "issue_id": issue_id,
        "release_id": release_id,
        "environment_id": environment_id,
        "happened_at": event.at,
        "received_at": event.received_at,
        "payload": _packed(event.payload),
    }
    statement = upsert(events).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(events.c.id)).first() is not None


def exists(connection: Connection, project_id: int, event_id: str) -> bool:
    """Do we have that event?"""
    query = select(events.c.id).where(
        events.c.project_id == project_id, events.c.event_id == event_id
    )
    return connection.execute(query).first() is not None


def by_event_id(
    connection: Connection, project_id: int, event_id: str
) -> tuple[int, dict[str, object]] | None:
    """The issue and the payload of the project's event with that id."""
    query = select(events.c.issue_id, events.c.payload).where(
        events.c.project_id == project_id, events.c.event_id == event_id
    )
    row = connection.execute(query).first()
    return (row[0], json.loads(zstandard.decompress(row[1]))) if row else None


def newest_of(
    connection: Connection, issue_id: int
) -> tuple[str, datetime, dict[str, object]] | None:
    """The id, moment and payload of the issue's newest event."""
    query = (
        select(events.c.event_id, events.c.happened_at, events.c.payload)
        .where(events.c.issue_id == issue_id)
        .order_by(events.c.happened_at.desc(), events.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    event_id, at, payload = row
    return event_id, at, json.loads(zstandard.decompress(payload))


def _packed(payload: dict[str, object]) -> bytes:
    return zstandard.compress(json.dumps(payload, separators=(",", ":")).encode())
