"""The process beside those that answer requests: it digests events and runs jobs. A fork of the main process.

In a process that answers, a job would take the interpreter from requests: for 5 ms, at each of their statements.
"""

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from types import FrameType

from shipmark.http.workers import end_with_parent
from shipmark.infrastructure import logging
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import log
from shipmark.ingest.digestion_loop import digest_until
from shipmark.worker import scheduler

#: The pause before a process that has ended is started again.
_RESTART_SECONDS = 0.5
#: The process has at least this time to end the batch that it is at.
_STOP_SECONDS_MIN = 1.0
#: How long a thread has the interpreter while another one waits for it.
_SWITCH_SECONDS = 0.0005
_FORK = multiprocessing.get_context("fork")


class BackgroundProcess:
    """Starts the process, and starts it again whenever it ends, until it is stopped."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stopping, self._is_forked = threading.Event(), threading.Event()
        self._stopping_since: float | None = None
        self._process: multiprocessing.process.BaseProcess | None = None
        self._thread = threading.Thread(target=self._supervise, name="background", daemon=True)

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
        """Let the process digest what the logs hold and end its jobs, within what is left of the server's limit.

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
            process = _FORK.Process(
                target=run, args=(self._settings, os.getpid()), name="background"
            )
            try:
                process.start()
            finally:
                self._is_forked.set()
            self._process = process
            if self._stopping.is_set():
                process.terminate()
            process.join()
            if not self._stopping.wait(_RESTART_SECONDS):
                log.error(
                    "The background process ended; it starts again",
                    **{"exit.code": process.exitcode},
                )


def run(settings: Settings, parent: int) -> None:
    """Digest events and run jobs until this process is asked to stop; then digest what is left, and end."""
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    # Of Ctrl-C the main process hears, too, and stops this one after those that write.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(parent)
    logging.configure(settings)
    gc.freeze()
    # A job and the digester take turns: at Python's 5 ms each statement of an event could wait as long for a job.
    sys.setswitchinterval(_SWITCH_SECONDS)
    with ExitStack() as stack:
        database = Database(settings.database, lock_wait_seconds=settings.lock_wait_seconds)
        stack.callback(database.close)
        # The digester forks readers: never while a thread is in the middle of a job, whose locks they would copy.
        fork_lock = threading.Lock()
        for worker in scheduler.workers(database, settings, fork_lock):
            worker.start()
            stack.callback(worker.stop)
        digest_until(stopping, database, settings, fork_lock)
