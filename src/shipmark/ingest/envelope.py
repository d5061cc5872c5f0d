"""The framing of an SDK's envelope (ingest.md 3), read as a stream.

It has no I/O and does not parse payloads. Items of unknown types are accepted, so that the rest of a newer SDK's
envelope is not lost.
"""

import codecs
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import msgspec

from shipmark.events.payload import without_dashes
from shipmark.infrastructure import ids
from shipmark.infrastructure.errors import BadRequest, TooLarge
from shipmark.infrastructure.text_encodings import with_valid_escapes

EVENT = "event"
FEEDBACK = "feedback"
ATTACHMENT = "attachment"

#: SDKs send a few dozen at most; each item costs an object and a row in the log.
ITEMS_MAX = 1000
#: The longest header of an envelope or an item. The specification has no limit; SDKs send a few kilobytes.
HEADER_BYTES_MAX = 64 * 1024
Keys = TypeVar("Keys", bound=msgspec.Struct)
_NEWLINE = 0x0A
_NIL_ID = "0" * 32
_EVENT_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item of an envelope; ``headers`` include unknown keys (ingest.md 3.2).

    ``payload`` is empty if the reader does not store payloads of this type, or a sink took it.
    """

    type: str
    headers: dict[str, object]
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeHeader:
    """The first line of an envelope; ``event_id`` is 32 lower-case digits and overrides the event's own."""

    headers: dict[str, object]
    event_id: str | None
    sent_at: datetime | None
    dsn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope(EnvelopeHeader):
    """A parsed envelope."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRules:
    """The payloads that a reader stores, and those that it refuses (ingest.md 2).

    ``stored_types`` are the types whose payloads are stored, all for None. An envelope has at most one item of the
    types in ``single``, with ``single_bytes_max`` bytes; ``bytes_max`` are the limits of other types,
    and ``items_max`` the most items of a type.
    """

    stored_types: Collection[str] | None = None
    single: Collection[str] = ()
    single_bytes_max: int = 0
    bytes_max: Mapping[str, int] = field(default_factory=dict)
    items_max: Mapping[str, int] = field(default_factory=dict)

    def limit_of(self, item_type: str) -> int | None:
        """Return the most bytes of an item, or None without a limit of its own."""
        return self.single_bytes_max if item_type in self.single else self.bytes_max.get(item_type)


class PayloadSink(Protocol):
    """Takes the payload of an item piece by piece, so that it is not held."""

    def add(self, content: bytes) -> None:
        """Add content. May raise refusals."""

    def end(self) -> None:
        """End the payload, which is complete."""


class EnvelopeKeys(msgspec.Struct):
    """The keys whose wrong type makes an envelope malformed."""

    event_id: str | None = None
    dsn: str | None = None
    sent_at: datetime | None = None
    sdk: dict[str, object] | None = None
    trace: dict[str, object] | None = None


class ItemKeys(msgspec.Struct):
    """The keys whose wrong type makes an item, and so its envelope, malformed."""

    type: str
    length: int | None = None
    content_type: str | None = None
    filename: str | None = None
    attachment_type: str | None = None


def _no_sink(_type: str, _headers: Mapping[str, object]) -> PayloadSink | None:
    return None


class EnvelopeReader:
    """Parses an envelope as a stream, and holds only a header and the stored payloads.

    ``on_header`` is called once, before anything after the envelope's header is read, and may refuse the envelope.
    ``on_stored`` is called with the number of bytes before they are stored, and may refuse them. ``sink_of`` may return
    a sink for the payload of an item, given its type and headers.
    All methods raise `BadRequest` for invalid framing or headers, and `TooLarge` by the rules.
    """

    def __init__(
        self,
        rules: ItemRules,
        *,
        on_header: Callable[[EnvelopeHeader], object] = bool,
        on_stored: Callable[[int], object] = bool,
        sink_of: Callable[[str, Mapping[str, object]], PayloadSink | None] = _no_sink,
    ) -> None:
        self._rules, self._on_header, self._on_stored = rules, on_header, on_stored
        self._sink_of = sink_of
        self._header: EnvelopeHeader | None = None
        self._items: list[Item] = []
        self._has_single = False
        self._numbers: Counter[str] = Counter()
        #: The beginning of a line that has not ended yet; None between lines.
        self._line: bytearray | None = None
        self._payload: _Payload | None = None

    def feed(self, piece: bytes) -> None:
        """Parse the next piece."""
        position = 0
        while position < len(piece):
            if self._payload is not None:
                position = self._read_payload(self._payload, piece, position)
            elif self._header is not None and self._line is None and piece[position] == _NEWLINE:
                # sentry-cli may end an envelope with two newlines (clients.md 11).
                position += 1
            else:
                position = self._read_header(piece, position)

    def finish(self) -> Envelope:
        """Return the complete envelope."""
        if self._payload is None and self._line is not None:
            self._take_header(bytes(self._line))
        if self._payload is not None:
            self._end_payload(self._payload)
        if self._header is None:
            raise BadRequest("empty request body")
        header = self._header
        return Envelope(
            headers=header.headers,
            event_id=header.event_id,
            sent_at=header.sent_at,
            dsn=header.dsn,
            items=tuple(self._items),
        )

    def _read_header(self, piece: bytes, position: int) -> int:
        """Read up to the line feed; a carriage return before it belongs to the line."""
        end = piece.find(b"\n", position)
        self._line = self._line or bytearray()
        self._line += piece[position:] if end < 0 else piece[position:end]
        if len(self._line) > HEADER_BYTES_MAX:
            raise BadRequest(f"malformed envelope: a header has over {HEADER_BYTES_MAX} bytes")
        if end < 0:
            return len(piece)
        self._take_header(bytes(self._line))
        return end + 1

    def _take_header(self, line: bytes) -> None:
        self._line = None
        if self._header is None:
            self._header = _envelope_header(line)
            self._on_header(self._header)
            return
        headers = _object(line, "item header")
        keys = _known_headers(headers, ItemKeys, "item header")
        self._on_stored(len(line))
        if len(self._items) == ITEMS_MAX:
            raise BadRequest(f"envelope has more than {ITEMS_MAX} items")
        if keys.length is not None and keys.length < 0:
            raise _shorter()
        self._payload = _Payload(type=keys.type, headers=headers, length=keys.length)
        if keys.type in self._rules.single:
            if self._has_single:
                raise BadRequest("an envelope holds one event at the most")
            self._has_single = True
        self._check_number(keys.type)
        self._check_size(self._payload, keys.length or 0)
        self._payload.sink = self._sink_of(keys.type, headers)

    def _read_payload(self, payload: "_Payload", piece: bytes, position: int) -> int:
        """Read ``length`` bytes, which may contain newlines; without a length the payload is one line."""
        if payload.length is None:
            end = piece.find(b"\n", position)
            is_end, end = end >= 0, end if end >= 0 else len(piece)
        else:
            end = min(len(piece), position + payload.length - payload.count)
            is_end = end < len(piece)
            if is_end and piece[end] != _NEWLINE:
                raise BadRequest("malformed envelope: item payload is longer than its length")
        self._add(payload, piece[position:end])
        if is_end:
            self._end_payload(payload)
        return end + is_end

    def _add(self, payload: "_Payload", content: bytes) -> None:
        payload.count += len(content)
        self._check_size(payload, payload.count)
        if payload.sink is not None:
            payload.sink.add(content)
        elif self._rules.stored_types is None or payload.type in self._rules.stored_types:
            self._on_stored(len(content))
            payload.content += content

    def _check_size(self, payload: "_Payload", count: int) -> None:
        most = self._rules.limit_of(payload.type)
        if most is not None and count > most:
            what = "an event" if payload.type in self._rules.single else f"a {payload.type}"
            raise TooLarge(f"envelope exceeded size limits: {what} has at most {most} bytes")

    def _check_number(self, item_type: str) -> None:
        most = self._rules.items_max.get(item_type)
        self._numbers[item_type] += 1
        if most is not None and self._numbers[item_type] > most:
            raise TooLarge(
                f"envelope exceeded size limits: it has at most {most} items of type {item_type}"
            )

    def _end_payload(self, payload: "_Payload") -> None:
        if payload.length is not None and payload.count < payload.length:
            raise _shorter()
        self._payload = None
        if payload.sink is not None:
            payload.sink.end()
        content = bytes(payload.content)
        self._items.append(Item(type=payload.type, headers=payload.headers, payload=content))


@dataclass(slots=True, kw_only=True)
class _Payload:
    """The payload that is being read: ``count`` bytes of it so far."""

    type: str
    headers: dict[str, object]
    length: int | None
    count: int = 0
    content: bytearray = field(default_factory=bytearray)
    sink: PayloadSink | None = None


def parse(body: bytes, rules: ItemRules = ItemRules()) -> Envelope:
    """Return an envelope; raise as `EnvelopeReader` does."""
    reader = EnvelopeReader(rules)
    reader.feed(body)
    return reader.finish()


def _envelope_header(line: bytes) -> EnvelopeHeader:
    # Some platforms write a byte order mark before any text.
    headers = _object(line.removeprefix(codecs.BOM_UTF8), "envelope header")
    keys = _known_headers(headers, EnvelopeKeys, "envelope header")
    return EnvelopeHeader(
        headers=headers,
        event_id=_header_event_id(keys.event_id),
        sent_at=None if keys.sent_at is None else in_utc(keys.sent_at),
        dsn=keys.dsn,
    )


def _shorter() -> BadRequest:
    return BadRequest("malformed envelope: item payload is shorter than its length")


def _object(line: bytes, place: str) -> dict[str, object]:
    if not line.startswith(b"{") or not line.endswith(b"}"):
        raise BadRequest(f"malformed envelope: {place} is not a JSON object on one line")
    try:
        # Names of files and users may be of another encoding: an event must not be lost for that.
        return _decoded(line.decode("utf-8", "replace"))
    # Too long numbers are ValueErrors too; deep nesting is not.
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"malformed envelope: {place} is not valid JSON") from error


def _decoded(text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError:
        # Some SDKs write the path of a file on Windows as it is.
        return msgspec.json.decode(with_valid_escapes(text), type=dict[str, object])


def _known_headers(headers: dict[str, object], keys: type[Keys], place: str) -> Keys:
    try:
        return msgspec.convert(headers, type=keys)
    except msgspec.ValidationError as error:
        raise BadRequest(f"malformed envelope: {place}: {error}") from error


def event_id_of(text: str) -> str:
    """Return the event id without dashes, which sentry-cli sends (ingest.md 3.1)."""
    event_id = without_dashes(text)
    if not _EVENT_ID.fullmatch(text) or event_id == _NIL_ID:
        raise BadRequest("malformed envelope: event_id is not an event id")
    return event_id


def _header_event_id(text: str | None) -> str | None:
    """Return the event id of a header; the nil id, as of ``sentry-cli send-event --raw``, counts as none."""
    if text is None or without_dashes(text) == _NIL_ID:
        return None
    return event_id_of(text)


def id_of(payload: dict[str, object], received: EnvelopeHeader) -> str:
    """Return the id of an event: the envelope's, else the payload's, else a new one (ingest.md 3.1)."""
    event_id = payload.get("event_id")
    try:
        return received.event_id or event_id_of(event_id if isinstance(event_id, str) else "")
    except BadRequest:
        return ids.hex32()


def in_utc(moment: datetime) -> datetime:
    """Return the moment in UTC; without an offset, as old SDKs send it, it is UTC."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadRequest("malformed envelope: sent_at is out of range") from error
