"""The contract of `Database`: what each kind of unit of work sees and may do, on SQLite and on PostgreSQL."""

from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from factories import statements
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from shipmark.accounts.store import users
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(users)).scalar_one()


def add(connection: Connection, email: str = "dave@example.com") -> None:
    connection.execute(
        users.insert().values(email=email, name="Dave", is_active=True, created_at=AT)
    )


def test_a_transaction_commits_at_its_end(database: Database) -> None:
    with database.transaction() as connection:
        before = count(connection)
        add(connection)
    with database.snapshot() as connection:
        assert count(connection) == before + 1


def test_a_transaction_that_raises_changes_nothing(database: Database) -> None:
    with database.snapshot() as connection:
        before = count(connection)
    with pytest.raises(LookupError), database.transaction() as connection:  # noqa: PT012
        add(connection)
        raise LookupError
    with database.snapshot() as connection:
        assert count(connection) == before


def test_a_snapshot_sees_one_state(database: Database) -> None:
    with database.snapshot() as connection:
        before = count(connection)
        with database.transaction() as other:
            add(other)
        assert count(connection) == before
    with database.snapshot() as connection:
        assert count(connection) == before + 1


def test_autocommit_read_sees_what_is_committed_by_each_statement(database: Database) -> None:
    with database.autocommit_read() as connection:
        before = count(connection)
        with database.transaction() as other:
            add(other)
        assert count(connection) == before + 1


def test_autocommit_read_holds_nothing_up(database: Database) -> None:
    """It leaves no transaction open that keeps the log of SQLite, or dead rows of PostgreSQL, from being cleared."""
    with database.autocommit_read() as connection:
        count(connection)
        driver = connection.connection.dbapi_connection
        assert driver is not None
        if database.is_sqlite:
            assert not driver.in_transaction
        else:
            assert driver.info.transaction_status.name == "IDLE"


def refused(unit: AbstractContextManager[Connection]) -> None:
    with unit as connection:
        count(connection)
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            add(connection)


def test_a_snapshot_refuses_to_write(database: Database) -> None:
    refused(database.snapshot())


@pytest.mark.parametrize("kind", ["sqlite"])
def test_autocommit_read_refuses_to_write_where_that_is_free(database: Database) -> None:
    refused(database.autocommit_read())


@pytest.mark.parametrize("unit", ["transaction", "snapshot", "autocommit_read"])
def test_a_folder_that_was_moved_is_told_by_a_connection_that_is_new(
    unit: str, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(Database(f"sqlite:///{folder / 'shipmark.db'}")) as moved:
        with moved.transaction():
            pass
        moved.engine.dispose()
        folder.rename(tmp_path / "elsewhere")
        with pytest.raises(Unavailable, match="was moved"), getattr(moved, unit)():
            pytest.fail("it was opened")
        (tmp_path / "elsewhere").rename(folder)
        with getattr(moved, unit)() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_connection_is_used_by_each_kind_in_turn(database: Database) -> None:
    for number in range(3):
        refused(database.snapshot())
        with database.autocommit_read() as connection:
            before = count(connection)
        with database.transaction() as connection:
            add(connection, f"dave-{number}@example.com")
            assert count(connection) == before + 1


def test_a_unit_of_work_sends_no_statement_of_its_own(database: Database) -> None:
    """What it takes goes with BEGIN, which is sent in any case."""
    for unit in (database.snapshot, database.autocommit_read, database.transaction):
        with statements(database) as sent, unit() as connection:
            count(connection)
        assert len(sent.texts) == 1


@pytest.mark.parametrize("kind", ["postgresql"])
def test_statements_stay_prepared_from_unit_to_unit(database: Database) -> None:
    """PostgreSQL plans a statement that is sent often once, and not for each page again."""
    prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%users%'")
    with database.snapshot(), database.snapshot(), database.snapshot():
        pass
    # The driver prepares what a connection has sent twice; the pool hands out the one that was used last.
    for _ in range(3):
        with database.snapshot() as connection:
            count(connection)
    with database.snapshot() as connection:
        assert connection.execute(prepared).scalar_one() >= 1


@pytest.mark.parametrize("kind", ["postgresql"])
def test_rows_at_random_cost_little(database: Database) -> None:
    """Else a table of ten thousand rows is read whole for three of them."""
    with database.snapshot() as connection:
        assert connection.execute(text("SHOW random_page_cost")).scalar_one() == "1.1"
