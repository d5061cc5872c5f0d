"""Lists of inbound filters as people write them: addresses, releases or messages of errors, an entry a line."""

from shipmark.events.inbound_filters import PATTERNS_MAX, networks_of, pattern_of

ADDRESSES = "filters:blacklisted_ips"
_ENTRY_MAX = 1000


class FilterListError(Exception):
    """A list can't be taken; the text says why."""


def entries_of(name: str, text: str) -> list[str]:
    """Return the entries of a list, each once, in order; ``name`` is that of its option.

    Raise `FilterListError` for too many, too long ones, and those that are neither an address nor a pattern.
    """
    entries = lines_of(text)
    if len(entries) > PATTERNS_MAX:
        raise FilterListError(f"more than {PATTERNS_MAX} entries.")
    for entry in entries:
        _require_valid(name, entry)
    return entries


def lines_of(text: str) -> list[str]:
    """Return the lines of a text that are not blank, each once, without blanks around it."""
    lines = (line.strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def _require_valid(name: str, entry: str) -> None:
    if len(entry) > _ENTRY_MAX or "\x00" in entry:
        raise FilterListError(f"an entry has at most {_ENTRY_MAX} characters.")
    try:
        if name == ADDRESSES:
            networks_of([entry])
        else:
            pattern_of([entry])
    except ValueError:
        raise FilterListError(f'"{entry}" is not valid.') from None
