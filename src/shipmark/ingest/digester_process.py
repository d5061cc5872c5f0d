"""The process of the digester: a fork of the server's main process, which starts it again whenever it ends."""

import gc
import multiprocessing
import os
import signal
import threading
import time
from contextlib import ExitStack
from types import FrameType

from shipmark.http.workers import end_with_parent
from shipmark.infrastructure import logging
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
#: The pause before a digester that has ended is started again.
_RESTART_SECONDS = 0.5
#: The digester has at least this time to end the batch that it is at.
_STOP_SECONDS_MIN = 1.0
#: After this time it is logged that another server digests the folder.
_OTHER_SECONDS = 10.0
_FORK = multiprocessing.get_context("fork")


class DigesterProcess:
    """Runs the digester in a child process until it is stopped."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping, self._is_forked = threading.Event(), threading.Event()
        self._stopping_since: float | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._thread = threading.Thread(target=self._supervise, name="digester", daemon=True)

    def start(self) -> None:
        """Start the process, and the thread that watches it. Return when it is forked.

        A process that is forked while another one is would hold the end of the pipe by which that one's parent hears
        of its end: a server whose workers are forked meanwhile would wait for them until its limit when it stops.
        """
        self._thread.start()
        self._is_forked.wait()

    def note_stop(self) -> None:
        """Take the time: the server is stopping. Its workers end first, and may need a part of the limit."""
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()

    def stop(self) -> None:
        """Let the digester finish what the logs hold, within what is left of the server's limit.

        What it has not digested then waits on disk for the next start.
        """
        self.note_stop()
        self._stopping.set()
        if (process := self._process) is not None:
            process.terminate()
        self._thread.join(self._seconds_left())
        if (process := self._process) is not None:
            process.kill()
        self._thread.join()

    def _seconds_left(self) -> float | None:
        limit = self._settings.stop_timeout_seconds
        if limit == 0 or self._stopping_since is None:
            return None
        return max(_STOP_SECONDS_MIN, limit - (time.monotonic() - self._stopping_since))

    def _supervise(self) -> None:
        # The thread that forks lives as long as the child: Linux kills a child when the thread that forked it ends.
        while not self._stopping.is_set():
            process = _FORK.Process(target=run, args=(self._settings, os.getpid()), name="digester")
            try:
                process.start()
            finally:
                self._is_forked.set()
            self._process = process
            if self._stopping.is_set():
                process.terminate()
            process.join()
            if not self._stopping.wait(_RESTART_SECONDS):
                log.error("The digester ended; it starts again", **{"exit.code": process.exitcode})


def run(settings: Settings, parent: int) -> None:
    """Digest until this process is asked to stop; then what is left, and end."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    # Of Ctrl-C the main process hears, too, and stops this one after those that write.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)
    logging.configure(settings)
    gc.freeze()
    folder = LogFolder(settings.event_log)
    with ExitStack() as stack:
        pauses = _when_free(folder, stack, stopping)
        if pauses is None:
            return
        database = Database(settings.database, lock_wait_seconds=settings.lock_wait_seconds)
        stack.callback(database.close)
        reader = SqliteLogReader(folder)
        secret = Cipher(text=settings.secret_key, file=settings.secret_key_file).secret
        stack.callback(reader.close)
        # A server with one worker has one processor, or is to take little memory.
        event_readers = stack.enter_context(EventReaders(settings.worker_count - 1))
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
