"""Dates in the terms of searches: a time ago, such as ``-7d``, or ISO 8601."""

import re
from datetime import UTC, datetime, timedelta

from shipmark.infrastructure.search_operators import SearchOperator

_RELATIVE = re.compile(r"([+-])(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def relative_moment(text: str, at: datetime) -> tuple[SearchOperator, datetime] | None:
    """Return the comparison with the moment a time before another one, None for another text.

    ``-24h`` means younger than a day, ``+24h`` older. A moment before the calendar is its beginning.
    """
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        return None
    sign, number, unit = relative.groups()
    try:
        moment = at - timedelta(**{_UNITS[unit]: int(number)})
    except OverflowError:
        moment = datetime.min.replace(tzinfo=UTC)
    return (SearchOperator.AT_LEAST if sign == "-" else SearchOperator.AT_MOST), moment


def iso_moment(text: str) -> datetime | None:
    """Return the moment of an ISO 8601 date, with or without a time; without an offset it is UTC. None for no date."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
