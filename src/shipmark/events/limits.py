"""Limits of the parts of an event: what is beyond them is cut or left out, and named as a problem of the event."""

from collections.abc import Iterator

from shipmark.events import problems
from shipmark.events.payload import Json, object_of

#: The newest ones stay.
BREADCRUMBS_MAX = 100
#: Characters of a request's body that was sent as a text.
BODY_MAX = 16_384
#: Characters of one value of extra data, of one context, or of a request's body that is an object.
VALUE_MAX = 65_536
MODULES_MAX = 2000
#: What a number, a bracket or a quotation mark counts as.
_SCALAR_SIZE = 4


def within_limits(payload: Json) -> tuple[Json, list[Json]]:
    """Return the event within all limits, itself if it is, and a problem for each part that was not."""
    changes: Json = {}
    noted: list[Json] = []
    for name in ("extra", "contexts"):
        if large := dict(_large_values(name, object_of(payload, name))):
            sent = object_of(payload, name).items()
            changes[name] = {key: value for key, value in sent if key not in large}
            noted += large.values()
    _limit_breadcrumbs(payload, changes, noted)
    _limit_modules(payload, changes, noted)
    _limit_body(payload, changes, noted)
    return (payload | changes if changes else payload), noted


def _large_values(name: str, values: Json) -> Iterator[tuple[str, Json]]:
    for key, value in values.items():
        if _is_too_large(value):
            yield key, problems.too_long(f"{name}.{key[: problems.NAME_MAX]}", None, VALUE_MAX)


def _limit_breadcrumbs(payload: Json, changes: Json, noted: list[Json]) -> None:
    sent = payload.get("breadcrumbs")
    values = sent.get("values") if isinstance(sent, dict) else sent
    if isinstance(values, list) and len(values) > BREADCRUMBS_MAX:
        changes["breadcrumbs"] = {"values": values[-BREADCRUMBS_MAX:]}
        reason = f"only the newest {BREADCRUMBS_MAX} are stored"
        noted.append(problems.invalid("breadcrumbs", len(values), reason))


def _limit_modules(payload: Json, changes: Json, noted: list[Json]) -> None:
    modules = object_of(payload, "modules")
    if len(modules) > MODULES_MAX:
        changes["modules"] = dict(list(modules.items())[:MODULES_MAX])
        reason = f"only {MODULES_MAX} are stored"
        noted.append(problems.invalid("modules", len(modules), reason))


def _limit_body(payload: Json, changes: Json, noted: list[Json]) -> None:
    request = object_of(payload, "request")
    body = request.get("data")
    if isinstance(body, str) and len(body) > BODY_MAX:
        changes["request"] = request | {"data": body[:BODY_MAX]}
        noted.append(problems.too_long("request.data", None, BODY_MAX))
    elif isinstance(body, dict | list) and _is_too_large(body):
        changes["request"] = request | {"data": None}
        noted.append(problems.too_long("request.data", None, VALUE_MAX))


def _is_too_large(value: object) -> bool:
    """Return True if the value has more than `VALUE_MAX` characters; counting ends there."""
    rest, waiting = VALUE_MAX, [value]
    while waiting and rest >= 0:
        item = waiting.pop()
        if isinstance(item, str):
            rest -= len(item)
        elif isinstance(item, dict):
            waiting += item.keys()
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
        rest -= _SCALAR_SIZE
    return rest < 0
