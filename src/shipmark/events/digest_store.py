"""How far the logs of events are digested, and the frames that could not be."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import zstandard

from shipmark.events.sender import Sender
from shipmark.infrastructure import database as db
from shipmark.infrastructure.errors import Conflict
from shipmark.infrastructure.inserts import insert_missing
from shipmark.infrastructure.schema import parent, table

_MOVED = "Another process digests the same log."


class DigestPositionColumns(sa.TypedColumns):
    """The position in a log up to which all frames are digested."""

    log = sa.Column(sa.String(64), primary_key=True)
    position = sa.Column(db.Id, nullable=False)


class QuarantinedFrameColumns(sa.TypedColumns):
    """A frame that could not be digested, with the last error. ``payload`` is compressed with Zstandard.

    ``organization_id`` is that of the project; it is NULL until the hourly clean-up where an earlier version wrote it.
    """

    id = sa.Column(db.Id, primary_key=True)
    project_id = parent("projects", index=True)
    type = sa.Column(sa.String(16), nullable=False)
    event_id = sa.Column(sa.String(32), nullable=False)
    received_at = sa.Column(db.UtcDateTime, nullable=False)
    sent_at = sa.Column(db.UtcDateTime)
    address = sa.Column(sa.Text)
    user_agent = sa.Column(sa.Text)
    payload = sa.Column(sa.LargeBinary, nullable=False)
    error = sa.Column(sa.Text, nullable=False)
    organization_id = sa.Column(db.Id)
    attempts = sa.Column(sa.Integer, nullable=False, server_default=sa.text("1"))


digest_positions = table("digest_positions", DigestPositionColumns)
quarantined_frames = table(
    "quarantined_frames",
    QuarantinedFrameColumns,
    sa.Index("ix_quarantined_frames_organization_id_id", "organization_id", "id"),
    sa.Index("ix_quarantined_frames_received_at", "received_at"),
)

_SENT = db.json_rows("sent", project_id=db.Id, event_id=sa.Text())
_QUARANTINED = sa.select(quarantined_frames.c.project_id, quarantined_frames.c.event_id).join(
    _SENT,
    sa.and_(
        quarantined_frames.c.project_id == _SENT.c.project_id,
        quarantined_frames.c.event_id == _SENT.c.event_id,
        quarantined_frames.c.type == "event",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedFrame:
    """A frame that could not be digested."""

    organization_id: int
    project_id: int
    type: str
    event_id: str
    received_at: datetime
    sent_at: datetime | None
    sender: Sender
    payload: bytes
    error: str


def positions_of(connection: sa.Connection, logs: Collection[str]) -> dict[str, int]:
    """Return the position up to which each log is digested, 0 for a new one."""
    query = sa.select(digest_positions.c.log, digest_positions.c.position)
    rows = connection.execute(query.where(digest_positions.c.log.in_(list(logs))))
    return dict.fromkeys(logs, 0) | {log: position for log, position in rows}


def advance(connection: sa.Connection, log: str, before: int, after: int) -> None:
    """Move the position of a log. Raise `Conflict` if it is not at ``before``: another digester has moved it."""
    if before == 0:
        is_moved = insert_missing(connection, digest_positions, {"log": log, "position": after})
    else:
        statement = (
            sa.update(digest_positions)
            .where(digest_positions.c.log == log, digest_positions.c.position == before)
            .values(position=after)
        )
        is_moved = connection.execute(statement).rowcount == 1
    if not is_moved:
        raise Conflict(_MOVED)


def forget(connection: sa.Connection, log: str) -> None:
    """Forget the position of a log that was deleted."""
    connection.execute(sa.delete(digest_positions).where(digest_positions.c.log == log))


def quarantine(connection: sa.Connection, frames: Sequence[QuarantinedFrame]) -> None:
    """Keep frames that could not be digested."""
    rows = [
        {
            "organization_id": frame.organization_id,
            "project_id": frame.project_id,
            "type": frame.type,
            "event_id": frame.event_id,
            "received_at": frame.received_at,
            "sent_at": frame.sent_at,
            "address": frame.sender.address,
            "user_agent": frame.sender.user_agent,
            "payload": zstandard.compress(frame.payload),
            "error": frame.error,
        }
        for frame in frames
    ]
    if rows:
        connection.execute(sa.insert(quarantined_frames), rows)


def quarantined_among(
    connection: sa.Connection, event_keys: Collection[tuple[int, str]]
) -> set[tuple[int, str]]:
    """Return those of the events, by project and event, whose own frames are quarantined."""
    rows = connection.execute(_QUARANTINED, db.rows_param("sent", event_keys))
    return {(project_id, event_id) for project_id, event_id in rows}


def quarantined_payloads(connection: sa.Connection, frame_type: str, *, limit: int) -> list[bytes]:
    """Return the payloads of quarantined frames of a type, the newest first."""
    c = quarantined_frames.c
    query = sa.select(c.payload).where(c.type == frame_type).order_by(c.id.desc()).limit(limit)
    return [zstandard.decompress(payload) for payload in connection.execute(query).scalars()]


def quarantined_count(connection: sa.Connection) -> int:
    """Return the number of quarantined frames."""
    query = sa.select(sa.func.count()).select_from(quarantined_frames)
    return connection.execute(query).scalar_one()


def newest_errors(connection: sa.Connection, limit: int) -> list[str]:
    """Return the distinct errors of the newest quarantined frames."""
    c = quarantined_frames.c
    query = sa.select(c.error).order_by(c.id.desc()).limit(limit)
    return list(dict.fromkeys(connection.execute(query).scalars()))
