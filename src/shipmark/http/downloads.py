"""Downloads with byte ranges and entity tags (RFC 9110)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.response import Stream

from shipmark.events.attachments.model import Attachment
from shipmark.files import piece_reader
from shipmark.files.model import File, FileChunk
from shipmark.http import AnyRequest
from shipmark.infrastructure.blobs import Blobs

#: The media type of files whose content is not known.
OCTETS = "application/octet-stream"


#: The responses of a download besides 200, for the OpenAPI document.
PARTLY: Mapping[int, Any] = {206: bytes, 304: None, 416: None}

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")
_UNSAFE = re.compile(r'[^\x20-\x7e]|["\\]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Downloadable content. ``read`` returns the bytes from one offset up to another; ``tag`` is the entity tag."""

    name: str
    size: int
    tag: str
    media_type: str
    read: Callable[[int, int], Iterator[bytes]]


def stored_content(
    blobs: Blobs, file: File, pieces: Sequence[FileChunk], *, name: str, media_type: str = OCTETS
) -> Content:
    """Return the content of a stored file, read piece by piece."""
    return Content(
        name=name,
        size=file.size,
        tag=file.sha1,
        media_type=media_type,
        read=lambda start, end: piece_reader.read_range(blobs, pieces, start, end),
    )


def download(request: AnyRequest, content: Content) -> Response[Any] | Stream:
    """Return the content as a file: 200, 206 for a range, 304 if the client has it, 416 for a range outside of it.

    The first piece is read before the answer begins, so that an unavailable store is a refusal (503), not a truncated
    answer. As that may take as long as the store does, no unit of work should be open meanwhile.
    """
    headers = {
        "ETag": f'"{content.tag}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": _disposition(content.name),
    }
    if _is_known(request, content.tag):
        return Response(b"", status_code=304, headers=headers)
    start, end, status = 0, content.size, 200
    if (requested := _range(request, content)) is not None:
        start, end = requested
        if start >= end:
            headers["Content-Range"] = f"bytes */{content.size}"
            return Response(b"", status_code=416, headers=headers)
        status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{content.size}"
    headers["Content-Length"] = str(end - start)
    parts = content.read(start, end)
    first = next(parts, b"")
    return Stream(
        chain((first,), parts), status_code=status, headers=headers, media_type=content.media_type
    )


def _is_known(request: AnyRequest, tag: str) -> bool:
    fields = request.headers.get("if-none-match", "")
    return fields.strip() == "*" or any(
        field.strip().removeprefix("W/") == f'"{tag}"' for field in fields.split(",")
    )


def _range(request: AnyRequest, content: Content) -> tuple[int, int] | None:
    """Return the requested range, empty if it is outside the content, or None for the whole content."""
    fields = request.headers.get("if-range")
    if fields is not None and fields.strip() != f'"{content.tag}"':
        return None
    match = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        # Several ranges at once, and other units, may be answered with the whole content.
        return None
    first, last = match.groups()
    if not first:
        return max(content.size - int(last), 0), content.size
    end = min(int(last) + 1, content.size) if last else content.size
    if last and int(last) < int(first):
        return None
    return int(first), max(end, 0)


def _disposition(name: str) -> str:
    """Return the header with the file name: its last segment, whitespace normalized, in both forms clients know."""
    base = " ".join(re.split(r"[/\\]", name)[-1].split()) or "download"
    plain = _UNSAFE.sub("_", base)
    content = f'attachment; filename="{plain}"'
    return content if plain == base else f"{content}; filename*=UTF-8''{quote(base)}"


def attachment_content(
    blobs: Blobs, attachment: Attachment, pieces: Sequence[FileChunk]
) -> Content:
    """Return the content of an attachment. Only images keep their media type: of all else browsers know the bytes."""
    return Content(
        name=attachment.name,
        size=attachment.size,
        tag=attachment.sha1,
        media_type=attachment.content_type if attachment.is_safe_image else OCTETS,
        read=lambda start, end: piece_reader.read_range(blobs, pieces, start, end),
    )
