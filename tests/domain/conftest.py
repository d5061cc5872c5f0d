"""What tests of domain packages share: a transaction, events that are stored, and releases and issues that are made."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import factories
import pytest
from factories import World, error_event
from issues_at_work import AT, Store, ingest
from made_issues import MakeIssue, event
from made_releases import HOUR, NOW, MakeRelease
from sqlalchemy import Connection

from shipmark.events import parsing
from shipmark.infrastructure.database import Database
from shipmark.issues.actions.ingest_events import IngestResult
from shipmark.issues.model import Issue
from shipmark.issues.store import issues
from shipmark.projects import store as projects
from shipmark.releases.model import NewRelease, Release
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


@pytest.fixture
def acme(world: World) -> int:
    return world.organizations["acme"]


@pytest.fixture
def web(world: World) -> int:
    return world.projects["web"]


@pytest.fixture
def pair(database: Database, world: World) -> tuple[int, int]:
    """The ids of two issues, of which the first has more events, and so survives a merge."""
    with database.transaction() as connection:
        first, second, _ = ingest(connection, world, "a", "b", "a")
    return first, second


@pytest.fixture
def store(database: Database, world: World) -> Store:
    def stored(
        value: str = "boom",
        *,
        project: str = "web",
        at: datetime = AT,
        event_id: str | None = None,
        hashes: tuple[str, ...] | None = None,
        **more: object,
    ) -> IngestResult:
        payload: dict[str, Any] = error_event(value, **more)
        received = at + timedelta(seconds=1)
        event = parsing.read(
            payload, event_id=event_id or payload["event_id"], received_at=received
        )
        event = replace(event, at=at, hashes=hashes or event.hashes)
        with database.transaction() as connection:
            found = projects.by_key(connection, world.keys[project])
            assert found is not None
            return factories.ingest(connection, found.project, event, payload)

    return stored


@pytest.fixture
def make_release(connection: Connection, world: World) -> MakeRelease:
    """Make a release of project web, or of another."""

    def made(version: str, project: str = "web", hours: int = 0, **more: object) -> Release:
        organization = world.organizations["globex" if "/" in project else "acme"]
        new = NewRelease(version=version, created_at=NOW + hours * HOUR, **more)  # type: ignore[arg-type]
        release, _ = releases.ensure(connection, organization, new)
        release_projects.attach(connection, release, [world.projects[project]])
        return release

    return made


@pytest.fixture
def make_issue(connection: Connection, world: World) -> MakeIssue:
    """Make an issue of project web, or of another of acme."""

    def made(value: str = "boom", project: str = "web", release_id: int | None = None) -> Issue:
        return issues.add(
            connection,
            organization_id=world.organizations["acme"],
            project_id=world.projects[project],
            number=projects.next_short_id(connection, world.projects[project]),
            event=event(value),
            first_release_id=release_id,
        )

    return made
