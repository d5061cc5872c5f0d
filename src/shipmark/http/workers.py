"""Termination of worker processes with their parent: an orphan would hold the port, and serve old code."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

#: The environment variable with the parent's process id.
PARENT_PID = "_SHIPMARK_PARENT_PID"

#: Linux' option "send a signal when the parent ends" (prctl(2)).
_PR_SET_PDEATHSIG = 1

#: Where struct tcp_info (linux/tcp.h) has tcpi_bytes_received, of 8 bytes.
_RECEIVED_OFFSET = 128

_STOPPING = (signal.SIGINT, signal.SIGTERM)
_UNTIL_SERVING_SECONDS = 0.2
_LOOK_SECONDS = 0.5
#: The time for requests in progress to finish, if the process ends itself.
_END_SECONDS = 10


def end_with_parent(parent_pid: int) -> None:
    """End this process once the process ``parent_pid`` has ended without ending it.

    Linux kills it at once: that works for a process that hangs, and open transactions are rolled back as after
    any crash. On other systems, and if the parent ended before the option was set, a thread polls.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_watch, args=(parent_pid,), name="parent", daemon=True).start()


def reset_signals_in_workers() -> None:
    """Let a signal end each process that this one forks from now on, until the process sets its own handlers.

    A forked worker inherits the handlers of its parent, which only wake the parent's main loop. Without this, a worker
    that is stopped before it serves would miss the signal, and the parent would wait for it.
    """
    stopping = {signal.SIGINT, signal.SIGTERM}

    def reset() -> None:
        for number in stopping:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stopping)

    # A signal that is sent between the fork and the reset waits for the reset.
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, stopping),
        after_in_child=reset,
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, stopping),
    )


def hold_stop_signals() -> None:
    """Let signals to stop wait until the server serves: see `call_in_loop_when_stopping`.

    The server sets the handlers of its loop before the loop runs, and the loop forgets a signal that comes in between.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)


def release_stop_signals() -> None:
    """Let signals to stop through in this thread. Threads and processes inherit from the one that starts them."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)


def call_in_loop_when_stopping(
    loop: asyncio.AbstractEventLoop, callback: Callable[[], object]
) -> None:
    """Call back in the loop, once, when this process is asked to stop. Call it while the application starts.

    The server runs its loop to start the application, then again to serve.

    * uvloop takes notice of signals only while it runs, so one that comes between the two would be lost, and the parent
      would wait for this worker: the signal is raised again in the loop, which runs by then.
    * The server's handler waits for ever, and keeps the interpreter's lock, if it is called before the server serves.
      So signals are held until some time after the application has started, which takes the loop three more turns.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    received = set[int]()

    def stop(number: int) -> None:
        if number in received:
            return
        if not received:
            loop.call_soon_threadsafe(callback)
        received.add(number)
        loop.call_soon_threadsafe(signal.raise_signal, number)

    _chain_handlers(stop)
    loop.call_later(_UNTIL_SERVING_SECONDS, release_stop_signals)


def call_when_stopping(callback: Callable[[], object]) -> None:
    """Call back as soon as this process is asked to stop: the server waits for open responses before it ends.

    The handlers that the server has set go on working. Outside the main thread, as in tests, there is no signal.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    _chain_handlers(lambda _number: callback())


def _chain_handlers(callback: Callable[[int], object]) -> None:
    """Call back with the number of each signal to stop, before the handler that is set now."""
    for number in _STOPPING:
        previous = signal.getsignal(number)

        def stop(received: int, frame: FrameType | None, previous: object = previous) -> None:
            callback(received)
            if callable(previous):
                previous(received, frame)

        signal.signal(number, stop)


def keep_closing_silent_connections(port: int) -> None:
    """Close connections to this port on which nothing was received, in a thread, until the process ends.

    The server may accept one more after it was asked to stop, and would wait for it alone. On Linux only: elsewhere
    it waits.
    """
    if sys.platform != "linux":
        return

    def close_all() -> None:
        while True:
            _close_silent_connections(port)
            time.sleep(_LOOK_SECONDS)

    threading.Thread(target=close_all, name="silent connections", daemon=True).start()


def _close_silent_connections(port: int) -> None:
    """Close the connections to this port on which nothing was ever received.

    Browsers and load balancers open some in advance. The server takes each for a request under way, and would wait for
    its header until the end of the time that it is given to stop.
    """
    for descriptor in Path("/proc/self/fd").iterdir():
        # It may have been closed meanwhile, or be of something else.
        with (
            contextlib.suppress(OSError),
            _duplicate(int(descriptor.name)) as connection,
        ):
            is_ours = connection.getpeername() and connection.getsockname()[1:2] == (port,)
            if is_ours and not _received_bytes(connection):
                connection.shutdown(socket.SHUT_RDWR)


def _duplicate(descriptor: int) -> socket.socket:
    """Return a socket on a copy of the descriptor; raise `OSError`, and leave no copy, if it is not of a socket."""
    copy = os.dup(descriptor)
    try:
        return socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise


def _received_bytes(connection: socket.socket) -> int:
    """Return how many bytes were received on a TCP connection."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _RECEIVED_OFFSET + 8)
    return int.from_bytes(info[_RECEIVED_OFFSET:], sys.byteorder)


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(_LOOK_SECONDS)
    # SIGALRM has no handler, so the system ends the process even if a graceful shutdown hangs.
    signal.alarm(_END_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
