"""The table of events, with their compressed payloads, and its queries."""

import json
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import zstandard

from shipmark.events.hidden_issues import is_hidden
from shipmark.events.merged_issues import survivor_of
from shipmark.events.parsing import Event
from shipmark.infrastructure import database as db
from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, metadata
from shipmark.infrastructure.keyset import KeysetPosition, from_position
from shipmark.infrastructure.row_reader import RowReader


class EventColumns(sa.TypedColumns):
    """An event. ``payload`` is the JSON object that the SDK sent, compressed with Zstandard.

    ``symbolicated_at`` is when its stack became the original one by files that were uploaded later, or NULL.
    """

    id = sa.Column(Id, primary_key=True)
    project_id = sa.Column(Id, sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)
    event_id = sa.Column(sa.String(32), nullable=False)
    issue_id = sa.Column(Id, sa.ForeignKey("issues.id", ondelete="CASCADE"), nullable=False)
    release_id = sa.Column(Id, sa.ForeignKey("releases.id", ondelete="SET NULL"))
    environment_id = sa.Column(
        Id, sa.ForeignKey("environments.id", ondelete="SET NULL"), index=True
    )
    happened_at = sa.Column(UtcDateTime, nullable=False)
    received_at = sa.Column(UtcDateTime, nullable=False)
    payload = sa.Column(sa.LargeBinary, nullable=False)
    symbolicated_at = sa.Column(UtcDateTime)


events = sa.Table(
    "events",
    metadata,
    EventColumns,
    sa.UniqueConstraint("project_id", "event_id"),
    sa.Index("ix_events_issue_id_happened_at", "issue_id", "happened_at", "id"),
    sa.Index("ix_events_project_id_happened_at", "project_id", "happened_at", "id"),
    sa.Index("ix_events_release_id_happened_at", "release_id", "project_id", "happened_at"),
    sa.Index("ix_events_received_at", "received_at"),
    sqlite_autoincrement=True,
)


_ORDER = (events.c.happened_at, events.c.id)
_ISSUE_ID = survivor_of(events.c.issue_id).label("issue_id")
_IS_SHOWN = ~is_hidden(events.c.issue_id)
_SENT = db.json_rows("sent", project_id=Id, event_id=sa.Text())
_STORED = sa.select(events.c.project_id, events.c.event_id).join(
    _SENT,
    sa.and_(events.c.project_id == _SENT.c.project_id, events.c.event_id == _SENT.c.event_id),
)
_ISSUES = _STORED.add_columns(_ISSUE_ID)
_REMOVE = (
    sa.delete(events)
    .where(events.c.id.in_(sa.select(IDS.c.id)))
    .returning(events.c.project_id, events.c.event_id)
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A stored event. ``id`` is that of its row, ``event_id`` that of the client, ``issue_id`` never a merged issue."""

    id: int
    project_id: int
    event_id: str
    issue_id: int
    at: datetime
    received_at: datetime
    payload: dict[str, object]
    symbolicated_at: datetime | None = None


_EVENT = RowReader(
    StoredEvent,
    events,
    issue_id=_ISSUE_ID,
    at=events.c.happened_at,
    payload=lambda packed: json.loads(zstandard.decompress(packed)),
)


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """A stored event in a list by time. Its payload is unpacked on its own: those of a page may be large together."""

    id: int
    created_at: datetime
    row: Sequence[object]

    def unpacked(self) -> StoredEvent:
        """Return the event with its payload."""
        return _EVENT(self.row)


@dataclass(frozen=True, slots=True)
class PackedEvent:
    """An event with its payload as it is stored; see `packed`.

    ``awaited`` are the keys of the files by which its stack may become the original one (`symbolication.waits`).
    """

    event: Event
    payload: bytes
    awaited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to insert, and the rows that it belongs to."""

    project_id: int
    issue_id: int
    release_id: int | None
    environment_id: int
    packed: PackedEvent


def add(connection: sa.Connection, new_events: Sequence[NewEvent]) -> None:
    """Insert events. Fails if one exists already, as one that another process stores at this moment may."""
    rows = [
        {
            "project_id": new.project_id,
            "event_id": new.packed.event.event_id,
            "issue_id": new.issue_id,
            "release_id": new.release_id,
            "environment_id": new.environment_id,
            "happened_at": new.packed.event.at,
            "received_at": new.packed.event.received_at,
            "payload": new.packed.payload,
        }
        for new in new_events
    ]
    connection.execute(sa.insert(events), rows)


def stored_among(
    connection: sa.Connection, event_ids: Collection[tuple[int, str]]
) -> set[tuple[int, str]]:
    """Return those of the pairs of a project's id and an event's id that are stored."""
    rows = connection.execute(_STORED, db.rows_param("sent", event_ids))
    return {(project_id, event_id) for project_id, event_id in rows}


def issues_of(
    connection: sa.Connection, event_ids: Collection[tuple[int, str]]
) -> dict[tuple[int, str], int]:
    """Return the ids of the issues of events by the pairs of a project's id and an event's id, if these are stored."""
    rows = connection.execute(_ISSUES, db.rows_param("sent", event_ids))
    return {(project_id, event_id): issue_id for project_id, event_id, issue_id in rows}


def by_event_id(connection: sa.Connection, project_id: int, event_id: str) -> StoredEvent | None:
    """Return the project's event with this id, or None."""
    query = _EVENT.select().where(
        events.c.project_id == project_id, events.c.event_id == event_id, _IS_SHOWN
    )
    return _EVENT.first(connection, query)


def first_by_event_id(
    connection: sa.Connection, project_ids: Collection[int], event_id: str
) -> StoredEvent | None:
    """Return the event with this id in one of the projects, or None; of several, the first that came in."""
    query = _EVENT.select().where(
        events.c.project_id.in_(project_ids), events.c.event_id == event_id, _IS_SHOWN
    )
    return _EVENT.first(connection, query.order_by(events.c.id).limit(1))


def issue_of_event(
    connection: sa.Connection, project_ids: Collection[int], event_id: str
) -> int | None:
    """Return the id of the issue of the event with this id in one of the projects, or None."""
    query = sa.select(_ISSUE_ID).where(
        events.c.project_id.in_(project_ids), events.c.event_id == event_id, _IS_SHOWN
    )
    return connection.execute(query.order_by(events.c.id).limit(1)).scalar_one_or_none()


def newest_of(connection: sa.Connection, issue_id: int) -> StoredEvent | None:
    """Return the issue's newest event, or None."""
    return _first(connection, issue_id, is_newest=True)


def oldest_of(connection: sa.Connection, issue_id: int) -> StoredEvent | None:
    """Return the issue's oldest event, or None."""
    return _first(connection, issue_id, is_newest=False)


def of_project(
    connection: sa.Connection,
    project_id: int,
    position: KeysetPosition | None,
    *,
    limit: int,
    between: tuple[datetime, datetime] | None = None,
) -> list[ListedEvent]:
    """Return events of a project from a position on, the newest first; backwards the nearest first.

    Only those of this time if it is given.
    """
    is_shown = sa.and_(events.c.project_id == project_id, _IS_SHOWN, _happened_in(between))
    return _listed(connection, is_shown, position, limit)


def of_issue(
    connection: sa.Connection,
    issue_id: int,
    position: KeysetPosition | None,
    *,
    limit: int,
    environment_ids: Collection[int] | None = None,
    between: tuple[datetime, datetime] | None = None,
) -> list[ListedEvent]:
    """Return events of an issue in the same order, only of these environments and this time if they are given."""
    is_shown = sa.and_(events.c.issue_id == issue_id, _happened_in(between))
    if environment_ids is not None:
        is_shown = sa.and_(is_shown, events.c.environment_id.in_(environment_ids))
    return _listed(connection, is_shown, position, limit)


def neighbours_of(connection: sa.Connection, event: StoredEvent) -> tuple[str | None, str | None]:
    """Return the ids of the issue's previous and next event, each or None."""
    position = sa.tuple_(*_ORDER)
    here = sa.tuple_(sa.literal(event.at, UtcDateTime), sa.literal(event.id, Id))
    of_issue = sa.select(events.c.event_id).where(events.c.issue_id == event.issue_id).limit(1)
    before = of_issue.where(position < here).order_by(*(column.desc() for column in _ORDER))
    after = of_issue.where(position > here).order_by(*_ORDER)
    previous, following = (
        connection.execute(query).scalar_one_or_none() for query in (before, after)
    )
    return previous, following


def by_row_id(connection: sa.Connection, row_id: int) -> StoredEvent | None:
    """Return the event of a row, or None."""
    return _EVENT.first(connection, _EVENT.select().where(events.c.id == row_id))


def release_of(connection: sa.Connection, row_id: int) -> int | None:
    """Return the id of the event's release, or None."""
    query = sa.select(events.c.release_id).where(events.c.id == row_id)
    return connection.execute(query).scalar_one_or_none()


def replace_symbolicated(
    connection: sa.Connection, row_id: int, payload: dict[str, object], at: datetime
) -> bool:
    """Replace the payload of an event by one with its original stack. Return False if the event was deleted."""
    statement = sa.update(events).where(events.c.id == row_id)
    values = {"payload": packed(encoded(payload)), "symbolicated_at": at}
    return connection.execute(statement.values(values)).rowcount == 1


def remove(connection: sa.Connection, row_ids: Collection[int]) -> list[tuple[int, str]]:
    """Delete events by the ids of their rows. Return the project's id and the event's id of each.

    Their attachments are left: see `attachments.actions.delete_of_events`.
    """
    removed = connection.execute(_REMOVE, ids_param(row_ids))
    return [(project_id, event_id) for project_id, event_id in removed]


def _happened_in(between: tuple[datetime, datetime] | None) -> sa.ColumnElement[bool]:
    """Return the condition that an event happened in a time, which None does not limit."""
    if between is None:
        return sa.true()
    begin, end = between
    return sa.and_(events.c.happened_at >= begin, events.c.happened_at < end)


def _listed(
    connection: sa.Connection,
    condition: sa.ColumnElement[bool],
    position: KeysetPosition | None,
    limit: int,
) -> list[ListedEvent]:
    query = from_position(_EVENT.select().where(condition), *_ORDER, position).limit(limit)
    rows = connection.execute(query)
    return [ListedEvent(row.id, row.happened_at, row) for row in rows]


def _first(connection: sa.Connection, issue_id: int, *, is_newest: bool) -> StoredEvent | None:
    query = _EVENT.select().where(events.c.issue_id == issue_id)
    order = [column.desc() for column in _ORDER] if is_newest else list(_ORDER)
    return _EVENT.first(connection, query.order_by(*order).limit(1))


def encoded(payload: dict[str, object]) -> bytes:
    """Return the JSON of a payload."""
    return json.dumps(payload, separators=(",", ":")).encode()


def packed(content: bytes) -> bytes:
    """Return the JSON of a payload as it is stored."""
    return _COMPRESSION.compress(content)


class _Compression(threading.local):
    """A compressor of each thread, as none may be shared: making one anew takes half as long as it works."""

    def __init__(self) -> None:
        # Level 1 takes a third of the time of the usual one, for a hundredth more.
        self.compress = zstandard.ZstdCompressor(level=1).compress


_COMPRESSION = _Compression()
