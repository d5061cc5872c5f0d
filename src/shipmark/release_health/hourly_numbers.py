"""Numbers of sessions by hour as one text, ``first hour,number,number,…``: what lists show of the last day.

An hour is the number of hours since 1970. A text is kept for each release, so it has no more hours than those from the
first with sessions to the last.
"""

from collections.abc import Mapping

HOUR = 3600
_SEPARATOR = ","


def encode(by_hour: Mapping[int, int]) -> str:
    """Return the text for numbers of sessions by hour; without any it is empty."""
    hours = [hour for hour, number in by_hour.items() if number]
    if not hours:
        return ""
    first, last = min(hours), max(hours)
    numbers = (by_hour.get(hour, 0) for hour in range(first, last + 1))
    return _SEPARATOR.join(map(str, (first, *numbers)))


def decode(text: str, total: int, first_hour: int, count: int) -> list[int] | None:
    """Return the numbers of ``count`` hours, from one on, or None if those of the text do not add up to a total."""
    first, *numbers = map(int, text.split(_SEPARATOR)) if text else (first_hour,)
    if sum(numbers) != total:
        return None
    skipped = first_hour - first
    numbers = numbers[skipped:] if skipped >= 0 else [0] * -skipped + numbers
    return numbers[:count] + [0] * (count - len(numbers))
