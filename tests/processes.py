"""``shipmark serve`` as a process, as an operator runs it."""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

WAIT_SECONDS = 180.0
_PORTS = range(10_000, 32_000)


@contextmanager
def serving(
    data: Path,
    port: int,
    *options: str,
    workers: int = 2,
    descriptors_max: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server until the end of the block; yield its process once the server answers."""
    with starting(
        data, port, *options, workers=workers, descriptors_max=descriptors_max, settings=settings
    ) as process:
        _wait_until_ready(port, process, log_of(data))
        yield process


@contextmanager
def starting(
    data: Path,
    port: int,
    *options: str,
    workers: int = 2,
    descriptors_max: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a server, with a soft limit of descriptors, and stop it at the end of the block."""
    limited = ["sh", "-c", f'ulimit -S -n {descriptors_max}; exec "$@"', "sh"]
    command = [
        *(limited if descriptors_max else ()), sys.executable, "-m", "shipmark", "serve",
        "--data", str(data), "--port", str(port), "--workers", str(workers), *options,
    ]  # fmt: skip
    # What a killed server leaves goes with the test's folder.
    variables = environment() | {"TMPDIR": str(data.parent)} | (settings or {})
    with log_of(data).open("wb") as output:
        process = subprocess.Popen(command, env=variables, stdout=output, stderr=output)
    try:
        yield process
    finally:
        stop(process)


def log_of(data: Path) -> Path:
    """Return the file with the output of the server that was started last on this data folder."""
    return data.with_suffix(".log")


def environment() -> dict[str, str]:
    """Return the variables of this process, without settings of a Shipmark or a Sentry client."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SHIPMARK_", "SENTRY_"))}
    return kept | {"SHIPMARK_LOG_LEVEL": "warning"}


def free_port() -> int:
    """Return a port of this machine that no process listens on.

    The system gives ports of another range to clients: this one is still free when a server has started, seconds later.
    """
    while True:
        port = random.SystemRandom().randrange(_PORTS.start, _PORTS.stop)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_until(claim: Callable[[], object]) -> None:
    """Wait until the claim is true; fail after three minutes."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop a server; raise if the server does not end in time."""
    process.terminate()
    try:
        process.wait(WAIT_SECONDS)
    except subprocess.TimeoutExpired:
        # The test fails, and the process is not left to whichever test runs when it is collected.
        process.kill()
        process.wait()
        raise


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not _is_ready(port):
        output = log.read_text("utf8")
        assert process.poll() is None, f"The server ended with {process.returncode}:\n{output}"
        assert time.monotonic() < deadline, f"No answer in {WAIT_SECONDS} s:\n{output}"
        time.sleep(0.05)


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
