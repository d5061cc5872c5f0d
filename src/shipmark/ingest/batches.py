"""A batch of frames as it is prepared for a transaction, and the transaction that stores it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection

from shipmark.events import accepted_store, digest_store, discard_store, security_reports
from shipmark.events.accepted_store import Accepted
from shipmark.events.attachments import actions as attachment_actions
from shipmark.events.attachments.model import NewAttachment
from shipmark.events.digest_store import QuarantinedFrame
from shipmark.events.discards import DISCARDED_HASH, Discard, Outcome, discard, hour_of
from shipmark.events.normalization import Dropped
from shipmark.events.store import PackedEvent
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Conflict, StorageFull, Unavailable
from shipmark.infrastructure.telemetry import count, log
from shipmark.ingest.admission import ATTACHMENT
from shipmark.ingest.event_log import FrameType, LogFrame, StoredFrame
from shipmark.ingest.report_items import Discards
from shipmark.ingest.session_items import SESSION, ReceivedSessions
from shipmark.ingest.spool import SpooledAttachment
from shipmark.issues.actions import user_reports
from shipmark.issues.actions.arrivals import Arrival
from shipmark.issues.actions.ingest_events import IngestResult, ingest
from shipmark.issues.user_reports import NewUserReport
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.release_health import actions as release_health
from shipmark.release_health.actions import ReceivedUpdate, sightings_of

#: What says nothing about the frames: they are tried again until it is over.
PASSING = (Conflict, StorageFull, Unavailable)
#: What is in a frame, and what drops it.
FrameContent = PackedEvent | NewUserReport | NewAttachment | ReceivedSessions | Dropped | Discards
#: What identifies an event: its project and its id.
EventKey = tuple[int, str]
#: The reasons of discards of attachments: their event was dropped earlier; their issue has enough crash reports.
_EVENT_FILTERED, _CRASH_REPORT_LIMIT = "event_filtered", "crash_report_limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFrame:
    """A frame with what is in it, the filter that drops it, or the error that it causes.

    ``crash_reports_max``: how many crash reports the project of an attachment keeps of an issue, None for all.
    """

    stored: StoredFrame
    content: FrameContent | None = None
    spooled: SpooledAttachment | None = None
    crash_reports_max: int | None = None
    error: str = ""

    @property
    def frame(self) -> LogFrame:
        """Return the frame itself."""
        return self.stored.frame

    @property
    def is_event(self) -> bool:
        """Return True for the frame of an event."""
        return self.frame.type is FrameType.EVENT

    @property
    def event_key(self) -> EventKey:
        """Return the event that the frame is or belongs to."""
        return self.frame.project_id, self.frame.event_id

    @property
    def discards(self) -> Discards:
        """Return what the frame says was not stored, or the event or attachment itself that a filter drops."""
        if isinstance(self.content, Dropped):
            category = self.content.category if self.is_event else ATTACHMENT
            reason = self.content.reason.value
            return (discard(self.frame.received_at, Outcome.FILTERED, reason, category),)
        if isinstance(self.content, ReceivedSessions):
            return self.content.discards
        return self.content if isinstance(self.content, tuple) else ()


def store_batch(connection: Connection, batch: Sequence[PreparedFrame]) -> list[IngestResult]:
    """Store what is in a batch, and set aside its bad frames. Those of deleted projects are dropped."""
    known = projects.by_ids(connection, {prepared.frame.project_id for prepared in batch})
    there = [prepared for prepared in batch if prepared.frame.project_id in known]
    dropped = len(batch) - len(there)
    if dropped:
        count("events", "project_deleted", dropped)
    bad = [
        _quarantined(prepared, known[prepared.frame.project_id])
        for prepared in there
        if prepared.content is None
    ]
    digest_store.quarantine(connection, bad)
    arrivals = _arrivals_of(there, known)
    results = _store_events_and_sessions(connection, arrivals, _sessions_of(there, known))
    contents = [prepared.content for prepared in there]
    reports = [content for content in contents if isinstance(content, NewUserReport)]
    user_reports.receive(connection, reports, new_events=[arrival.key for arrival in arrivals])
    discards = [(each.frame.project_id, lost) for each in there for lost in each.discards]
    discarded = [
        arrival for arrival, result in zip(arrivals, results, strict=True) if result.is_discarded
    ]
    discards += map(_discard_of, discarded)
    attachments, lost_attachments = _store_attachments(
        connection, there, arrivals, without_events={arrival.key for arrival in discarded}
    )
    accepted = chain(
        map(_accepted_event, _stored_among(arrivals, results)),
        _accepted_sessions(there),
        map(_accepted_attachment, attachments),
    )
    accepted_store.count(connection, accepted)
    discards += lost_attachments
    discard_store.count(connection, discards)
    return results


def _store_events_and_sessions(
    connection: Connection, arrivals: Sequence[Arrival], sessions: Sequence[ReceivedUpdate]
) -> list[IngestResult]:
    """Store events, then add sessions and users of new issues to the counts of releases: in the one order of locks."""
    ingested = ingest(connection, arrivals, sightings_of(sessions))
    of_events = [
        ReceivedUpdate(
            project=arrival.project,
            update=result.health,
            received_at=arrival.event.received_at,
        )
        for arrival, result in zip(arrivals, ingested.results, strict=True)
        if result.health is not None
    ]
    release_health.fold(connection, [*sessions, *of_events], now(), ingested.places)
    return ingested.results


def _sessions_of(
    batch: Sequence[PreparedFrame], known: Mapping[int, Project]
) -> list[ReceivedUpdate]:
    return [
        ReceivedUpdate(
            project=known[prepared.frame.project_id],
            update=update,
            received_at=prepared.frame.received_at,
        )
        for prepared in batch
        if isinstance(prepared.content, ReceivedSessions)
        for update in prepared.content.updates
    ]


def _stored_among(
    arrivals: Sequence[Arrival], results: Sequence[IngestResult]
) -> Iterator[Arrival]:
    """Yield the arrivals that are new, and not discarded."""
    for arrival, result in zip(arrivals, results, strict=True):
        if result.issue_id is not None:
            yield arrival


def _accepted_event(arrival: Arrival) -> Accepted:
    event = arrival.event
    return Accepted(
        project_id=arrival.project.id,
        hour=hour_of(event.received_at),
        category=security_reports.category_of_type(event.type),
    )


def _accepted_sessions(batch: Sequence[PreparedFrame]) -> Iterator[Accepted]:
    for prepared in batch:
        if isinstance(prepared.content, ReceivedSessions):
            frame = prepared.frame
            yield Accepted(
                project_id=frame.project_id,
                hour=hour_of(frame.received_at),
                category=SESSION,
                quantity=len(prepared.content.updates),
            )


def _accepted_attachment(attachment: NewAttachment) -> Accepted:
    return Accepted(
        project_id=attachment.project_id,
        hour=hour_of(attachment.created_at),
        category=ATTACHMENT,
    )


def _discard_of(arrival: Arrival) -> tuple[int, Discard]:
    event = arrival.event
    category = security_reports.category_of_type(event.type)
    filtered = discard(event.received_at, Outcome.FILTERED, DISCARDED_HASH, category)
    return arrival.project.id, filtered


def _store_attachments(
    connection: Connection,
    batch: Sequence[PreparedFrame],
    arrivals: Sequence[Arrival],
    *,
    without_events: Collection[EventKey],
) -> tuple[Sequence[NewAttachment], list[tuple[int, Discard]]]:
    """Store the attachments of a batch. Return them, and those that are not stored, by project and reason.

    ``without_events`` are the events of the batch that are discarded.
    """
    at = now()
    new = [each.content for each in batch if isinstance(each.content, NewAttachment)]
    received = attachment_actions.receive(
        connection,
        new,
        new_events=[arrival.key for arrival in arrivals],
        crash_report_limits=_crash_report_limits(batch),
        at=at,
    )
    filtered = {
        each.event_key for each in batch if each.is_event and isinstance(each.content, Dropped)
    } | set(without_events)
    numbers = Counter(
        (each.project_id, DISCARDED_HASH if each.event_key in without_events else _EVENT_FILTERED)
        for each in received.filtered
    )
    numbers += Counter((each.project_id, _CRASH_REPORT_LIMIT) for each in received.beyond_limit)
    if filtered:
        deleted = attachment_actions.delete_of_filtered(connection, filtered, at)
        numbers += Counter({(id_, _EVENT_FILTERED): number for id_, number in deleted.items()})
    return received.stored, [
        (project_id, discard(at, Outcome.FILTERED, reason, ATTACHMENT, number))
        for (project_id, reason), number in numbers.items()
    ]


def _crash_report_limits(batch: Sequence[PreparedFrame]) -> dict[int, int]:
    """Return how many crash reports an issue keeps, by project; those without a limit are left out."""
    return {
        each.frame.project_id: each.crash_reports_max
        for each in batch
        if each.crash_reports_max is not None
    }


def _arrivals_of(batch: Sequence[PreparedFrame], known: Mapping[int, Project]) -> list[Arrival]:
    return [
        Arrival(project=known[prepared.frame.project_id], packed=prepared.content)
        for prepared in batch
        if isinstance(prepared.content, PackedEvent)
    ]


def _quarantined(prepared: PreparedFrame, project: Project) -> QuarantinedFrame:
    frame = prepared.frame
    return QuarantinedFrame(
        organization_id=project.organization_id,
        project_id=frame.project_id,
        type=frame.type,
        event_id=frame.event_id,
        received_at=frame.received_at,
        sent_at=frame.sent_at,
        sender=frame.sender,
        payload=frame.payload,
        error=prepared.error or "The project was restored while its event was read.",
    )


def report_batch(batch: Sequence[PreparedFrame], results: Sequence[IngestResult]) -> None:
    """Count and log what a batch has led to."""
    kinds = Counter(map(_kind_of, results))
    for kind, number in kinds.items():
        count("events", kind, number)
    reasons = Counter(
        prepared.content.reason.value
        for prepared in batch
        if prepared.is_event and isinstance(prepared.content, Dropped)
    )
    for reason, number in reasons.items():
        count("events_filtered", reason, number)
    numbers = {f"events.{kind}": number for kind, number in kinds.items()}
    numbers |= {f"filtered.{reason}": number for reason, number in reasons.items()}
    if numbers:
        log.info("Events were digested", **numbers)


def _kind_of(result: IngestResult) -> str:
    if result.is_discarded:
        return "discarded"
    if result.issue_id is None:
        return "duplicate"
    if result.is_new_issue:
        return "new_issue"
    return "regression" if result.is_regression else "known_issue"
