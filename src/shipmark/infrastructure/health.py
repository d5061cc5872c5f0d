"""Health checks of database, disk space and blobs, with messages for operators.

Cheap enough to run every second: a few system calls and two small reads, and no writes. A bucket is not checked: it may
take half a minute to detect that it is unreachable, and requests that need it are refused with 503.
"""

import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shipmark.infrastructure import sqlite_file
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable
from shipmark.infrastructure.settings import MEBIBYTE

#: With less free space than this, writes may fail: the disk counts as full.
FREE_BYTES_MIN = 16 * MEBIBYTE
BLOBS_GONE = (
    "The folder of the blobs is gone. Put it back, or set SHIPMARK_BLOBS_URL and start again."
)


class Part(StrEnum):
    """A part that is checked, by its name in responses."""

    DATABASE = "Database"
    DISK = "Disk"
    BLOBS = "Blobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem of a part, in a sentence without paths or addresses, so that it can be public."""

    part: Part
    sentence: str


def problems(database: Database, blobs: Blobs) -> list[Problem]:
    """Return the problems, at most one for each part."""
    sentences = {
        Part.DATABASE: _database_problem(database),
        Part.DISK: _disk_problem(database),
        Part.BLOBS: _blobs_problem(blobs),
    }
    return [Problem(part=part, sentence=text) for part, text in sentences.items() if text]


def free_bytes(folder: Path) -> int | None:
    """Return the free space of the file system of a folder, or None if the folder is missing."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def space_problem(free: int | None, what: str) -> str | None:
    """Return the problem of a disk with this much free space, or None if it is enough or unknown."""
    if free is None or free >= FREE_BYTES_MIN:
        return None
    return f"The disk of the {what} is full: {free // MEBIBYTE} MiB are left. Free space on it."


def _database_problem(database: Database) -> str | None:
    try:
        with database.snapshot() as connection:
            connection.execute(text("SELECT 1"))
    except Unavailable as refusal:
        return refusal.detail
    except SQLAlchemyError:
        return "The database can't be opened. The server's log says why."
    path = sqlite_file.path_of(database.url)
    reason = None if path is None else sqlite_file.read_problem(path)
    return None if reason is None else f"The database can't be read: {reason}."


def _disk_problem(database: Database) -> str | None:
    path = sqlite_file.path_of(database.url)
    return None if path is None else space_problem(free_bytes(path.parent), "database")


def _blobs_problem(blobs: Blobs) -> str | None:
    try:
        return space_problem(blobs.free_bytes(), "blobs")
    except OSError:
        return BLOBS_GONE
