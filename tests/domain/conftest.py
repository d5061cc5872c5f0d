"""Two issues, for tests of what is done to one of them."""

import pytest
from factories import World
from issues_at_work import ingest

from shipmark.infrastructure.database import Database


@pytest.fixture
def pair(database: Database, world: World) -> tuple[int, int]:
    """The ids of two issues, of which the first has more events, and so survives a merge."""
    with database.transaction() as connection:
        first, second, _ = ingest(connection, world, "a", "b", "a")
    return first, second
