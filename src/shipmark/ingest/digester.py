"""The digester: turns the frames of the logs into events and issues, each exactly once.

The position in a log moves in the transaction of what its frames caused: after a crash at any moment the digester
goes on where the database is. Everything that can be done before the transaction is done before it.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

import msgspec
from sqlalchemy import Connection

from shipmark.events import digest_store, discard_store
from shipmark.events.digest_store import QuarantinedFrame
from shipmark.events.legacy_interfaces import with_current_names
from shipmark.events.normalization import Dropped, normalize
from shipmark.events.parsing import Event
from shipmark.events.project_rules import ProjectRules, rules_from
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict, StorageFull, Unavailable
from shipmark.infrastructure.telemetry import count, log, report_exception
from shipmark.ingest.event_json import event_object
from shipmark.ingest.event_log import (
    FrameType,
    LogFrame,
    LogReader,
    StoredFrame,
    UnreadableLogError,
)
from shipmark.ingest.refused_counts import discards_of_refused
from shipmark.ingest.report_items import (
    Discards,
    discard_of_filter,
    discards_of_client_report,
    discards_of_unsupported,
    feedback_of,
    user_report_of,
)
from shipmark.issues.actions import user_reports
from shipmark.issues.actions.ingest_events import Arrival, IngestResult, ingest
from shipmark.issues.user_reports import NewUserReport
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.symbolication import event_symbolication
from shipmark.symbolication.event_symbolication import Uploads

#: The frames of a transaction: more would hold up the other writers of SQLite.
BATCH_MAX = 500
#: A log that can't be digested is tried again after this time.
HELD_SECONDS = 10.0
#: Rules of projects are read again after this time.
_RULES_SECONDS = 2.0
#: What is in a frame, and what drops it.
_Content = Event | NewUserReport | Dropped | Discards
#: What says nothing about the frames: they are tried again until it is over.
PASSING = (Conflict, StorageFull, Unavailable)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A frame with what is in it, the filter that drops it, or the error that it causes."""

    stored: StoredFrame
    content: _Content | None = None
    encoded: bytes | None = None
    error: str = ""

    @property
    def frame(self) -> LogFrame:
        return self.stored.frame

    @property
    def discards(self) -> Discards:
        """What the frame says was not stored, or the event itself that a filter drops."""
        if isinstance(self.content, Dropped):
            return (discard_of_filter(self.frame, self.content),)
        return self.content if isinstance(self.content, tuple) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A log that could not be digested, why, and when it is tried again (monotonic clock)."""

    reason: str
    until: float


class Digester:
    """Digests the logs of a reader into a database. For one thread; only one may run for a folder of logs."""

    def __init__(self, database: Database, blobs: Blobs, logs: LogReader) -> None:
        self._database, self._blobs, self._logs = database, blobs, logs
        self._positions: dict[str, int] = {}
        self._held: dict[str, _Held] = {}
        self._rules: dict[int, tuple[ProjectRules, float]] = {}

    def digest_pending(self) -> int:
        """Digest what the logs hold, a batch of each. Return the number of frames.

        A log that can't be digested is reported once and held for a while; the others go on. Raise `Conflict`,
        `StorageFull` or `Unavailable` if the database can't take them now: call it again later.
        """
        number, names = 0, self._logs.logs()
        self._held = {name: held for name, held in self._held.items() if name in names}
        for name in names:
            held = self._held.get(name)
            if held is not None and time.monotonic() < held.until:
                continue
            try:
                number += self._digest_log(name)
            except PASSING:
                raise
            except Exception as error:  # noqa: BLE001  # one log must not hold up the others
                self._hold(name, error)
            else:
                self._release(name)
        return number

    def _digest_log(self, name: str) -> int:
        frames = self._logs.read(name, self._position_of(name), BATCH_MAX)
        if frames:
            self._digest(name, self._prepared(frames))
        elif self._logs.delete_if_ended(name, self._positions[name]):
            self._forget(name)
        return len(frames)

    def _hold(self, name: str, error: Exception) -> None:
        held, reason = self._held.get(name), _text_of(error)
        self._held[name] = _Held(reason=reason, until=time.monotonic() + HELD_SECONDS)
        # Another digester, or an operator, may have changed it.
        self._positions.pop(name, None)
        if held is not None and held.reason == reason:
            return
        if isinstance(error, UnreadableLogError):
            log.error("A log of events can't be read", log=name, reason=str(error))
        else:
            report_exception("A log of events can't be digested", error, log=name)

    def _release(self, name: str) -> None:
        if self._held.pop(name, None) is not None:
            log.warning("A log of events is digested again", log=name)

    def _position_of(self, name: str) -> int:
        if name not in self._positions:
            with self._database.autocommit_read() as connection:
                self._positions |= digest_store.positions_of(connection, [name])
        return self._positions[name]

    def _forget(self, name: str) -> None:
        """Forget a log whose frames are deleted, its name last: a digester that is killed before does this again."""
        with self._database.transaction() as connection:
            digest_store.forget(connection, name)
        self._logs.forget(name)
        del self._positions[name]

    def _prepared(self, frames: Sequence[StoredFrame]) -> list[_Prepared]:
        with self._database.autocommit_read() as connection:
            known = projects.by_ids(connection, {stored.frame.project_id for stored in frames})
            rules = {project.id: self._rules_of(connection, project) for project in known.values()}
        return [
            self._prepare(stored, known.get(stored.frame.project_id), rules) for stored in frames
        ]

    def _rules_of(self, connection: Connection, project: Project) -> ProjectRules:
        now = time.monotonic()
        rules, read_at = self._rules.get(project.id, (None, 0.0))
        if rules is None or now - read_at > _RULES_SECONDS:
            rules = rules_from(
                projects.options_with_organization(connection, project.organization_id, project.id)
            )
            self._rules[project.id] = rules, now
        return rules

    def _prepare(
        self, stored: StoredFrame, project: Project | None, rules: Mapping[int, ProjectRules]
    ) -> _Prepared:
        if project is None:
            return _Prepared(stored=stored)
        try:
            content = self._content_of(stored.frame, project, rules[project.id])
            encoded = _encoded(content) if isinstance(content, Event) else None
            return _Prepared(stored=stored, content=content, encoded=encoded)
        except Exception as error:  # noqa: BLE001  # one bad frame must not hold up the others
            report_exception("An event could not be read", error, project=project.slug)
            return _Prepared(stored=stored, error=_text_of(error))

    def _content_of(self, frame: LogFrame, project: Project, rules: ProjectRules) -> _Content:
        match frame.type:
            case FrameType.EVENT:
                return self._event_of(frame, project, rules)
            case FrameType.USER_REPORT:
                return user_report_of(frame)
            case FrameType.FEEDBACK:
                return feedback_of(frame)
            case FrameType.CLIENT_REPORT:
                return discards_of_client_report(frame)
            case FrameType.UNSUPPORTED:
                return discards_of_unsupported(frame)
            case FrameType.REFUSED:
                return discards_of_refused(frame)
            case _:
                assert_never(frame.type)

    def _event_of(self, frame: LogFrame, project: Project, rules: ProjectRules) -> Event | Dropped:
        """Return the event of a frame, with its original stack and its sender's clock corrected, or the filter."""
        payload = with_current_names(event_object(frame.payload))
        if event_symbolication.needs_symbolication(payload):
            uploads = Uploads(
                database=self._database,
                blobs=self._blobs,
                organization_id=project.organization_id,
                project_id=project.id,
                at=frame.received_at,
            )
            payload = event_symbolication.symbolicate_event(payload, uploads)
        return normalize(
            payload,
            rules,
            event_id=frame.event_id,
            received_at=frame.received_at,
            drift=frame.received_at - frame.sent_at if frame.sent_at else timedelta(),
            sender=frame.sender,
        )

    def _digest(self, name: str, batch: Sequence[_Prepared]) -> None:
        """Digest a batch in one transaction. If it fails it is halved, until the one bad frame is alone."""
        before, after = self._positions[name], batch[-1].stored.position
        try:
            with self._database.transaction() as connection:
                digest_store.advance(connection, name, before, after)
                results = _store(connection, batch)
        except PASSING:
            # Where another digester has moved the position, it is read again.
            self._positions.pop(name, None)
            raise
        except Exception as error:  # noqa: BLE001  # what it was is found out by halving
            self._digest_by_halves(name, batch, error)
        else:
            self._positions[name] = after
            _report(batch, results)

    def _digest_by_halves(self, name: str, batch: Sequence[_Prepared], error: Exception) -> None:
        if len(batch) > 1:
            middle = len(batch) // 2
            self._digest(name, batch[:middle])
            self._digest(name, batch[middle:])
            return
        [bad] = batch
        if bad.error:
            raise error
        report_exception("An event could not be stored", error, project=bad.frame.project_id)
        self._digest(name, [_Prepared(stored=bad.stored, error=_text_of(error))])


def _store(connection: Connection, batch: Sequence[_Prepared]) -> list[IngestResult]:
    """Store what is in a batch, and set aside its bad frames. Those of deleted projects are dropped."""
    known = projects.by_ids(connection, {prepared.frame.project_id for prepared in batch})
    there = [prepared for prepared in batch if prepared.frame.project_id in known]
    dropped = len(batch) - len(there)
    if dropped:
        count("events", "project_deleted", dropped)
    bad = [_quarantined(prepared) for prepared in there if prepared.content is None]
    digest_store.quarantine(connection, bad)
    arrivals = _arrivals_of(there, known)
    results = ingest(connection, arrivals) if arrivals else []
    contents = [prepared.content for prepared in there]
    reports = [content for content in contents if isinstance(content, NewUserReport)]
    user_reports.receive(connection, reports, new_events=[arrival.key for arrival in arrivals])
    discard_store.count(
        connection,
        ((each.frame.project_id, discard) for each in there for discard in each.discards),
    )
    return results


def _arrivals_of(batch: Sequence[_Prepared], known: Mapping[int, Project]) -> list[Arrival]:
    return [
        Arrival(
            project=known[prepared.frame.project_id],
            event=prepared.content,
            encoded=prepared.encoded,
        )
        for prepared in batch
        if isinstance(prepared.content, Event)
    ]


def _encoded(event: Event) -> bytes | None:
    """Return the JSON of a payload, in a fifth of the standard library's time; None where only that can do it."""
    try:
        return msgspec.json.encode(event.payload)
    except (msgspec.MsgspecError, OverflowError, RecursionError, TypeError):
        return None


def _quarantined(prepared: _Prepared) -> QuarantinedFrame:
    frame = prepared.frame
    return QuarantinedFrame(
        project_id=frame.project_id,
        type=frame.type,
        event_id=frame.event_id,
        received_at=frame.received_at,
        sent_at=frame.sent_at,
        sender=frame.sender,
        payload=frame.payload,
        error=prepared.error or "The project was restored while its event was read.",
    )


def _report(batch: Sequence[_Prepared], results: Sequence[IngestResult]) -> None:
    kinds = Counter(map(_kind_of, results))
    for kind, number in kinds.items():
        count("events", kind, number)
    reasons = Counter(
        prepared.content.reason.value for prepared in batch if isinstance(prepared.content, Dropped)
    )
    for reason, number in reasons.items():
        count("events_filtered", reason, number)
    numbers = {f"events.{kind}": number for kind, number in kinds.items()}
    numbers |= {f"filtered.{reason}": number for reason, number in reasons.items()}
    if numbers:
        log.info("Events were digested", **numbers)


def _kind_of(result: IngestResult) -> str:
    if result.issue_id is None:
        return "duplicate"
    if result.is_new_issue:
        return "new_issue"
    return "regression" if result.is_regression else "known_issue"


def _text_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]
