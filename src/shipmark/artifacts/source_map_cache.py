"""A cache of parsed source maps: the same error occurs a thousand times, with the same map.

The key is the content, never the name, so that entries are never stale. The error of an invalid map is cached too.
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

#: The bytes of a mapping in memory, which is longer than its text.
_MAPPING_BYTES = 40
#: The bytes in memory per character of a source with its functions.
_NAMED_FACTOR = 6
_BROKEN_BYTES = 1000


@dataclass(frozen=True, slots=True)
class _Broken:
    fault: MapErrorKind
    reason: str


class SourceMapCache:
    """The most recently used maps, up to a total size. Thread-safe."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._kept: OrderedDict[str, tuple[SourceMap | _Broken, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    @property
    def size_bytes(self) -> int:
        """Return the approximate size in memory."""
        return self._bytes

    def get(self, key: str | None, allowance: ReadBudget) -> SourceMap | None:
        """Return the map with this content, or None; raise ``MapProblem`` if it is known to be invalid."""
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
        """Read a map as ``SourceMap.read`` does, and cache it. One that needs its minified file is not cached."""
        try:
            source_map = SourceMap.read(text, minified, allowance)
        except MapProblem as problem:
            self._keep(key, _Broken(problem.fault, problem.reason), _BROKEN_BYTES)
            raise
        if b'"sourcesContent"' in text:
            mappings = text.count(b",") + text.count(b";")
            named_bytes = _NAMED_FACTOR * min(len(text), SHARED_MAX)
            self._keep(key, source_map, 2 * len(text) + _MAPPING_BYTES * mappings + named_bytes)
        return source_map

    def _keep(self, key: str | None, source_map: SourceMap | _Broken, size: int) -> None:
        if key is None or size > self._bytes_max:
            return
        # Not the map itself, which contains the sources read for one event.
        shared = (
            source_map if isinstance(source_map, _Broken) else source_map.for_event(ReadBudget(0))
        )
        with self._lock:
            _, before = self._kept.pop(key, (None, 0))
            self._kept[key] = (shared, size)
            self._bytes += size - before
            while self._bytes > self._bytes_max:
                _, (_, removed) = self._kept.popitem(last=False)
                self._bytes -= removed
