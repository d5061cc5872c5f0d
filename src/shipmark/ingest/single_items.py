"""Envelopes with one small event, session or list of sessions, taken in without the framework: most are such ones.

A request takes a third of the time here. What may be refused for anything but a rate limit, and whatever is not just
that, goes on to the framework, which reads the body again: this module only answers 200 and 429. The rules are those of
`routes.py`.
"""

import asyncio
import re
import zlib
from collections.abc import Mapping, Sequence
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
from shipmark.ingest.admission import Admission, limits_of_refusal
from shipmark.ingest.allowed_origins import is_allowed
from shipmark.ingest.authorization import dsn_parts, request_key
from shipmark.ingest.envelope import EVENT, EnvelopeKeys, Item, ItemKeys, event_id_of, in_utc
from shipmark.ingest.event_log import FrameType, LogFrame, LogWriter
from shipmark.ingest.project_keys import KnownKey, ProjectKeys
from shipmark.ingest.receiving import ITEM_BYTES_MAX
from shipmark.ingest.session_items import SESSION, SESSION_TYPES, sessions_payload

Headers = Sequence[tuple[bytes, bytes]]
#: Compressed; it unpacks to at most the longest event.
BODY_BYTES_MAX = 16 * 1024
_PATH = re.compile(r"/api/([0-9]{1,18})/envelope/")
_GZIP_WINDOW = 31
#: Headers with which a request needs more than an answer.
_SPECIAL = frozenset({"transfer-encoding", "expect"})
#: A query whose names and key need no decoding.
_QUERY = re.compile(rb"[a-z_]+=[^&+;#\x80-\xff]*(?:&[a-z_]+=[^&+;#\x80-\xff]*)*")


class _EventHead(msgspec.Struct):
    """What is read of the event; decoding it shows that it is JSON."""

    event_id: object = None


@dataclass(frozen=True, slots=True)
class _Single:
    """The only item of an envelope, as it is appended to the log. ``event_id`` is what the answer says."""

    type: FrameType
    category: str
    payload: bytes
    event_id: str | None
    sent_at: datetime | None


_decode_header = msgspec.json.Decoder(EnvelopeKeys).decode
_decode_item_header = msgspec.json.Decoder(ItemKeys).decode
_decode_payload = msgspec.json.Decoder(_EventHead).decode


class SingleItems:
    """ASGI middleware that answers requests with one small item of a project that is remembered.

    ``cors`` are the headers of answers to pages of other origins.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        keys: ProjectKeys,
        log: LogWriter,
        admission: Admission,
        cors: Mapping[str, str],
    ) -> None:
        self._app, self._settings, self._keys = app, settings, keys
        self._log, self._admission = log, admission
        self._cors = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in cors.items()
        ]

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
        item = self._item_of(body, headers, key)
        if item is None:
            await self._app(scope, _again(body, receive), send)
            return
        if not await self._take(item, key, scope, headers, send):
            await self._app(scope, _again(body, receive), send)

    async def _take(
        self,
        item: _Single,
        key: KnownKey,
        scope: HTTPScope,
        headers: Mapping[str, str],
        send: Send,
    ) -> bool:
        """Append the item to the log and answer.

        Return False, without an answer, if the log is full or can't be written: the framework tries again, and refuses.
        """
        cors = self._cors if "origin" in headers else []
        verdict = self._admission.admit(key, (item.category,)) if key.quotas else None
        if verdict is not None and verdict.exhausted:
            await _refuse(send, verdict.refusal(), cors)
            return True
        try:
            with span("ingest.envelope", "debug"):
                written = self._log.append(self._frame(item, key, scope, headers))
            await asyncio.wrap_future(written)
        except Refusal:
            return False
        await _send_json(send, 200, _answer(item), cors)
        return True

    def _key_of(self, scope: HTTPScope, headers: Mapping[str, str]) -> KnownKey | None:
        """Return the key if it is remembered, and the request is one to answer here."""
        path = _PATH.fullmatch(scope["path"])
        query = _query_of(scope["query_string"])
        if path is None or query is None or not _is_plain(headers):
            return None
        try:
            sent = request_key(headers, query)
        except Refusal:
            return None
        key = self._keys.remembered(sent) if sent is not None else None
        if key is None or str(key.project.id) != path[1]:
            return None
        return key if is_allowed(key.origins, headers) else None

    def _item_of(self, body: bytes, headers: Mapping[str, str], key: KnownKey) -> _Single | None:
        """Return the item of an envelope that has just one, or None for the framework to look at it."""
        encoding = headers.get("content-encoding", "").strip().lower()
        try:
            content = _decoded(body, encoding, self._settings.event_max_bytes)
            header, item, payload = _parts_of(content)
            _require_dsn_of(key, header)
            if item.type == EVENT:
                return self._event(header, payload)
            if item.type in SESSION_TYPES:
                return _sessions(header, item.type, payload)
        except (ValueError, TypeError, AttributeError, RecursionError, zlib.error, Refusal):
            # Also what msgspec raises: each of them is a ValueError.
            return None
        return None

    def _event(self, header: EnvelopeKeys, payload: bytes) -> _Single | None:
        own_id = _decode_payload(payload).event_id
        sent_id = own_id if header.event_id is None else header.event_id
        event_id = event_id_of(cast("Any", sent_id))
        if len(payload) > self._settings.event_max_bytes:
            return None
        return _Single(FrameType.EVENT, ERROR, payload, event_id, _sent_at(header))

    def _frame(
        self, item: _Single, key: KnownKey, scope: HTTPScope, headers: Mapping[str, str]
    ) -> LogFrame:
        peer = scope["client"][0] if scope["client"] else None
        forwarded = headers.get("x-forwarded-for", "")
        address = forwarded_address(peer, forwarded, self._settings.trusted_proxies)
        return LogFrame(
            type=item.type,
            project_id=key.project.id,
            received_at=now(),
            payload=item.payload,
            event_id=item.event_id or "",
            sent_at=item.sent_at,
            sender=Sender(address=address, user_agent=headers.get("user-agent")),
        )


def _sessions(header: EnvelopeKeys, item_type: str, payload: bytes) -> _Single | None:
    """Return a session or a list of sessions. The digester reads them, and counts what is wrong."""
    event_id = None if header.event_id is None else event_id_of(header.event_id)
    if len(payload) > ITEM_BYTES_MAX[item_type]:
        return None
    content = sessions_payload([Item(type=item_type, headers={}, payload=payload)])
    return _Single(FrameType.SESSIONS, SESSION, content, event_id, _sent_at(header))


def _sent_at(header: EnvelopeKeys) -> datetime | None:
    return None if header.sent_at is None else in_utc(header.sent_at)


def _query_of(content: bytes) -> Mapping[str, str] | None:
    """Return the parameters of a query as SDKs of browsers send it, or None for another one."""
    if not content:
        return {}
    if not _QUERY.fullmatch(content):
        return None
    pairs = [pair.partition(b"=") for pair in content.split(b"&")]
    query = {name.decode(): value.decode() for name, _, value in pairs}
    return query if len(query) == len(pairs) else None


def _is_plain(headers: Mapping[str, str]) -> bool:
    """Return whether the body is small, and the request needs no more than an answer."""
    return (
        not _SPECIAL & headers.keys()
        # With a cookie, pages of other origins get another header.
        and not headers.keys() >= {"origin", "cookie"}
        and is_small(headers, BODY_BYTES_MAX)
    )


def _decoded(body: bytes, encoding: str, most: int) -> bytes:
    """Return the content of a body. Raise ValueError unless it is plain, or gzip with a single member."""
    if encoding in {"", "identity"}:
        return body
    decoder = zlib.decompressobj(_GZIP_WINDOW)
    content = decoder.decompress(body, most + BODY_BYTES_MAX) if encoding == "gzip" else b""
    if not decoder.eof or decoder.unused_data:
        raise ValueError("another encoding")
    return content


def _parts_of(content: bytes) -> tuple[EnvelopeKeys, ItemKeys, bytes]:
    """Return the headers and the payload of an envelope. Raise ValueError unless it has just one whole item."""
    header_line, item_line, rest = content.split(b"\n", 2)
    if not all(line.startswith(b"{") and line.endswith(b"}") for line in (header_line, item_line)):
        raise ValueError("not an object on one line")
    item = _decode_item_header(item_line)
    length = rest.find(b"\n") if item.length is None else item.length
    length = len(rest) if item.length is None and length < 0 else length
    payload, more = rest[:length], rest[length:]
    if not payload or len(payload) != length or more.strip(b"\n"):
        raise ValueError("more or less than one item")
    return _decode_header(header_line), item, payload


def _require_dsn_of(key: KnownKey, header: EnvelopeKeys) -> None:
    """Raise ValueError for a DSN of another key or project. SDKs of Ruby, PHP and Go repeat theirs in each envelope."""
    if header.dsn is not None and dsn_parts(header.dsn) != (key.public_key, key.project.id):
        raise ValueError("a DSN of another key")


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


def _answer(item: _Single) -> bytes:
    return b"{}" if item.event_id is None else b'{"id":"%s"}' % item.event_id.encode()


async def _refuse(send: Send, refusal: TooManyRequests, cors: Headers) -> None:
    """Answer as `routes.ingest_refusal` does."""
    more = [
        (b"retry-after", str(refusal.retry_after_seconds).encode()),
        (b"x-sentry-rate-limits", limits_of_refusal(refusal).encode()),
        (b"x-sentry-error", refusal.detail.encode()),
    ]
    await _send_json(send, 429, msgspec.json.encode(body_of(refusal)), [*more, *cors])


async def _send_json(send: Send, status: int, content: bytes, more: Headers) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
