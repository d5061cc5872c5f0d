"""Refusals and exceptions as status and body (auth-and-errors.md 5). No other module maps them."""

from collections.abc import Mapping
from urllib.parse import quote, unquote

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.status_codes import HTTP_405_METHOD_NOT_ALLOWED, HTTP_500_INTERNAL_SERVER_ERROR

from shipmark.infrastructure import ids
from shipmark.infrastructure.errors import (
    BadRequest,
    BadUpload,
    Conflict,
    Forbidden,
    NotFound,
    Refusal,
    Renamed,
    RequestTimeout,
    StorageFull,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unsupported,
    ValidationFailed,
)
from shipmark.infrastructure.telemetry import report_exception

AnyRequest = Request[object, object, State]

_STATUS: Mapping[type[Refusal], int] = {
    Renamed: 302,
    ValidationFailed: 400,
    BadRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    RequestTimeout: 408,
    Conflict: 409,
    TooLarge: 413,
    Unsupported: 415,
    TooManyRequests: 429,
    Unavailable: 503,
    StorageFull: 507,
}

#: The index of the first path segment that may name an organization's project or other resource.
_NAMES_FROM = 5

#: Deliberately not "Basic", which would make browsers ask for a password.
_CHALLENGE = {"WWW-Authenticate": 'xBasic realm="api"'}

_HEADERS: Mapping[int, Mapping[str, str]] = {401: _CHALLENGE, 503: {"Retry-After": "5"}}


def refusal_response(request: AnyRequest, refusal: Refusal) -> Response[object]:
    """Return the response for a refusal."""
    if isinstance(refusal, Renamed):
        return _redirect_response(request, refusal)
    status = _STATUS[refusal.like if isinstance(refusal, BadUpload) else type(refusal)]
    headers = _HEADERS.get(status)
    if isinstance(refusal, TooManyRequests):
        headers = {"Retry-After": str(refusal.retry_after_seconds)}
    return Response(
        body_of(refusal), status_code=status, headers=headers, media_type="application/json"
    )


def _redirect_response(request: AnyRequest, refusal: Renamed) -> Response[object]:
    """Return the redirect to the same URL with the resource's current name (auth-and-errors.md 4)."""
    raw = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    parts = raw.decode("latin-1").partition("?")[0].split("/")
    # Segments below a project may equal the old name: the first match is the project's.
    place = next(at for at in range(_NAMES_FROM, len(parts)) if unquote(parts[at]) == refusal.part)
    parts[place] = quote(refusal.slug)
    query = request.scope["query_string"].decode("latin-1")
    url = "/".join(parts) + (f"?{query}" if query else "")
    detail = {
        "code": "resource-moved",
        "message": "Resource has been moved",
        "extra": {"url": url, "slug": refusal.slug},
    }
    return Response(
        {"slug": refusal.slug, "detail": detail},
        status_code=302,
        headers={"Location": url},
        media_type="application/json",
    )


def body_of(refusal: Refusal) -> object:
    """Return the JSON of a refusal."""
    match refusal:
        case ValidationFailed(fields=fields):
            return fields
        case BadRequest(detail=detail, code=str(code), extra=extra):
            return {"detail": {"code": code, "message": detail, "extra": extra}}
        case TooLarge(detail=""):
            # The reference has no message for a photo that is too large (files-and-avatars.md 2.3).
            return {"detail": {"code": "", "message": "", "extra": {}}}
        case BadUpload(detail=detail):
            return {"error": detail}
        case Conflict(detail=detail, fields=fields):
            return {**fields, "detail": detail}
    return {"detail": getattr(refusal, "detail", "")}


def http_error_response(request: AnyRequest, error: HTTPException) -> Response[object]:
    """Return the response for a refusal of the framework: unknown route, wrong method, body over the limit."""
    status = error.status_code
    detail = error.detail
    if status == HTTP_405_METHOD_NOT_ALLOWED:
        detail = f'Method "{request.method}" not allowed.'
    elif status == 404:
        detail = NotFound().detail
    elif status == 413:
        detail = "The request's body is over the limit of this server."
    return Response(
        {"detail": detail}, status_code=status, headers=error.headers, media_type="application/json"
    )


def failure_response(request: AnyRequest, error: Exception) -> Response[object]:
    """Return the response for a bug: an id to find in the log, and no details."""
    error_id = ids.hex32()
    report_exception(
        "A request failed by a bug",
        error,
        **{"error.id": error_id, "http.method": request.method, "http.path": request.url.path},
    )
    return Response(
        {"detail": "Internal Error", "errorId": error_id},
        status_code=HTTP_500_INTERNAL_SERVER_ERROR,
        media_type="application/json",
    )
