"""Streaming of large forms: no body is held as a whole, and no thread waits for a slow client."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ParamSpec, Protocol, TypeVar
from urllib.parse import unquote

from litestar.exceptions import HTTPException
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header  # type: ignore[import-untyped]  # the library has no types

from shipmark.http import AnyRequest
from shipmark.http.connections import DRAINED_BYTES_MAX
from shipmark.infrastructure.errors import BadRequest, Refusal, TooLarge, Unsupported

P = ParamSpec("P")
T = TypeVar("T")

#: The bytes that are collected before a thread parses them.
BATCH_BYTES = 1024 * 1024
FIELD_BYTES_MAX = 64 * 1024
FIELDS_MAX = 1000
_ENCODED_FILENAME = re.compile(
    r";\s*filename\*\s*=\s*\"?(UTF-8|ISO-8859-1)'[^';]*'([^\";\s]*)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of a form."""

    name: str
    filename: str
    content_type: str


class Receiver(Protocol):
    """Receives the files of a form, one after another, always in a thread. May raise refusals."""

    def begin(self, part: Part) -> None:
        """Begin a file."""
        ...

    def add(self, content: bytes) -> None:
        """Add content to the file."""
        ...

    def end(self) -> None:
        """End the file."""
        ...


async def threaded(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call that blocks on the database or the disk in a thread."""
    return await asyncio.get_running_loop().run_in_executor(None, partial(call, *args, **kwargs))


@dataclass(slots=True)
class Form:
    """A form as it is received. ``fields`` are its texts; files go to the receiver.

    A lenient one has replacement characters where a text or name is not UTF-8; else it is refused.
    """

    receiver: Receiver
    boundary: str
    is_lenient: bool = False
    fields: list[tuple[str, str]] = field(default_factory=list)
    _parser: PushMultipartParser = field(init=False)
    _field: tuple[str, bytearray] | None = None
    _is_file: bool = False
    _is_empty: bool = True

    def __post_init__(self) -> None:
        # Bytes of headers are kept as they are, and decoded as fields are.
        self._parser = PushMultipartParser(
            self.boundary, max_segment_count=FIELDS_MAX, header_charset="latin-1"
        )

    def feed(self, batch: Sequence[bytes]) -> None:
        """Parse more content, or the end of the form if it is empty. Raise `BadRequest` if it is invalid."""
        try:
            for content in batch:
                if self._is_empty and not content:
                    # No body is a form without parts (files-and-avatars.md 4.2).
                    return
                self._is_empty = False
                for event in self._parser.parse(content):
                    self._take(event)
        except MultipartError as error:
            raise BadRequest(f"Multipart form parse error - {error}") from None

    def _take(self, event: object) -> None:
        if event is None:
            self._end()
        elif isinstance(event, (bytes, bytearray)):
            self._add(event if isinstance(event, bytes) else bytes(event))
        else:
            self._begin(event)

    def _begin(self, segment: MultipartSegment) -> None:
        name, content_type = (
            self._decoded(str(getattr(segment, attribute, None) or "").encode("latin-1"))
            for attribute in ("name", "content_type")
        )
        filename = self._filename_of(segment)
        self._is_file = filename is not None
        if filename is not None:
            self.receiver.begin(Part(name=name, filename=filename, content_type=content_type))
        else:
            self._field = (name, bytearray())

    def _add(self, content: bytes) -> None:
        if self._is_file:
            self.receiver.add(content)
        elif self._field is not None:
            self._field[1].extend(content)
            if len(self._field[1]) > FIELD_BYTES_MAX:
                raise TooLarge(f"A field of a form may have {FIELD_BYTES_MAX} bytes at most.")

    def _end(self) -> None:
        if self._is_file:
            self.receiver.end()
        elif self._field is not None:
            name, value = self._field
            self.fields.append((name, self._decoded(value, f"The field {name!r}")))

    def _decoded(self, content: bytes | bytearray, what: str = "A name") -> str:
        try:
            return content.decode(errors="replace" if self.is_lenient else "strict")
        except UnicodeDecodeError:
            raise BadRequest(f"{what} of the form is not UTF-8.") from None

    def _filename_of(self, segment: MultipartSegment) -> str | None:
        """Return the name of a file, or None for a field.

        The encoded form counts first (RFC 6266, 4.3): .NET and old versions of urllib3 write names that are not ASCII
        so.
        """
        encoded = _ENCODED_FILENAME.search(segment.header("Content-Disposition", ""))
        if encoded is None:
            sent = segment.filename
            return None if sent is None else self._decoded(str(sent).encode("latin-1"))
        charset = "latin-1" if encoded[1].lower() == "iso-8859-1" else "utf-8"
        return unquote(encoded[2], charset, "replace")


async def receive(request: AnyRequest, receiver: Receiver) -> list[tuple[str, str]]:
    """Receive a form with files; return its other fields.

    Raise `Unsupported` for another media type, `BadRequest` for an invalid form, and the receiver's refusal: once the
    client has sent the rest, within a limit.
    """
    form = Form(receiver, boundary_of(request.headers.get("content-type", "")))
    reading = _Reading(form)
    try:
        async for content in request.stream():
            await reading.take(content)
    except HTTPException as error:
        if error.status_code == 413:
            raise
        raise BadRequest("The body of the request ended before its end.") from None
    finally:
        await reading.settle()
    await reading.finish()
    return form.fields


class _Reading:
    """A form that is parsed in a thread while more of it is received."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._batch: list[bytes] = []
        self._gathered = 0
        self._working: asyncio.Future[Refusal | None] | None = None
        self._refusal: Refusal | None = None
        self._passed = 0

    async def take(self, content: bytes) -> None:
        """Collect content; hand a full batch to the thread once it is done with the previous one."""
        if self._refusal is not None:
            self._passed += len(content)
            if self._passed > DRAINED_BYTES_MAX:
                raise self._refusal
            return
        self._batch.append(content)
        self._gathered += len(content)
        if self._gathered >= BATCH_BYTES:
            await self.settle()
            self._hand_over()

    async def settle(self) -> None:
        """Wait for the thread."""
        if self._working is not None:
            working, self._working = self._working, None
            self._refusal = self._refusal or await working

    async def finish(self) -> None:
        """Parse the rest; raise the refusal, if any."""
        for is_end in (False, True):
            if self._refusal is None:
                self._hand_over(is_end=is_end)
                await self.settle()
        if self._refusal is not None:
            raise self._refusal

    def _hand_over(self, *, is_end: bool = False) -> None:
        batch = [b""] if is_end else self._batch
        if batch:
            self._working = asyncio.ensure_future(_fed(self._form, batch))
        if not is_end:
            self._batch, self._gathered = [], 0


async def _fed(form: Form, batch: Sequence[bytes]) -> Refusal | None:
    try:
        await threaded(form.feed, batch)
    except Refusal as refusal:
        return refusal
    return None


def boundary_of(content_type: str) -> str:
    """Return the boundary of a form's parts. Raise `Unsupported` for another media type."""
    media_type, options = parse_options_header(content_type)
    boundary = str(options.get("boundary", ""))
    if media_type != "multipart/form-data" or not boundary:
        raise Unsupported(f'Unsupported media type "{content_type}" in request.')
    return boundary
