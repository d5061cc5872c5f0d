"""The projects of keys while the database is away."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from factories import World, rows
from sqlalchemy import event

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable
from shipmark.ingest.project_keys import ProjectKeys


@contextmanager
def outage(database: Database) -> Iterator[None]:
    def refuse(*_: object) -> None:
        raise Unavailable

    event.listen(database.engine, "before_cursor_execute", refuse)
    yield
    event.remove(database.engine, "before_cursor_execute", refuse)


@pytest.mark.usefixtures("world")
def test_a_key_that_was_seen_is_accepted_while_the_database_is_away(database: Database) -> None:
    key = str(rows(database, "project_keys")[0]["public_key"])
    keys = ProjectKeys(database, seconds=0)
    project = keys.find(key)
    assert project is not None
    with outage(database):
        assert keys.find(key) == project


def test_a_key_that_was_not_seen_is_refused_while_the_database_is_away(
    database: Database, world: World
) -> None:
    assert world.projects
    key = str(rows(database, "project_keys")[0]["public_key"])
    with outage(database), pytest.raises(Unavailable):
        ProjectKeys(database, seconds=0).find(key)


@pytest.mark.usefixtures("world")
def test_a_key_that_was_revoked_is_forgotten(database: Database) -> None:
    key = str(rows(database, "project_keys")[0]["public_key"])
    keys = ProjectKeys(database, seconds=0)
    keys.find(key)
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE project_keys SET is_active = false")
    assert keys.find(key) is None
    with outage(database):
        assert keys.find(key) is None
