"""Types of the attributes within the parts of an event (ingest.md 5).

What has another type is neither shown nor compared. The event's ``errors`` list it, unless it is empty: PHP writes an
empty object as ``[]``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from shipmark.events.grouping import FINGERPRINT_MAX
from shipmark.events.payload import (
    EXCEPTIONS_MAX,
    FRAMES_MAX,
    THREADS_MAX,
    Json,
    is_pair,
    known_level,
    object_of,
)
from shipmark.events.problems import NO_TEXT, WRONG_TYPE, invalid
from shipmark.events.stack_lines import number
from shipmark.infrastructure.clock import moment_of

#: The types of JSON's values. A boolean has a type of its own.
_Types = frozenset[type]
_TEXT: _Types = frozenset({str, int, float})
_NUMBER: _Types = frozenset({int, float})
_FLAG: _Types = frozenset({bool})
_OBJECT: _Types = frozenset({dict})
_LIST: _Types = frozenset({list})
_PAIRS: _Types = frozenset({dict, list})
_TEXT_OR_PAIRS: _Types = frozenset({str, dict, list})

#: This many combinations of names and types are remembered, of names of up to this length.
_SHAPES_MAX = 4096
_NAME_MAX = 64


class _Attributes:
    """The types that some attributes of an object may have."""

    def __init__(self, types: Mapping[str, _Types]) -> None:
        self._types = types
        self._right: set[tuple[object, ...]] = set()

    def wrong(self, holder: Json) -> list[str]:
        """Return the names of what has another type. Nothing is lost with what is empty."""
        return [
            name
            for name, types in self._types.items()
            if (value := holder.get(name)) and type(value) not in types
        ]

    def suspects(self, values: Sequence[object]) -> list[tuple[int, object]]:
        """Return what is no object, or one whose combination of names and types is not known to be right.

        The frames of an SDK have the same combination again and again: not looking at each attribute takes a quarter
        of the time.
        """
        right = self._right
        suspects = [
            (index, value)
            for index, value in enumerate(values)
            if not isinstance(value, dict) or (*value, *map(type, value.values())) not in right
        ]
        for _, value in suspects:
            if isinstance(value, dict):
                self._remember(value)
        return suspects

    def _remember(self, holder: Json) -> None:
        allowed = self._types
        is_right = all(
            len(name) <= _NAME_MAX
            and (value is None or name not in allowed or type(value) in allowed[name])
            for name, value in holder.items()
        )
        if is_right:
            if len(self._right) >= _SHAPES_MAX:
                self._right.clear()
            self._right.add((*holder, *map(type, holder.values())))


_EXCEPTION = _Attributes({
    "type": _TEXT, "module": _TEXT, "thread_id": _TEXT, "mechanism": _OBJECT, "stacktrace": _OBJECT,
})  # fmt: skip
_MECHANISM = _Attributes({"type": _TEXT, "handled": _FLAG, "synthetic": _FLAG, "data": _OBJECT})
_THREAD = _Attributes({
    "id": _TEXT, "name": _TEXT, "crashed": _FLAG, "current": _FLAG, "stacktrace": _OBJECT,
})  # fmt: skip
_STACK = _Attributes({"frames": _LIST})
_FRAME = _Attributes({
    "filename": _TEXT, "abs_path": _TEXT, "function": _TEXT, "module": _TEXT, "package": _TEXT, "lineno": _NUMBER,
    "colno": _NUMBER, "in_app": _FLAG, "context_line": frozenset({str}), "pre_context": _LIST, "post_context": _LIST,
    "vars": _OBJECT,
})  # fmt: skip
_BREADCRUMB = _Attributes({
    "timestamp": _TEXT, "type": _TEXT, "category": _TEXT, "message": _TEXT, "level": _TEXT, "data": _OBJECT,
})  # fmt: skip
_MESSAGE = _Attributes({"message": _TEXT, "formatted": _TEXT, "params": _PAIRS})
#: The parts that are one object.
_PARTS = {
    "request": _Attributes({
        "url": _TEXT, "method": _TEXT, "fragment": _TEXT, "query_string": _TEXT_OR_PAIRS, "headers": _PAIRS,
        "cookies": _TEXT_OR_PAIRS, "env": _OBJECT,
    }),
    "user": _Attributes({"name": _TEXT, "ip_address": _TEXT, "data": _OBJECT}),
    "sdk": _Attributes({"name": _TEXT, "version": _TEXT}),
    "debug_meta": _Attributes({"images": _LIST}),
    "logentry": _MESSAGE,
    "message": _MESSAGE,
}  # fmt: skip
#: The parts whose values are all of one type, whatever their names.
_VALUES: Mapping[str, _Types] = {"contexts": _OBJECT, "modules": _TEXT}
_PAIR_LISTS = ("query_string", "headers", "cookies")
_PLACES = frozenset({"lineno", "colno"})
#: Those that breadcrumbs nearly always have.
_LEVELS = frozenset({"info", "error", "warning", "debug", ""})


def problems_of(payload: Json) -> Iterator[Json]:
    """Yield a problem for each attribute of a wrong type within exceptions, threads, breadcrumbs and other parts."""
    yield from _beyond("exception.values", _values(payload, "exception"), EXCEPTIONS_MAX)
    yield from _beyond("threads.values", _values(payload, "threads"), THREADS_MAX)
    for path, raised in _objects(payload, "exception"):
        if any(raised.values()) and not _is_shown(raised):
            yield invalid(path, raised, "without type, value and stack")
        yield from _wrong_types(_EXCEPTION, raised, path)
        yield from _wrong_types(_MECHANISM, object_of(raised, "mechanism"), f"{path}.mechanism")
        yield from _of_stack(raised, f"{path}.stacktrace")
    for path, thread in _objects(payload, "threads"):
        yield from _wrong_types(_THREAD, thread, path)
        yield from _of_stack(thread, f"{path}.stacktrace")
    yield from _of_stack(payload, "stacktrace")
    yield from _of_breadcrumbs(_values(payload, "breadcrumbs"))
    for name, attributes in _PARTS.items():
        yield from _wrong_types(attributes, object_of(payload, name), name)
    for name in ("logentry", "message"):
        if (message := object_of(payload, name)) and not {"message", "formatted"} & message.keys():
            yield invalid(name, message, NO_TEXT)
    yield from _of_pair_lists(object_of(payload, "request"))
    yield from _of_images(object_of(payload, "debug_meta").get("images"))
    for name, allowed in _VALUES.items():
        for key, value in object_of(payload, name).items():
            if value and type(value) not in allowed:
                yield invalid(f"{name}.{key}", value, WRONG_TYPE)
    yield from _of_fingerprint(payload.get("fingerprint"))


def _is_shown(raised: Json) -> bool:
    """Return False for an exception that says nothing by which it could be shown."""
    frames = object_of(raised, "stacktrace").get("frames")
    return bool(raised.get("type") or frames) or raised.get("value") not in (None, "", [], {})


def _beyond(path: str, values: Sequence[object], most: int) -> Iterator[Json]:
    if len(values) > most:
        yield invalid(path, len(values), f"only the last {most} are shown and compared")


def _wrong_types(attributes: _Attributes, holder: Json, path: str) -> list[Json]:
    return [
        invalid(f"{path}.{name}", holder[name], WRONG_TYPE) for name in attributes.wrong(holder)
    ]


def _values(payload: Json, name: str) -> list[object]:
    """Return what is in ``{"values": […]}`` or a list, or the single object."""
    holder = payload.get(name)
    values = holder.get("values", [holder]) if isinstance(holder, dict) else holder
    return values if isinstance(values, list) else []


def _objects(payload: Json, name: str) -> Iterator[tuple[str, Json]]:
    """Yield the objects of a part with their paths."""
    for index, value in enumerate(_values(payload, name)):
        if isinstance(value, dict):
            yield f"{name}.values.{index}", value


def _of_stack(holder: Json, path: str) -> Iterator[Json]:
    stack = object_of(holder, "stacktrace")
    yield from _wrong_types(_STACK, stack, path)
    sent = stack.get("frames")
    frames = sent if isinstance(sent, list) else []
    yield from _beyond(f"{path}.frames", frames, FRAMES_MAX)
    for index, frame in _FRAME.suspects(frames):
        yield from _of_frame(frame, f"{path}.frames.{index}")


def _of_frame(frame: object, path: str) -> Iterator[Json]:
    if isinstance(frame, dict):
        for name in _FRAME.wrong(frame):
            # Some clients send numbers as texts.
            if name not in _PLACES or number(frame, name) is None:
                yield invalid(f"{path}.{name}", frame[name], WRONG_TYPE)
    elif frame is not None:
        yield invalid(path, frame, WRONG_TYPE)


def _of_breadcrumbs(values: list[object]) -> Iterator[Json]:
    for index, value in _BREADCRUMB.suspects(values):
        if isinstance(value, dict):
            yield from _wrong_types(_BREADCRUMB, value, f"breadcrumbs.values.{index}")
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            continue
        at, level = value.get("timestamp"), value.get("level")
        if at and type(at) in _TEXT and not _is_date(at):
            yield invalid(f"breadcrumbs.values.{index}.timestamp", at, "not a date")
        if type(level) in _TEXT and level not in _LEVELS and known_level(level) is None:
            yield invalid(f"breadcrumbs.values.{index}.level", level, "unknown level")


def _is_date(value: object) -> bool:
    try:
        # What nearly all SDKs send, in a tenth of the time of `moment_of`.
        datetime.fromisoformat(value)  # type: ignore[arg-type]  # a number raises TypeError
    except (TypeError, ValueError):
        return moment_of(value) is not None
    return True


def _of_pair_lists(request: Json) -> Iterator[Json]:
    for name in _PAIR_LISTS:
        value = request.get(name)
        for index, pair in enumerate(value if isinstance(value, list) else ()):
            if not is_pair(pair):
                yield invalid(f"request.{name}.{index}", pair, "not a pair of name and value")


def _of_images(images: object) -> Iterator[Json]:
    for index, image in enumerate(images if isinstance(images, list) else ()):
        if image is not None and not isinstance(image, dict):
            yield invalid(f"debug_meta.images.{index}", image, WRONG_TYPE)


def _of_fingerprint(fingerprint: object) -> Iterator[Json]:
    parts = fingerprint if isinstance(fingerprint, list) else []
    if len(parts) > FINGERPRINT_MAX:
        yield invalid("fingerprint", len(parts), f"only the first {FINGERPRINT_MAX} count")
    for index, part in enumerate(parts):
        if isinstance(part, dict | list):
            yield invalid(f"fingerprint.{index}", part, NO_TEXT)
