"""Spool files: the contents of attachments beside the logs, until the digester has moved them to the blob store.

A request has one file for all its attachments; their frames name it, with the place of each. It is on disk before the
frames are appended, and its writer keeps it locked until they are: a file that is neither locked nor named was left by
a process that was killed.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from shipmark.infrastructure import ids
from shipmark.infrastructure.errors import Unavailable
from shipmark.infrastructure.write_lock import try_lock
from shipmark.ingest.log_folder import LogFolder

SPOOL_SUFFIX = ".spool"
#: A file that was just made may not be locked yet.
_AGE_SECONDS_MIN = 60.0
_PART_BYTES = 1024 * 1024
_BROKEN = "The attachment could not be written. Try again later."


class SpooledAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment in a spool file: the payload of its frame.

    ``is_last`` is True for the last one of its file, ``is_sent_with_event`` if its event came in the same request.
    """

    filename: str
    content_type: str
    attachment_type: str
    size: int
    sha1: str
    spool: str
    offset: int
    is_sent_with_event: bool = False
    is_last: bool = False

    def encoded(self) -> bytes:
        """Return the payload of a frame."""
        return msgspec.json.encode(self)


_decode = msgspec.json.Decoder(SpooledAttachment).decode


def spooled_attachment(payload: bytes) -> SpooledAttachment:
    """Return the attachment of a frame. Raise ``ValueError`` for a payload that is none."""
    spooled = _decode(payload)
    if Path(spooled.spool).name != spooled.spool or not spooled.spool.endswith(SPOOL_SUFFIX):
        raise ValueError("not the name of a spool file")
    return spooled


class SpoolFile:
    """A new spool file, locked for this process until it is released. Raise `Unavailable` if the disk fails."""

    def __init__(self, folder: LogFolder) -> None:
        self._folder = folder.path
        self.size = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path, self._descriptor = _created(self._folder)
        except OSError as error:
            raise Unavailable(_BROKEN) from error
        # The thread that writes may go on after its request has ended and discarded the file.
        self._lock = threading.Lock()
        self._is_open = True

    def write(self, content: bytes) -> None:
        """Add content."""
        rest = memoryview(content)
        try:
            with self._opened():
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise Unavailable(_BROKEN) from error
        self.size += len(content)

    def sync(self) -> None:
        """Return once the content, and the file's entry in its folder, are durable."""
        try:
            with self._opened():
                os.fsync(self._descriptor)
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise Unavailable(_BROKEN) from error

    def release(self) -> None:
        """Leave the file to the digester: frames name it now."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                os.close(self._descriptor)

    def discard(self) -> None:
        """Delete the file, unless it was released."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                with suppress(OSError):
                    self.path.unlink(missing_ok=True)
                os.close(self._descriptor)

    @contextmanager
    def _opened(self) -> Iterator[None]:
        with self._lock:
            if not self._is_open:
                raise Unavailable(_BROKEN)
            yield


class SpoolFolder:
    """The spool files of a folder of logs, as the digester sees them."""

    def __init__(self, folder: LogFolder) -> None:
        self._path = folder.path

    def open(self, spooled: SpooledAttachment) -> BinaryIO:
        """Open the file of an attachment at its place. Raise ``FileNotFoundError`` if it is gone."""
        file = (self._path / spooled.spool).open("rb")
        file.seek(spooled.offset)
        return file

    def parts(self, spooled: SpooledAttachment) -> Iterator[bytes]:
        """Yield the content of an attachment in parts. Raise ``EOFError`` for a file that is too short."""
        missing = spooled.size
        with self.open(spooled) as file:
            while missing:
                part = file.read(min(missing, _PART_BYTES))
                if not part:
                    raise EOFError(f"{missing} bytes of the attachment are missing")
                missing -= len(part)
                yield part

    def remove(self, names: Collection[str]) -> None:
        """Delete files whose attachments are all digested."""
        for name in names:
            with suppress(OSError):
                (self._path / name).unlink(missing_ok=True)

    def remove_unused(self, names_in_use: Callable[[], Collection[str]]) -> int:
        """Delete old files that no writer holds and no frame names. Return their number.

        ``names_in_use`` is called only if there are such files, and once they are locked: from then on no frame can
        begin to name them.
        """
        candidates = list(self._unlocked())
        removed = 0
        try:
            used = names_in_use() if candidates else ()
            for path, _ in candidates:
                if path.name not in used:
                    path.unlink(missing_ok=True)
                    removed += 1
        finally:
            for _, descriptor in candidates:
                os.close(descriptor)
        return removed

    def _unlocked(self) -> Iterator[tuple[Path, int]]:
        """Yield some old files, each with the descriptor by which this process has locked it."""
        before = time.time() - _AGE_SECONDS_MIN
        for path in sorted(self._path.glob(f"*{SPOOL_SUFFIX}"))[:_LOCKED_MAX]:
            with suppress(FileNotFoundError):
                if path.stat().st_mtime > before:
                    continue
                descriptor = os.open(path, os.O_RDWR)
                if try_lock(descriptor):
                    yield path, descriptor
                else:
                    os.close(descriptor)


#: The files that are looked at together, the oldest first: each takes a descriptor.
_LOCKED_MAX = 100


def _created(folder: Path) -> tuple[Path, int]:
    """Return a new file that is locked, with its descriptor."""
    while True:
        path = folder / f"{time.time_ns():020}-{ids.hex32()[:8]}{SPOOL_SUFFIX}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Before it was locked it looked like one that is left of a killed process, and may have been deleted.
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return path, descriptor
        os.close(descriptor)
