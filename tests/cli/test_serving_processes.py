"""The processes of ``shipmark serve``: their limits, and their end."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from conformance.servers import free_port

WAIT_SECONDS = 60.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


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
        process.wait(WAIT_SECONDS)


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


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def workers_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(each) for each in found]


def is_running(pid: int) -> bool:
    """Does the process run? One that has ended may wait for its new parent to notice."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path / "data", port) as process:
        workers = workers_of(process.pid)
        assert len(workers) >= 2
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: is_free(port))
        wait_until(lambda: not any(is_running(pid) for pid in workers))
    with serving(tmp_path / "data", port):
        assert not is_free(port)


def test_workers_may_open_as_much_as_the_system_allows(tmp_path: Path) -> None:
    with serving(tmp_path / "data", free_port(), limit=200) as process:
        for pid in (process.pid, *workers_of(process.pid)):
            [line] = [
                it
                for it in Path(f"/proc/{pid}/limits").read_text().splitlines()
                if it.startswith("Max open files")
            ]
            soft, hard = line.split()[3:5]
            assert soft == hard != "200"
