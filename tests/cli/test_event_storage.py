"""What ``shipmark check`` says of stored events, and ``shipmark compact``."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from factories import World, error_event, on_one_database, send_event
from httpx import Client

from shipmark.cli import main as cli
from shipmark.infrastructure import sqlite_file
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.issues.store import retention
from shipmark.usage import store


def run(tmp_path: Path, database: Database, *words: str) -> Result:
    (tmp_path / "data").mkdir(mode=0o700, exist_ok=True)
    where = ("--data", str(tmp_path / "data"), "--database-url", database.url)
    return CliRunner().invoke(cli.shipmark, [*words, *where], catch_exceptions=False)


def send(client: Client, world: World, count: int) -> None:
    for _ in range(count):
        event = error_event(extra={"padding": "".join(map(str, range(10_000)))})
        send_event(client, world.keys["web"], world.projects["web"], event)


def test_check_names_the_events_as_last_measured(
    client: Client,
    world: World,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHIPMARK_EVENT_RETENTION_DAYS", "0")
    monkeypatch.setenv("SHIPMARK_EVENTS_PER_ISSUE_MAX", "0")
    send(client, world, 3)
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        store.save(connection, acme, store.measure(connection, acme), now())
    output = run(tmp_path, database, "check").output
    assert "Events are kept for ever.\n" in output
    assert "acme had 3 events (0." in output


@on_one_database
def test_compact_gives_the_space_of_deleted_events_back(
    client: Client, world: World, database: Database, tmp_path: Path
) -> None:
    send(client, world, 50)
    path = sqlite_file.path_of(database.url)
    assert path is not None
    with database.transaction() as connection:
        assert len(retention.remove_received_before(connection, now())) == 50
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    before, unused = sqlite_file.size_bytes(path), sqlite_file.unused_bytes(path)
    assert unused > 100_000
    result = run(tmp_path, database, "compact")
    assert result.exit_code == 0
    assert sqlite_file.unused_bytes(path) == 0
    assert sqlite_file.size_bytes(path) <= before - unused


@pytest.mark.parametrize("kind", ["postgresql"])
def test_postgresql_needs_no_command(database: Database, tmp_path: Path) -> None:
    assert "autovacuum" in run(tmp_path, database, "compact").output
