"""The log between endpoints and the digester: what was acknowledged is in it, on disk.

An endpoint appends, and answers when its frame is durable; the digester reads frames in the order of their positions,
and forgets a log that has ended and that it has read to its end. `sqlite_log.py` keeps logs in a folder.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from shipmark.events.sender import UNKNOWN_SENDER, Sender
from shipmark.ingest.spool import SpoolFile, SpoolFolder


class FrameType(StrEnum):
    """What the payload of a frame is."""

    EVENT = "event"
    #: A report of a user; ``event_id`` is that of the envelope, or empty.
    USER_REPORT = "user_report"
    #: An event whose context ``feedback`` is what a user writes.
    FEEDBACK = "feedback"
    #: All items of sessions of an envelope.
    SESSIONS = "sessions"
    #: What an SDK discarded.
    CLIENT_REPORT = "client_report"
    #: A file of an event: the payload says where it is (`spool.py`).
    ATTACHMENT = "attachment"
    #: The number of items of an envelope by their category, which is not supported.
    UNSUPPORTED = "unsupported"
    #: The number of items of an envelope by their category, which are invalid.
    INVALID = "invalid"
    #: The numbers of what was refused with 429, by reason and category.
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFrame:
    """A thing that an endpoint took in, as it was sent, with what the digester must know about the request.

    ``sent_at`` is by the clock of the client, ``received_at`` by ours.
    """

    type: FrameType
    project_id: int
    received_at: datetime
    payload: bytes
    event_id: str
    sent_at: datetime | None = None
    sender: Sender = UNKNOWN_SENDER


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFrame:
    """A frame in a log, or in quarantine, which has no name. Positions of a log grow."""

    log: str = ""
    position: int
    frame: LogFrame

    @property
    def place(self) -> tuple[str, int]:
        """Return what tells it from the frames of all logs."""
        return self.log, self.position


class UnreadableLogError(Exception):
    """A log can't be read: its file is damaged, of a later version, or the disk fails. Others may be readable."""


class LogWriter(Protocol):
    """The log of one process. Thread-safe."""

    def append(self, *frames: LogFrame) -> Future[None]:
        """Return the future of frames, which is done when they are durable, and fails if they could not be written.

        Those of one call are written together or not at all, and in one log in their order.

        Raise `TooManyRequests` while the logs hold more than they may: the digester is behind, or the disk nearly full;
        `Unavailable` once the log is closed.
        """

    def new_spool_file(self) -> SpoolFile:
        """Return a new file for attachments, on the disk of the logs, with which it counts. Raise as `append` does."""

    def close(self) -> None:
        """Write what was appended, and end the log."""


class LogReader(Protocol):
    """All logs of all processes, with the files beside them."""

    @property
    def spool(self) -> SpoolFolder:
        """Return the files that frames name."""

    def logs(self) -> Sequence[str]:
        """Return the names of the logs that are not forgotten, oldest first. Some may hold no frame yet, or no more."""

    def read(self, log: str, after: int, limit: int) -> list[StoredFrame]:
        """Return the first frames of a log behind a position, 0 for all, in the order of their positions.

        Those before a damaged place are returned, then `UnreadableLogError` is raised.
        """

    def payloads(self, log: str, after: int, frame_type: FrameType) -> list[bytes]:
        """Return the payloads of all frames of a type behind a position.

        Raise `UnreadableLogError` for a damaged log.
        """

    def delete_if_ended(self, log: str, position: int) -> bool:
        """Delete the frames of a log that has ended and has none behind this position. Return True if they are gone.

        Its name stays among the logs until it is forgotten: what else is known of it can be cleared before.
        """

    def forget(self, log: str) -> None:
        """Remove the name of a log whose frames were deleted."""
