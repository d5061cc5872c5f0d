"""Who may write to SQLite, and when: threads and processes take turns (infrastructure/database.py)."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict

HOLDER = """
import sys
from shipmark.infrastructure.database import Database
database = Database(sys.argv[1])
with database.transaction():
    print("holds", flush=True)
    sys.stdin.read()
"""


def database_at(folder: Path, wait: float) -> Database:
    return Database(f"sqlite:///{folder / 'shipmark.db'}", lock_wait_seconds=wait)


def test_a_writer_of_another_process_is_waited_for_and_then_refused(tmp_path: Path) -> None:
    database = database_at(tmp_path, 0.2)
    command = [sys.executable, "-c", HOLDER, database.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"holds\n"
        with pytest.raises(Conflict), database.transaction():
            pass
        other.communicate()
    with database.transaction() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    database.close()


def test_the_turn_of_a_process_that_is_killed_is_free(tmp_path: Path) -> None:
    database = database_at(tmp_path, 5)
    command = [sys.executable, "-c", HOLDER, database.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"holds\n"
        other.kill()
    with database.transaction() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
    database.close()


def test_a_folder_that_is_not_there_keeps_nobody_waiting(tmp_path: Path) -> None:
    database = database_at(tmp_path / "missing", 0.2)
    for _ in range(2):
        with pytest.raises(FileNotFoundError), database.transaction():
            pass
    database.close()


def test_threads_of_one_process_take_turns(tmp_path: Path) -> None:
    database = database_at(tmp_path, 10)
    with database.transaction() as connection:
        connection.execute(text("CREATE TABLE counter (n INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def add() -> None:
        for _ in range(20):
            with database.transaction() as connection:
                n = connection.execute(text("SELECT n FROM counter")).scalar_one()
                connection.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.snapshot() as connection:
        assert connection.execute(text("SELECT n FROM counter")).scalar_one() == 160
    database.close()
