"""Refusals and exceptions as status and body (auth-and-errors.md 5). No other module maps them."""

from collections.abc import Mapping
from urllib.parse import quote, unquote

from litestar import Response
from litestar.exceptions import HTTPException

from shipmark.http import AnyRequest
from shipmark.infrastructure import errors, ids
from shipmark.infrastructure.telemetry import report_exception

_STATUS: Mapping[type[errors.Refusal], int] = {
    errors.Renamed: 302,
    errors.ValidationFailed: 400,
    errors.BadRequest: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.RequestTimeout: 408,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}

#: The index of the first path segment that may name an organization's project or other resource.
_NAMES_FROM = 5

#: Deliberately not "Basic", which would make browsers ask for a password.
_CHALLENGE = {"WWW-Authenticate": 'xBasic realm="api"'}

#: The order of methods in ``Allow``.
_METHODS = "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"

_HEADERS: Mapping[int, Mapping[str, str]] = {401: _CHALLENGE, 503: {"Retry-After": "5"}}


def refusal_response(request: AnyRequest, refusal: errors.Refusal) -> Response[object]:
    """Return the response for a refusal."""
    if isinstance(refusal, errors.Renamed):
        return _redirect_response(request, refusal)
    status = _STATUS[refusal.like if isinstance(refusal, errors.BadUpload) else type(refusal)]
    headers = _HEADERS.get(status)
    if isinstance(refusal, errors.TooManyRequests):
        headers = {"Retry-After": str(refusal.retry_after_seconds)}
    return _json_response(body_of(refusal), status, headers)


def _redirect_response(request: AnyRequest, refusal: errors.Renamed) -> Response[object]:
    """Return the redirect to the current URL (auth-and-errors.md 4)."""
    url = renamed_url(request, refusal)
    detail = {
        "code": "resource-moved",
        "message": "Resource has been moved",
        "extra": {"url": url, "slug": refusal.slug},
    }
    return _json_response({"slug": refusal.slug, "detail": detail}, 302, {"Location": url})


def renamed_url(request: AnyRequest, refusal: errors.Renamed) -> str:
    """Return the requested URL with the resource's current name."""
    raw = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    parts = raw.decode("latin-1").partition("?")[0].split("/")
    # Segments below a project may equal the old name: the first match is the project's.
    index = next(i for i in range(_NAMES_FROM, len(parts)) if unquote(parts[i]) == refusal.part)
    parts[index] = quote(refusal.slug)
    query = request.scope["query_string"].decode("latin-1")
    return "/".join(parts) + (f"?{query}" if query else "")


def body_of(refusal: errors.Refusal) -> object:
    """Return the JSON of a refusal."""
    match refusal:
        case errors.ValidationFailed(fields=fields):
            return fields
        case errors.BadRequest(detail=detail, code=str(code), extra=extra):
            return {"detail": {"code": code, "message": detail, "extra": extra}}
        case errors.TooLarge(detail=""):
            # The reference has no message for a photo that is too large (files-and-avatars.md 2.3).
            return {"detail": {"code": "", "message": "", "extra": {}}}
        case errors.BadUpload(detail=detail):
            return {"error": detail}
        case errors.Conflict(detail=detail, fields=fields):
            return {**fields, "detail": detail}
    return {"detail": getattr(refusal, "detail", "")}


def http_error_response(request: AnyRequest, error: HTTPException) -> Response[object]:
    """Return the response for a refusal of the framework: unknown route, wrong method, body over the limit."""
    status, detail, headers = error.status_code, error.detail, dict(error.headers or {})
    if status == 405:
        detail = f'Method "{request.method}" not allowed.'
        if "allow" in headers:
            # The framework's order is that of a set, and differs from process to process.
            headers["allow"] = ", ".join(sorted(headers["allow"].split(", "), key=_METHODS.find))
    elif status == 404:
        detail = errors.NotFound().detail
    elif status == 413:
        detail = "The request's body is over the limit of this server."
    return _json_response({"detail": detail}, status, headers)


def failure_response(request: AnyRequest, error: Exception) -> Response[object]:
    """Return the response for a bug: an id to find in the log, and no details."""
    error_id = ids.hex32()
    report_exception(
        "A request failed by a bug",
        error,
        **{"error.id": error_id, "http.method": request.method, "http.path": request.url.path},
    )
    return _json_response({"detail": "Internal Error", "errorId": error_id}, 500)


def _json_response(
    content: object, status: int, headers: Mapping[str, str] | None = None
) -> Response[object]:
    return Response(content, status_code=status, headers=headers, media_type="application/json")
