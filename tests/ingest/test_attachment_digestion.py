"""Spool files of attachments: what is killed at any moment loses nothing, keeps nothing twice, and leaves nothing."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from digesting import accepted
from factories import World, counts, error_event, on_one_database, rows
from sqlalchemy import event

from shipmark.files import piece_reader
from shipmark.files.store import files as file_store
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict, StorageFull, Unavailable
from shipmark.infrastructure.settings import Settings
from shipmark.ingest import attachment_digestion
from shipmark.ingest.attachment_spooling import AttachmentSpooler
from shipmark.ingest.digester import Digester
from shipmark.ingest.event_log import FrameType, LogFrame
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.spool import spooled_attachment
from shipmark.ingest.sqlite_log import SqliteLogReader, SqliteLogWriter

EVENT_ID = "a" * 32
#: Appends an event with attachments: ``attach(b"one", b"two")``.
Attach = Callable[..., None]
#: A process that spools attachments, and is killed before or after their frames are appended.
SPOOLING = """
import os, signal, sys
from pathlib import Path
from shipmark.infrastructure.settings import Settings
from shipmark.ingest.attachment_spooling import AttachmentSpooler
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogWriter

writer = SqliteLogWriter(LogFolder(Path(sys.argv[1])), bytes_max=1_000_000_000)
spooler = AttachmentSpooler(writer.new_spool_file, Settings())
spooler.begin(filename="a", content_type="", attachment_type="")
spooler.add(b"content")
spooler.end()
spooler.durable(is_sent_with_event=False)
print("durable", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.fixture
def logs(folder: LogFolder) -> Iterator[SqliteLogReader]:
    with closing(SqliteLogReader(folder)) as made:
        yield made


@pytest.fixture
def digester(database: Database, blobs: Blobs, logs: SqliteLogReader) -> Digester:
    return Digester(database, blobs, logs)


@pytest.fixture
def attach(writer: SqliteLogWriter, world: World) -> Attach:
    def attached(*contents: bytes, event_id: str = EVENT_ID, has_event: bool = True) -> None:
        spooler = AttachmentSpooler(writer.new_spool_file, Settings())
        for number, content in enumerate(contents):
            spooler.begin(filename=f"{number}.log", content_type="", attachment_type="")
            spooler.add(content)
            spooler.end()
        payload = json.dumps(error_event(event_id=event_id)).encode()
        payloads = [(FrameType.EVENT, payload)] if has_event else []
        payloads += [
            (FrameType.ATTACHMENT, each.encoded())
            for each in spooler.durable(is_sent_with_event=has_event)
        ]
        written: Future[None] = writer.append(
            *(frame(world, type_, payload, event_id) for type_, payload in payloads)
        )
        spooler.hand_over(written)
        written.result(10)

    return attached


def frame(world: World, type_: FrameType, payload: bytes, event_id: str = EVENT_ID) -> LogFrame:
    return LogFrame(
        type=type_,
        project_id=world.projects["web"],
        received_at=datetime.now(UTC),
        payload=payload,
        event_id=event_id,
    )


def spool(folder: LogFolder) -> list[Path]:
    return sorted(folder.path.glob("*.spool"))


def make_older(folder: LogFolder) -> None:
    for path in spool(folder):
        os.utime(path, (time.time() - 3600,) * 2)


def contents(database: Database, blobs: Blobs) -> list[bytes]:
    stored = []
    for row in rows(database, "event_attachments"):
        with database.snapshot() as connection:
            pieces = file_store.pieces_of(connection, row["file_id"])
        stored.append(b"".join(piece_reader.read_range(blobs, pieces)))
    return stored


def test_a_digester_that_ends_between_blob_and_commit_does_it_again(
    digester: Digester, database: Database, blobs: Blobs, folder: LogFolder, attach: Attach
) -> None:
    attach(b"one", b"two" * 1_000_000)

    def refuse(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO event_attachments"):
            raise Conflict("busy")

    event.listen(database.engine, "before_cursor_execute", refuse)
    with pytest.raises(Conflict):
        digester.digest_pending()
    event.remove(database.engine, "before_cursor_execute", refuse)
    assert counts(database)["events"] == counts(database)["files"] == 0
    assert len(spool(folder)) == 1
    with closing(SqliteLogReader(folder)) as reader:
        assert Digester(database, blobs, reader).digest_pending() == 3
    assert contents(database, blobs) == [b"one", b"two" * 1_000_000]
    assert spool(folder) == []
    assert accepted(database) == {"error": 1, "attachment": 2}


def test_a_spool_file_that_outlives_its_commit_is_deleted_later(
    digester: Digester,
    database: Database,
    blobs: Blobs,
    folder: LogFolder,
    logs: SqliteLogReader,
    attach: Attach,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attach(b"one")
    with monkeypatch.context() as patch:
        patch.setattr(logs.spool, "remove", lambda _: None)
        digester.digest_pending()
    assert len(spool(folder)) == counts(database)["event_attachments"] == 1
    make_older(folder)
    Digester(database, blobs, logs).digest_pending()
    assert spool(folder) == []
    assert contents(database, blobs) == [b"one"]


def test_a_spool_file_of_a_process_that_was_killed_is_deleted(
    database: Database, blobs: Blobs, folder: LogFolder, logs: SqliteLogReader
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SPOOLING, str(folder.path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"durable\n"
        make_older(folder)
        Digester(database, blobs, logs).digest_pending()
        assert len(spool(folder)) == 1, "the process may append its frames yet"
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    Digester(database, blobs, logs).digest_pending()
    assert spool(folder) == []


def test_spool_files_that_wait_are_never_deleted(
    database: Database,
    blobs: Blobs,
    folder: LogFolder,
    logs: SqliteLogReader,
    attach: Attach,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for digit in "abc":
        attach(b"one", event_id=digit * 32)
    make_older(folder)
    monkeypatch.setattr(attachment_digestion, "ATTACHMENTS_MAX", 1)
    waiting = []
    for _ in range(5):
        waiting.append(len(spool(folder)))
        Digester(database, blobs, logs).digest_pending()
    assert waiting == [3, 2, 1, 0, 0]
    assert contents(database, blobs) == [b"one"] * 3


@on_one_database
def test_a_log_that_can_not_be_read_protects_all_spool_files(
    database: Database, blobs: Blobs, folder: LogFolder, logs: SqliteLogReader
) -> None:
    folder.path.mkdir()
    (folder.path / "1-x.log").write_bytes(b"no log" * 1000)
    (folder.path / "2-y.spool").write_bytes(b"x")
    make_older(folder)
    Digester(database, blobs, logs).digest_pending()
    assert [path.name for path in spool(folder)] == ["2-y.spool"]


def test_batches_have_few_bytes(
    digester: Digester, database: Database, attach: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachment_digestion, "BYTES_MAX", 1000)
    attach(b"a" * 600, b"b" * 600, b"c" * 6000, b"d")
    assert [digester.digest_pending() for _ in range(5)] == [2, 1, 1, 1, 0]
    assert counts(database)["event_attachments"] == 4


def test_an_attachment_whose_file_is_gone_is_set_aside(
    digester: Digester, database: Database, folder: LogFolder, attach: Attach
) -> None:
    attach(b"one")
    spool(folder)[0].unlink()
    digester.digest_pending()
    assert counts(database)["events"] == 1
    [aside] = rows(database, "quarantined_frames")
    assert (aside["type"], aside["event_id"]) == ("attachment", EVENT_ID)
    assert aside["error"].startswith("FileNotFoundError")


def test_the_file_of_an_attachment_that_is_set_aside_stays(
    database: Database, blobs: Blobs, folder: LogFolder, logs: SqliteLogReader, attach: Attach
) -> None:
    attach(b"one", b"two")
    path = spool(folder)[0]
    path.write_bytes(b"onX" + b"two")
    Digester(database, blobs, logs).digest_pending()
    make_older(folder)
    Digester(database, blobs, logs).digest_pending()
    [aside] = rows(database, "quarantined_frames")
    assert "another checksum" in aside["error"]
    assert contents(database, blobs) == [b"two"]
    assert spool(folder) == [path]


@pytest.mark.parametrize("refusal", [StorageFull, Unavailable])
def test_attachments_wait_for_a_blob_store_that_is_away(
    digester: Digester,
    database: Database,
    blobs: Blobs,
    attach: Attach,
    monkeypatch: pytest.MonkeyPatch,
    refusal: type[Exception],
) -> None:
    attach(b"one")

    def refuse(*_: object) -> None:
        raise refusal

    with monkeypatch.context() as patch:
        patch.setattr(blobs, "put", refuse)
        with pytest.raises(refusal):
            digester.digest_pending()
    assert counts(database)["quarantined_frames"] == 0
    digester.digest_pending()
    assert contents(database, blobs) == [b"one"]


def test_attachments_of_a_deleted_project_are_dropped(
    digester: Digester, database: Database, writer: SqliteLogWriter, folder: LogFolder, world: World
) -> None:
    spooler = AttachmentSpooler(writer.new_spool_file, Settings())
    spooler.begin(filename="a", content_type="", attachment_type="")
    spooler.add(b"x")
    spooler.end()
    [spooled] = spooler.durable(is_sent_with_event=False)
    gone = LogFrame(
        type=FrameType.ATTACHMENT,
        project_id=999_999,
        received_at=datetime.now(UTC),
        payload=spooled.encoded(),
        event_id=EVENT_ID,
    )
    written = writer.append(gone)
    spooler.hand_over(written)
    written.result(10)
    assert digester.digest_pending() == 1
    assert (spool(folder), counts(database)["event_attachments"]) == ([], 0)


@pytest.mark.parametrize("name", ["../../shipmark.db", "shipmark.db", "a/b.spool", "..", ""])
def test_a_frame_names_a_spool_file_only(name: str) -> None:
    payload = {
        "filename": "a",
        "content_type": "b",
        "attachment_type": "c",
        "size": 1,
        "sha1": "d",
        "spool": name,
        "offset": 0,
    }
    with pytest.raises(ValueError, match="spool file"):
        spooled_attachment(json.dumps(payload).encode())
