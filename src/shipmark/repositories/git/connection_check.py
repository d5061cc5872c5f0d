"""Checks of the connection to a remote, for people who set it up.

A check runs in a process of its own: neither a slow name server nor a silent host holds a thread longer than
`SECONDS_MAX`, and what a server sends is not parsed where requests are answered.
"""

import json
import os
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass

from shipmark.infrastructure.errors import TooManyRequests
from shipmark.infrastructure.settings import Settings
from shipmark.repositories.git.addresses import Remote

SECONDS_MAX = 8.0
#: The time in which the process starts and ends.
_PROCESS_SECONDS = 4.0
#: A list of branches and tags; the largest known ones take some ten mebibytes.
_BYTES_MAX = 32 * 1024 * 1024
#: Checks that a process of the server runs at once.
_CHECKS_MAX = 2
_COMMAND = (sys.executable, "-m", "shipmark.repositories.git.connection_check_worker")
#: The environment variables of the process: those to import Python's modules, and no secrets.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "SSL_CERT_FILE")
TOO_SLOW = f"The remote did not answer within {SECONDS_MAX:g} seconds."
FAILED = "The check failed. Contact the operator of this server."
BUSY = "Other connections are being tested. Try again in a few seconds."
_slots = threading.BoundedSemaphore(_CHECKS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionResult:
    """The number of branches of the remote, or the problem in a sentence for users."""

    branch_count: int = 0
    problem: str = ""


def check_connection(remote: Remote, settings: Settings) -> ConnectionResult:
    """Connect to the remote and count its branches. Raise `TooManyRequests` if too many checks are running."""
    if not _slots.acquire(blocking=False):
        raise TooManyRequests(BUSY, retry_after_seconds=int(SECONDS_MAX))
    try:
        return _run(remote, settings)
    finally:
        _slots.release()


def _run(remote: Remote, settings: Settings) -> ConnectionResult:
    # The secrets go through a pipe: others on the machine can see the arguments of a process.
    requested = asdict(remote) | {
        "allow_files": settings.git_allow_files,
        "allow_private": settings.outgoing_allow_private,
        "known_hosts": str(settings.known_hosts_file),
        "seconds_max": min(SECONDS_MAX, settings.git_seconds_max),
        "bytes_max": min(_BYTES_MAX, settings.git_bytes_max),
    }
    try:
        process = subprocess.run(  # noqa: S603  # our own module, by Python itself
            _COMMAND,
            input=json.dumps(requested).encode(),
            capture_output=True,
            timeout=SECONDS_MAX + _PROCESS_SECONDS,
            check=False,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
    except subprocess.TimeoutExpired:
        return ConnectionResult(problem=TOO_SLOW)
    if process.returncode:
        return ConnectionResult(problem=FAILED)
    return ConnectionResult(**json.loads(process.stdout))
