"""Files, and the pieces that they consist of (files-and-avatars.md 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

MEBIBYTE = 1024 * 1024
#: A file that is uploaded as one stream is cut into pieces of this length (files-and-avatars.md 3.2).
PIECE_BYTES = MEBIBYTE
#: The largest chunk that a client may upload, which is a piece too (files-and-avatars.md 4.1).
CHUNK_MAX = 8 * MEBIBYTE
FILE_MAX = 2**31
NAME_MAX = 1024
#: Retention of a blob that no file uses: an interrupted upload can be resumed for as long.
UNUSED_RETENTION = timedelta(hours=24)
#: The least retention of a blob after the last file that used it was deleted.
RELEASED_RETENTION = timedelta(minutes=5)


class FileKind(StrEnum):
    """Purpose of a file (files-and-avatars.md 3.1)."""

    AVATAR = "avatar.file"
    RELEASE_FILE = "release.file"
    RELEASE_BUNDLE = "release.bundle"
    ARTIFACT_BUNDLE = "artifact.bundle"
    DEBUG_FILE = "project.dif"
    ATTACHMENT = "event.attachment"


@dataclass(frozen=True, slots=True)
class File:
    """A stored file. ``sha1`` is that of the whole content, ``size`` its length in bytes."""

    id: int
    name: str
    kind: FileKind
    headers: Mapping[str, str]
    size: int
    sha1: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """Values of a new file; ``headers`` are metadata from the client."""

    name: str
    kind: FileKind
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChunk:
    """A piece of a file: ``size`` bytes from ``offset`` on are the blob under ``key``."""

    offset: int
    size: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedBlob:
    """A content that was written for a blob; ``key`` is None if the blob existed already.

    Unless a transaction creates a blob or file of it, it is collected after a day.
    """

    sha1: str
    size: int
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """A whole content that was written, in the order of its pieces; pieces may repeat."""

    pieces: tuple[StagedBlob, ...]
    size: int
    sha1: str


def key_of(sha1: str, token: str) -> str:
    """Return the key for a content: no two writers share a key, so that none can delete another's content."""
    return f"{sha1[:2]}/{sha1[2:]}-{token}"
