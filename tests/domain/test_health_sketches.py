"""Sketches: distinct values exact to 256 and estimated beyond, durations within 4 %, united in any order."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipmark.release_health.sketches import DistinctValues, Durations, distinct, union

_HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=600)


def _set_of(hashes: list[int]) -> DistinctValues:
    values = DistinctValues()
    for each in hashes:
        values.add(each)
    return values


@pytest.mark.parametrize("number", [0, 1, 10, 256])
def test_small_sets_are_exact(number: int) -> None:
    rng = random.Random(number)
    hashes = [rng.getrandbits(64) for _ in range(number)]
    assert len(_set_of(hashes * 2)) == number


@pytest.mark.parametrize("number", [257, 1000, 5000, 20_000, 300_000])
def test_large_sets_are_estimated_within_three_standard_errors(number: int) -> None:
    rng = random.Random(number)
    values = _set_of([rng.getrandbits(64) for _ in range(number)])
    assert len(values) == pytest.approx(number, rel=0.065)


@given(_HASHES, _HASHES)
def test_a_union_is_the_set_of_all_values(left: list[int], right: list[int]) -> None:
    whole = _set_of(left + right)
    assert union([_set_of(left).encode(), _set_of(right).encode()]).encode() == whole.encode()
    assert union([_set_of(right).encode(), _set_of(left).encode()]).encode() == whole.encode()
    assert len(whole) == len(DistinctValues(whole.encode()))


def test_a_small_set_takes_four_bytes_a_value_and_a_large_one_two_kilobytes() -> None:
    assert len(_set_of([1 << 40, 2 << 40]).encode()) == 9
    assert len(_set_of([each << 32 for each in range(257)]).encode()) == 2049


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=200), st.floats(0.01, 1))
def test_quantiles_of_durations_are_within_four_percent(values: list[float], share: float) -> None:
    durations = Durations()
    for each in values:
        durations.add(each)
    exact = next(
        value for index, value in enumerate(sorted(values), start=1) if index >= share * len(values)
    )
    assert durations.quantile(share) == pytest.approx(exact, rel=0.041)


@given(st.lists(st.floats(0, 1e6), max_size=50), st.lists(st.floats(0, 1e6), max_size=50))
def test_distributions_add_up(left: list[float], right: list[float]) -> None:
    parts = [Durations(), Durations(), Durations()]
    for value in left:
        parts[0].add(value)
    for value in right:
        parts[1].add(value)
    for value in left + right:
        parts[2].add(value)
    united = Durations(parts[0].encode())
    united.update(Durations(parts[1].encode()))
    assert united.number == len(left) + len(right) == parts[2].number
    assert united.maximum == parts[2].maximum
    assert united.total == pytest.approx(parts[2].total)
    assert united.quantile(0.5) == parts[2].quantile(0.5)


def test_no_durations_have_neither_average_nor_quantile() -> None:
    assert Durations().average is None
    assert Durations().quantile(0.5) is None


def test_the_union_of_exact_sets_is_exact() -> None:
    sets = [DistinctValues() for _ in range(6)]
    for number in range(1_200):
        sets[number % 6].add(number << 32)
    sets[0].add(1 << 32)
    encoded = [each.encode() for each in sets]
    assert distinct(encoded) == 1_200
    assert distinct([]) == 0


def test_the_union_with_an_estimated_set_is_an_estimate() -> None:
    rng = random.Random(7)
    large = _set_of([rng.getrandbits(64) for _ in range(1_000)])
    assert distinct([large.encode(), DistinctValues().encode()]) == len(large)
