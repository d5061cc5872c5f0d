"""The JSON of an event, read leniently: a crash reporter can't choose what is in its texts."""

import json
import re
from contextlib import suppress
from urllib.parse import parse_qs

import msgspec

from shipmark.http import body_parsing
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.text_encodings import in_utf8, with_valid_escapes

#: The fields of the form that the oldest browsers' clients send instead of a body of JSON (ingest.md 1).
FORM_FIELD = "sentry_data"
#: The field may be behind others, such as the key. No JSON and no base64 begins like this.
_FORM = re.compile(rb"(?:[\w.-]+=[^&{]*&){0,20}?%s=([^&]*)" % FORM_FIELD.encode())
#: Longer numbers are read as null: converting them takes long, and no column holds them.
_DIGITS_MAX = 400


def event_object(content: bytes) -> dict[str, object]:
    """Return the JSON object of an event; raise `BadRequest` for anything else.

    Bytes that are not UTF-8 become U+FFFD; a byte order mark, control characters in texts, NaN and Infinity pass.
    """
    result = json_value(content)
    if not isinstance(result, dict):
        raise BadRequest("invalid event: not a JSON object")
    return result


def json_value(content: bytes) -> object:
    """Return the JSON of a body, None for an empty one, as leniently as `event_object`. Raise `BadRequest` for none."""
    result: object = None
    if content.strip():
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # The fast decoder is strict. What it refuses is rare, and read again.
            result = msgspec.json.decode(content)
        if result is None:
            result = _leniently(content)
    return result


def without_form(content: bytes) -> bytes:
    """Return the event of a form with the field ``sentry_data``; any other body as it is."""
    form = _FORM.match(content)
    if form is None:
        return content
    field = form[1].decode("latin-1")
    return parse_qs(f"{FORM_FIELD}={field}").get(FORM_FIELD, [""])[0].encode()


def in_charset(content: bytes, charset: str) -> bytes:
    """Return a text in UTF-8; it is of the named character set if it is not UTF-8, as many name one by default."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return body_parsing.from_charset(content, charset, "replace")
    return content


def _leniently(content: bytes) -> object:
    # Clients in C send the end of their text too.
    text = in_utf8(content).decode("utf-8", "replace").rstrip("\x00")
    try:
        return _loaded(text)
    except RecursionError:
        raise BadRequest("invalid event: JSON parse error - nested too deeply") from None
    except ValueError as error:
        raise BadRequest(f"invalid event: JSON parse error - {error}") from None


def _loaded(text: str) -> object:
    try:
        return json.loads(text, strict=False, parse_int=_integer)
    except json.JSONDecodeError as error:
        if "escape" not in error.msg:
            raise
        return json.loads(with_valid_escapes(text), strict=False, parse_int=_integer)


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _DIGITS_MAX else None
