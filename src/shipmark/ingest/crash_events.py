"""The event of a crash that was sent as a minidump or a crash report alone, and of the fields of its form.

Shipmark does not read stacks of native code: the event says so, and the file is its attachment (ingest.md 1).
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from shipmark.events.attachments.model import APPLE_CRASH_REPORT, MINIDUMP
from shipmark.events.payload import Json, object_of

#: The exception and its mechanism, by the type of the attachment.
_CRASHES = {
    MINIDUMP: ("Minidump", "Native crash; the stack in the minidump is not read", "minidump"),
    APPLE_CRASH_REPORT: (
        "AppleCrashReport",
        "Native crash; the stack in the crash report is not read",
        "applecrashreport",
    ),
}
#: The types of attachments that make an event if none is sent with them.
CRASH_TYPES = frozenset(_CRASHES)
#: ``sentry[tags][color]``: a place in the event.
_PLACE = re.compile(r"sentry((?:\[[^\[\]]{1,200}\]){1,10})")
#: ``sentry__1``: a part of the event's JSON, as some clients limit the length of fields.
_PIECE = re.compile(r"sentry__([0-9]{1,6})")
_WHOLE = "sentry"
#: What the trace of an envelope says about the event, too.
_OF_TRACE = ("release", "environment", "transaction")


def crash_event(attachment_type: str, sent: Json) -> dict[str, object]:
    """Return the event of a crash with what the client says of it."""
    name, value, mechanism = _CRASHES[attachment_type]
    event: dict[str, object] = {"level": "fatal", "platform": "native", **sent}
    if not event.get("exception"):
        event["exception"] = {
            "values": [
                {
                    "type": name,
                    "value": value,
                    "mechanism": {
                        "type": mechanism,
                        "handled": False,
                        "data": {"stack": "not read: it is in the attachment"},
                    },
                }
            ]
        }
    return event


def sent_with_envelope(headers: Json) -> dict[str, object]:
    """Return what the headers of an envelope say about its event."""
    trace = object_of(headers, "trace")
    event = {name: trace[name] for name in _OF_TRACE if isinstance(trace.get(name), str)}
    return event | ({"sdk": headers["sdk"]} if object_of(headers, "sdk") else {})


def sent_with_form(fields: Iterable[tuple[str, str]], event: Json) -> dict[str, object]:
    """Return the event of a form, from one that it has as a file, if any, and its fields.

    Fields that are not of the event, or are no JSON, become its extra data. Later fields go before earlier ones, and
    those with a place before whole objects.
    """
    merged: dict[str, object] = dict(event)
    pieces: dict[int, str] = {}
    places: list[tuple[list[str], str]] = []
    extra: dict[str, object] = {}
    for name, value in fields:
        if piece := _PIECE.fullmatch(name):
            pieces[int(piece[1])] = value
        elif place := _PLACE.fullmatch(name):
            places.append((place[1][1:-1].split("]["), value))
        elif name != _WHOLE or not _merge(merged, value):
            extra[name] = value
    whole = "".join(pieces[number] for number in sorted(pieces))
    if whole and not _merge(merged, whole):
        extra["sentry__"] = whole
    for keys, value in places:
        _put(merged, keys, value)
    if extra:
        merged["extra"] = extra | dict(object_of(merged, "extra"))
    return merged


def _merge(event: dict[str, object], text: str) -> bool:
    """Add the attributes of a JSON object. Return False for any other text."""
    try:
        value: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, dict):
        return False
    event |= value
    return True


def _put(event: dict[str, object], keys: list[str], value: str) -> None:
    """Set the value at a place; what is there and is no object is replaced."""
    holder = event
    for key in keys[:-1]:
        child = holder.get(key)
        holder[key] = dict(child) if isinstance(child, Mapping) else {}
        inner = holder[key]
        assert isinstance(inner, dict), "it was just set"
        holder = inner
    holder[keys[-1]] = value
