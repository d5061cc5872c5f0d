"""Filters of a project that clients set as texts, an entry a line: addresses, releases and messages of errors."""

from collections.abc import Mapping

from shipmark.events.filter_lists import FilterListError, entries_of
from shipmark.http.validation import refuse
from shipmark.projects.options import FILTER_LISTS


def filter_lists(sent: Mapping[str, object]) -> dict[str, object]:
    """Return the entries of each list of filters that was sent; other options are ignored, as in the reference."""
    return {name: _entries(name, sent[name]) for name in FILTER_LISTS if name in sent}


def _entries(name: str, value: object) -> list[str]:
    if value is not None and not isinstance(value, str):
        raise refuse(f"{name}: not a text.")
    try:
        return entries_of(name, value or "")
    except FilterListError as problem:
        raise refuse(f"{name}: {problem}") from None
