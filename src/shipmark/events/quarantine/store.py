"""The frames in quarantine, of an organization: list them, request their retry, take them out.

A request to retry is a row of its own, so that it does not rewrite a payload. The digester reads requests as it reads
its logs (`ingest/quarantine_retries.py`).
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import zstandard

from shipmark.events.digest_store import QuarantinedFrame, quarantined_frames
from shipmark.events.sender import Sender
from shipmark.infrastructure import database as db
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.store import projects

#: Old frames that are deleted in one transaction.
BATCH = 100
#: The header of a compressed payload, which has its size.
_HEADER_BYTES = 18


class QuarantineRetryColumns(sa.TypedColumns):
    """A request to digest a frame again, which goes with the attempt."""

    frame_id = parent("quarantined_frames", primary_key=True)
    requested_at = sa.Column(db.UtcDateTime, nullable=False)


quarantine_retries = table("quarantine_retries", QuarantineRetryColumns)
_c = quarantined_frames.c


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedFrameRecord:
    """A frame as it is listed; ``size_bytes`` is that of its payload as received."""

    id: int
    project_id: int
    type: str
    event_id: str
    received_at: datetime
    error: str
    attempts: int
    size_bytes: int
    retry_requested_at: datetime | None

    @property
    def filename(self) -> str:
        """Return the name of a file with the payload."""
        return f"quarantined-{self.id}.json"


_RECORD = RowReader(
    QuarantinedFrameRecord,
    quarantined_frames,
    size_bytes=(
        zstandard.frame_content_size,
        sa.func.substr(_c.payload, 1, _HEADER_BYTES).label("header"),
    ),
    retry_requested_at=quarantine_retries.c.requested_at,
)
_LISTED = _RECORD.select().outerjoin(quarantine_retries, quarantine_retries.c.frame_id == _c.id)
_ORGANIZATION = sa.bindparam("organization_id", type_=db.Id)
_REQUEST_ALL = db.upsert(quarantine_retries).from_select(
    ["frame_id", "requested_at"],
    sa.select(_c.id, sa.bindparam("at", type_=db.UtcDateTime))
    .where(_c.organization_id == _ORGANIZATION)
    .order_by(_c.id),
)
_FRAME = RowReader(
    QuarantinedFrame,
    quarantined_frames,
    sender=(
        lambda address, user_agent: Sender(address=address, user_agent=user_agent),
        _c.address,
        _c.user_agent,
    ),
    payload=zstandard.decompress,
)
_REQUESTED = (
    _FRAME.select(_c.id)
    .join(quarantine_retries, quarantine_retries.c.frame_id == _c.id)
    .order_by(quarantine_retries.c.frame_id)
)


def page_of(
    connection: sa.Connection, organization_id: int, *, limit: int, offset: int = 0
) -> list[QuarantinedFrameRecord]:
    """Return a page of the organization's frames, those that were set aside last first."""
    query = _LISTED.where(_c.organization_id == organization_id).order_by(_c.id.desc())
    return _RECORD.all(connection, query.limit(limit).offset(offset))


def by_id(
    connection: sa.Connection, organization_id: int, frame_id: int
) -> QuarantinedFrameRecord | None:
    """Return the organization's frame with this id, or None."""
    query = _LISTED.where(_c.id == frame_id, _c.organization_id == organization_id)
    return _RECORD.first(connection, query)


def payload_of(connection: sa.Connection, frame_id: int) -> bytes | None:
    """Return the payload of a frame as it was received, or None. Nothing of it was scrubbed."""
    query = sa.select(_c.payload).where(_c.id == frame_id)
    packed = connection.execute(query).scalar_one_or_none()
    return None if packed is None else zstandard.decompress(packed)


def count_of(connection: sa.Connection, organization_id: int) -> int:
    """Return the number of the organization's frames."""
    query = sa.select(sa.func.count()).where(_c.organization_id == organization_id)
    return connection.execute(query).scalar_one()


def request_retry(connection: sa.Connection, frame_id: int, at: datetime) -> None:
    """Have the digester try a frame again, if that is not requested yet."""
    row = {"frame_id": frame_id, "requested_at": at}
    connection.execute(db.upsert(quarantine_retries).values(row).on_conflict_do_nothing())


def request_all(connection: sa.Connection, organization_id: int, at: datetime) -> int:
    """Have the digester try all frames of the organization again. Return the number of new requests."""
    statement = _REQUEST_ALL.on_conflict_do_nothing().returning(quarantine_retries.c.frame_id)
    parameters = {"organization_id": organization_id, "at": at}
    return len(connection.execute(statement, parameters).all())


def requested(connection: sa.Connection, *, limit: int) -> list[tuple[int, QuarantinedFrame]]:
    """Return the first frames whose retry was requested, with their ids."""
    rows = connection.execute(_REQUESTED.limit(limit))
    return [(row[-1], _FRAME(row)) for row in rows]


def take(connection: sa.Connection, frame_id: int) -> bool:
    """Delete a frame, and the request to retry it. Return False if it was deleted meanwhile, or retried by another."""
    statement = sa.delete(quarantined_frames).where(_c.id == frame_id)
    return connection.execute(statement).rowcount == 1


def record_failure(connection: sa.Connection, frame_id: int, error: str) -> None:
    """Record the error of a retry, after which the frame stays."""
    statement = sa.update(quarantined_frames).where(_c.id == frame_id)
    connection.execute(statement.values(error=error, attempts=_c.attempts + 1))
    of_frame = quarantine_retries.c.frame_id == frame_id
    connection.execute(sa.delete(quarantine_retries).where(of_frame))


def remove_received_before(connection: sa.Connection, moment: datetime) -> int:
    """Delete a batch of frames that were received before. Return their number."""
    batch = sa.select(_c.id).where(_c.received_at < moment).order_by(_c.received_at).limit(BATCH)
    return connection.execute(sa.delete(quarantined_frames).where(_c.id.in_(batch))).rowcount


def is_any_older(connection: sa.Connection, moment: datetime) -> bool:
    """Return True if a frame was received before."""
    query = sa.select(_c.id).where(_c.received_at < moment).limit(1)
    return connection.execute(query).first() is not None


def set_organizations(connection: sa.Connection) -> None:
    """Record the organizations of frames that a node of an earlier version has set aside."""
    of_project = (
        sa.select(projects.c.organization_id)
        .where(projects.c.id == _c.project_id)
        .scalar_subquery()
    )
    statement = sa.update(quarantined_frames).where(_c.organization_id.is_(None))
    connection.execute(statement.values(organization_id=of_project))
