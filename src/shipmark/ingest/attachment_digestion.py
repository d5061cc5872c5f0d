"""The digester's part of attachments: from spool files to the blob store, and deletion of what is digested.

A content is staged before the transaction that stores its attachment; its spool file is deleted after it. One that is
left by a process that was killed in between is deleted later, once no log names it.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from shipmark.events import digest_store
from shipmark.events.attachments.model import NewAttachment
from shipmark.files import staging
from shipmark.files.model import StagedFile
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.telemetry import log
from shipmark.ingest.batches import PASSING
from shipmark.ingest.event_log import FrameType, LogFrame, LogReader, StoredFrame
from shipmark.ingest.spool import SpooledAttachment, spooled_attachment

#: The attachments of a batch, and their bytes: events behind them wait until they are in the blob store.
ATTACHMENTS_MAX = 100
BYTES_MAX = 64 * 2**20
#: How often spool files without a frame are searched.
_SEARCH_SECONDS = 60.0
_SET_ASIDE_MAX = 10_000


class AttachmentDigestion:
    """Stages contents of spool files, and deletes the files. For one thread."""

    def __init__(self, database: Database, blobs: Blobs, logs: LogReader) -> None:
        self._database, self._blobs, self._logs = database, blobs, logs
        #: The files of frames that were set aside: they stay, for an operator.
        self._set_aside: set[str] | None = None
        self._searched_at = 0.0

    def staged(
        self, waiting: Sequence[tuple[LogFrame, SpooledAttachment]], at: datetime
    ) -> list[NewAttachment | Exception]:
        """Write the contents of attachments to the blob store, and return what a transaction can store then.

        One that can't be read is its error instead. Raise what says nothing about the attachments.
        """
        contents = (self._logs.spool.parts(spooled) for _, spooled in waiting)
        try:
            files = staging.stage_all(self._database, self._blobs, contents, at)
            return [_new_attachment(*each, file) for each, file in zip(waiting, files, strict=True)]
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001  # which it is, is found out one by one
            if len(waiting) == 1:
                return [error]
            return [self.staged([each], at)[0] for each in waiting]

    def delete_digested(self, frames: Iterable[LogFrame], bad: Iterable[LogFrame]) -> None:
        """Delete the files whose last attachments were stored or dropped, but none of a bad frame."""
        digested = {spooled.spool for spooled in _spooled(frames) if spooled.is_last}
        set_aside = {spooled.spool for spooled in _spooled(bad)}
        if not digested and not set_aside:
            return
        self._set_aside = self._known_set_aside() | set_aside
        self._logs.spool.remove(digested - self._set_aside)

    def delete_orphans(self) -> None:
        """Delete old files that no frame names, once in a while."""
        if time.monotonic() - self._searched_at < _SEARCH_SECONDS:
            return
        self._searched_at = time.monotonic()
        if removed := self._logs.spool.remove_unused(self._names_in_use):
            log.warning("Attachments that were never acknowledged were deleted", files=removed)

    def _names_in_use(self) -> Collection[str]:
        """Return the names of the files of all frames that are not digested, or were set aside."""
        names = set(self._read_set_aside())
        logs = self._logs.logs()
        with self._database.autocommit_read() as connection:
            positions = digest_store.positions_of(connection, logs)
        for name, position in positions.items():
            payloads = self._logs.payloads(name, position, FrameType.ATTACHMENT)
            names |= _names(payloads)
        return names

    def _known_set_aside(self) -> set[str]:
        return self._read_set_aside() if self._set_aside is None else self._set_aside

    def _read_set_aside(self) -> set[str]:
        with self._database.autocommit_read() as connection:
            payloads = digest_store.quarantined_payloads(
                connection, FrameType.ATTACHMENT.value, limit=_SET_ASIDE_MAX
            )
        return _names(payloads)


def _new_attachment(
    frame: LogFrame, spooled: SpooledAttachment, content: StagedFile
) -> NewAttachment:
    if content.sha1 != spooled.sha1:
        raise ValueError("the spool file is damaged: its content has another checksum")
    return NewAttachment(
        project_id=frame.project_id,
        event_id=frame.event_id,
        name=spooled.filename,
        type=spooled.attachment_type,
        content_type=spooled.content_type,
        content=content,
        created_at=frame.received_at,
        is_sent_with_event=spooled.is_sent_with_event,
    )


def bounded(frames: Sequence[StoredFrame]) -> Sequence[StoredFrame]:
    """Return the first of these frames, at least one: as many as have few enough attachments."""
    number = size = 0
    for index, stored in enumerate(frames):
        for spooled in _spooled([stored.frame]):
            number += 1
            size += spooled.size
        if number and index and (number > ATTACHMENTS_MAX or size > BYTES_MAX):
            return frames[:index]
    return frames


def _spooled(frames: Iterable[LogFrame]) -> list[SpooledAttachment]:
    """Return the attachments of those frames that have one and can be read."""
    attachments = []
    for frame in frames:
        if frame.type is FrameType.ATTACHMENT:
            with suppress(ValueError):
                attachments.append(spooled_attachment(frame.payload))
    return attachments


def _names(payloads: Iterable[bytes]) -> set[str]:
    names = set()
    for payload in payloads:
        with suppress(ValueError):
            names.add(spooled_attachment(payload).spool)
    return names
