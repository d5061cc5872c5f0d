"""Numbers of sessions by hour, as the text that is kept with standings."""

from hypothesis import given
from hypothesis import strategies as st

from shipmark.release_health import hourly_numbers

_FIRST = 490_000
_BY_HOUR = st.dictionaries(st.integers(_FIRST - 30, _FIRST + 30), st.integers(0, 10**6))


@given(_BY_HOUR)
def test_the_numbers_of_any_hours_are_read_from_the_text(by_hour: dict[int, int]) -> None:
    text = hourly_numbers.encode(by_hour)
    read = hourly_numbers.decode(text, sum(by_hour.values()), _FIRST, 24)
    assert read == [by_hour.get(hour, 0) for hour in range(_FIRST, _FIRST + 24)]


def test_numbers_that_do_not_add_up_are_unknown() -> None:
    text = hourly_numbers.encode({_FIRST: 3, _FIRST + 2: 4})
    assert text == f"{_FIRST},3,0,4"
    assert hourly_numbers.decode(text, 8, _FIRST, 24) is None


def test_without_sessions_all_numbers_are_zero() -> None:
    assert hourly_numbers.encode({_FIRST: 0}) == ""
    assert hourly_numbers.decode("", 0, _FIRST, 3) == [0, 0, 0]
    assert hourly_numbers.decode("", 1, _FIRST, 3) is None
