"""Signals to stop that reach a worker before it serves, and what it closes then."""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from shipmark.http import workers
from shipmark.http.workers import call_in_loop_when_stopping, hold_stop_signals

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and reads /proc")

#: How a process ends that has taken notice of the signal: with the number of calls.
_STOPPED = 41


def _start_and_serve(before_start: Callable[[], None], before_serving: Callable[[], None]) -> None:
    """Run a loop as the server does: set handlers, start the application, and serve until a signal comes."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    loop, stopping, calls = uvloop.new_event_loop(), asyncio.Event(), list[bool]()
    runs = list[str]()

    def stop() -> None:
        # The server's handler blocks for ever before it serves.
        if runs[-1] != "serve":
            os._exit(1)
        stopping.set()

    async def start() -> None:
        runs.append("start")
        call_in_loop_when_stopping(loop, lambda: calls.append(True))

    async def serve() -> None:
        runs.append("serve")
        await asyncio.wait_for(stopping.wait(), 5)

    hold_stop_signals()
    loop.add_signal_handler(signal.SIGTERM, stop)
    before_start()
    loop.run_until_complete(start())
    before_serving()
    loop.run_until_complete(serve())
    os._exit(40 + len(calls))


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_is_called_back_once_in_the_loop() -> None:
    process = multiprocessing.get_context("fork").Process(
        target=_start_and_serve, args=(_nothing, lambda: threading.Timer(0.5, _terminate).start())
    )
    process.start()
    process.join(20)
    assert process.exitcode == _STOPPED


def _nothing() -> None:
    pass


@pytest.mark.parametrize(
    "moments",
    [(_terminate, _nothing), (_nothing, _terminate)],
    ids=["before-start", "before-serving"],
)
def test_a_signal_that_comes_while_the_loop_does_not_run_stops_the_worker(
    moments: tuple[Callable[[], None], Callable[[], None]],
) -> None:
    process = multiprocessing.get_context("fork").Process(target=_start_and_serve, args=moments)
    process.start()
    process.join(20)
    assert process.exitcode == _STOPPED


def test_closing_silent_connections_leaves_no_descriptors_open(tmp_path: Path) -> None:
    with (tmp_path / "file").open("wb"):
        before = len(list(Path("/proc/self/fd").iterdir()))
        workers._close_silent_connections(1)
        assert len(list(Path("/proc/self/fd").iterdir())) == before
