"""What is a file, and what is it made of? (files-and-avatars.md 3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

MEBIBYTE = 1024 * 1024
#: A file that comes as one stream is cut into pieces of this length (files-and-avatars.md 3.2).
PIECE_BYTES = MEBIBYTE
#: A chunk that a client cut itself is a piece too, and may be as long as this (files-and-avatars.md 4.1).
CHUNK_MAX = 8 * MEBIBYTE
FILE_MAX = 2**31
NAME_MAX = 1024

#: How long a blob is kept that no file uses: an upload that was interrupted may go on for as long.
UNUSED_RETENTION = timedelta(hours=24)
#: How long a blob is kept at least after the last file that used it is gone.
RELEASED_RETENTION = timedelta(minutes=5)


class FileKind(StrEnum):
    """What a file is for (files-and-avatars.md 3.1)."""

    AVATAR = "avatar.file"
    RELEASE_FILE = "release.file"
    RELEASE_BUNDLE = "release.bundle"
    ARTIFACT_BUNDLE = "artifact.bundle"
    DEBUG_FILE = "project.dif"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that is kept. ``sha1`` is that of the whole content, ``size`` its length in bytes."""

    id: int
    name: str
    kind: FileKind
    headers: Mapping[str, str]
    size: int
    sha1: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file to be kept; ``headers`` are what its client says of it."""

    name: str
    kind: FileKind
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChunk:
    """A stretch of a file: ``size`` bytes from ``offset`` on are the blob under ``key``."""

    offset: int
    size: int
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedBlob:
    """A blob's content that was written, or was there before; ``key`` is null for one that was there.

    Until somebody keeps it, it is nobody's, and goes away after a day.
    """

    sha1: str
    size: int
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """A whole content that was written, in the order of its pieces; a piece may come more than once."""

    pieces: tuple[StagedBlob, ...]
    size: int
    sha1: str


def key_of(sha1: str, token: str) -> str:
    """Where the content is put: no two writers ever share a key, so nobody can take away what another one wrote."""
    return f"{sha1[:2]}/{sha1[2:]}-{token}"
