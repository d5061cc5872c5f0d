"""The limit on memory for the bodies of all concurrent requests of a process."""

import threading


class BodyBudget:
    """A number of bytes that requests share. Thread-safe."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._used = 0
        self._lock = threading.Lock()

    def reservation(self) -> "Reservation":
        """Return an empty reservation."""
        return Reservation(self)

    def _grow(self, value: int, more: int) -> bool:
        with self._lock:
            # A request that is alone always passes: its own limits apply.
            is_alone = self._used == value
            if not is_alone and self._used + more > self._max_bytes:
                return False
            self._used += more
            return True

    def _release(self, count: int) -> None:
        with self._lock:
            self._used -= count


class Reservation:
    """The bytes that one request has reserved."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._held = 0

    def grow(self, more: int) -> bool:
        """Reserve ``more`` bytes; return False, and reserve nothing, if they exceed the budget."""
        if not self._budget._grow(self._held, more):  # noqa: SLF001, two parts of one class
            return False
        self._held += more
        return True

    def release(self) -> None:
        """Return all bytes to the budget."""
        value, self._held = self._held, 0
        self._budget._release(value)  # noqa: SLF001, two parts of one class
