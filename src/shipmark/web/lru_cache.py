"""What was made once and may be asked for again soon: some of it, by name."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock


class LruCache:
    """The contents that were asked for last. Two threads may make one at the same time; that is only work."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The content of that name, made if nobody remembers it."""
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        made = make()
        with self._lock:
            self._kept[name] = made
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made
