"""The request of an event as the API shows it: lists of pairs for what clients send in several forms."""

from shipmark.events import request_parts
from shipmark.events.payload import Json, object_of, text_of

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


def request_data(request: Json) -> dict[str, object] | None:
    """Return the data of the entry ``request``; None without a request."""
    if not request:
        return None
    base, _, fragment = request_parts.split_url(request)
    headers = request_parts.headers(request)
    body = request.get("data")
    return {
        "url": base or None,
        "method": text_of(request, "method").upper() or None,
        "query": request_parts.query(request),
        "fragment": text_of(request, "fragment") or fragment or None,
        "headers": sorted(headers),
        "cookies": request_parts.cookies(request),
        "data": body if body is not None and body != "" else None,
        "env": object_of(request, "env") or None,
        "inferredContentType": _content_type(headers, body),
        "apiTarget": text_of(request, "api_target") or None,
    }


def _content_type(headers: list[request_parts.Pair], body: object) -> str | None:
    if sent := request_parts.value_of(headers, "content-type"):
        return sent.partition(";")[0].strip()
    if isinstance(body, dict | list):
        return _JSON
    return _FORM if isinstance(body, str) and "=" in body and not body.startswith("{") else None
