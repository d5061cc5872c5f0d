"""The memory that bodies of requests may take at the same time, over all requests of a process."""

import threading


class BodyBudget:
    """A number of bytes that requests share. Threads may use it side by side."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._used = 0
        self._lock = threading.Lock()

    def reservation(self) -> "Reservation":
        """Return a reservation of nothing yet."""
        return Reservation(self)

    def _grow(self, value: int, more: int) -> bool:
        with self._lock:
            # A request that is alone passes, whatever it takes: its own limits hold for it.
            is_alone = self._used == value
            if not is_alone and self._used + more > self._max_bytes:
                return False
            self._used += more
            return True

    def _give_back(self, count: int) -> None:
        with self._lock:
            self._used -= count


class Reservation:
    """The bytes that one request holds."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self._held = 0

    def grow(self, more: int) -> bool:
        """Reserve so many bytes more; return False, and reserve nothing, if they are over the budget."""
        if not self._budget._grow(self._held, more):  # noqa: SLF001, one class in two
            return False
        self._held += more
        return True

    def release(self) -> None:
        """Give back everything."""
        value, self._held = self._held, 0
        self._budget._give_back(value)  # noqa: SLF001, one class in two
