"""Limits on the resources of a connection, as ASGI middleware around the whole application.

The server closes a connection whose request was answered before its body was read, so a refusal need not read it.
"""

import asyncio
from collections.abc import Mapping
from io import BytesIO
from typing import cast

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from litestar.types.asgi_types import HTTPResponseBodyEvent, Message, ReceiveMessage

from shipmark.http.body_budget import BodyBudget, Reservation
from shipmark.infrastructure.errors import BadRequest, RequestTimeout, Unavailable
from shipmark.infrastructure.settings import MEBIBYTE, Settings

#: The most of a body that is held without a reservation: most requests are far smaller.
FREE_BYTES = MEBIBYTE

#: A client that is still sending when it is refused reads no answer: this much of its body is discarded first.
DRAINED_BYTES_MAX = 64 * MEBIBYTE
_DRAIN_SECONDS = 5.0

_LENGTH_DIGITS_MAX = 12

#: The key of the request's reservation in the scope.
_RESERVATION = "shipmark.reservation"

#: The option of routes that read their body as a stream and hold only pieces of it.
_STREAMING = "streams_body"


class ConnectionLimits:
    """ASGI middleware for slow, broken and concurrent bodies, and for the headers of all answers.

    * A body that stalls is answered 408, a truncated or badly chunked one 400.
    * Bodies over 1 MiB share a budget; beyond it they are answered 503. Routes that stream their body are exempt.
    * Every answer has ``X-Content-Type-Options``, and ``Strict-Transport-Security`` where the base URL is https.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self.budget = BodyBudget(settings.body_budget_bytes)
        self._timeout_seconds = settings.read_timeout_seconds
        self._headers = [(b"x-content-type-options", b"nosniff")]
        if settings.address.startswith("https:"):
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application within the limits."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        reservation = self.budget.reservation()
        cast("dict[str, object]", scope)[_RESERVATION] = reservation
        body = _Body(scope, receive, reservation, self._timeout_seconds)
        response = _Response(send, body, self._headers)
        # The server keeps a connection open while something refers to the rest of its body, and the traceback of a
        # refusal does so until the garbage collector runs: only these two objects hold it, and they let go of it.
        del receive, send
        try:
            await self._app(scope, body.receive, response.send)
        finally:
            reservation.release()
            body.detach()
            response.detach()


def reservation_of(scope: Scope) -> Reservation:
    """Return the reservation of a request, for routes that stream their body."""
    return cast("dict[str, Reservation]", scope)[_RESERVATION]


def is_small(headers: Mapping[str, str], most: int = FREE_BYTES) -> bool:
    """Return True if the declared length of the body is at most ``most`` bytes, or there is no body."""
    length = headers.get("content-length", "" if "transfer-encoding" in headers else "0")
    return (
        length.isascii()
        and length.isdigit()
        and len(length) < _LENGTH_DIGITS_MAX
        and int(length) <= most
    )


class _Body:
    """The body of a request as it is received."""

    def __init__(
        self, scope: HTTPScope, receive: Receive, reservation: Reservation, timeout_seconds: float
    ) -> None:
        self._scope, self._receive = scope, receive
        self._reservation, self._timeout_seconds = reservation, timeout_seconds
        self._count = self._reserved = 0
        self._length = _length_of(scope)
        self.is_read = not _has_body(scope)
        self._is_given_up = False

    async def receive(self) -> ReceiveMessage:
        """Return the next message; raise `RequestTimeout`, `BadRequest` for a broken body, or `Unavailable`."""
        message = await self._receive_part()
        if message["type"] != "http.request" or self._reserved == 0:
            return message
        # The application would hold a large body in thousands of parts until it has joined them. Their memory stays
        # with the process; that of one block goes back to the system.
        body = BytesIO()
        body.write(message.get("body", b""))
        while not self.is_read:
            message = await self._receive_part()
            if message["type"] != "http.request":
                return message
            body.write(message.get("body", b""))
        return {"type": "http.request", "body": body.getvalue(), "more_body": False}

    async def _receive_part(self) -> ReceiveMessage:
        if self.is_read:
            return await self._receive()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                message = await self._receive()
        except TimeoutError:
            self._is_given_up = True
            raise RequestTimeout from None
        if message["type"] == "http.disconnect":
            self.is_read = True
            raise BadRequest("The body of the request ended before its end.")
        if message["type"] == "http.request":
            self.is_read = not message.get("more_body", False)
            self._reserve(len(message.get("body", b"")))
        return message

    def detach(self) -> None:
        """Let go of the connection: the request was answered."""
        self._receive = _receive_nothing

    async def drain(self) -> None:
        """Discard the rest of the body, within the limits."""
        if self._is_given_up:
            return
        count = 0
        try:
            async with asyncio.timeout(min(_DRAIN_SECONDS, self._timeout_seconds)):
                while not self.is_read and count < DRAINED_BYTES_MAX:
                    message = await self._receive()
                    if message["type"] != "http.request":
                        return
                    self.is_read = not message.get("more_body", False)
                    count += len(message.get("body", b""))
        except TimeoutError:
            return

    def _reserve(self, more: int) -> None:
        """Reserve the full declared length at once, so that some of many concurrent bodies are read to their end."""
        self._count += more
        requested = max(self._count, self._length)
        if requested <= max(FREE_BYTES, self._reserved) or self._is_streamed():
            return
        if not self._reservation.grow(requested - self._reserved):
            raise Unavailable("Too many large requests are under way. Try again later.")
        self._reserved = requested

    def _is_streamed(self) -> bool:
        handler = self._scope.get("route_handler")
        return handler is not None and _STREAMING in handler.opt


def _length_of(scope: HTTPScope) -> int:
    """Return the declared length of the body, or 0; the application refuses one over its limit."""
    fields = b"".join(value for name, value in scope["headers"] if name == b"content-length")
    return int(fields) if fields.isdigit() and len(fields) < _LENGTH_DIGITS_MAX else 0


def _has_body(scope: HTTPScope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
        for name, value in scope["headers"]
    )


class _Response:
    """The answer to a request, with additional headers, and delivered to a client that is still sending."""

    def __init__(self, send: Send, body: _Body, headers: list[tuple[bytes, bytes]]) -> None:
        self._send, self._body, self._headers = send, body, headers
        self._is_refusal = False

    async def send(self, message: Message) -> None:
        """Send a message of the answer."""
        if message["type"] == "http.response.start":
            self._is_refusal = message["status"] >= 400
            headers = list(message.get("headers", ()))
            names = {name.lower() for name, _ in headers}
            headers += [field for field in self._headers if field[0] not in names]
            if self._is_refusal and not self._body.is_read:
                # Without a length the answer ends with its last message: once the rest of the body is discarded.
                headers = [field for field in headers if field[0].lower() != b"content-length"]
                headers.append((b"connection", b"close"))
            message["headers"] = headers
            await self._send(message)
        elif self._is_last(message) and self._is_refusal and not self._body.is_read:
            # The answer is sent before the rest is discarded; its end closes the connection.
            body = cast("HTTPResponseBodyEvent", message)["body"]
            await self._send({"type": "http.response.body", "body": body, "more_body": True})
            await self._body.drain()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self._send(message)

    def detach(self) -> None:
        """Let go of the connection: the request was answered."""
        self._send = _send_nothing

    @staticmethod
    def _is_last(message: Message) -> bool:
        return message["type"] == "http.response.body" and not message.get("more_body", False)


async def _receive_nothing() -> ReceiveMessage:
    return {"type": "http.disconnect"}


async def _send_nothing(message: Message) -> None:
    """Discard a message that comes after the end of the answer."""
