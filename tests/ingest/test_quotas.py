"""The counts of rate limits: windows, several processes, and the file that they share."""

import multiprocessing
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shipmark.ingest.quotas import SLOTS, Quota, QuotaCounters, Scope
from shipmark.projects.model import RateLimit

#: The beginning of a day.
MIDNIGHT = 1_790_000_000 // 86_400 * 86_400


class Clock:
    def __init__(self) -> None:
        self.now = float(MIDNIGHT)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def counters(tmp_path: Path, clock: Clock) -> QuotaCounters:
    return QuotaCounters(tmp_path / "data" / "rate-limits", clock=clock)


def quota(count: int = 3, window: int = 60, subject: str = "a", scope: Scope = Scope.KEY) -> Quota:
    return Quota(scope, subject, RateLimit(count, window))


def taken(counters: QuotaCounters, *quotas: Quota, times: int = 1) -> int:
    return sum(counters.take(quotas).number for _ in range(times))


def test_a_window_takes_as_many_as_its_limit(counters: QuotaCounters, clock: Clock) -> None:
    assert taken(counters, quota(), times=9) == 3
    clock.now += 59.999
    assert taken(counters, quota(), times=9) == 0
    clock.now = MIDNIGHT + 60
    assert taken(counters, quota(), times=9) == 3


def test_windows_do_not_drift(counters: QuotaCounters, clock: Clock) -> None:
    for minute in range(2000):
        clock.now = MIDNIGHT + minute * 60 + (minute * 7.3) % 60
        assert taken(counters, quota(), times=5) == 3
    [exhausted] = counters.take([quota()]).exhausted
    assert exhausted.seconds == pytest.approx(60 - clock.now % 60, abs=1)


def test_the_seconds_are_those_until_the_next_window(counters: QuotaCounters, clock: Clock) -> None:
    taken(counters, quota(), times=3)
    for passed, seconds in ((0, 60), (0.5, 60), (30.2, 30), (59.9, 1)):
        clock.now = MIDNIGHT + passed
        [exhausted] = counters.take([quota()]).exhausted
        assert exhausted.seconds == seconds


def test_a_restart_changes_nothing(counters: QuotaCounters, clock: Clock) -> None:
    assert taken(counters, quota(), times=2) == 2
    counters.close()
    assert taken(counters, quota(), times=9) == 1


def test_a_number_is_taken_as_far_as_it_goes(counters: QuotaCounters) -> None:
    assert counters.take([quota()], 2).number == 2
    granted = counters.take([quota()], 5)
    assert (granted.number, len(granted.exhausted)) == (1, 1)


def test_what_one_quota_refuses_counts_in_no_other(counters: QuotaCounters) -> None:
    small, large = quota(1), quota(5, subject="7", scope=Scope.PROJECT)
    assert taken(counters, small, large, times=9) == 1
    assert taken(counters, large, times=9) == 4


def test_quotas_of_other_subjects_scopes_and_windows_are_counted_apart(
    counters: QuotaCounters,
) -> None:
    others = [quota(subject="b"), quota(scope=Scope.PROJECT), quota(window=3600), quota()]
    assert [taken(counters, each, times=9) for each in others] == [3, 3, 3, 3]


def test_a_limit_that_is_changed_counts_what_was_taken(counters: QuotaCounters) -> None:
    assert taken(counters, quota(3), times=9) == 3
    assert taken(counters, quota(5), times=9) == 2
    assert taken(counters, quota(1), times=9) == 0


def test_a_clock_that_is_set_back_begins_a_window(counters: QuotaCounters, clock: Clock) -> None:
    taken(counters, quota(), times=3)
    clock.now -= 3600
    assert taken(counters, quota(), times=9) == 3


def test_many_keys_are_counted_apart(counters: QuotaCounters) -> None:
    quotas = [quota(2, subject=str(number)) for number in range(SLOTS // 4)]
    for each in quotas:
        assert taken(counters, each, times=3) == 2


def test_places_of_ended_windows_are_taken_again(counters: QuotaCounters, clock: Clock) -> None:
    for hour in range(6):
        clock.now = MIDNIGHT + hour * 3600
        wrong = [
            number
            for number in range(SLOTS // 4)
            if taken(counters, quota(1, subject=f"{hour}-{number}"), times=2) != 1
        ]
        assert wrong == []


def test_beyond_the_places_nothing_is_limited(counters: QuotaCounters) -> None:
    passed = Counter(
        taken(counters, quota(1, subject=str(number)), times=2) for number in range(SLOTS * 2)
    )
    assert set(passed) == {1, 2}


def test_processes_share_the_counts(tmp_path: Path) -> None:
    path, results = tmp_path / "rate-limits", multiprocessing.Queue()
    processes = [multiprocessing.Process(target=_take_many, args=(path, results)) for _ in range(4)]
    for process in processes:
        process.start()
    numbers = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sum(numbers) == 2500


def _take_many(path: Path, results: Any) -> None:
    clock = Clock()
    counters = QuotaCounters(path, clock=clock)
    results.put(taken(counters, quota(2500, 86_400), times=1500))
