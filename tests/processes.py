"""``shipmark serve`` as a process, as an operator runs it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

WAIT_SECONDS = 60.0


@contextmanager
def serving(data: Path, port: int, limit: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server, with a soft limit of descriptors, until the end of the block."""
    prefix = ["sh", "-c", f'ulimit -S -n {limit}; exec "$@"', "sh"] if limit else []
    command = [
        *prefix, sys.executable, "-m", "shipmark", "serve",
        "--data", str(data), "--port", str(port), "--workers", "2",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_ready(port))
        yield process
    finally:
        process.terminate()
        try:
            process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            # The test fails, and the process is not left to whichever test runs when it is collected.
            process.kill()
            process.wait(WAIT_SECONDS)
            raise


def wait_until(claim: object) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not claim():  # type: ignore[operator]  # a function
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
