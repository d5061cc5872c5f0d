"""Worker processes that end with their parent: one that is left over would hold the port, and serve old code."""

import ctypes
import os
import signal
import sys
import threading
import time

#: The variable by which the parent tells its workers who it is.
PARENT_PID = "_SHIPMARK_PARENT_PID"

#: What Linux calls "signal me when my parent ends" (prctl(2)).
_PR_SET_PDEATHSIG = 1

_LOOK_SECONDS = 0.5
#: How long requests under way may take to end, where the process ends by itself.
_END_SECONDS = 10


def end_with_parent(parent_pid: int) -> None:
    """End this process once the process ``parent_pid`` has ended without ending it.

    Linux kills it at once: that needs nothing of a process that may hang, and what was under way is undone as after
    any crash. Elsewhere, and if the parent ended before Linux could be asked to, a thread looks.
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
        for each in stopping:
            signal.signal(each, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stopping)

    # A signal that is sent between the fork and the reset waits for the reset.
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, stopping),
        after_in_child=reset,
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, stopping),
    )


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(_LOOK_SECONDS)
    # Nothing catches SIGALRM, so the system ends the process even if ending in good order hangs.
    signal.alarm(_END_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
