"""When workers that end again and again are a loop."""

from shipmark.http.respawning import ENDS_MAX, WINDOW_SECONDS, RespawnHistory


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_many_ends_of_one_worker_within_a_minute_are_a_loop() -> None:
    clock = Clock()
    history = RespawnHistory(clock)
    for _ in range(ENDS_MAX - 1):
        assert history.get(0, 0) == 0
        clock.now += 1
    assert history.get(1, 0) == 0
    assert history.get(0, 0) == clock.now


def test_ends_over_a_longer_time_are_none() -> None:
    clock = Clock()
    history = RespawnHistory(clock)
    for _ in range(3 * ENDS_MAX):
        assert history.get(0, 0) == 0
        clock.now += WINDOW_SECONDS / (ENDS_MAX - 2)


def test_ends_are_counted_though_the_server_forgets_its_starts() -> None:
    clock = Clock()
    history = RespawnHistory(clock)
    for _ in range(ENDS_MAX):
        history.clear()
        last = history.get(0, 0)
    assert last == clock.now
