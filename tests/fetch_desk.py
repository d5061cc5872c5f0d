"""A release whose refs name commits of a git server, and the job that fetches them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from factories import REPOSITORIES, Caller, release_path, rows
from remotes import HttpServer, Origin

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings
from shipmark.worker import external_jobs

REPOSITORY = "acme/web"
FETCHES = "commit-fetches/"


@dataclass
class Desk:
    """Alice at a server that may fetch from a git server of this machine."""

    alice: Caller
    database: Database
    settings: Settings
    git: HttpServer
    origin: Origin

    @property
    def url(self) -> str:
        return f"{self.git.url}/web.git"

    def add_repository(self, name: str = REPOSITORY) -> str:
        body = {"name": name, "url": "https://git.example.com/acme/web"}
        return str(self.alice.post(REPOSITORIES, body).json()["id"])

    def set_remote(self, name: str = REPOSITORY, **more: object) -> None:
        path = f"{REPOSITORIES}{self.add_repository(name)}/remote/"
        answer = self.alice.put(path, {"url": self.url, **more})
        assert answer.status_code == 200, answer.text

    def refer(self, version: str, *refs: tuple[str, str | None], name: str = REPOSITORY) -> None:
        given = [
            {"repository": name, "commit": key, "previousCommit": previous}
            for key, previous in refs
        ]
        self.alice.publish(version, refs=given)

    def work(self, **later: float) -> None:
        """Run what is due then, but for the timers."""
        at = datetime.now(UTC) + timedelta(seconds=1, **later)
        while external_jobs.run_due(self.database, at, self.settings):
            pass

    def commits(self, version: str) -> list[str]:
        shown = self.alice.get(release_path(version, "commits/")).json()
        return [it["message"] for it in shown]

    def fetches(self, version: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.alice.get(release_path(version, FETCHES)).json()
        return found

    def states(self, version: str) -> list[str]:
        return [it["state"] for it in self.fetches(version)]


def activities(database: Database) -> list[str]:
    return [it["type"] for it in rows(database, "release_activities")]
