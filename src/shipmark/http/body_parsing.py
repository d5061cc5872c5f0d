"""Parsing of request bodies, JSON or a form, to plain objects."""

import json
from collections.abc import Collection
from io import BytesIO
from urllib.parse import parse_qsl

import msgspec
from multipart import MultipartError, MultipartParser, parse_options_header  # type: ignore[import-untyped]  # the library has no types

from shipmark.infrastructure.errors import BadRequest, Unsupported

_FORM_PARTS_MAX = 1000
#: The character sets besides UTF-8 that programs write, each decoded in one pass.
_CHARSETS = frozenset(
    {
        "iso-8859-1",
        "iso-8859-2",
        "iso-8859-15",
        "latin1",
        "windows-1250",
        "windows-1251",
        "windows-1252",
        "koi8-r",
        "shift_jis",
        "euc-jp",
        "euc-kr",
        "gb2312",
        "gbk",
        "big5",
        "utf-16",
        "utf-16le",
        "utf-16be",
        "utf-32",
    }
)


def read(body: bytes, content_type: str, *, lists: Collection[str] = ()) -> object:
    """Return the object in a body; an empty body counts as ``{}``, whatever its media type.

    A form has only texts: fields named in ``lists`` become lists of all their values. Raise `BadRequest` if the body
    can't be parsed, `Unsupported` for other media types.
    """
    if not body:
        return {}
    media_type, options = parse_options_header(content_type)
    match media_type:
        case "application/json":
            return json_of(from_charset(body, options.get("charset", "")))
        case "application/x-www-form-urlencoded":
            return _form(_urlencoded(body), lists)
        case "multipart/form-data":
            return _form(_multipart(body, options.get("boundary", "")), lists)
    raise Unsupported(f'Unsupported media type "{content_type}" in request.')


def json_of(body: bytes) -> object:
    """Return the value of a JSON text, parsed strictly; raise `BadRequest` with the reference's message."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _slowly(body)


def from_charset(body: bytes, charset: str, errors: str = "strict") -> bytes:
    """Return a text in UTF-8. Unknown character sets count as UTF-8, as in the reference."""
    if charset.lower() not in _CHARSETS:
        return body
    try:
        return body.decode(charset, errors).encode()
    except UnicodeError as error:
        raise BadRequest(f"JSON parse error - {error}") from None


def _slowly(body: bytes) -> object:
    """Decode what the fast decoder refuses: for its message, and for lone surrogates, which fields refuse."""
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BadRequest(f"JSON parse error - {error}") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"JSON parse error - {error}") from None
    except RecursionError:
        raise BadRequest("JSON parse error - nested too deeply") from None
    except ValueError as error:
        # A number with more digits than Python converts.
        raise BadRequest(f"JSON parse error - {error}") from None


def _refuse_constant(text: str) -> object:
    raise BadRequest(
        f"JSON parse error - Out of range float values are not JSON compliant: {text!r}"
    )


def _form(pairs: list[tuple[str, str]], lists: Collection[str]) -> dict[str, object]:
    result: dict[str, object] = dict(pairs)
    for name in lists:
        if name in result:
            result[name] = [value for key, value in pairs if key == name]
    return result


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FORM_PARTS_MAX)
    except ValueError as error:
        raise BadRequest(f"Form parse error - {error}") from None


def _multipart(body: bytes, boundary: str) -> list[tuple[str, str]]:
    try:
        parser = MultipartParser(BytesIO(body), boundary, part_limit=_FORM_PARTS_MAX)
        return [(str(part.name), str(part.value)) for part in parser if not part.filename]
    except (MultipartError, ValueError) as error:
        raise BadRequest(f"Multipart form parse error - {error}") from None
