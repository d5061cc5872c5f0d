"""What tests of domain packages share: a transaction, and two issues to do something with."""

from collections.abc import Iterator

import pytest
from factories import World
from issues_at_work import ingest
from sqlalchemy import Connection

from shipmark.infrastructure.database import Database


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
