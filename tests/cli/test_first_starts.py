"""Two nodes start at the same moment on one empty database: one makes the admin, and shows a password that works."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from processes import free_port
from sqlalchemy import URL, make_url, text

from shipmark.accounts import actions as accounts
from shipmark.cli.main import shipmark
from shipmark.cli.serve import FIRST_USER
from shipmark.infrastructure import migrations
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.migrations import MigrationError, acquire_lock

NODES = 2


@pytest.mark.parametrize("kind", ["postgresql"])
def test_two_first_starts_show_one_password(empty_database: Database, tmp_path: Path) -> None:
    with ExitStack() as ending, empty_database.transaction() as connection:
        acquire_lock(connection)
        nodes = [started(empty_database.url, tmp_path / str(it), ending) for it in range(NODES)]
        deadline = time.monotonic() + 180
        while waiting(empty_database) < NODES and time.monotonic() < deadline:
            assert all(node.poll() is None for node in nodes)
            time.sleep(0.05)
        assert waiting(empty_database) == NODES, "each takes the lock before it looks"
        connection.commit()
        told = [told_by(node) for node in nodes]
    passwords = re.findall(r"with the password (\S+)", "".join(told))
    assert len(passwords) == 1
    with empty_database.transaction() as connection:
        assert accounts.check_password(connection, FIRST_USER, passwords[0]) is not None


def started(url: str, data: Path, ending: ExitStack) -> subprocess.Popen[str]:
    port = str(free_port())
    words = ("serve", "--data", str(data), "--port", port, "--workers", "1", "--database-url", url)
    node = subprocess.Popen(
        [sys.executable, "-m", "shipmark", *words],
        # What a node leaves that is stopped as it starts goes with the test's folder.
        env=os.environ | {"PYTHONUNBUFFERED": "1", "TMPDIR": str(data.parent)},
        stdout=subprocess.PIPE,
        text=True,
    )

    def end() -> None:
        node.terminate()
        node.communicate(timeout=180)

    ending.callback(end)
    return node


def waiting(database: Database) -> int:
    query = (
        "SELECT count(*) FROM pg_locks JOIN pg_database AS d ON d.oid = database"
        " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
    )
    with database.autocommit_read() as connection:
        return connection.execute(text(query)).scalar_one()


def told_by(node: subprocess.Popen[str]) -> str:
    """What the node says when it starts: its address, and on a first start an empty line before and more after it."""
    assert node.stdout is not None
    told = ""
    for line in node.stdout:
        told += line
        if "deploys new" in line or (not told.startswith("\n") and "serves at" in line):
            break
    return told


@contextmanager
def another(database: Database, options: str = "") -> Iterator[tuple[URL, psycopg.Connection]]:
    """The address of a database without tables, and a connection of its owner; it goes away at the end."""
    url = make_url(database.url)
    made = url.set(database=f"{url.database}_other")
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {made.database} {options} TEMPLATE template0")
        try:
            with psycopg.connect(shown(made), autocommit=True) as owner:
                yield made, owner
        finally:
            connection.execute(f"DROP DATABASE {made.database} WITH (FORCE)")


def shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_new_database_of_another_encoding_is_refused(
    empty_database: Database, tmp_path: Path, encoding: str
) -> None:
    """PostgreSQL makes databases without an encoding where the system has no locale."""
    with another(empty_database, f"ENCODING '{encoding}' LOCALE 'C'") as (url, _):
        database = Database(shown(url), connections=1)
        with pytest.raises(MigrationError, match=f"has the encoding {encoding}, in which"):
            migrations.upgrade(database)
        with database.snapshot() as connection:
            text = connection.exec_driver_sql("SELECT 'a'").scalar_one()
        database.close()
        checked = CliRunner().invoke(
            shipmark, ["check", "--data", str(tmp_path), "--database-url", shown(url)]
        )
    assert text == "a"
    assert f"✗ The database has the encoding {encoding}" in checked.output
    assert checked.exit_code == 1


@pytest.mark.parametrize("kind", ["postgresql"])
def test_a_user_who_may_not_create_tables_is_told_how(empty_database: Database) -> None:
    """Of PostgreSQL 15 and newer, where another user has made the database."""
    with another(empty_database) as (url, owner):
        user = f"{url.database}_guest"
        owner.execute(f"CREATE ROLE {user} LOGIN")
        guest = Database(shown(url.set(username=user)), connections=1)
        words = f'GRANT CREATE ON SCHEMA public TO "{user}"'
        try:
            with pytest.raises(MigrationError, match=words):
                migrations.upgrade(guest)
            owner.execute(words)
            migrations.upgrade(guest)
        finally:
            guest.close()
            owner.execute(f"DROP OWNED BY {user}; DROP ROLE {user}")
