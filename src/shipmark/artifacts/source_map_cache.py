"""Source maps that were read, for the events to come: the same error happens a thousand times, with the same map.

Kept by what they hold, never by their name, so that nothing here ever gets out of date. Of a broken map it is kept
what is wrong with it.
"""

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from shipmark.artifacts.source_maps import (
    SHARED_MAX,
    MapErrorKind,
    MapProblem,
    ReadBudget,
    SourceMap,
)

#: What a mapping takes in memory, which its text in the map says in fewer letters.
_MAPPING_BYTES = 40
#: What a letter of a source takes whose functions are known.
_NAMED_FACTOR = 6
_BROKEN_BYTES = 1000


@dataclass(frozen=True, slots=True)
class _Broken:
    fault: MapErrorKind
    reason: str


class SourceMapCache:
    """The maps that were used last, as many as there is room for. Threads may share them."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._kept: OrderedDict[str, tuple[SourceMap | _Broken, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    @property
    def size_bytes(self) -> int:
        """About how much memory they take."""
        return self._bytes

    def get(self, key: str | None, allowance: ReadBudget) -> SourceMap | None:
        """The map with that content; raises ``MapProblem`` for one that is known to be broken."""
        with self._lock:
            row = self._kept.get(key) if key else None
            if row is None or key is None:
                return None
            self._kept.move_to_end(key)
        if isinstance(row[0], _Broken):
            raise MapProblem(row[0].fault, row[0].reason)
        return row[0].for_event(allowance)

    def read(
        self, key: str | None, text: bytes, minified: bytes | None, allowance: ReadBudget
    ) -> SourceMap:
        """Read a map as ``SourceMap.read`` does, and keep it. One that needs its minified file is not kept."""
        try:
            made = SourceMap.read(text, minified, allowance)
        except MapProblem as problem:
            self._keep(key, _Broken(problem.fault, problem.reason), _BROKEN_BYTES)
            raise
        if b'"sourcesContent"' in text:
            mappings = text.count(b",") + text.count(b";")
            named = _NAMED_FACTOR * min(len(text), SHARED_MAX)
            self._keep(key, made, 2 * len(text) + _MAPPING_BYTES * mappings + named)
        return made

    def _keep(self, key: str | None, made: SourceMap | _Broken, size: int) -> None:
        if key is None or size > self._bytes_max:
            return
        # Not the map itself: it would hold what one event read of it.
        shared = made if isinstance(made, _Broken) else made.for_event(ReadBudget(0))
        with self._lock:
            _, before = self._kept.pop(key, (None, 0))
            self._kept[key] = (shared, size)
            self._bytes += size - before
            while self._bytes > self._bytes_max:
                _, (_, removed) = self._kept.popitem(last=False)
                self._bytes -= removed
