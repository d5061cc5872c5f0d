"""Grouping of events to issues.

The simple grouper of ingest.md 9. An event yields one or two hashes: of the application's frames,
and of all frames. What changes from release to release never counts: line numbers, absolute paths,
versions, hashes in file names.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

from shipmark.events import security_reports
from shipmark.events.grouping_names import (
    HASH_MARK,
    REMEMBERED_CHARACTERS_MAX,
    REMEMBERED_MAX,
    file_name,
    file_name_with_chunk_hash,
    function_name,
    module_name,
    parameterised,
)
from shipmark.events.payload import (
    NOTHING_RAISED,
    Json,
    Raised,
    as_text,
    crash_frame,
    exceptions_of,
    filename_of,
    frames_of,
    level_of,
    main_exception,
    objects_of,
    pairs_of,
    plain,
    text_of,
    thread_frames,
)
from shipmark.events.titles import message_of, message_parts

#: Each ``{{ default }}`` of a fingerprint repeats a whole stack.
FINGERPRINT_MAX = 32
#: Longer lines are minified code, where the line is the file (ingest.md 9.3).
CONTEXT_LINE_MAX = 120
#: Platforms where functions are often anonymous, so that a line of source replaces the name (ingest.md 9.3).
_WITHOUT_FUNCTION_NAMES = frozenset({"javascript", "node", "php", "python", "go"})
_NATIVE_FILES = frozenset({"native", "[native code]", "native code", "<anonymous>"})
_DEFAULT = ("{{ default }}",)
_VARIABLE = re.compile(r"\{\{\s*(\S+?)\s*\}\}")
#: Components by the application's frames, and by all frames. Both are empty, or neither.
Variants = tuple[list[str], list[str]]


class Version(NamedTuple):
    """A version of the rules.

    ``components`` returns those of an event with these exceptions. ``mark`` is in them wherever those of the next older
    version differ, so that nearly all events are hashed once; by default they may differ anywhere.
    """

    components: Callable[[Json, Sequence[Raised]], Variants]
    mark: str = ""


def hashes_of(
    payload: Json,
    chain: Sequence[Raised] | None = None,
    versions: Sequence[Version] | None = None,
) -> tuple[str, ...]:
    """Return the hashes of an event by each version of the rules, the more specific first; only the payload counts.

    ``chain`` has its exceptions, if they are read already.
    """
    chain = exceptions_of(payload) if chain is None else chain
    fingerprint = _fingerprint(payload)
    hashes = list[str]()
    for version in versions or VERSIONS:
        variants = _resolved(fingerprint, payload, partial(version.components, payload, chain))
        texts = [plain("".join(values)) for values in variants]
        hashes += map(md5, texts)
        if not any(version.mark in text for text in texts):
            break
    return tuple(dict.fromkeys(hashes))


def md5(text: str) -> str:
    """Return the hash of a text as hexadecimal digits."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _fingerprint(payload: Json) -> tuple[str, ...]:
    sent = payload.get("fingerprint")
    if not isinstance(sent, list):
        # The clients before there were fingerprints.
        checksum = text_of(payload, "checksum")
        return (checksum,) if checksum else _DEFAULT
    return tuple(text for value in sent[:FINGERPRINT_MAX] if (text := as_text(value))) or _DEFAULT


def _resolved(
    fingerprint: tuple[str, ...], payload: Json, components: Callable[[], Variants]
) -> Variants:
    """Return the fingerprint with variables replaced by values, ``{{ default }}`` by the default components."""
    variants: Variants = ([], [])
    default: Variants | None = None
    for text in fingerprint:
        variable = _VARIABLE.fullmatch(text)
        if variable is not None and variable[1] == "default":
            default = default or components()
            _extend(variants, default)
        else:
            value = text if variable is None else _variable(variable[1], payload)
            _extend(variants, ([value], [value]))
    return variants


def _extend(variants: Variants, others: Variants) -> None:
    for values, added in zip(variants, others, strict=True):
        values.extend(added)


def _variable(name: str, payload: Json) -> str:
    if name.startswith("tags."):
        tag = name.removeprefix("tags.")
        return tag_of(payload, tag) or f"<no-value-for-tag-{tag}>"
    if name not in _VARIABLES:
        return f"<unrecognized-variable {name}>"
    missing, value_of = _VARIABLES[name]
    return value_of(payload) or f"<no-{missing}>"


def filled(text: str, payload: Json) -> str:
    """Return a text with the variables within it replaced by values of the event."""
    return _VARIABLE.sub(lambda variable: _variable(variable[1], payload), text)


def tag_of(payload: Json, name: str) -> str:
    """Return the client's tag of this name, or ""."""
    tags = payload.get("tags")
    if isinstance(tags, dict):
        return as_text(tags.get(name))
    return next((as_text(value) for key, value in pairs_of(tags) if as_text(key) == name), "")


def _error_type(payload: Json) -> str:
    return (main_exception(payload) or NOTHING_RAISED).type


def _error_value(payload: Json) -> str:
    return (main_exception(payload) or NOTHING_RAISED).value


def _message(payload: Json) -> str:
    return message_of(payload) or _error_value(payload)


def _of_crash_frame(key: str) -> Callable[[Json], str]:
    return lambda payload: text_of(crash_frame(payload), key)


def _of_event(key: str) -> Callable[[Json], str]:
    return lambda payload: text_of(payload, key)


#: Variables of a fingerprint: the text for a missing value, and the function that returns the value (ingest.md 9.1).
_VARIABLES: dict[str, tuple[str, Callable[[Json], str]]] = {
    "type": ("type", _error_type),
    "error.type": ("type", _error_type),
    "value": ("value", _error_value),
    "error.value": ("value", _error_value),
    "message": ("message", _message),
    "level": ("level", level_of),
    "logger": ("logger", _of_event("logger")),
    "transaction": ("transaction", _of_event("transaction")),
    "function": ("function", _of_crash_frame("function")),
    "stack.function": ("function", _of_crash_frame("function")),
    "module": ("module", _of_crash_frame("module")),
    "stack.module": ("module", _of_crash_frame("module")),
    "package": ("package", _of_crash_frame("package")),
    "stack.package": ("package", _of_crash_frame("package")),
    "stack.filename": ("filename", lambda payload: filename_of(crash_frame(payload))),
    "stack.abs_path": ("abs-path", _of_crash_frame("abs_path")),
}


def _default_components(places: "_Places", payload: Json, chain: Sequence[Raised]) -> Variants:
    """Return the components of the first strategy that has any (ingest.md 9.2); other events are one group."""
    stacks = _exception_components(places, payload, chain)
    stacks = stacks if stacks[0] else _logged_components(places, payload)
    if stacks[0]:
        return stacks
    texts = security_reports.components_of(payload) or _message_components(payload)
    return texts, texts


def _exception_components(places: "_Places", payload: Json, chain: Sequence[Raised]) -> Variants:
    variants: Variants = ([], [])
    is_logged = len(chain) == 1 and _is_logged(chain[0], payload)
    for raised in chain:
        if raised.type and not raised.is_synthetic:
            named = [f"type:{raised.type}\n"]
            _extend(variants, (named, named))
        stack = _stack_components(places, raised.frames, payload)
        _extend(variants, stack)
        # A text often contains a number or a name; it counts only without a stack, or if it is all that there is.
        if raised.value and (is_logged or not stack[0]):
            text = [f"value:{parameterised(raised.value)}\n"]
            _extend(variants, (text, text))
    return variants


def _logged_components(places: "_Places", payload: Json) -> Variants:
    """Return the components of a stack without an exception.

    It is where something was logged, so the message counts too; in a crash it does not.
    """
    stack = _stack_components(places, thread_frames(payload), payload)
    stack = stack if stack[0] else _stack_components(places, frames_of(payload), payload)
    is_crash = any(thread.get("crashed") is True for thread in objects_of(payload, "threads"))
    if stack[0] and not is_crash:
        message = _message_components(payload)
        _extend(stack, (message, message))
    return stack


def _is_logged(raised: Raised, payload: Json) -> bool:
    """Return True for a message with the stack of where it was logged, in the form of an exception.

    One helper logs many different messages: its frames alone do not tell them apart.
    """
    return raised.is_synthetic and raised.value == message_of(payload)


def _stack_components(places: "_Places", frames: Sequence[Json], payload: Json) -> Variants:
    """Return the names of the frames that count; consecutive recursive calls count once.

    The application's frames are all frames if the client marked none.
    """
    platform = text_of(payload, "platform")
    named = [
        (frame, name) for frame in frames if (name := _frame_component(places, frame, platform))
    ]
    app = [name for frame, name in named if frame.get("in_app") is True]
    every = [name for _, name in named]
    return _without_repetition(app or every), _without_repetition(every)


def _without_repetition(names: list[str]) -> list[str]:
    return [name for name, _ in groupby(names)]


def _frame_component(places: "_Places", frame: Json, platform: str) -> str:
    """Return the name of a frame that is stable across releases, or "" (ingest.md 9.3)."""
    place = places.of(frame)
    if not place.has_line:
        return place.component
    line = _context_line(frame, text_of(frame, "platform") or platform)
    return _component(place.source, "", line)


class _Place(NamedTuple):
    """Where a frame is. Without the name of a function a line of source counts, which is not remembered."""

    source: str
    has_line: bool
    component: str


_NOWHERE = _Place(source="", has_line=False, component="")


class _Places:
    """The places of frames by what was sent of them: an application's frames come again and again."""

    def __init__(self, file_name_of: Callable[[str], str]) -> None:
        self._file_name_of = file_name_of
        self._known: dict[tuple[object, ...], _Place] = {}

    def of(self, frame: Json) -> _Place:
        """Return the place of a frame."""
        get = frame.get
        key = (get("filename"), get("abs_path"), get("module"), get("function"))
        try:
            return self._known[key]
        except (KeyError, TypeError):
            # Some client sends an object in place of a name, which is no key.
            return self._new(frame, key)

    def _new(self, frame: Json, key: tuple[object, ...]) -> _Place:
        names = [text_of(frame, name) for name in ("filename", "abs_path", "module", "function")]
        place = self._place(*names)
        texts = [value for value in key if isinstance(value, str)]
        is_key = len(texts) + key.count(None) == len(key)
        if is_key and sum(map(len, texts)) <= REMEMBERED_CHARACTERS_MAX:
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            self._known[key] = place
        return place

    def _place(self, file: str, absolute_path: str, module: str, function: str) -> _Place:
        if _is_native(file) or _is_native(absolute_path):
            return _NOWHERE  # code that has no place of its own
        source = (module and module_name(module)) or self._file_name_of(file or absolute_path)
        name = function_name(function)
        return _Place(source, not name, _component(source, name, ""))


def _component(source: str, function: str, line: str) -> str:
    return f"frame:{source}|{function}|{line}\n" if source or function else ""


def _is_native(file: str) -> bool:
    """Return True for code of the browser and code in memory, whose addresses are random."""
    return file in _NATIVE_FILES or file.startswith("blob:")


def _context_line(frame: Json, platform: str) -> str:
    line = text_of(frame, "context_line")
    is_telling = platform in _WITHOUT_FUNCTION_NAMES and len(line) <= CONTEXT_LINE_MAX
    return line if is_telling else ""


def _message_components(payload: Json) -> list[str]:
    """Return the message's template, which is the same for all values, else its text (ingest.md 9.2)."""
    template, formatted = message_parts(payload)
    text = parameterised(template or formatted)
    return [f"message:{text}\n"] if text else []


#: The versions of the rules, the newest first. Where others are to count, their function goes before these: an event
#: then leads to the issue that its hash by an older version made, and its newest hash leads there from then on.
VERSIONS = (
    Version(partial(_default_components, _Places(file_name)), mark=HASH_MARK),
    Version(partial(_default_components, _Places(file_name_with_chunk_hash))),
)
