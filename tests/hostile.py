"""What enemies send in tests, and the proof that nothing of it stays."""

from datetime import timedelta
from pathlib import Path

from factories import counts, rows

from shipmark.files.store import garbage
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.worker.blob_gc import collect

BOUNDARY = "----x"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(headers: bytes, content: bytes = b"x") -> bytes:
    mark = BOUNDARY.encode()
    return b"--" + mark + b"\r\n" + headers + b"\r\n\r\n" + content + b"\r\n--" + mark + b"--\r\n"


def objects(folder: Path) -> set[str]:
    found = (it.relative_to(folder).as_posix() for it in folder.rglob("*") if it.is_file())
    return {it for it in found if not it.startswith(".")}


def sweep(database: Database, blobs: Blobs, folder: Path) -> None:
    collect(database, blobs, now() + timedelta(days=3))
    assert objects(folder) == {it["key"] for it in rows(database, "blobs")}
    assert counts(database)["blob_removals"] == 0
    with database.snapshot() as connection:
        assert garbage.with_wrong_ref_count(connection) == []
