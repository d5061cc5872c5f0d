"""The digester: turns the frames of the logs into events and issues, each exactly once.

The position in a log moves in the transaction of what its frames caused: after a crash at any moment the digester
goes on where the database is. Everything that can be done before the transaction is done before it.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial

from shipmark.events import digest_store
from shipmark.events.discards import Outcome
from shipmark.events.normalization import Dropped
from shipmark.events.project_rules import ProjectRules
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.telemetry import log, report_exception
from shipmark.ingest.attachment_digestion import AttachmentDigestion, bounded
from shipmark.ingest.batches import (
    PASSING,
    EventKey,
    FrameContent,
    PreparedFrame,
    report_batch,
    store_batch,
)
from shipmark.ingest.event_log import (
    FrameType,
    LogFrame,
    LogReader,
    StoredFrame,
    UnreadableLogError,
)
from shipmark.ingest.event_readers import EventReaders, SharedFrames
from shipmark.ingest.event_reading import EventContent, read_event
from shipmark.ingest.known_projects import KnownProject, KnownProjects
from shipmark.ingest.quarantine_retries import QuarantineRetries
from shipmark.ingest.refused_counts import discards_of_refused
from shipmark.ingest.report_items import (
    discards_of_client_report,
    discards_of_items,
    feedback_of,
    user_report_of,
)
from shipmark.ingest.session_items import sessions_of
from shipmark.ingest.spool import spooled_attachment
from shipmark.ingest.standing_refresh import StandingRefresh
from shipmark.projects.model import Project
from shipmark.release_health.buckets import hasher_of
from shipmark.symbolication.event_symbolication import Uploads

#: The frames of a transaction: more would hold up the other writers of SQLite.
BATCH_MAX = 500
#: The payloads of several logs that are digested together; those of one may have a little more.
_BATCH_BYTES_MAX = 16 * 2**20
#: A log that can't be digested is tried again after this time.
HELD_SECONDS = 10.0
#: What reads the frames that need nothing of their project. Attachments are staged, a batch at a time.
_READERS: Mapping[FrameType, Callable[[LogFrame], FrameContent]] = {
    FrameType.USER_REPORT: user_report_of,
    FrameType.FEEDBACK: feedback_of,
    FrameType.CLIENT_REPORT: discards_of_client_report,
    FrameType.UNSUPPORTED: partial(discards_of_items, outcome=Outcome.NOT_SUPPORTED),
    FrameType.INVALID: partial(discards_of_items, outcome=Outcome.INVALID),
    FrameType.REFUSED: discards_of_refused,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A log that could not be digested, why, and when it is tried again (monotonic clock)."""

    reason: str
    until: float


class UndigestedFrameError(Exception):
    """A frame could neither be digested nor set aside, for a reason that may be another one at another time."""

    def __init__(self, log: str, reason: Exception) -> None:
        super().__init__(f"{log}: {reason}")
        self.log, self.reason = log, reason


class Digester:
    """Digests the logs of a reader into a database. For one thread; only one may run for a folder of logs.

    ``secret`` returns the secret of the server, by which ids of users of sessions are hashed. ``event_readers``
    read a part of the events where many wait; without them the digester reads all.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        logs: LogReader,
        secret: Callable[[], bytes] = bytes,
        event_readers: EventReaders | None = None,
    ) -> None:
        self._database, self._blobs, self._logs = database, blobs, logs
        self._secret = cache(secret)
        self._event_readers = event_readers or EventReaders(0, threading.Lock())
        self._positions: dict[str, int] = {}
        self._held: dict[str, _Held] = {}
        self._projects = KnownProjects(database)
        self._retries = QuarantineRetries(database, self._prepared, store_batch)
        self._attachments = AttachmentDigestion(database, blobs, logs)
        self._standings = StandingRefresh(database)

    def digest_pending(self) -> int:
        """Digest what the logs hold, a batch of each, and requested retries. Return the number of frames.

        A log that can't be digested is reported once and held for a while; the others go on. Raise `Conflict`,
        `StorageFull` or `Unavailable` if the database can't take them now: call it again later.
        """
        number, names = self._retries.digest_requested(), self._logs.logs()
        self._held = {name: held for name, held in self._held.items() if name in names}
        for frames in joined(map(self._read, filter(self._is_due, names))):
            number += len(frames)
            self._digest_together(frames)
        self._delete_orphans()
        self._event_readers.end_idle()
        self._standings.after_turn(number)
        return number

    def _is_due(self, name: str) -> bool:
        held = self._held.get(name)
        return held is None or time.monotonic() >= held.until

    def _delete_orphans(self) -> None:
        # A log that can't be read, which may name any of them, was reported.
        with suppress(UnreadableLogError):
            self._attachments.delete_orphans()

    def _read(self, name: str) -> Sequence[StoredFrame]:
        """Return the next frames of a log; none if it has none now, was deleted, or can't be read and is held."""
        try:
            frames = bounded(self._logs.read(name, self._position_of(name), BATCH_MAX))
            if not frames and self._logs.delete_if_ended(name, self._positions[name]):
                self._forget(name)
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001  # one log must not hold up the others
            self._hold(name, error)
            return ()
        if not frames:
            self._release(name)
        return frames

    def _digest_together(self, frames: Sequence[StoredFrame]) -> None:
        """Digest frames of one or several logs. A log whose frames can't even be set aside is held."""
        logs = {stored.log for stored in frames}
        try:
            self._digest(self._prepared(frames))
        except PASSING:
            raise
        except UndigestedFrameError as error:
            self._hold(error.log, error.reason)
        except Exception as error:  # noqa: BLE001  # other logs may be better
            for name in logs:
                self._hold(name, error)
        else:
            for name in logs:
                self._release(name)

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

    def _prepared(self, frames: Sequence[StoredFrame]) -> list[PreparedFrame]:
        known = self._projects.of({stored.frame.project_id for stored in frames})
        shared = self._event_readers.share_out(
            frames, {id_: each.options for id_, each in known.items()}
        )
        batch, dropped = list[PreparedFrame](), dict[EventKey, Dropped]()
        for stored in frames:
            prepared = self._prepare(stored, known.get(stored.frame.project_id), dropped, shared)
            if prepared.is_event and isinstance(prepared.content, Dropped):
                dropped[prepared.event_key] = prepared.content
            batch.append(prepared)
        return self._with_staged(batch)

    def _with_staged(self, batch: list[PreparedFrame]) -> list[PreparedFrame]:
        """Return the batch with the contents of its attachments in the blob store."""
        waiting = [(each.frame, each.spooled) for each in batch if each.spooled is not None]
        staged = iter(self._attachments.staged(waiting, now())) if waiting else iter(())
        result = []
        for each in batch:
            content = next(staged) if each.spooled is not None else None
            if isinstance(content, Exception):
                report_exception("An attachment could not be read", content)
                result.append(PreparedFrame(stored=each.stored, error=_text_of(content)))
            else:
                result.append(replace(each, content=content) if content else each)
        return result

    def _prepare(
        self,
        stored: StoredFrame,
        known: KnownProject | None,
        dropped: Mapping[EventKey, Dropped],
        shared: SharedFrames,
    ) -> PreparedFrame:
        if known is None:
            return PreparedFrame(stored=stored)
        try:
            if stored.frame.type is FrameType.ATTACHMENT:
                return self._prepare_attachment(stored, known.rules, dropped)
            content = shared.content_of(stored) or self._content_of(
                stored.frame, known.project, known.rules
            )
            return PreparedFrame(stored=stored, content=content)
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001  # one bad frame must not hold up the others
            report_exception("An event could not be read", error, project=known.project.slug)
            return PreparedFrame(stored=stored, error=_text_of(error))

    def _content_of(self, frame: LogFrame, project: Project, rules: ProjectRules) -> FrameContent:
        if frame.type is FrameType.EVENT:
            return self._event_of(frame, project, rules)
        if frame.type is FrameType.SESSIONS:
            hasher = hasher_of(self._secret(), project.organization_id)
            return sessions_of(frame, rules.filters, hasher)
        return _READERS[frame.type](frame)

    def _prepare_attachment(
        self,
        stored: StoredFrame,
        rules: ProjectRules,
        dropped: Mapping[EventKey, Dropped],
    ) -> PreparedFrame:
        """Return an attachment that is to be staged, or the filter that drops the event that came with it."""
        spooled = spooled_attachment(stored.frame.payload)
        if spooled.is_sent_with_event:
            filtered = dropped.get((stored.frame.project_id, stored.frame.event_id))
            if filtered is not None:
                return PreparedFrame(stored=stored, content=filtered)
        return PreparedFrame(
            stored=stored, spooled=spooled, crash_reports_max=rules.crash_reports_max
        )

    def _event_of(self, frame: LogFrame, project: Project, rules: ProjectRules) -> EventContent:
        uploads = Uploads(
            database=self._database,
            blobs=self._blobs,
            organization_id=project.organization_id,
            project_id=project.id,
            at=frame.received_at,
        )
        return read_event(frame, rules, uploads)

    def _digest(self, batch: Sequence[PreparedFrame]) -> None:
        """Digest a batch in one transaction. If it fails it is halved, until the one bad frame is alone."""
        # Of each log the position of its last frame.
        after = {prepared.stored.log: prepared.stored.position for prepared in batch}
        try:
            with self._database.transaction() as connection:
                for name, position in after.items():
                    digest_store.advance(connection, name, self._positions[name], position)
                results = store_batch(connection, batch)
        except PASSING:
            # Where another digester has moved the positions, they are read again.
            for name in after:
                self._positions.pop(name, None)
            raise
        except Exception as error:  # noqa: BLE001  # what it was is found out by halving
            self._digest_by_halves(batch, error)
        else:
            self._positions |= after
            self._attachments.delete_digested(
                [prepared.frame for prepared in batch],
                bad=[prepared.frame for prepared in batch if prepared.error],
            )
            report_batch(batch, results)

    def _digest_by_halves(self, batch: Sequence[PreparedFrame], error: Exception) -> None:
        if len(batch) > 1:
            middle = len(batch) // 2
            self._digest(batch[:middle])
            self._digest(batch[middle:])
            return
        [bad] = batch
        if bad.error:
            raise UndigestedFrameError(bad.stored.log, error)
        report_exception("An event could not be stored", error, project=bad.frame.project_id)
        self._digest([PreparedFrame(stored=bad.stored, error=_text_of(error))])


def joined(reads: Iterable[Sequence[StoredFrame]]) -> Iterator[list[StoredFrame]]:
    """Yield the frames of logs together as far as they fit into a batch, in their order; logs are read one by one.

    A transaction has two dozen statements however few its frames are, and each worker has a log.
    """
    batch: list[StoredFrame] = []
    for frames in reads:
        together = [*batch, *frames]
        if batch and not _fits(together):
            yield batch
            together = list(frames)
        batch = together
    if batch:
        yield batch


def _fits(frames: Sequence[StoredFrame]) -> bool:
    return (
        len(frames) <= BATCH_MAX
        and sum(len(stored.frame.payload) for stored in frames) <= _BATCH_BYTES_MAX
        and len(bounded(frames)) == len(frames)
    )


def _text_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000]
