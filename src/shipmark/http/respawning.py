"""When a server stops starting its workers again."""

import time
from collections import defaultdict, deque
from collections.abc import Callable

#: So many ends of one worker within this time are a loop.
ENDS_MAX = 10
WINDOW_SECONDS = 60.0


class RespawnHistory(dict[int, float]):
    """When the workers of a server were last started again, for `granian.server.Server.respawned_wrks`.

    The server ends itself if a worker ends within 5.5 seconds after it was started again. Two kills, as of a machine
    that is short of memory, are no loop: this says that there was no start, until a worker has ended `ENDS_MAX` times
    within `WINDOW_SECONDS`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._ends: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=ENDS_MAX))

    def get(self, worker: int, default: float = 0) -> float:  # type: ignore[override]  # called like this
        """Note that a worker has ended. Return when it was started again: now, if it is in a loop."""
        now, ends = self._clock(), self._ends[worker]
        ends.append(now)
        is_loop = len(ends) == ENDS_MAX and now - ends[0] <= WINDOW_SECONDS
        return now if is_loop else default
