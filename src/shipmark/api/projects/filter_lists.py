"""Filters of a project that clients set as texts, an entry a line: addresses, releases and messages of errors."""

from collections.abc import Mapping

from shipmark.events.inbound_filters import PATTERNS_MAX, networks_of, pattern_of
from shipmark.http.validation import refuse
from shipmark.projects.options import FILTER_LISTS

_LINE_MAX = 1000


def filter_lists(sent: Mapping[str, object]) -> dict[str, object]:
    """Return the entries of each list of filters that was sent; other options are ignored, as in the reference."""
    return {name: _entries(name, sent[name]) for name in FILTER_LISTS if name in sent}


def _entries(name: str, value: object) -> list[str]:
    if value is not None and not isinstance(value, str):
        raise refuse(f"{name}: not a text.")
    lines = [line.strip() for line in (value or "").splitlines()]
    entries = list(dict.fromkeys(line for line in lines if line))
    if len(entries) > PATTERNS_MAX:
        raise refuse(f"{name}: more than {PATTERNS_MAX} entries.")
    for entry in entries:
        _check(name, entry)
    return entries


def _check(name: str, entry: str) -> None:
    if len(entry) > _LINE_MAX or "\x00" in entry:
        raise refuse(f"{name}: an entry has at most {_LINE_MAX} characters.")
    try:
        if name == "filters:blacklisted_ips":
            networks_of([entry])
        else:
            pattern_of([entry])
    except ValueError:
        raise refuse(f'{name}: "{entry}" is not valid.') from None
