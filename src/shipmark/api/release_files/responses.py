"""The release file object (files-and-avatars.md 8.2)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import datetime

from shipmark.api.responses import Wire
from shipmark.artifacts.model import ListedFile, ReleaseFile


class ReleaseFileResponse(Wire):
    """A file of a release. ``id`` is a number, or for a file in a bundle its dist and name in base64."""

    id: str
    name: str
    dist: str | None
    headers: Mapping[str, str]
    size: int
    sha1: str
    date_created: datetime


def release_file_response(file: ReleaseFile | ListedFile) -> ReleaseFileResponse:
    """Return a single file, or one in a bundle, as the API shows it."""
    content = file.file if isinstance(file, ReleaseFile) else file
    return ReleaseFileResponse(
        id=_name_id(file) if file.id is None else str(file.id),
        name=file.name,
        dist=file.dist,
        headers=content.headers,
        size=content.size,
        sha1=content.sha1,
        date_created=content.created_at,
    )


def named_in(file_id: str) -> tuple[str | None, str] | None:
    """Dist and name of a file in a bundle, of the id that it is shown by; null for what is none."""
    try:
        text = urlsafe_b64decode(file_id.encode("ascii", "replace")).decode()
    except (NotBase64, ValueError):
        return None
    dist, mark, name = text.partition("_")
    return (dist or None, name) if mark and "\0" not in text else None


def _name_id(file: ReleaseFile | ListedFile) -> str:
    return urlsafe_b64encode(f"{file.dist or ''}_{file.name}".encode()).decode()
