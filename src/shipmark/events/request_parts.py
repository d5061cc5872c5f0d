"""The parts of the HTTP request of an event: pairs for what clients send as a text, an object or a list of pairs."""

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit

from shipmark.events.payload import Json, as_text, is_pair, text_of, text_or_json

#: A name and a value.
Pair = list[str]
_PAIRS_MAX = 200


def split_url(request: Json) -> tuple[str, str, str]:
    """Return the URL without query and fragment, and both."""
    url = text_of(request, "url")
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, "", ""
    return parts._replace(query="", fragment="").geturl(), parts.query, parts.fragment


def query(request: Json) -> list[Pair]:
    """Return the query, or else that of the URL."""
    return _pairs(request.get("query_string") or split_url(request)[1])


def headers(request: Json) -> list[Pair]:
    """Return the headers."""
    return _pairs(request.get("headers"))


def value_of(pairs: Iterable[Pair], name: str) -> str:
    """Return the first value among headers, given their name in lower case, or an empty text."""
    return next((value for key, value in pairs if key.lower() == name), "")


def cookies(request: Json) -> list[Pair]:
    """Return the cookies."""
    return _pairs(request.get("cookies"), separator="; ")


def _pairs(value: object, separator: str = "&") -> list[Pair]:
    """Return pairs of an object, a list of pairs, or a text like ``a=1&b=2``."""
    pairs: list[Pair] = []
    if isinstance(value, str):
        text = value.removeprefix("?").replace(separator, "&")
        pairs = [list(pair) for pair in parse_qsl(text, keep_blank_values=True)]
    elif isinstance(value, dict):
        pairs = [pair for name, held in value.items() for pair in _flat(name, held)]
    elif isinstance(value, list):
        items = (item for item in value if is_pair(item))
        pairs = [pair for name, held in items for pair in _flat(as_text(name), held)]
    return pairs[:_PAIRS_MAX]


def _flat(name: str, value: object) -> Iterator[Pair]:
    """Yield a value with its name; those within an object as in forms, ``filter[color]``, so that each has a name."""
    if isinstance(value, dict):
        for key, held in value.items():
            yield from _flat(f"{name}[{key}]", held)
    else:
        yield [name, _text(value)]


def _text(value: object) -> str:
    """Return a value, or the values of a repeated name, as one text."""
    return ", ".join(map(text_or_json, value)) if isinstance(value, list) else as_text(value)
