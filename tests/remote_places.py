"""A repository behind each kind of git server, as commits are read from it."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from remotes import PASSWORD, USERNAME, Origin, git_daemon, http_server, origin, ssh_server

from shipmark.repositories.git.addresses import ANONYMOUS, Credentials, parse_address
from shipmark.repositories.git.backends import FetchPolicy, Remote
from shipmark.repositories.git.commit_reader import (
    CommitRange,
    FetchedCommits,
    read_exact,
    read_range,
)
from shipmark.repositories.git.egress_guard import EgressGuard
from shipmark.repositories.git.errors import RemoteProblem
from shipmark.repositories.git.known_hosts import KnownHosts

SERVERS = ["file", "http", "http v0", "git", "ssh"]
MISSING = "1" * 40


@dataclass
class Place:
    """A repository behind a server, and what we may do outside."""

    origin: Origin
    url: str
    folder: Path
    credentials: Credentials = ANONYMOUS
    limits: dict[str, Any] = field(default_factory=dict)
    received: int = 0

    def read(
        self,
        commit: str,
        previous: str | None = None,
        *,
        most: int = 1000,
        earlier: tuple[str, ...] = (),
    ) -> FetchedCommits:
        asked = CommitRange(
            repository="acme/web", commit=commit, previous=previous, earlier=earlier
        )
        return self._outside(lambda outside: read_range(self._remote(), asked, outside, most=most))

    def exact(self, *keys: str) -> FetchedCommits:
        return self._outside(lambda outside: read_exact(self._remote(), "acme/web", keys, outside))

    def messages(self, commit: str, previous: str | None = None) -> list[str | None]:
        return [it.message for it in self.read(commit, previous).commits]

    def changes(self, commit: str) -> dict[str, str]:
        [found] = self.exact(commit).commits
        return {path: change.value for path, change in found.changes}

    def _remote(self) -> Remote:
        address, within = parse_address(self.url)
        return Remote(
            address=address,
            credentials=self.credentials if self.credentials != ANONYMOUS else within,
        )

    def _outside(self, act: Any) -> FetchedCommits:
        limits = {"allow_private": True, "seconds_max": 60, "bytes_max": 10**8} | self.limits
        with EgressGuard(**limits) as outgoing:
            hosts = KnownHosts(self.folder / "known_hosts")
            found: FetchedCommits = act(
                FetchPolicy(allow_files=True, hosts=hosts, outgoing=outgoing)
            )
            self.received = outgoing._received
            return found


def open_place(server: str, folder: Path, stack: ExitStack) -> Place:
    made = origin(folder / "served" / "web.git", uploadpack_allowFilter="true")
    served, credentials = folder / "served", ANONYMOUS
    match server:
        case "file":
            url = f"file://{served}"
        case "http":
            at = stack.enter_context(http_server(served, password=PASSWORD)).url
            url = at.replace("//", f"//{USERNAME}:{PASSWORD}@")
        case "http v0":
            url = stack.enter_context(http_server(served, has_version_2=False)).url
        case "git":
            url = stack.enter_context(git_daemon(served))
        case _:
            at = stack.enter_context(ssh_server(served))
            url, credentials = at.url, Credentials(ssh_key=at.key)
    return Place(made, f"{url}/web.git", folder, credentials)


def problem(place: Place, *words: str) -> RemoteProblem:
    with pytest.raises(RemoteProblem) as caught:
        place.read(*words)
    return caught.value
