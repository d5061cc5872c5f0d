"""Envelopes with one small event, taken in without the framework: most requests of a fleet are such ones.

A request takes a third of the time here. What may be refused for anything but a rate limit, and whatever is not just
that, goes on to the framework, which reads the body again: this module only answers 200 and 429. The rules are those of
`routes.py`.
"""

import asyncio
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPRequestEvent, HTTPScope, Receive, Scope, Send
from litestar.types.asgi_types import ReceiveMessage

from shipmark.events.security_reports import ERROR
from shipmark.events.sender import Sender
from shipmark.http.client_address import forwarded_address
from shipmark.http.connections import is_small
from shipmark.http.error_responses import body_of
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Refusal, TooManyRequests
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.ingest.admission import Admission
from shipmark.ingest.envelope import event_id_of, in_utc
from shipmark.ingest.event_log import FrameType, LogFrame, LogWriter
from shipmark.ingest.keys import request_key
from shipmark.ingest.project_keys import KnownKey, ProjectKeys
from shipmark.ingest.rate_limits import limits_of_refusal

_CATEGORIES = (ERROR,)
#: Compressed; it unpacks to at most the longest event.
BODY_BYTES_MAX = 16 * 1024
_PATH = re.compile(r"/api/([0-9]{1,18})/envelope/")
_GZIP_WINDOW = 31
#: Headers with which a request needs more than an answer.
_SPECIAL = frozenset({"origin", "transfer-encoding", "expect"})


class _Header(msgspec.Struct):
    """What is read of the envelope's header. A DSN has to be compared with the request's key."""

    event_id: str | None = None
    sent_at: datetime | None = None
    dsn: object = None


class _ItemHeader(msgspec.Struct):
    """What is read of the item's header."""

    type: str
    length: int | None = None


class _EventHead(msgspec.Struct):
    """What is read of the event; decoding it shows that it is JSON."""

    event_id: object = None


@dataclass(frozen=True, slots=True)
class _Event:
    """The only event of an envelope."""

    event_id: str
    sent_at: datetime | None
    payload: bytes


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_item_header = msgspec.json.Decoder(_ItemHeader).decode
_decode_payload = msgspec.json.Decoder(_EventHead).decode


class SingleEvents:
    """ASGI middleware that answers requests with one small event of a project that is remembered."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        keys: ProjectKeys,
        log: LogWriter,
        admission: Admission,
    ) -> None:
        self._app, self._settings, self._keys = app, settings, keys
        self._log, self._admission = log, admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or call the application."""
        if scope["type"] != ScopeType.HTTP or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        fields = list(scope["headers"])
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in fields}
        key = self._key_of(scope, headers) if len(headers) == len(fields) else None
        if key is None:
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(receive)
        except Refusal as refusal:
            await self._app(scope, _refusing(refusal), send)
            return
        event = self._event_of(body, headers)
        if event is None:
            await self._app(scope, _again(body, receive), send)
            return
        if key.quotas and (verdict := self._admission.admit(key, _CATEGORIES)).exhausted:
            await _refuse(send, verdict.refusal())
            return
        try:
            with span("ingest.envelope", "debug"):
                written = self._log.append(self._frame(event, key, scope, headers))
        except Refusal:
            await self._app(scope, _again(body, receive), send)
            return
        await asyncio.wrap_future(written)
        await _answer(send, event.event_id)

    def _key_of(self, scope: HTTPScope, headers: Mapping[str, str]) -> KnownKey | None:
        """Return the key if it is remembered, and the request is one to answer here."""
        path = _PATH.fullmatch(scope["path"])
        if path is None or scope["query_string"] or not _is_plain(headers):
            return None
        try:
            sent = request_key(headers, {})
        except Refusal:
            return None
        key = self._keys.remembered(sent) if sent is not None else None
        return key if key is not None and str(key.project.id) == path[1] else None

    def _event_of(self, body: bytes, headers: Mapping[str, str]) -> _Event | None:
        """Return the event of an envelope that has just that, or None for the framework to look at it."""
        encoding = headers.get("content-encoding", "").strip().lower()
        try:
            content = _decoded(body, encoding, self._settings.event_max_bytes)
            header, item, payload = _parts_of(content)
            sent_id = (
                _decode_payload(payload).event_id if header.event_id is None else header.event_id
            )
            event_id = event_id_of(cast("Any", sent_id))
        except (ValueError, TypeError, AttributeError, RecursionError, zlib.error, Refusal):
            # Also what msgspec raises: each of them is a ValueError.
            return None
        is_single = item.type == "event" and header.dsn is None
        if not is_single or len(payload) > self._settings.event_max_bytes:
            return None
        sent_at = None if header.sent_at is None else in_utc(header.sent_at)
        return _Event(event_id, sent_at, payload)

    def _frame(
        self, event: _Event, key: KnownKey, scope: HTTPScope, headers: Mapping[str, str]
    ) -> LogFrame:
        peer = scope["client"][0] if scope["client"] else None
        forwarded = headers.get("x-forwarded-for", "")
        address = forwarded_address(peer, forwarded, self._settings.trusted_proxies)
        return LogFrame(
            type=FrameType.EVENT,
            project_id=key.project.id,
            received_at=now(),
            payload=event.payload,
            event_id=event.event_id,
            sent_at=event.sent_at,
            sender=Sender(address=address, user_agent=headers.get("user-agent")),
        )


def _is_plain(headers: Mapping[str, str]) -> bool:
    return (
        "x-sentry-auth" in headers
        and not _SPECIAL & headers.keys()
        and is_small(headers, BODY_BYTES_MAX)
    )


def _decoded(body: bytes, encoding: str, most: int) -> bytes:
    """Return the content of a body. Raise ValueError unless it is plain, or gzip with a single member."""
    if not encoding:
        return body
    decoder = zlib.decompressobj(_GZIP_WINDOW)
    content = decoder.decompress(body, most + BODY_BYTES_MAX) if encoding == "gzip" else b""
    if not decoder.eof or decoder.unused_data:
        raise ValueError("another encoding")
    return content


def _parts_of(content: bytes) -> tuple[_Header, _ItemHeader, bytes]:
    """Return the headers and the payload of an envelope. Raise ValueError unless it has just one whole item."""
    header_line, item_line, rest = content.split(b"\n", 2)
    if not all(line.startswith(b"{") and line.endswith(b"}") for line in (header_line, item_line)):
        raise ValueError("not an object on one line")
    item = _decode_item_header(item_line)
    length = len(rest.rstrip(b"\n")) if item.length is None else item.length
    payload, more = rest[:length], rest[length:]
    if not payload or len(payload) != length or more.strip(b"\n"):
        raise ValueError("more or less than one item")
    return _decode_header(header_line), item, payload


async def _read(receive: Receive) -> bytes:
    body, has_more = bytearray(), True
    while has_more:
        message = await receive()
        assert message["type"] == "http.request", "another message is a refusal"
        body += message.get("body", b"")
        has_more = message.get("more_body", False)
    return bytes(body)


def _refusing(refusal: Refusal) -> Receive:
    """Return what refuses a body that stalled or broke off, as it did when it was read."""

    async def received() -> ReceiveMessage:
        raise refusal

    return received


def _again(body: bytes, receive: Receive) -> Receive:
    """Return what receives a body again that was read."""
    messages: list[HTTPRequestEvent] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> ReceiveMessage:
        return messages.pop() if messages else await receive()

    return received


async def _answer(send: Send, event_id: str) -> None:
    await _send_json(send, 200, b'{"id":"%s"}' % event_id.encode(), {})


async def _refuse(send: Send, refusal: TooManyRequests) -> None:
    """Answer as `routes.ingest_refusal` does."""
    headers = {
        "retry-after": str(refusal.retry_after_seconds),
        "x-sentry-rate-limits": limits_of_refusal(refusal),
        "x-sentry-error": refusal.detail,
    }
    content = msgspec.json.encode(body_of(refusal))
    await _send_json(send, 429, content, headers)


async def _send_json(send: Send, status: int, content: bytes, more: Mapping[str, str]) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        *((name.encode(), value.encode()) for name, value in more.items()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
