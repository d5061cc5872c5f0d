"""The request of an event as the API shows it: lists of pairs for what clients send in several forms."""

from urllib.parse import parse_qsl, urlsplit

from shipmark.events.payload import Json, as_text, is_pair, object_of, text_of

_PAIRS_MAX = 200
_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


def request_data(request: Json) -> dict[str, object] | None:
    """Return the data of the entry ``request``; None without a request."""
    if not request:
        return None
    base, query, fragment = _split(text_of(request, "url"))
    headers = _pairs(request.get("headers"))
    body = request.get("data")
    return {
        "url": base or None,
        "method": text_of(request, "method").upper() or None,
        "query": _pairs(request.get("query_string") or query),
        "fragment": text_of(request, "fragment") or fragment or None,
        "headers": sorted(headers),
        "cookies": _pairs(request.get("cookies"), separator="; "),
        "data": body if body is not None and body != "" else None,
        "env": object_of(request, "env") or None,
        "inferredContentType": _content_type(headers, body),
        "apiTarget": text_of(request, "api_target") or None,
    }


def _split(url: str) -> tuple[str, str, str]:
    """Return a URL without query and fragment, and both."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, "", ""
    return parts._replace(query="", fragment="").geturl(), parts.query, parts.fragment


def _pairs(value: object, separator: str = "&") -> list[list[str]]:
    """Return pairs of an object, a list of pairs, or a text like ``a=1&b=2``."""
    pairs: list[list[str]] = []
    if isinstance(value, str):
        text = value.removeprefix("?").replace(separator, "&")
        pairs = [list(pair) for pair in parse_qsl(text, keep_blank_values=True)]
    elif isinstance(value, dict):
        pairs = [[name, _text(held)] for name, held in value.items()]
    elif isinstance(value, list):
        pairs = [[as_text(item[0]), _text(item[1])] for item in value if is_pair(item)]
    return pairs[:_PAIRS_MAX]


def _text(value: object) -> str:
    """Return a value, or the values of a repeated name, as one text."""
    return ", ".join(map(as_text, value)) if isinstance(value, list) else as_text(value)


def _content_type(headers: list[list[str]], body: object) -> str | None:
    sent = next((value for name, value in headers if name.lower() == "content-type"), "")
    if sent:
        return sent.partition(";")[0].strip()
    if isinstance(body, dict | list):
        return _JSON
    return _FORM if isinstance(body, str) and "=" in body and not body.startswith("{") else None
