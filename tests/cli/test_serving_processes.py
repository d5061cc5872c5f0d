"""The processes of ``shipmark serve``: their limits, and their end."""

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from urllib.request import urlopen

import data_folders
import pytest
from processes import WAIT_SECONDS, free_port, serving, starting, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with its tables: none of the tests is about a first start."""
    return data_folders.made(tmp_path / "data")


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


def test_workers_end_when_their_parent_is_killed(data: Path) -> None:
    port = free_port()
    with serving(data, port) as process:
        # The first worker answers before the second one has begun.
        wait_until(lambda: len(workers_of(process.pid)) >= 2)
        workers = workers_of(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: is_free(port))
        wait_until(lambda: not any(is_running(pid) for pid in workers))
    with serving(data, port):
        assert not is_free(port)


def test_workers_may_open_as_much_as_the_system_allows(data: Path) -> None:
    with serving(data, free_port(), descriptors_max=200) as process:
        for pid in (process.pid, *workers_of(process.pid)):
            [line] = [
                it
                for it in Path(f"/proc/{pid}/limits").read_text().splitlines()
                if it.startswith("Max open files")
            ]
            soft, hard = line.split()[3:5]
            assert soft == hard != "200"


def test_a_worker_that_does_not_serve_yet_is_stopped_too(data: Path) -> None:
    with starting(data, free_port()) as process:
        wait_until(lambda: len(workers_of(process.pid)) == 2)
        process.terminate()
        assert process.wait(WAIT_SECONDS) == 0


def test_connections_that_were_opened_in_advance_keep_no_server_from_stopping(
    data: Path,
) -> None:
    port = free_port()
    with serving(data, port) as process:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(4)]
        process.terminate()
        # Far less than the 30 seconds that a server has to stop, and a client to send its header.
        assert process.wait(15) == 0
        for connection in silent:
            connection.close()


def test_connections_that_are_opened_while_it_stops_keep_no_server_from_stopping(
    data: Path,
) -> None:
    """Without the repetition of what closes them, every fourth run or so took 30 seconds."""
    port, silent, has_stopped = free_port(), list[socket.socket](), Event()

    def open_many() -> None:
        while not has_stopped.wait(0.001):
            with suppress(OSError):
                silent.append(socket.create_connection(("127.0.0.1", port), timeout=1))

    opening = Thread(target=open_many)
    with serving(data, port) as process:
        opening.start()
        wait_until(lambda: len(silent) > 10)
        process.terminate()
        try:
            assert process.wait(15) == 0
        finally:
            has_stopped.set()
            opening.join()
    for connection in silent:
        connection.close()


def test_a_worker_that_is_killed_again_and_again_is_started_again(data: Path) -> None:
    port = free_port()
    with serving(data, port, workers=1) as process:

        def worker() -> int | None:
            """Return the worker, once it serves."""
            address = f"http://127.0.0.1:{port}/healthz"
            with suppress(OSError), urlopen(address, timeout=5):
                return workers_of(process.pid)[-1]
            return None

        for _ in range(3):
            wait_until(worker)
            os.kill(workers_of(process.pid)[-1], signal.SIGKILL)
        wait_until(worker)


def test_a_worker_that_does_not_end_is_killed(data: Path) -> None:
    limited = {"SHIPMARK_STOP_TIMEOUT_SECONDS": "1"}
    with serving(data, free_port(), settings=limited) as process:
        wait_until(lambda: len(workers_of(process.pid)) == 2)
        os.kill(workers_of(process.pid)[0], signal.SIGSTOP)
        process.terminate()
        assert process.wait(WAIT_SECONDS) == 0
