"""One look at a whole payload: can it be stored, and what in it may be secret?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shipmark.events.payload import (
    DEPTH_MAX,
    Json,
    all_frames,
    is_storable_scalar,
    plain,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a look at a payload has found: the names of fields, and all texts, joined by line breaks.

    Those of frames are left out, but for their variables: places and lines of code are no secrets, and half of an
    event.
    """

    names: frozenset[str]
    text: str
    is_storable: bool


_UNSTORABLE = Scan(names=frozenset(), text="", is_storable=False)


def scan(payload: Json) -> Scan:
    """Return the names and texts of a payload. Those of one that is not storable are left out.

    One pass over the containers of each depth, and one look at all texts joined: looking at each text takes ten times
    as long.
    """
    found = _Findings(_frames_of(payload))
    containers: list[Any] = [payload]
    for depth in range(DEPTH_MAX + 1):
        inner = found.look(containers, depth)
        if inner is None:
            return _UNSTORABLE
        if not inner:
            return found.scan()
        containers = inner
    return _UNSTORABLE


class _Findings:
    """What is found in the containers of a payload; ``frames`` are the identities of those that are frames."""

    def __init__(self, frames: set[int]) -> None:
        self._frames = frames
        self._names, self._frame_names = set[str](), set[str]()
        self._texts, self._code = list[str](), list[str]()

    def look(self, containers: Iterable[Any], depth: int) -> list[Any] | None:
        """Return the containers in those of a depth, None if there is a value that can't be stored."""
        inner: list[Any] = []
        for container in containers:
            texts, values = self._texts, container
            if type(container) is dict:  # comparing it is faster than isinstance
                values = container.values()
                is_frame = id(container) in self._frames
                (self._frame_names if is_frame else self._names).update(container)
                texts = self._code if is_frame else texts
            for value in values:
                type_ = type(value)
                if type_ is str:
                    texts.append(value)
                elif type_ is list and (lines := _joined(value, depth)) is not None:
                    texts.append(lines)
                elif type_ is dict or type_ is list:
                    inner.append(value)
                elif value is not None and type_ is not bool and not is_storable_scalar(value):
                    return None
        return inner

    def scan(self) -> Scan:
        """Return what was found."""
        text, names = "\n".join(self._texts), frozenset(self._names)
        every = (text, "\n".join(self._code), "".join(names), "".join(self._frame_names))
        return Scan(names=names, text=text, is_storable=all(map(_is_plain, every)))


def _joined(values: list[Any], depth: int) -> str | None:
    """Return a list of texts as one, None for other lists. A third of the values of an event are lines of code.

    ``depth`` is that of what it is in: one that is in the deepest container is too deep.
    """
    if depth == DEPTH_MAX or not values or type(values[0]) is not str:
        return None
    try:
        return "\n".join(values)
    except TypeError:
        return None


def _frames_of(payload: Json) -> set[int]:
    """Return the identities of the frames whose variables, if there are any, are in an object of their own."""
    return {id(frame) for frame in all_frames(payload) if type(frame.get("vars")) in _VARIABLES}


_VARIABLES = (dict, type(None))


def storable(payload: Json, lost: list[str] | None = None) -> Json:
    """Return a payload without values that a database or JSON parser would refuse, itself if it has none.

    The names of what is left out are added to ``lost``.
    """
    if scan(payload).is_storable:
        return payload
    names = [] if lost is None else lost
    return {plain(key): _storable(value, 1, key, names) for key, value in payload.items()}


def _is_plain(text: str) -> bool:
    """Return True if `plain` would change nothing; encoding finds lone surrogates faster than a pattern."""
    if "\x00" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _storable(value: object, depth: int, name: str, lost: list[str]) -> object:
    # Most values are texts.
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict | list) and depth <= DEPTH_MAX:
        if isinstance(value, list):
            return [_storable(item, depth + 1, name, lost) for item in value]
        return {
            plain(str(key)): _storable(item, depth + 1, str(key), lost)
            for key, item in value.items()
        }
    if value is None or is_storable_scalar(value):
        return value
    if isinstance(value, int):
        # Ids of users and numbers of builds may have more digits than a column holds: as a text nothing is lost.
        return str(value)
    lost.append(name)
    return None
