"""What does an SDK's envelope hold?

The framing of ingest.md 3 and nothing else: no I/O, no limits on bytes (the door has checked them),
no look into payloads. Items of an unknown type are items like any other, because a newer SDK must
not lose the rest of its envelope.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from shipmark.ground.errors import BadRequest

#: No SDK sends more than a few dozen; each item costs an object and a row in the log.
ITEMS_MAX = 1000

Keys = TypeVar("Keys", bound=msgspec.Struct)

_NIL_ID = "0" * 32
_EVENT_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_BLANK_LINES = re.compile(rb"\n*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing in an envelope; ``headers`` hold unknown keys too (ingest.md 3.2)."""

    type: str
    headers: dict[str, object]
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A parsed envelope; ``event_id`` is 32 lower-case digits and wins over an event's own."""

    headers: dict[str, object]
    event_id: str | None
    sent_at: datetime | None
    dsn: str | None
    items: tuple[Item, ...]


class _EnvelopeKeys(msgspec.Struct):
    """The keys whose wrong type makes an envelope malformed."""

    event_id: str | None = None
    dsn: str | None = None
    sent_at: datetime | None = None
    sdk: dict[str, object] | None = None
    trace: dict[str, object] | None = None


class _ItemKeys(msgspec.Struct):
    """The keys whose wrong type makes an item, and so its envelope, malformed."""

    type: str
    length: int | None = None
    content_type: str | None = None
    filename: str | None = None
    attachment_type: str | None = None


def parse(body: bytes) -> Envelope:
    """Read a decompressed body; refuse what breaks the framing or the headers (ingest.md 3)."""
    if not body:
        raise BadRequest("empty request body")
    line, position = _line(body, 0)
    headers = _object(line, "envelope header")
    keys = _known(headers, _EnvelopeKeys, "envelope header")
    return Envelope(
        headers=headers,
        event_id=None if keys.event_id is None else event_id_of(keys.event_id),
        sent_at=None if keys.sent_at is None else _in_utc(keys.sent_at),
        dsn=keys.dsn,
        items=_all_items(body, position),
    )


def _all_items(body: bytes, position: int) -> tuple[Item, ...]:
    items: list[Item] = []
    for item in _items(body, position):
        if len(items) == ITEMS_MAX:
            raise BadRequest(f"envelope has more than {ITEMS_MAX} items")
        items.append(item)
    return tuple(items)


def _items(body: bytes, position: int) -> Iterator[Item]:
    while (position := _past_blank_lines(body, position)) < len(body):
        line, position = _line(body, position)
        headers = _object(line, "item header")
        keys = _known(headers, _ItemKeys, "item header")
        payload, position = _payload(body, position, keys.length)
        yield Item(type=keys.type, headers=headers, payload=payload)


def _past_blank_lines(body: bytes, position: int) -> int:
    """Skip empty lines: sentry-cli may end an envelope with two newlines (clients.md 11)."""
    blank = _BLANK_LINES.match(body, position)
    return blank.end() if blank else position


def _line(body: bytes, position: int) -> tuple[bytes, int]:
    """Cut up to the next newline or the end; a carriage return before it belongs to the line."""
    end = body.find(b"\n", position)
    return (body[position:], len(body)) if end < 0 else (body[position:end], end + 1)


def _payload(body: bytes, position: int, length: int | None) -> tuple[bytes, int]:
    """Cut ``length`` bytes, which may hold newlines; without a length the payload is one line."""
    if length is None:
        return _line(body, position)
    end = position + length
    if length < 0 or end > len(body):
        raise BadRequest("malformed envelope: item payload is shorter than its length")
    if end < len(body) and body[end] != ord("\n"):
        raise BadRequest("malformed envelope: item payload is longer than its length")
    return body[position:end], end + 1


def _object(line: bytes, place: str) -> dict[str, object]:
    if not line.startswith(b"{") or not line.endswith(b"}"):
        raise BadRequest(f"malformed envelope: {place} is not a JSON object on one line")
    try:
        return msgspec.json.decode(line, type=dict[str, object])
    # Text that is not UTF-8 and numbers without end are ValueErrors too; deep nesting is not.
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"malformed envelope: {place} is not valid JSON") from error


def _known(headers: dict[str, object], keys: type[Keys], place: str) -> Keys:
    try:
        return msgspec.convert(headers, type=keys)
    except msgspec.ValidationError as error:
        raise BadRequest(f"malformed envelope: {place}: {error}") from error


def event_id_of(text: str) -> str:
    """Accept digits with dashes, as sentry-cli sends them, and without (ingest.md 3.1)."""
    event_id = text.replace("-", "").lower()
    if not _EVENT_ID.fullmatch(text) or event_id == _NIL_ID:
        raise BadRequest("malformed envelope: event_id is not an event id")
    return event_id


def _in_utc(moment: datetime) -> datetime:
    """Read a moment without an offset as UTC, as old SDKs send it."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadRequest("malformed envelope: sent_at is out of range") from error
