"""Password checks that do not starve other requests.

A check takes 64 MiB and all processors for a while, on purpose. So a process runs one at a time, in a thread of its own
with a lower priority than those of requests, and only a few requests wait for it.
"""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from shipmark.accounts.sign_in_limits import TooManyAttempts

#: Checks that a process accepts: the running one, and those that wait.
CHECKS_MAX = 4
_BUSY_SECONDS = 5
_NICENESS = 15

hasher = PasswordHasher()
# Checked if no user has the address, so that both refusals take the same time.
_UNKNOWN_USER = (
    "$argon2id$v=19$m=65536,t=3,p=4$c2hpcG1hcmtzaGlwbWFyaw"
    "$0000000000000000000000000000000000000000000"
)


class PasswordChecks:
    """The checks of one process. Its thread starts with the first check, so after workers are forked."""

    def __init__(self, checks_max: int = CHECKS_MAX) -> None:
        self._slots = threading.BoundedSemaphore(checks_max)
        self._thread = ThreadPoolExecutor(
            max_workers=1, thread_name_prefix="passwords", initializer=_lower_priority
        )

    @contextmanager
    def place(self) -> Iterator[None]:
        """Reserve one check. Raise `TooManyAttempts` at once if all are in use."""
        if not self._slots.acquire(blocking=False):
            raise TooManyAttempts(
                "Too many people are signing in. Try again in a few seconds.",
                retry_after_seconds=_BUSY_SECONDS,
            )
        try:
            yield
        finally:
            self._slots.release()

    def is_right(self, hashed: str | None, password: str) -> bool:
        """Return True if the password matches the hash. Takes the same time without one (None)."""
        return self._thread.submit(verify, hashed, password).result()


def verify(hashed: str | None, password: str) -> bool:
    """Return True if the password matches the hash. Runs in the caller's thread; takes the same time for None."""
    try:
        hasher.verify(hashed or _UNKNOWN_USER, password)
    except VerificationError:
        return False
    return hashed is not None


def _lower_priority() -> None:
    # On Linux a priority is of a thread, and the threads that argon2 starts inherit it. Elsewhere it is of the process.
    if os.uname().sysname == "Linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
