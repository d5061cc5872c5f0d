"""The loop of the digester: its turns, their pauses, and the lock of the folder of logs."""

import threading
import time
from contextlib import ExitStack

from shipmark.infrastructure.background_pace import rest_after
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.encryption import Cipher
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import log, report_exception
from shipmark.ingest.batches import PASSING
from shipmark.ingest.digester import Digester
from shipmark.ingest.event_readers import SHARED_MIN, EventReaders
from shipmark.ingest.log_folder import LogFolder, Pauses
from shipmark.ingest.sqlite_log import SqliteLogReader

#: How often an idle digester looks at the logs, though no writer has woken it.
_LOOK_SECONDS = 0.2
#: The pause after a failure that says nothing about the events, such as an outage of the database.
_FAILURE_SECONDS = 1.0
#: After this time it is logged that another server digests the folder.
_OTHER_SECONDS = 10.0


def digest_until(
    stopping: threading.Event, database: Database, settings: Settings, fork_lock: threading.Lock
) -> None:
    """Digest until the process is asked to stop; then what is left.

    Other threads hold ``fork_lock`` while they do what a fork must not interrupt.
    """
    folder = LogFolder(settings.event_log)
    with ExitStack() as stack:
        pauses = _when_free(folder, stack, stopping)
        if pauses is None:
            return
        reader = SqliteLogReader(folder)
        secret = Cipher(text=settings.secret_key, file=settings.secret_key_file).secret
        stack.callback(reader.close)
        # A server with one worker has one processor, or is to take little memory.
        event_readers = stack.enter_context(EventReaders(settings.worker_count - 1, fork_lock))
        digester = Digester(database, open_blobs(settings.blobs), reader, secret, event_readers)
        turns = _Turns(digester, stopping)
        while True:
            is_last, begun = stopping.is_set(), time.monotonic()
            number = turns.digest()
            if is_last and not number:
                return
            pause_after(pauses, number, time.monotonic() - begun)


def _when_free(folder: LogFolder, stack: ExitStack, stopping: threading.Event) -> Pauses | None:
    """Wait for the lock of the folder, which ``stack`` holds then. Return None if asked to stop before."""
    begun, reason = time.monotonic(), ""
    while True:
        try:
            if stack.enter_context(folder.digester_lock()):
                return stack.enter_context(folder.pauses())
        except OSError as error:
            # A folder that is read-only, or a full disk.
            if reason != str(error):
                reason = str(error)
                log.error("The folder of the logs of events can't be used", reason=reason)
        else:
            # The digester of a server that is just ending may have it.
            if not reason and time.monotonic() - begun > _OTHER_SECONDS:
                reason = "locked"
                log.warning("Another server digests the folder; this one takes over when that ends")
        stack.close()
        if stopping.wait(_LOOK_SECONDS):
            return None


def pause_after(pauses: Pauses, number: int, seconds: float) -> None:
    """Pause after a turn that digested a number of frames and took this time; not if more than a turn may wait."""
    if number == 0:
        pauses.wait(_LOOK_SECONDS)
    elif number < SHARED_MIN:
        # What comes meanwhile is one batch then. A reader who waits ends the rest.
        pauses.rest(rest_after(seconds))


class _Turns:
    """Digests turn by turn, and logs what holds it up once, and its end."""

    def __init__(self, digester: Digester, stopping: threading.Event) -> None:
        self._digester, self._stopping = digester, stopping
        self._reason = ""

    def digest(self) -> int:
        """Digest what there is. Return the number of frames, 0 if they have to wait."""
        try:
            number = self._digester.digest_pending()
        except PASSING as refusal:
            if self._is_new(refusal.reason):
                log.warning("Events wait to be digested", reason=refusal.reason)
        except Exception as error:  # noqa: BLE001  # the next turn may go better
            if self._is_new(f"{type(error).__name__}: {error}"):
                report_exception("The digester failed", error)
        else:
            if self._reason:
                self._reason = ""
                log.warning("Events are digested again")
            return number
        self._stopping.wait(_FAILURE_SECONDS)
        return 0

    def _is_new(self, reason: str) -> bool:
        is_new, self._reason = reason != self._reason, reason
        return is_new
