"""Items of sessions: one frame of the log for all of an envelope, and their reading and filtering by the digester."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from shipmark.events.discards import Outcome, discard
from shipmark.events.inbound_filters import InboundFilters, reason_to_drop_session
from shipmark.events.sender import AUTO
from shipmark.infrastructure import ids
from shipmark.infrastructure.errors import BadRequest
from shipmark.ingest.envelope import Item
from shipmark.ingest.event_json import event_object
from shipmark.ingest.event_log import LogFrame
from shipmark.ingest.report_items import Discards
from shipmark.release_health import buckets
from shipmark.release_health.buckets import Hasher, HealthUpdate
from shipmark.release_health.sessions import (
    InvalidSessionError,
    SessionAggregate,
    SessionAttributes,
    SessionProblem,
    SessionUpdate,
    accepted,
    read_aggregates,
    read_update,
)

UPDATE, AGGREGATES = "session", "sessions"
#: The types of items with sessions.
SESSION_TYPES = frozenset({UPDATE, AGGREGATES})
#: Their category of data.
SESSION = "session"
#: The items of each type that an envelope may have (ingest.md 2).
ITEMS_MAX = {UPDATE: 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedSessions:
    """What the sessions of a frame add, and those of them that are not stored."""

    updates: tuple[HealthUpdate, ...]
    discards: Discards


def sessions_payload(items: Iterable[Item]) -> bytes:
    """Return the payload of a frame: the items with their types, as they were sent."""
    return msgspec.msgpack.encode([(item.type, item.payload) for item in items])


def sessions_of(frame: LogFrame, filters: InboundFilters, hasher: Hasher) -> ReceivedSessions:
    """Return the sessions of a frame. Bad ones, and those that a filter drops, are counted."""
    updates, dropped = list[HealthUpdate](), Counter[tuple[Outcome, str]]()
    for session in _read(frame):
        if isinstance(session, SessionProblem):
            dropped[Outcome.INVALID, session.value] += 1
            continue
        reason = _reason_to_drop(session.attributes, filters, frame)
        if reason is not None:
            dropped[Outcome.FILTERED, reason] += 1
        elif isinstance(session, SessionUpdate):
            updates.append(buckets.of_update(session, hasher))
        else:
            updates.append(buckets.of_aggregate(session, hasher))
    return ReceivedSessions(updates=tuple(updates), discards=_discards(frame, dropped))


def _read(frame: LogFrame) -> Iterator[SessionUpdate | SessionAggregate | SessionProblem]:
    """Yield the accepted sessions of a frame, and why others are not."""
    drift = frame.received_at - frame.sent_at if frame.sent_at else timedelta()
    items = msgspec.msgpack.decode(frame.payload, type=list[tuple[str, bytes]])
    for item_type, payload in items:
        for session in _sessions_of_item(item_type, payload, frame):
            if isinstance(session, SessionProblem):
                yield session
                continue
            try:
                yield accepted(session, received_at=frame.received_at, drift=drift)
            except InvalidSessionError as error:
                yield error.problem


def _sessions_of_item(
    item_type: str, payload: bytes, frame: LogFrame
) -> list[SessionUpdate | SessionAggregate | SessionProblem]:
    try:
        item = event_object(payload)
        if item_type == AGGREGATES:
            return [*read_aggregates(item)]
        # An update without an id is a session of its own.
        return [read_update(item, default_sid=ids.hex32(), received_at=frame.received_at)]
    except BadRequest:
        return [SessionProblem.INVALID]
    except InvalidSessionError as error:
        return [error.problem]


def _reason_to_drop(
    attributes: SessionAttributes, filters: InboundFilters, frame: LogFrame
) -> str | None:
    """Return the filter that drops a session; the connection tells what the session does not."""
    address = attributes.address
    if not address or address == AUTO:
        address = frame.sender.address or ""
    user_agent = attributes.user_agent or frame.sender.user_agent or ""
    reason = reason_to_drop_session(filters, address=address, user_agent=user_agent)
    return reason.value if reason else None


def _discards(frame: LogFrame, dropped: Counter[tuple[Outcome, str]]) -> Discards:
    return tuple(
        discard(frame.received_at, outcome, reason, SESSION, number)
        for (outcome, reason), number in dropped.items()
    )
