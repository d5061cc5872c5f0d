"""Whatever is kept, removed, collected and killed: what was acknowledged is there, and nothing else stays."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from factories import BEGINNING, on_one_database
from fuzzing import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from shipmark.files import actions, piece_reader, staging
from shipmark.files.model import PIECE_BYTES, FileKind, NewFile
from shipmark.files.store import files as file_store
from shipmark.files.store import garbage
from shipmark.files.store.blobs import blob_removals
from shipmark.files.store.blobs import blobs as blob_table
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.worker.blob_gc import collect

NEW = NewFile(name="any", kind=FileKind.DEBUG_FILE)
CONTENTS = [b"", b"a", b"b", b"a" * PIECE_BYTES + b"b", b"a" * PIECE_BYTES * 2]
END = timedelta(days=30)


class Killed(BaseException):
    """The process ends here."""


class Fate:
    """Counts the steps that reach the outside, and ends everything at one of them."""

    def __init__(self) -> None:
        self.steps_left = -1

    def step(self) -> None:
        self.steps_left -= 1
        if self.steps_left == 0:
            raise Killed


class MortalBlobs:
    """Blobs whose process may end before or after each change."""

    def __init__(self, blobs: Blobs, fate: Fate) -> None:
        self._blobs, self._fate = blobs, fate

    def put(self, key: str, content: bytes) -> None:
        self._fate.step()
        self._blobs.put(key, content)
        self._fate.step()

    def remove(self, key: str) -> None:
        self._fate.step()
        self._blobs.remove(key)
        self._fate.step()

    def size(self, key: str) -> int:
        return self._blobs.size(key)

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        return self._blobs.read(key, start=start, end=end)


class MortalDatabase(Database):
    """A database whose process may end before or after each unit of work is committed."""

    def __init__(self, database: Database, fate: Fate) -> None:
        self._database, self._fate = database, fate

    @contextmanager
    def transaction(self, *, busy: str = "") -> Iterator[Connection]:
        with self._database.transaction() as connection:
            yield connection
            self._fate.step()
        self._fate.step()


class Store:
    """The store under test, beside a plain account of what it has acknowledged."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.fate = Fate()
        self.blobs = open_blobs(folder.as_uri())
        self.mortal = MortalDatabase(database, self.fate)
        self.mortal_blobs = MortalBlobs(self.blobs, self.fate)
        self.at = BEGINNING
        self.files: dict[int, bytes] = {}

    def keep(self, which: int) -> None:
        content = CONTENTS[which % len(CONTENTS)]
        read = io.BytesIO(content).read
        stashed = staging.stage_file(self.mortal, self.mortal_blobs, read, self.at)
        with self.database.transaction() as connection:
            file = actions.create(connection, NEW, stashed, self.at)
        self.files[file.id] = content

    def remove(self, which: int) -> None:
        if self.files:
            file_id = sorted(self.files)[which % len(self.files)]
            with self.database.transaction() as connection:
                actions.remove(connection, [file_id], self.at)
            del self.files[file_id]

    def collect(self, _: int) -> None:
        collect(self.mortal, self.mortal_blobs, self.at)

    def wait(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    def check(self) -> None:
        with self.database.snapshot() as connection:
            for file_id, content in self.files.items():
                pieces = file_store.pieces_of(connection, file_id)
                assert b"".join(piece_reader.read_range(self.blobs, pieces)) == content
            assert garbage.with_wrong_ref_count(connection) == []

    def end(self, at: datetime) -> None:
        collect(self.database, self.blobs, at)
        with self.database.snapshot() as connection:
            keys = set(connection.execute(select(blob_table.c.key)).scalars())
            assert connection.execute(select(blob_removals.c.key)).all() == []
        assert {str(it.relative_to(self.folder)) for it in objects(self.folder)} == keys


def objects(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["keep", "keep", "remove", "collect", "wait"]),
        st.integers(0, 48),
        st.integers(0, 9),
    ),
    max_size=25,
)


@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_was_acknowledged_is_there_and_nothing_else_stays(
    database: Database, tmp_path: Path, steps: list[tuple[str, int, int]]
) -> None:
    store = Store(database, tmp_path / "blobs")
    for verb, argument, fatal_step in steps:
        store.fate.steps_left = fatal_step
        try:
            getattr(store, verb)(argument)
        except Killed:
            store.fate.steps_left = -1
        store.check()
    store.fate.steps_left = -1
    store.end(store.at + END)
    store.check()
    for which in range(len(store.files)):
        store.remove(which)
    store.end(store.at + 2 * END)
    assert objects(store.folder) == []


UPLOADING = """
import io, os, sys
from datetime import UTC, datetime
from pathlib import Path
from shipmark.files import actions, staging
from shipmark.files.model import FileKind, NewFile
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
import shipmark.organizations.store

database, blobs = Database(sys.argv[1]), open_blobs(Path(sys.argv[2]).as_uri())
at, new = datetime(2026, 1, 5, 9, tzinfo=UTC), NewFile(name="any", kind=FileKind.DEBUG_FILE)
while True:
    content = os.urandom(1 << 20) * 3
    stashed = staging.stage_file(database, blobs, io.BytesIO(content).read, at)
    with database.transaction() as connection:
        file = actions.create(connection, new, stashed, at)
    print(file.id, file.sha1, flush=True)
"""


@on_one_database
def test_a_process_that_is_killed_loses_nothing_that_it_acknowledged(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "blobs"
    command = [sys.executable, "-c", UPLOADING, database.url, str(folder)]
    acknowledged: list[tuple[int, str]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as uploading:
        assert uploading.stdout is not None
        for line in uploading.stdout:
            file_id, sha1 = line.split()
            acknowledged.append((int(file_id), sha1))
            if len(acknowledged) == 5:
                os.kill(uploading.pid, signal.SIGKILL)
    store = Store(database, folder)
    with database.snapshot() as connection:
        for file_id, sha1 in acknowledged:
            pieces = file_store.pieces_of(connection, file_id)
            assert piece_reader.sha1_of(piece_reader.read_range(store.blobs, pieces)) == sha1
    store.end(BEGINNING + END)
