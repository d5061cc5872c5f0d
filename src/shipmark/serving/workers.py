"""Worker processes that end with their parent: one that is left over would hold the port, and serve old code."""

import ctypes
import os
import signal
import sys
import threading
import time

#: The variable by which the parent tells its workers who it is.
PARENT_PID = "_SHIPMARK_PARENT_PID"

#: What Linux calls "tell me when my parent ends" (prctl(2)).
_PR_SET_PDEATHSIG = 1

_LOOK_SECONDS = 0.5
#: How long requests under way may take to end.
_END_SECONDS = 10.0


def end_with_parent(parent_pid: int) -> None:
    """End this process, with the requests that are under way, once the process ``parent_pid`` has ended.

    Linux tells by a signal; elsewhere, and if the parent ended before it could be asked to, a thread looks.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_watch, args=(parent_pid,), name="parent", daemon=True).start()


def _watch(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_END_SECONDS)
    os._exit(1)
