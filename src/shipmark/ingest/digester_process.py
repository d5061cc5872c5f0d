"""The process of the digester: a fork of the server's main process, which starts it again whenever it ends."""

import gc
import multiprocessing
import os
import signal
import threading
from contextlib import ExitStack
from types import FrameType

from shipmark.http.workers import end_with_parent
from shipmark.infrastructure import logging
from shipmark.infrastructure.blobs.object_store import open_object_store
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import log, report_exception
from shipmark.ingest.digester import PASSING, Digester
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogReader

#: How often an idle digester looks at the logs, though no writer has woken it.
_LOOK_SECONDS = 0.2
#: The pause after a failure that says nothing about the events, such as an outage of the database.
_FAILURE_SECONDS = 1.0
#: The pause before a digester that has ended is started again.
_RESTART_SECONDS = 0.5
_STOP_SECONDS = 20.0
_FORK = multiprocessing.get_context("fork")


class DigesterProcess:
    """Runs the digester in a child process until it is stopped."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping = threading.Event()
        self._process: multiprocessing.process.BaseProcess | None = None
        self._thread = threading.Thread(target=self._supervise, name="digester", daemon=True)

    def start(self) -> None:
        """Start the process, and the thread that watches it."""
        self._thread.start()

    def stop(self) -> None:
        """Let the digester finish what the logs hold, and wait for it, within limits."""
        self._stopping.set()
        process = self._process
        if process is not None and process.is_alive():
            process.terminate()
            process.join(_STOP_SECONDS)
            process.kill()
        self._thread.join()

    def _supervise(self) -> None:
        # The thread that forks lives as long as the child: the child is told when its parent thread ends.
        while not self._stopping.is_set():
            process = _FORK.Process(target=run, args=(self._settings, os.getpid()), name="digester")
            process.start()
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
        # The digester of a server that is just ending may have it.
        while not stack.enter_context(folder.digester_lock()):
            stack.close()
            if stopping.wait(_LOOK_SECONDS):
                return
        waiting = stack.enter_context(folder.waiting())
        database = Database(settings.database, lock_wait_seconds=settings.lock_wait_seconds)
        stack.callback(database.close)
        reader = SqliteLogReader(folder)
        stack.callback(reader.close)
        digester = Digester(database, open_object_store(settings.blobs), reader)
        while True:
            is_last = stopping.is_set()
            if not _digest(digester):
                if is_last:
                    return
                waiting.wait(_LOOK_SECONDS)


def _digest(digester: Digester) -> bool:
    """Digest what there is. Return False if there was nothing, or it has to wait."""
    try:
        return digester.digest_pending() > 0
    except PASSING as refusal:
        log.warning("Events wait to be digested", reason=refusal.reason)
    except Exception as error:  # noqa: BLE001  # one log that can't be read must not end the digester
        report_exception("The digester failed", error)
    threading.Event().wait(_FAILURE_SECONDS)
    return False
