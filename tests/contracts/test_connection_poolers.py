"""PostgreSQL behind a pooler that gives each transaction another session: what holds of `Database` holds there too."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Connection, literal, make_url, select, text
from transaction_pooler import pooling

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import SettingsError

pytestmark = pytest.mark.parametrize("kind", ["postgresql"])


@pytest.fixture(params=["dropped", "refused"])
def pooler(request: pytest.FixtureRequest, empty_database: Database) -> Iterator[str]:
    """The address of a pooler that drops or refuses options of clients."""
    _set_for_all(empty_database, "timezone = 'Asia/Tokyo'", "statement_timeout = '7s'")
    with pooling(empty_database.url, refuses_options=request.param == "refused") as address:
        yield address


def _set_for_all(database: Database, *settings: str) -> None:
    name = make_url(database.url).database
    with database.transaction() as connection:
        for setting in settings:
            connection.execute(text(f"ALTER DATABASE {name} SET {setting}"))


def settings_of(connection: Connection) -> tuple[str, ...]:
    names = ("timezone", "statement_timeout", "lock_timeout", "transaction_isolation")
    row = connection.execute(select(*(text(f"current_setting('{name}')") for name in names)))
    return tuple(row.one())


def test_clients_get_the_rows_of_their_own_statements(pooler: str) -> None:
    """Prepared statements are named by number: those of other clients would be executed."""
    with closing(Database(pooler)) as first, closing(Database(pooler)) as second:
        for number in range(12):
            # An odd number of them, so that each has now one session and now the other.
            for database, name in ((first, "one"), (second, "two"), (second, "two")):
                with database.transaction() as connection:
                    row = connection.execute(select(literal(name).label(name), literal(number)))
                    assert row.one()._asdict() == {name: name, "anon_1": number}


def test_each_unit_of_work_has_its_settings(pooler: str) -> None:
    with closing(Database(pooler, lock_wait_seconds=3)) as database:
        for _ in range(3):
            with database.transaction() as connection:
                assert settings_of(connection) == ("UTC", "0", "3s", "read committed")
            with database.snapshot() as connection:
                assert settings_of(connection) == ("UTC", "0", "3s", "repeatable read")
            with database.autocommit_read() as connection:
                assert settings_of(connection) == ("UTC", "0", "3s", "read committed")


def test_what_is_set_ends_with_the_unit(pooler: str, empty_database: Database) -> None:
    with closing(Database(pooler)) as database:
        with database.autocommit_read() as connection:
            connection.execute(select(literal(1)))
        driver = database.engine.raw_connection()
        with closing(driver):
            cursor = driver.cursor()
            cursor.execute("SHOW timezone")
            assert cursor.fetchone() == ("Asia/Tokyo",)


def test_options_in_the_address_are_refused(pooler: str) -> None:
    with (
        closing(Database(f"{pooler}?options=-c%20search_path%3Dshop")) as database,
        pytest.raises(SettingsError, match="ALTER ROLE"),
        database.transaction(),
    ):
        pass
