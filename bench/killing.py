"""A server whose processes are killed, and started again as a service manager would."""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from process_tree import children_of, digester_of, is_alive
from running import WORKERS, embedded_postgresql, environment, is_ready, shipmark

from shipmark.infrastructure.database import Database
from shipmark.ingest.backlog import read_backlog
from shipmark.ingest.log_folder import LogFolder

_WAIT_SECONDS = 120.0
DRAIN_SECONDS = 120.0
#: The system gives clients ports of another range.
_PORTS = range(10_000, 32_000)


class Server:
    """``shipmark serve`` on a data folder, seeded with the organization ``acme``."""

    def __init__(self, data: Path, database_url: str | None, projects: Sequence[str]) -> None:
        self.data, self.port = data, _port()
        self.url = database_url or f"sqlite:///{data / 'shipmark.db'}"
        self._place = ["--data", str(data)]
        if database_url is not None:
            self._place += ["--database-url", database_url]
        named = [word for project in projects for word in ("--project", project)]
        made = json.loads(shipmark("bootstrap", *self._place, "--org", "acme", *named, "--json"))
        self.token: str = made["token"]
        self.projects = {it["slug"]: (int(it["id"]), _key(it["dsn"])) for it in made["projects"]}
        self.ended_by_itself = 0
        self.log = data.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting until it answers."""
        command = [
            sys.executable, "-m", "shipmark", "serve", *self._place,
            "--port", str(self.port), "--workers", str(WORKERS),
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=environment() | {"SHIPMARK_LOG_LEVEL": "warning"},
                stdout=log,
                stderr=log,
            )

    def stop(self) -> float:
        """Stop it, and return the seconds that it took."""
        begun = time.perf_counter()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill_all()
                raise
        return time.perf_counter() - begun

    def check(self) -> list[str]:
        """Return what ``shipmark check`` reports."""
        command = [sys.executable, "-m", "shipmark", "check", *self._place]
        done = subprocess.run(
            command, env=environment(), stdout=subprocess.PIPE, text=True, check=False
        )
        return done.stdout.splitlines()

    @property
    def pid(self) -> int:
        """The main process."""
        assert self._process is not None
        return self._process.pid

    def digester(self) -> int | None:
        """Return the process that has the lock of the digester."""
        return digester_of(self.pid)

    def workers(self) -> list[int]:
        """Return the processes that answer requests, as far as can be seen."""
        digester = self.digester()
        return [pid for pid in children_of(self.pid) if pid != digester]

    def kill_worker(self) -> None:
        """Kill one worker."""
        if workers := self.workers():
            kill(random.choice(workers))

    def kill_digester(self) -> None:
        """Kill the digester."""
        if (pid := self.digester()) is not None:
            kill(pid)

    def kill_reader(self) -> None:
        """Kill a process that the digester's has started, if there is one: it reads events, or runs external jobs."""
        digester = self.digester()
        if digester is not None and (readers := children_of(digester)):
            kill(random.choice(readers))

    def kill_main(self) -> None:
        """Kill the main process: the system ends the others."""
        kill(self.pid)

    def kill_all(self) -> None:
        """Kill the digester and the workers, then the main process."""
        for pid in [*children_of(self.pid), self.pid]:
            kill(pid)

    def recover(self) -> float:
        """Wait until all processes are there and the server answers. Return the seconds that it took.

        A main process that has ended is started again.
        """
        begun = time.perf_counter()
        while not self._is_whole():
            assert self._process is not None
            if (code := self._process.poll()) is not None:
                # Else it was killed by us.
                self.ended_by_itself += code != -signal.SIGKILL
                self.start()
            if time.perf_counter() - begun > _WAIT_SECONDS:
                sys.exit(f"The server does not answer again:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.02)
        return time.perf_counter() - begun

    def recover_main(self) -> None:
        """Start the main process again, without waiting until it answers."""
        assert self._process is not None
        self._process.wait(_WAIT_SECONDS)
        self.start()

    def wait_until_ready(self) -> None:
        """Wait until it answers, though its digester may not work yet."""
        begun = time.perf_counter()
        while not is_ready(self.port):
            if time.perf_counter() - begun > _WAIT_SECONDS:
                sys.exit(f"The server does not answer:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.02)

    def _is_whole(self) -> bool:
        return (
            self.digester() is not None and len(self.workers()) == WORKERS and is_ready(self.port)
        )


class PostgresServer:
    """A PostgreSQL that is killed and started again."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

    def kill(self) -> None:
        """Kill all of its processes."""
        pid = self._server.get_pid()
        for each in [pid, *children_of(pid)]:
            kill(each)
        # Where nothing reaps it, the package takes the ended process for one that runs.
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self._server.pgdata / name).unlink(missing_ok=True)

    def start(self) -> None:
        """Start it again; it recovers by itself."""
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                self._server.ensure_postgres_running()
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired, AssertionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return


def drain(server: Server, url: str) -> float:
    """Wait until nothing waits to be digested; return the seconds."""
    begun = time.perf_counter()
    database = Database(url, lock_wait_seconds=10)
    logs = LogFolder(server.data / "event-log")
    while (backlog := read_backlog(database, logs)).events:
        if time.perf_counter() - begun > DRAIN_SECONDS:
            print(f"✗ {backlog} after {DRAIN_SECONDS:.0f} s")
            break
        time.sleep(0.05)
    database.close()
    # Ended logs are deleted on the digester's next look.
    time.sleep(2)
    return time.perf_counter() - begun - 2


@contextlib.contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a PostgreSQL with its own settings until the end of the block."""
    with embedded_postgresql() as server:
        yield PostgresServer(server)


def kill(pid: int) -> None:
    """Kill a process, unless it has ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        while is_alive(pid):
            time.sleep(0.002)


def _key(dsn: str) -> str:
    match = re.search(r"//([0-9a-f]+)@", dsn)
    assert match is not None
    return match[1]


def _port() -> int:
    while True:
        port = random.SystemRandom().randrange(_PORTS.start, _PORTS.stop)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
