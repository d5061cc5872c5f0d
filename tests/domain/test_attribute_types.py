"""What has a wrong type within a part of an event is told: ingest.md 5."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

import pytest
from factories import ago

from shipmark.events.parsing import ParsedEvent, parse
from shipmark.events.payload import Json, exceptions_of
from shipmark.infrastructure.clock import DRIFT_MIN

RIGHT: Json = {
    "exception": {
        "values": [
            {
                "type": "E",
                "value": "bad",
                "mechanism": {"type": "generic", "handled": False, "data": {}},
                "stacktrace": {
                    "frames": [
                        {
                            "filename": "a.py",
                            "function": 7,
                            "lineno": "12",
                            "colno": 3.0,
                            "in_app": True,
                            "context_line": "raise",
                            "pre_context": [],
                            "vars": [],
                        },
                        None,
                    ]
                },
            }
        ]
    },
    "threads": {"values": [{"id": 1, "name": "main", "current": True, "stacktrace": None}]},
    "breadcrumbs": [
        {"timestamp": 1795775000.5, "level": "info", "data": []},
        {"timestamp": "2026-11-27T10:00:00Z", "level": "WARN", "message": 7},
        {"timestamp": 1795775000123, "category": None},
    ],
    "request": {
        "url": "https://acme.example",
        "headers": [["A", "b"]],
        "cookies": "a=b",
        "env": [],
    },
    "user": {"id": 7, "name": "Ada", "data": {"plan": "pro"}},
    "contexts": {"os": {"name": "Linux"}, "empty": None},
    "modules": {"acme": "1.0", "other": 2},
    "sdk": {"name": "python", "version": 2},
    "debug_meta": {"images": [None]},
    "fingerprint": ["a", 7, None],
}


def parsed(payload: Json) -> ParsedEvent:
    return parse(payload, event_id="0" * 32, received_at=ago(), drift=DRIFT_MIN * 0)


def told(payload: Json) -> list[tuple[str, str]]:
    errors: Any = parsed(payload).payload.get("errors", [])
    return [(error["data"]["name"], error["data"]["reason"]) for error in errors]


def test_what_sdks_send_is_right() -> None:
    for _ in range(2):  # combinations of types are remembered
        assert told(RIGHT) == []


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values within a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in pairs:
        yield (*before, key)
        if isinstance(part, dict | list):
            yield from paths(part, (*before, key))


def put(holder: Any, path: Sequence[Any], value: object) -> None:
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value


FRAME = "exception.values.0.stacktrace.frames.0"


@pytest.mark.parametrize(
    ("path", "value", "most"),
    [
        ("exception.values", {"type": "E", "value": "bad"}, 50),
        ("threads.values", {"id": 1}, 250),
        ("exception.values.0.stacktrace.frames", {"function": "f"}, 250),
    ],
)
def test_what_is_beyond_the_limits_is_told(path: str, value: Json, most: int) -> None:
    payload: Any = deepcopy(RIGHT)
    put(
        payload, [int(part) if part.isdigit() else part for part in path.split(".")], [value] * most
    )
    assert told(payload) == []
    put(
        payload,
        [int(part) if part.isdigit() else part for part in path.split(".")],
        [value] * (most + 1),
    )
    assert told(payload) == [(path, f"only the last {most} are shown and compared")]


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("exception.values", "E", "wrong type"),
        ("exception.values.0.type", ["E"], "wrong type"),
        ("exception.values.0.mechanism", "generic", "wrong type"),
        ("exception.values.0.mechanism.handled", "no", "wrong type"),
        ("exception.values.0.stacktrace", "at a.py:1", "wrong type"),
        ("exception.values.0.stacktrace.frames", "at a.py:1", "wrong type"),
        (FRAME, "at a.py:1", "wrong type"),
        (f"{FRAME}.filename", {"name": "a.py"}, "wrong type"),
        (f"{FRAME}.lineno", "twelve", "wrong type"),
        (f"{FRAME}.colno", [1], "wrong type"),
        (f"{FRAME}.in_app", "true", "wrong type"),
        (f"{FRAME}.vars", "a=1", "wrong type"),
        (f"{FRAME}.pre_context", "line", "wrong type"),
        ("threads.values.0.name", ["main"], "wrong type"),
        ("threads.values.0.current", 1, "wrong type"),
        ("threads.values.0.stacktrace", "text", "wrong type"),
        ("breadcrumbs.values.0.data", "text", "wrong type"),
        ("breadcrumbs.values.0.message", {"a": 1}, "wrong type"),
        ("breadcrumbs.values.0.timestamp", "yesterday", "not a date"),
        ("breadcrumbs.values.0.timestamp", [1], "wrong type"),
        ("breadcrumbs.values.0.level", "loud", "unknown level"),
        ("request.headers", "A: b", "wrong type"),
        ("request.headers.0", "A: b", "not a pair of name and value"),
        ("request.env", "PATH=/", "wrong type"),
        ("user.data", "pro", "wrong type"),
        ("contexts.os", "Linux", "wrong type"),
        ("modules.acme", ["1.0"], "wrong type"),
        ("sdk.version", [2], "wrong type"),
        ("debug_meta", "none", "wrong type"),
        ("debug_meta.images", "none", "wrong type"),
        ("debug_meta.images.0", "none", "wrong type"),
        ("fingerprint.0", {"a": 1}, "not a text"),
    ],
)
def test_a_value_of_a_wrong_type_is_told(path: str, value: object, reason: str) -> None:
    payload: Any = deepcopy(RIGHT)
    payload["breadcrumbs"] = {"values": payload["breadcrumbs"]}
    put(payload, [int(part) if part.isdigit() else part for part in path.split(".")], value)
    assert told(payload) == [(path, reason)]


@pytest.mark.parametrize("value", ["text", 424242, True, 0.5, ["text"], {"key": "text"}, [None]])
def test_an_event_is_read_whatever_is_where(value: object) -> None:
    for path in paths(RIGHT):
        payload = deepcopy(RIGHT)
        put(payload, path, value)
        parsed(payload)


def test_a_boolean_that_was_thrown_is_told_by_its_json() -> None:
    event: Json = {"exception": {"values": [{"type": "Rejection", "value": False}]}}
    assert parsed(event).event.title == "Rejection: false"
    assert told(event) == []


def test_an_object_that_was_thrown_is_told_by_its_json() -> None:
    event: Json = {"exception": {"values": [{"type": "Object", "value": {"code": 5, "ö": [None]}}]}}
    found = parsed(event)
    assert exceptions_of(found.payload)[0].value == '{"code": 5, "ö": [null]}'
    assert found.event.title == 'Object: {"code": 5, "ö": [null]}'
    assert told(event) == []


def test_milliseconds_are_a_date() -> None:
    at = ago(hours=1)
    for sent in (at.timestamp() * 1000, str(int(at.timestamp() * 1000))):
        assert parsed({"timestamp": sent}).event.at == at
