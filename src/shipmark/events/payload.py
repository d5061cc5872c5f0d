"""Reading of the JSON of an event, in which any value may have the wrong type.

No event is lost because of invalid values: a value of the wrong type counts as
absent (ingest.md 5).
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from operator import is_
from typing import Any

from shipmark.infrastructure.ids import is_hex32

Json = dict[str, object]
#: Deeper values are dropped; no SDK nests more than about ten levels.
DEPTH_MAX = 64
#: The last ones count: errors occur at the end of a chain and of a stack.
EXCEPTIONS_MAX = 50
THREADS_MAX = 250
FRAMES_MAX = 250
TYPE_MAX = 256
TEXT_MAX = 8192
_LEVELS = frozenset({"debug", "info", "warning", "error", "fatal"})
#: What loggers of other languages call them; the protocol knows the first two (ingest.md 5).
_LEVEL_ALIASES = {
    "log": "info", "critical": "fatal", "warn": "warning", "err": "error", "notice": "info",
    "information": "info", "informational": "info", "success": "info", "config": "info", "trace": "debug",
    "verbose": "debug", "silly": "debug", "fine": "debug", "finer": "debug", "finest": "debug", "severe": "error",
    "vrb": "debug", "dbg": "debug", "inf": "info", "wrn": "warning", "ftl": "fatal", "fault": "fatal",
    "v": "debug", "d": "debug", "i": "info", "w": "warning", "e": "error", "f": "fatal",
    "crit": "fatal", "alert": "fatal", "emergency": "fatal", "emerg": "fatal", "panic": "fatal", "dpanic": "fatal",
}  # fmt: skip
#: The lowest number of each level in Python's logging, which raven sends.
_LEVEL_NUMBERS = ((50, "fatal"), (40, "error"), (30, "warning"), (20, "info"), (1, "debug"))
#: Longer ones are no levels, and slow to read.
_LEVEL_DIGITS_MAX = 18
_INTEGER_MAX = 2**63 - 1
#: PostgreSQL stores neither NUL nor lone surrogates.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: PHP names an anonymous class by its base, a NUL, and the place and number that it has in this process.
_PLACE_OF_ANONYMOUS_CLASS = re.compile(r"(?<=@anonymous)\ufffd.*", re.DOTALL)
_TYPE_IN_VALUE = re.compile(r"([A-Za-z_]\w{0,255}): (.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One exception of a chain; ``frames`` has the oldest call first (ingest.md 5.3)."""

    type: str
    value: str
    mechanism: Json
    frames: tuple[Json, ...]
    module: str = ""
    thread_id: str = ""

    @property
    def is_synthetic(self) -> bool:
        """Return True if the SDK invented the type, so that it does not describe the problem."""
        return self.mechanism.get("synthetic") is True


NOTHING_RAISED = Raised(type="", value="", mechanism={}, frames=())


def is_storable_scalar(value: object) -> bool:
    """Return True for values that JSON and a column can store; JSON has no infinity."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and abs(value) <= _INTEGER_MAX


def plain(text: str) -> str:
    """Return the text with characters that PostgreSQL can't store replaced by U+FFFD."""
    # Nearly all texts of events are ASCII, which Python knows without looking: the pattern is slow for so many.
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def text_of(holder: Json, key: str) -> str:
    """Return a string, trimmed, or ""; a number counts as its text: builds are often numbers."""
    value = holder.get(key)
    if isinstance(value, str):
        # `plain` without a call, for the hundreds of texts of each event.
        return (value if value.isascii() and "\x00" not in value else plain(value)).strip()
    return "" if value is None or isinstance(value, bool) else as_text(value)


def as_text(value: object) -> str:
    """Return a string, number or boolean, as tags and fingerprints may be, as text; "" for anything else."""
    if isinstance(value, str):
        return plain(value).strip()
    # The protocol originated in Python, so booleans are written as ``True``.
    return str(value) if is_storable_scalar(value) else ""


def text_or_json(value: object) -> str:
    """Return a text, a number or a boolean as text, and an object or a list as JSON."""
    if isinstance(value, dict | list):
        return plain(json.dumps(value, ensure_ascii=False))
    return as_text(value)


def object_of(holder: Json, key: str) -> Json:
    """Return an object, or an empty one."""
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def pairs_of(value: object) -> list[tuple[Any, object]]:
    """Return the names and values of an object or of a list of pairs, as tags and headers are sent; none of others."""
    if isinstance(value, dict):
        return list(value.items())
    pairs = value if isinstance(value, list) else []
    return [(pair[0], pair[1]) for pair in pairs if is_pair(pair)]


def same_or_changed(values: object, change: Callable[[Any], object]) -> object:
    """Return a list with each item changed, itself if none is; what is no list stays as it is."""
    if not isinstance(values, list):
        return values
    changed = list(map(change, values))
    return values if all(map(is_, changed, values)) else changed


def is_pair(value: object) -> bool:
    """Return True for a list of two."""
    return isinstance(value, list) and len(value) == 2


def objects_of(holder: Json, key: str) -> tuple[Json, ...]:
    """Return the objects of ``{"values": […]}``, a bare list, or a single object."""
    value = holder.get(key)
    if isinstance(value, dict):
        value = value.get("values", [value])
    return _objects(value)


def _objects(value: object) -> tuple[Json, ...]:
    if not isinstance(value, list):
        return ()
    # A tuple of a list is made faster than one of a generator.
    return tuple([item for item in value if isinstance(item, dict)])


def without_dashes(event_id: str) -> str:
    """Return an event's id as it is stored; clients send it in several forms."""
    return event_id.replace("-", "").lower()


def is_event_id(text: str) -> bool:
    """Return True for an event's id as it is stored."""
    return is_hex32(text)


def event_id_in(text: str) -> str | None:
    """Return the id of an event that a text is, as it is stored, or None."""
    event_id = without_dashes(text)
    return event_id if is_event_id(event_id) else None


def searched_event_id(query: str) -> str | None:
    """Return the id of the event that a search of issues is for, or None.

    The npm client ``sentry`` links to ``event.id:`` with the id.
    """
    return event_id_in(query.strip().removeprefix("event.id:"))


def level_of(payload: Json) -> str:
    """Return the level; an unknown one is ``error`` (ingest.md 5)."""
    return known_level(payload.get("level")) or "error"


def breadcrumb_level(breadcrumb: Json) -> str:
    """Return the level of a breadcrumb; an unknown one is ``info``."""
    return known_level(breadcrumb.get("level")) or "info"


def known_level(value: object) -> str | None:
    """Return the level that a name or a number of Python's logging stands for, or None."""
    text = as_text(value).lower() if not isinstance(value, bool) else ""
    # Languages with enumerations may write the name of one before: "LogLevel.warn".
    name = text.rpartition(".")[2]
    if name in _LEVELS or name in _LEVEL_ALIASES:
        return _LEVEL_ALIASES.get(name, name)
    # Languages with one type of numbers may write 30 as 30.0; Python names a level without a name "Level 35".
    digits = text.removeprefix("level ").removesuffix(".0")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _LEVEL_DIGITS_MAX
    number = int(digits) if is_number else 0
    return next((level for least, level in _LEVEL_NUMBERS if number >= least), None)


def exceptions_of(payload: Json) -> tuple[Raised, ...]:
    """Return the chain of exceptions, oldest cause first; empty entries are left out."""
    read = [_raised(value) for value in objects_of(payload, "exception")[-EXCEPTIONS_MAX:]]
    return tuple(raised for raised in read if raised.type or raised.value or raised.frames)


def _raised(value: Json) -> Raised:
    type_, text = text_of(value, "type"), _value_of(value)
    # Some clients put the type into the value: "KeyError: 'x'" (ingest.md 5.3).
    if not type_ and (split := _TYPE_IN_VALUE.fullmatch(text)):
        type_, text = split.groups()
    if "\ufffd" in type_:
        type_ = _PLACE_OF_ANONYMOUS_CLASS.sub("", type_)
    return Raised(
        type=type_[:TYPE_MAX],
        value=text[:TEXT_MAX],
        mechanism=object_of(value, "mechanism"),
        frames=frames_of(value),
        module=text_of(value, "module"),
        thread_id=as_text(value.get("thread_id")),
    )


def _value_of(raised: Json) -> str:
    """Return the text of an exception. JavaScript throws anything: it counts as its JSON (ingest.md 5.3)."""
    value = raised.get("value")
    if isinstance(value, bool):
        return json.dumps(value)
    return text_or_json(value) if value not in ({}, []) else ""


def frames_of(holder: Json) -> tuple[Json, ...]:
    """Return the frames of ``holder["stacktrace"]``, oldest call first."""
    return _objects(object_of(holder, "stacktrace").get("frames"))[-FRAMES_MAX:]


def all_frames(payload: Json) -> Iterator[Json]:
    """Return the frames of all exceptions, all threads, and of the event itself."""
    holders = (*objects_of(payload, "exception"), *objects_of(payload, "threads"), payload)
    return chain.from_iterable(map(frames_of, holders))


def main_exception(payload: Json) -> Raised | None:
    """Return the exception that defines the issue: the main one, else the last (ingest.md 5.4)."""
    return main_of(exceptions_of(payload), payload)


def main_of(exceptions: tuple[Raised, ...], payload: Json) -> Raised | None:
    """Return the `main_exception` of a payload whose exceptions are read already."""
    main_id = payload.get("main_exception_id")
    if isinstance(main_id, int):
        for raised in exceptions:
            if raised.mechanism.get("exception_id") == main_id:
                return raised
    return _only_one_of_group(exceptions) if exceptions else None


def _only_one_of_group(exceptions: tuple[Raised, ...]) -> Raised:
    """Return the exception that the last one, a group, was raised for alone, or the last one.

    Task groups of Python and tasks of .NET wrap each error in a group, whose text does not tell what happened.
    """
    found = last = exceptions[-1]
    # Groups may hold groups, but ids may also lead round in circles.
    for _ in exceptions:
        if found.mechanism.get("is_exception_group") is not True:
            return found
        parts = [each for each in exceptions if _is_part(each, found)]
        if len(parts) != 1:
            return last
        found = parts[0]
    return last


def _is_part(raised: Raised, group: Raised) -> bool:
    """Return True for an exception of a group, such as ``exceptions[0]``, which its cause is not."""
    group_id = group.mechanism.get("exception_id")
    is_child = group_id is not None and raised.mechanism.get("parent_id") == group_id
    return is_child and raised is not group and text_of(raised.mechanism, "source").endswith("]")


def thread_frames(payload: Json) -> tuple[Json, ...]:
    """Return the frames of the one crashed thread, else the current one, else the only one."""
    threads = objects_of(payload, "threads")
    for selected in (_marked(threads, "crashed"), _marked(threads, "current"), threads):
        if len(selected) == 1:
            return frames_of(selected[0])
    return ()


def _marked(threads: Iterable[Json], mark: str) -> tuple[Json, ...]:
    return tuple(thread for thread in threads if thread.get(mark) is True)


def main_frames(payload: Json) -> tuple[Json, ...]:
    """Return the main stack of the event: of its exception, its thread, or its own."""
    return _frames_with(main_exception(payload), payload)


def _frames_with(raised: Raised | None, payload: Json) -> tuple[Json, ...]:
    return (raised or NOTHING_RAISED).frames or thread_frames(payload) or frames_of(payload)


def crash_frame(payload: Json) -> Json:
    """Return the last frame of the application, else the last of all (ingest.md 5.4)."""
    return crash_frame_of(main_exception(payload), payload)


def crash_frame_of(raised: Raised | None, payload: Json) -> Json:
    """Return the `crash_frame` of a payload whose main exception is known."""
    frames = _frames_with(raised, payload)
    for frame in reversed(frames):
        if frame.get("in_app") is True:
            return frame
    return frames[-1] if frames else {}


def last_with_stack(exceptions: tuple[Raised, ...]) -> Raised | None:
    """Return the last exception with frames: that of a group, or a cause, may be the only one."""
    return next((raised for raised in reversed(exceptions) if raised.frames), None)


def filename_of(frame: Json) -> str:
    """Return the file of a frame; some clients send the absolute path only."""
    return text_of(frame, "filename") or text_of(frame, "abs_path")


def paths_of(frame: Json) -> list[str]:
    """Return the paths of a frame as the client reports them: its file, absolute, and in the folder of its package."""
    name, package = text_of(frame, "filename"), text_of(frame, "module").rpartition(".")[0]
    paths = [name, text_of(frame, "abs_path")]
    if package and not {"/", "\\"} & set(name):
        paths.append(f"{package.replace('.', '/')}/{name}")
    return [path for path in paths if path]
