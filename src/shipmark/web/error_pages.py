"""Pages for refusals and failures."""

from collections.abc import Callable, Mapping

from litestar import Litestar, Response
from litestar.concurrency import sync_to_thread
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send
from sqlalchemy.exc import SQLAlchemyError

from shipmark.http import AnyRequest
from shipmark.http.error_responses import (
    failure_response,
    http_error_response,
    refusal_response,
    renamed_url,
)
from shipmark.infrastructure.errors import (
    Conflict,
    Forbidden,
    Refusal,
    Renamed,
    Unauthenticated,
    Unavailable,
)
from shipmark.web import urls
from shipmark.web.rendering import HEADERS, Answer, page, redirect, resend
from shipmark.web.request_context import WebRequest, request_url, sending_page

_NOT_FOUND = ("Page not found", "It may have been deleted, or you may not have access to it.")
_FORBIDDEN = "Not allowed"
_CONFLICT = "Someone else changed this"
_UNAVAILABLE = "Shipmark is unavailable"
_FAILED = "This page failed"
_OTHER = ("The request failed", "The server can't do what was requested. Nothing was changed.")
_FORMS_ONLY = ("Nothing to show here", "This address takes what a form sends. Open its page again.")
#: Browsers fill in a form again when they go back to it.
_KEPT = "If you typed something, go back: it is still in the form."
_ASK = "An owner or manager of the organization can give you a role that has it."
_READING = frozenset({"GET", "HEAD"})
_API = "/api/"


def refusal_page(request: AnyRequest, refusal: Refusal) -> Answer:
    """Return the page for a refusal; an unauthenticated user is redirected to sign in, a former URL to the current."""
    if isinstance(refusal, Unauthenticated):
        is_sent = request.method not in _READING
        after = sending_page(request) if is_sent else request_url(request)
        return redirect(urls.sign_in(after, is_unsaved=is_sent))
    if isinstance(refusal, Renamed):
        return resend(renamed_url(request, refusal))
    answer = refusal_response(request, refusal)
    status = answer.status_code or 400
    if isinstance(refusal, Forbidden):
        return _page(request, status, (_FORBIDDEN, f"{refusal.detail} {_ASK}"))
    if isinstance(refusal, Conflict):
        return _page(request, status, (_CONFLICT, refusal.detail))
    if isinstance(refusal, Unavailable):
        response = _bare(request, status, (_UNAVAILABLE, refusal.detail))
        response.headers["Retry-After"] = answer.headers["Retry-After"]
        return response
    return _page(request, status, _NOT_FOUND if status == 404 else _OTHER)


def http_page(request: AnyRequest, error: HTTPException) -> Answer:
    """Return the page for a refusal of the framework, such as a body over the limit."""
    words = {404: _NOT_FOUND, 405: _FORMS_ONLY}.get(error.status_code, _OTHER)
    return _page(request, error.status_code, words)


def unrouted_answer(request: AnyRequest, error: HTTPException) -> Response[object] | Answer:
    """Return the answer for an unknown path: a page for browsers, and JSON for others and below ``/api/``."""
    accepts = request.headers.get("accept", "")
    if request.url.path.startswith(_API) or "text/html" not in accepts:
        return http_error_response(request, error)
    return http_page(request, error)


def failure_page(request: AnyRequest, error: Exception) -> Answer:
    """Return the page for a bug: an id to find in the log, and no details."""
    content = failure_response(request, error).content
    assert isinstance(content, Mapping), "the answer to a bug is an object"
    number = content["errorId"]
    text = f"An error of the server stopped it. Error ID for the operator: {number}."
    return _LatePage(500, lambda: _after_failure(request, (_FAILED, text)))


class _LatePage(Response[bytes]):
    """A page that is rendered in a thread when it is sent, as exception handlers must not block."""

    def __init__(self, status: int, make: Callable[[], Answer]) -> None:
        super().__init__(b"", status_code=status, headers=HEADERS, media_type="text/html")
        self._make = make

    def to_asgi_response(
        self,
        app: Litestar | None,  # noqa: ARG002  # the framework passes it by name
        request: AnyRequest,
        **_: object,
    ) -> ASGIResponse:
        """Return the ASGI application that sends the page."""
        return _Sender(request, self._make)


class _Sender(ASGIResponse):
    def __init__(self, request: AnyRequest, make: Callable[[], Answer]) -> None:
        super().__init__()
        self._request = request
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await sync_to_thread(self._make)
        sender = answer.to_asgi_response(app=None, request=self._request)
        await sender(scope, receive, send)


def _page(request: AnyRequest, status: int, words: tuple[str, str]) -> Answer:
    title, text = words
    if request.method not in _READING:
        text = f"{text} {_KEPT}"
    return _LatePage(status, lambda: _with_navigation(request, status, (title, text)))


def _with_navigation(request: AnyRequest, status: int, words: tuple[str, str]) -> Answer:
    """Return the page, with the navigation of the signed-in user if the database is available."""
    web_request = _web_request(request)
    user = workspace = None
    try:
        with web_request.database.snapshot() as connection:
            user = web_request.user_if_any(connection)
            workspace = web_request.workspace_of(connection, user) if user else None
    except (SQLAlchemyError, Refusal):
        pass
    title, text = words
    return page(
        web_request,
        "error.html",
        status=status,
        workspace=workspace,
        user=user,
        code=status,
        title=title,
        text=text,
        is_reading=request.method in _READING,
    )


def _after_failure(request: AnyRequest, words: tuple[str, str]) -> Answer:
    """Return the page of a bug, without the navigation if it is that which fails."""
    try:
        return _with_navigation(request, 500, words)
    except Exception:  # noqa: BLE001  # the bug was reported; one more must not leave the browser without an answer
        return _bare(request, 500, words)


def _bare(request: AnyRequest, status: int, words: tuple[str, str]) -> Answer:
    """Return the page without the navigation, which needs the database."""
    title, text = words
    return page(
        _web_request(request),
        "error.html",
        status=status,
        code=status,
        title=title,
        text=text,
        is_reading=request.method in _READING,
    )


def _web_request(request: AnyRequest) -> WebRequest:
    return WebRequest(request, request.app.state.database, request.app.state.settings)
