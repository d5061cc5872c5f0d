"""Reception of attachments: streamed to a spool file, and never held as a whole."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import msgspec

from shipmark.events.attachments import model as attachments
from shipmark.infrastructure.errors import TooLarge
from shipmark.infrastructure.settings import Settings
from shipmark.ingest.spool import SpooledAttachment, SpoolFile

_TOO_LARGE = "envelope exceeded size limits: "


@dataclass(slots=True, kw_only=True)
class _Current:
    """The attachment that is being received."""

    filename: str
    content_type: str
    attachment_type: str
    offset: int
    size: int = 0


class AttachmentSpooler:
    """Receives the attachments of a request, one after another.

    ``new_file`` makes the spool file, for the first of them; it may refuse. Nothing is left unless the attachments are
    handed over to frames: call `discard` in any case.
    """

    def __init__(self, new_file: Callable[[], SpoolFile], settings: Settings) -> None:
        self._new_file = new_file
        self._one_max, self._all_max = settings.attachment_max_bytes, settings.attachments_max_bytes
        self._file: SpoolFile | None = None
        self._current: _Current | None = None
        self._hash = hashlib.sha1(usedforsecurity=False)
        self._received: list[SpooledAttachment] = []

    def begin(
        self, *, filename: str, content_type: str, attachment_type: str, length: int = 0
    ) -> None:
        """Begin an attachment, with its length as far as it is known. Raise `TooLarge` as `add` does."""
        if self._file is None:
            self._file = self._new_file()
        self._current = _Current(
            filename=attachments.name_of(filename),
            content_type=attachments.content_type_of(content_type, filename),
            attachment_type=attachments.type_of(attachment_type),
            offset=self._file.size,
        )
        self._hash = hashlib.sha1(usedforsecurity=False)
        self._check(self._current, length)

    def add(self, content: bytes) -> None:
        """Add content. Raise `TooLarge` beyond the limit of one or of all attachments."""
        assert self._current is not None, "an attachment has begun"
        assert self._file is not None, "an attachment has begun"
        self._check(self._current, len(content))
        self._hash.update(content)
        self._file.write(content)
        self._current.size += len(content)

    def end(self) -> None:
        """End the attachment."""
        current, self._current = self._current, None
        assert current is not None, "an attachment has begun"
        assert self._file is not None, "an attachment has begun"
        self._received.append(
            SpooledAttachment(
                filename=current.filename,
                content_type=current.content_type,
                attachment_type=current.attachment_type,
                size=current.size,
                sha1=self._hash.hexdigest(),
                spool=self._file.path.name,
                offset=current.offset,
            )
        )

    @property
    def received(self) -> Sequence[SpooledAttachment]:
        """Return the attachments that were received so far."""
        return self._received

    def durable(self, *, is_sent_with_event: bool) -> list[SpooledAttachment]:
        """Return the attachments once they are on disk; this takes as long as the disk does."""
        if self._file is None or not self._received:
            return []
        self._file.sync()
        *others, last = (
            msgspec.structs.replace(attachment, is_sent_with_event=is_sent_with_event)
            for attachment in self._received
        )
        return [*others, msgspec.structs.replace(last, is_last=True)]

    def hand_over(self, written: Future[None]) -> None:
        """Leave the attachments to the frames that name them, once these are written."""
        if (file := self._file) is None:
            return
        self._file = None

        def settle(done: Future[None]) -> None:
            # A sender that is gone cancels its future; its frames may be written all the same.
            if not done.cancelled() and done.exception() is not None:
                file.discard()
            else:
                file.release()

        written.add_done_callback(settle)

    def discard(self) -> None:
        """Delete what was received, unless it was handed over."""
        file, self._file = self._file, None
        if file is not None:
            file.discard()

    def _check(self, current: _Current, more: int) -> None:
        if current.size + more > self._one_max:
            raise TooLarge(f"{_TOO_LARGE}an attachment has at most {self._one_max} bytes")
        if current.offset + current.size + more > self._all_max:
            raise TooLarge(f"{_TOO_LARGE}all attachments have at most {self._all_max} bytes")
