"""A cache of the most recently used contents."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock


class LruCache:
    """The most recently used contents, by name. Two threads may make the same content at once, which is harmless."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._contents: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return the content with this name, made if it is not cached."""
        with self._lock:
            if name in self._contents:
                self._contents.move_to_end(name)
                return self._contents[name]
        content = make()
        with self._lock:
            self._contents[name] = content
            if len(self._contents) > self._most:
                self._contents.popitem(last=False)
        return content
