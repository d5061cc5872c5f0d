"""The file store: cutting, sharing, reading, assembling, collecting."""

import hashlib
import io
import random
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from factories import BEGINNING, World
from sqlalchemy import func, select

from shipmark.files import actions, assembling, piece_reader, staging
from shipmark.files.model import (
    PIECE_BYTES,
    RELEASED_RETENTION,
    UNUSED_RETENTION,
    File,
    FileKind,
    NewFile,
    StagedFile,
)
from shipmark.files.store import blobs as blob_store
from shipmark.files.store import files as file_store
from shipmark.files.store import garbage
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict, TooLarge
from shipmark.infrastructure.jobs import JobKind, jobs
from shipmark.worker.blob_gc import collect

DAY = timedelta(days=1)
LATER = BEGINNING + 3 * DAY
NEW = NewFile(name="app.js", kind=FileKind.RELEASE_FILE, headers={"Sourcemap": "app.js.map"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


def stashed(database: Database, blobs: Blobs, content: bytes) -> StagedFile:
    return staging.stage_file(database, blobs, io.BytesIO(content).read, BEGINNING)


def kept(database: Database, blobs: Blobs, content: bytes) -> File:
    content_stashed = stashed(database, blobs, content)
    with database.transaction() as connection:
        return actions.create(connection, NEW, content_stashed, BEGINNING)


def read(database: Database, blobs: Blobs, file: File) -> bytes:
    with database.snapshot() as connection:
        return b"".join(piece_reader.read_range(blobs, file_store.pieces_of(connection, file.id)))


def removed(database: Database, *files: File) -> None:
    with database.transaction() as connection:
        actions.remove(connection, [it.id for it in files], BEGINNING)


def sent(database: Database, blobs: Blobs, world: World, *chunks: bytes) -> list[str]:
    named = [(staging.sha1_of(chunk), chunk) for chunk in chunks]
    stashes = staging.stage_chunks(database, blobs, named, BEGINNING)
    with database.transaction() as connection:
        actions.store_chunks(connection, world.organizations["acme"], stashes, BEGINNING)
    return [sha1 for sha1, _ in named]


def objects(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


@pytest.mark.parametrize(
    "length", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 10 * PIECE_BYTES + 7]
)
def test_a_file_is_what_was_sent(
    database: Database, blobs: Blobs, folder: Path, length: int
) -> None:
    content = random.Random(length).randbytes(length)
    file = kept(database, blobs, content)
    assert (file.size, file.sha1) == (length, sha1(content))
    assert read(database, blobs, file) == content
    assert objects(folder) == -(-length // PIECE_BYTES)
    with database.snapshot() as connection:
        assert file_store.by_ids(connection, [file.id, 99]) == {file.id: file}


def test_equal_pieces_of_a_file_are_kept_once(
    database: Database, blobs: Blobs, folder: Path
) -> None:
    content = b"x" * (20 * PIECE_BYTES) + b"end"
    file = kept(database, blobs, content)
    assert objects(folder) == 2
    assert read(database, blobs, file) == content
    removed(database, file)
    with database.snapshot() as connection:
        assert garbage.with_wrong_ref_count(connection) == []


def test_equal_files_share_their_content(database: Database, blobs: Blobs, folder: Path) -> None:
    one, other = (kept(database, blobs, b"same") for _ in range(2))
    assert objects(folder) == 1
    removed(database, one)
    collect(database, blobs, LATER)
    assert read(database, blobs, other) == b"same"
    removed(database, other)
    collect(database, blobs, LATER)
    assert objects(folder) == 0


def test_several_contents_are_staged_together(database: Database, blobs: Blobs) -> None:
    large = random.Random(1).randbytes(2 * PIECE_BYTES + 5)
    contents = [b"one", b"", large, b"one", b"two", large[:PIECE_BYTES] * 2, large]
    staged = staging.stage_all(
        database, blobs, [[each[:2], each[2:]] for each in contents], BEGINNING
    )
    # Any of those that are equal may be the first of which a file is made.
    for content, each in reversed(list(zip(contents, staged, strict=True))):
        assert (each.size, each.sha1) == (len(content), hashlib.sha1(content).hexdigest())
        with database.transaction() as connection:
            file = actions.create(connection, NEW, each, BEGINNING)
            pieces = file_store.pieces_of(connection, file.id)
        assert b"".join(piece_reader.read_range(blobs, pieces)) == content
    with database.snapshot() as connection:
        assert garbage.with_wrong_ref_count(connection) == []


def test_a_stream_that_gives_little_at_a_time_is_cut_as_any_other(
    database: Database, blobs: Blobs
) -> None:
    content = bytes(range(256)) * 8192
    source = io.BytesIO(content)
    stash = staging.stage_file(database, blobs, lambda most: source.read(min(most, 999)), BEGINNING)
    assert [it.size for it in stash.pieces] == [PIECE_BYTES, PIECE_BYTES]


def test_too_much_is_refused_before_it_is_all_read(database: Database, blobs: Blobs) -> None:
    def endless(most: int) -> bytes:
        return b"x" * most

    with pytest.raises(TooLarge, match="A file may have 5000000 bytes at most"):
        staging.stage_file(database, blobs, endless, BEGINNING, most=5_000_000)


def test_many_who_send_the_same_at_once_keep_it_once(
    database: Database, blobs: Blobs, folder: Path
) -> None:
    files: list[File] = []
    together = threading.Barrier(6)

    def send() -> None:
        together.wait()
        files.append(kept(database, blobs, b"the same for all"))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(files) == 6
    collect(database, blobs, LATER)
    assert objects(folder) == 1
    assert {read(database, blobs, it) for it in files} == {b"the same for all"}


def test_an_interrupted_upload_goes_away_after_a_day(
    database: Database, blobs: Blobs, folder: Path
) -> None:
    stashed(database, blobs, b"never kept")
    collect(database, blobs, BEGINNING + UNUSED_RETENTION - timedelta(seconds=1))
    assert objects(folder) == 1
    collect(database, blobs, BEGINNING + UNUSED_RETENTION)
    assert objects(folder) == 0


def test_what_was_taken_away_meanwhile_is_not_believed_to_be_there(
    database: Database, blobs: Blobs
) -> None:
    content = stashed(database, blobs, b"slow")
    collect(database, blobs, LATER)
    with pytest.raises(Conflict, match="send it again"), database.transaction() as connection:
        actions.create(connection, NEW, content, LATER)


def test_what_was_reused_is_not_collected_before_it_is_kept(
    database: Database, blobs: Blobs
) -> None:
    file = kept(database, blobs, b"reused")
    removed(database, file)
    again = staging.stage_file(database, blobs, io.BytesIO(b"reused").read, LATER)
    collect(database, blobs, LATER + RELEASED_RETENTION)
    with database.transaction() as connection:
        back = actions.create(connection, NEW, again, LATER)
    assert read(database, blobs, back) == b"reused"


def test_removing_asks_for_the_collector_once(database: Database, blobs: Blobs) -> None:
    for content in (b"one", b"two"):
        removed(database, kept(database, blobs, content))
    with database.snapshot() as connection:
        query = select(func.count()).where(jobs.c.kind == JobKind.COLLECT_BLOBS)
        assert connection.execute(query).scalar_one() == 1


def test_the_collector_is_asked_for_when_there_is_something(
    database: Database, blobs: Blobs
) -> None:
    stashed(database, blobs, b"left behind")
    for at, wanted in ((BEGINNING, 0), (LATER, 1)):
        with database.transaction() as connection:
            actions.schedule_collection(connection, at)
            query = select(func.count()).where(jobs.c.kind == JobKind.COLLECT_BLOBS)
            assert connection.execute(query).scalar_one() == wanted


def test_chunks_make_a_file_in_the_order_that_is_told(
    database: Database, blobs: Blobs, world: World
) -> None:
    one, two, none = sent(database, blobs, world, b"one", b"two", b"")
    order = [two, none, one, two]
    made = assembling.assemble(
        database,
        blobs,
        world.organizations["acme"],
        order,
        sha1=sha1(b"twoonetwo"),
        at=BEGINNING,
    )
    with piece_reader.open_file(blobs, made.pieces) as stream:
        assert stream.read() == b"twoonetwo"
    with database.transaction() as connection:
        file = actions.create(connection, NEW, made.content, BEGINNING)
    collect(database, blobs, LATER)
    assert (file.size, read(database, blobs, file)) == (9, b"twoonetwo")


def test_chunks_in_another_order_are_another_file(
    database: Database, blobs: Blobs, world: World
) -> None:
    one, two = sent(database, blobs, world, b"one", b"two")
    with pytest.raises(assembling.NotAssembled, match="Reported checksum mismatch"):
        assembling.assemble(
            database,
            blobs,
            world.organizations["acme"],
            [two, one],
            sha1=sha1(b"onetwo"),
            at=BEGINNING,
        )


def test_too_many_chunks_are_too_large_a_file(
    database: Database, blobs: Blobs, world: World
) -> None:
    (one,) = sent(database, blobs, world, b"one")
    with pytest.raises(assembling.NotAssembled, match="File exceeds maximum size"):
        assembling.assemble(
            database,
            blobs,
            world.organizations["acme"],
            [one] * 4,
            sha1=sha1(b"one" * 4),
            at=BEGINNING,
            most=11,
        )


def test_chunks_of_another_organization_are_missing(
    database: Database, blobs: Blobs, world: World
) -> None:
    (one,) = sent(database, blobs, world, b"one")
    other = "f" * 40
    acme, globex = (world.organizations[slug] for slug in ("acme", "globex"))
    assert assembling.missing_chunks(database, acme, [other, one, other], BEGINNING) == [other]
    assert assembling.missing_chunks(database, globex, [other, one, other], BEGINNING) == [
        other,
        one,
    ]
    with pytest.raises(assembling.ChunksMissing) as missing:
        assembling.assemble(database, blobs, globex, [one], sha1=one, at=BEGINNING)
    assert missing.value.sha1s == (one,)


def test_asking_for_a_chunk_keeps_it_for_another_day(
    database: Database, blobs: Blobs, world: World
) -> None:
    (one,) = sent(database, blobs, world, b"one")
    acme = world.organizations["acme"]
    almost = BEGINNING + UNUSED_RETENTION - timedelta(minutes=1)
    assert assembling.missing_chunks(database, acme, [one], almost) == []
    collect(database, blobs, BEGINNING + UNUSED_RETENTION)
    assert assembling.missing_chunks(database, acme, [one], almost) == []
    collect(database, blobs, almost + UNUSED_RETENTION)
    assert assembling.missing_chunks(database, acme, [one], LATER) == [one]


def test_sending_a_chunk_again_makes_it_the_sender_s_too(
    database: Database, blobs: Blobs, world: World, folder: Path
) -> None:
    (one,) = sent(database, blobs, world, b"one")
    globex = world.organizations["globex"]
    stashes = staging.stage_chunks(database, blobs, [(one, b"one")], BEGINNING)
    with database.transaction() as connection:
        for _ in range(2):
            actions.store_chunks(connection, globex, stashes, BEGINNING)
        assert set(blob_store.owned_by(connection, globex, [one])) == {one}
    assert objects(folder) == 1


def test_removing_what_is_not_there_changes_nothing(database: Database) -> None:
    with database.transaction() as connection:
        actions.remove(connection, [], BEGINNING)
        actions.remove(connection, [12345], BEGINNING)
