"""A single file for a release, as it comes in, and whether it may be called what it is (files-and-avatars.md 8.3)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shipmark.artifacts.model import DIST_MAX
from shipmark.files.model import NAME_MAX, FileKind, NewFile
from shipmark.files.staging import FileStager
from shipmark.http.multipart import Part
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import BadRequest

MISSING = "Missing uploaded file"
HEADERS_MAX = 50

_SPECIAL = re.compile(r"[\n\t\r\f\v\\]")


class FileReceiver:
    """Takes the first part named ``file`` of a form; other files are passed over."""

    def __init__(self, database: Database, blobs: Blobs, at: datetime) -> None:
        self._database = database
        self._blobs = blobs
        self._at = at
        self._is_open = False
        self.part: Part | None = None
        self.stash: FileStager | None = None

    def begin(self, part: Part) -> None:
        """Begin a file."""
        if part.name == "file" and self.part is None:
            self.part, self._is_open = part, True
            self.stash = FileStager(self._database, self._blobs, self._at)

    def add(self, content: bytes) -> None:
        """More of it."""
        if self._is_open and self.stash is not None:
            self.stash.add(content)

    def end(self) -> None:
        """It ends."""
        self._is_open = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReleaseFile:
    """A file that a client sent for a release."""

    name: str
    dist: str | None
    file: NewFile


def checked(part: Part | None, fields: Sequence[tuple[str, str]]) -> NewReleaseFile:
    """Return what the form says. Raise `BadRequest` for the first thing that is wrong, in the order of the protocol."""
    if part is None:
        raise BadRequest(MISSING)
    texts = dict(fields)
    name = texts.get("name", part.filename)
    base = name.rpartition("/")[2]
    if not name.strip() or name == "file":
        raise BadRequest("File name must be specified")
    if _SPECIAL.search(base) or "\0" in name:
        raise BadRequest("File name must not contain special whitespace characters")
    if len(name) > NAME_MAX:
        raise BadRequest(f"File name must not be longer than {NAME_MAX} characters")
    dist = texts.get("dist") or None
    if dist is not None and (len(dist) > DIST_MAX or "\0" in dist):
        raise BadRequest(f"dist must not be longer than {DIST_MAX} characters")
    headers = _headers(part, [value for key, value in fields if key == "header"])
    return NewReleaseFile(
        name=name, dist=dist, file=NewFile(name=base, kind=FileKind.RELEASE_FILE, headers=headers)
    )


def _headers(part: Part, texts: Sequence[str]) -> dict[str, str]:
    if len(texts) > HEADERS_MAX:
        raise BadRequest(f"No more than {HEADERS_MAX} headers can be given")
    headers = {"Content-Type": part.content_type}
    for text in texts:
        key, mark, value = text.partition(":")
        if not mark:
            raise BadRequest("header value was not formatted correctly")
        if _SPECIAL.search(value) or "\0" in text:
            raise BadRequest("header value must not contain special whitespace characters")
        headers[key] = value.strip()
    return headers
