"""A cache of source maps that were read: the same error happens a thousand times, with the same map.

Its keys are contents, never names, so that no entry is ever out of date. Of a broken map it holds the error.
"""

from dataclasses import dataclass
from threading import Lock

from cachetools import LRUCache

from shipmark.artifacts.source_maps import SHARED_MAX, MapProblem, ReadBudget, SourceMap

#: The bytes of a mapping in memory, which is longer than its text.
_MAPPING_BYTES = 40
#: The bytes in memory per character of a source with its functions.
_NAMED_FACTOR = 6
_BROKEN_BYTES = 1000


@dataclass(frozen=True, slots=True)
class _Entry:
    content: SourceMap | MapProblem
    size_bytes: int


class SourceMapCache:
    """The maps that were used last, up to about ``bytes_max`` of memory. Threads may share them."""

    def __init__(self, bytes_max: int) -> None:
        self._maps: LRUCache[str, _Entry] = LRUCache(
            bytes_max, getsizeof=lambda entry: entry.size_bytes
        )
        self._lock = Lock()

    @property
    def size_bytes(self) -> int:
        """About how much memory they take."""
        return int(self._maps.currsize)

    def get(self, key: str | None, allowance: ReadBudget) -> SourceMap | None:
        """Return the map with that content, or None. Raise `MapProblem` for one that is known to be broken."""
        if key is None:
            return None
        with self._lock:
            entry = self._maps.get(key)
        if entry is None:
            return None
        if isinstance(entry.content, SourceMap):
            return entry.content.for_event(allowance)
        raise MapProblem(entry.content.fault, entry.content.reason)

    def read(
        self, key: str | None, text: bytes, minified: bytes | None, allowance: ReadBudget
    ) -> SourceMap:
        """Read a map as `SourceMap.read` does, and cache it, unless it needs its minified file."""
        try:
            source_map = SourceMap.read(text, minified, allowance)
        except MapProblem as problem:
            # Another one, without the traceback, which holds the text.
            self._add(key, _Entry(MapProblem(problem.fault, problem.reason), _BROKEN_BYTES))
            raise
        if b'"sourcesContent"' in text:
            mappings = text.count(b",") + text.count(b";")
            named = _NAMED_FACTOR * min(len(text), SHARED_MAX)
            size_bytes = 2 * len(text) + _MAPPING_BYTES * mappings + named
            # Not the map itself: it would hold what one event read of it.
            self._add(key, _Entry(source_map.for_event(ReadBudget(0)), size_bytes))
        return source_map

    def _add(self, key: str | None, entry: _Entry) -> None:
        with self._lock:
            if key is not None and entry.size_bytes <= self._maps.maxsize:
                self._maps[key] = entry
