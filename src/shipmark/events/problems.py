"""What an event says that can't be kept as sent: it is in the event's ``errors``, never dropped in silence.

The types are those of the protocol: ``invalid_data``, ``value_too_long``, ``past_timestamp`` and ``future_timestamp``,
with the attribute's name and the value sent (ingest.md 5).
"""

import re
from collections.abc import Iterator

from shipmark.events.payload import (
    TEXT_MAX,
    TYPE_MAX,
    Json,
    as_text,
    known_level,
    object_of,
    objects_of,
    plain,
    text_of,
    text_or_json,
)
from shipmark.events.sender import is_ip_address

#: The most problems of one event: an event of garbage must not grow by its description.
PROBLEMS_MAX = 50
NAME_MAX = 200
_VALUE_MAX = 200
#: Attributes that are objects or lists; anything else in their place is left out.
_STRUCTURES: dict[str, tuple[type, ...]] = {
    "user": (dict,),
    "request": (dict,),
    "contexts": (dict,),
    "extra": (dict,),
    "modules": (dict,),
    "sdk": (dict,),
    "exception": (dict, list),
    "threads": (dict, list),
    "breadcrumbs": (dict, list),
    "stacktrace": (dict,),
    "message": (str, int, float, dict),
    "logentry": (str, dict),
    "tags": (dict, list),
    "fingerprint": (list,),
    "debug_meta": (dict,),
    "template": (dict,),
}


#: What identifies a user, the best first; else it is the address.
USER_IDENTIFIERS = ("id", "username", "email")
#: Texts that are kept as tags, whatever they say.
_ONLY_TAGS = frozenset({"logger", "transaction", "server_name", "site"})
NO_TEXT, ONE_LINE = "not a text", "a value has one line"
WRONG_TYPE = "wrong type"
_EVENT_ID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")


def invalid(name: str, value: object, reason: str) -> Json:
    """Return the problem of an attribute that was left out."""
    return _problem("invalid_data", name, value, reason)


def unstorable(name: str) -> Json:
    """Return the problem of an attribute with a value within it that was left out."""
    return invalid(name, None, "a value that can't be stored")


def too_long(name: str, value: object, most: int) -> Json:
    """Return the problem of a text over its limit, which was cut or left out."""
    return _problem("value_too_long", name, value, f"more than {most} characters")


def of_structure(payload: Json) -> Iterator[Json]:
    """Yield a problem for each attribute whose value has the wrong type. Nothing is lost with what is empty."""
    for name, types in _STRUCTURES.items():
        value = payload.get(name)
        if value and (not isinstance(value, types) or isinstance(value, bool)):
            yield invalid(name, value, WRONG_TYPE)


def of_texts(payload: Json, limits: dict[str, int]) -> Iterator[Json]:
    """Yield a problem for each attribute that is no text, longer than its limit, or no tag for a line break."""
    for name, most in limits.items():
        value = payload.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, dict | list | bool):
            yield invalid(name, value, NO_TEXT)
        elif len(text := as_text(value)) > most:
            yield too_long(name, value, most)
        elif name in _ONLY_TAGS and has_line_break(text):
            yield invalid(name, value, ONE_LINE)


def of_user(payload: Json) -> Iterator[Json]:
    """Yield a problem for each part of the user that can not identify them."""
    user = object_of(payload, "user")
    for kind in USER_IDENTIFIERS:
        if isinstance(value := user.get(kind), dict | list):
            yield invalid(f"user.{kind}", value, NO_TEXT)
    address = text_of(user, "ip_address")
    # SDKs ask for the sender's address by "{{auto}}"; where that is not known it stays.
    if address and address != "{{auto}}" and not is_ip_address(address):
        yield invalid("user.ip_address", address, "not an IP address")


def has_line_break(text: str) -> bool:
    """Return True for a text of several lines, which no value of a tag has."""
    return "\n" in text or "\r" in text


def _of_values(name: str, holder: object) -> Iterator[Json]:
    values = holder.get("values") if isinstance(holder, dict) else holder
    if isinstance(values, list):
        for index, value in enumerate(values):
            if value is not None and not isinstance(value, dict):
                yield invalid(f"{name}.values.{index}", value, WRONG_TYPE)
    # A single object in their place is read as one of them.
    elif values and holder is not values:
        yield invalid(f"{name}.values", values, WRONG_TYPE)


def of_parts(payload: Json) -> Iterator[Json]:
    """Yield a problem for each exception, thread and breadcrumb that is no object, and for an invalid id."""
    for name in ("exception", "threads", "breadcrumbs"):
        yield from _of_values(name, payload.get(name))
    event_id = payload.get("event_id")
    if event_id is not None and not _EVENT_ID.fullmatch(as_text(event_id)):
        yield invalid("event_id", event_id, "not an id")


def of_level(payload: Json) -> Iterator[Json]:
    """Yield the problem of an unknown level."""
    value = payload.get("level")
    if value not in (None, "") and known_level(value) is None:
        yield invalid("level", value, "unknown level")


def of_exceptions(payload: Json) -> Iterator[Json]:
    """Yield a problem for each text of an exception, or of the message, that is cut."""
    for index, value in enumerate(objects_of(payload, "exception")):
        if len(as_text(value.get("type"))) > TYPE_MAX:
            yield too_long(f"exception.values.{index}.type", value["type"], TYPE_MAX)
        # What JavaScript throws, such as an answer of a server, may be any JSON.
        if len(text_or_json(value.get("value"))) > TEXT_MAX:
            yield too_long(f"exception.values.{index}.value", value["value"], TEXT_MAX)
    logged = object_of(payload, "logentry") or {"formatted": payload.get("message")}
    for key in ("formatted", "message"):
        if len(as_text(logged.get(key))) > TEXT_MAX:
            yield too_long(f"logentry.{key}", logged.get(key), TEXT_MAX)


def _problem(kind: str, name: str, value: object, reason: str) -> Json:
    shown = (
        value if value is None or isinstance(value, int | float | bool) else str(value)[:_VALUE_MAX]
    )
    name = plain(name)  # that of a value that can't be stored may not be stored either
    return {
        "type": kind,
        "message": f"{name}: {reason}",
        "data": {"name": name, "value": shown, "reason": reason},
    }
