"""Facts of pages: names and values."""

from collections.abc import Iterable
from dataclasses import dataclass

TEXT_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and its value."""

    name: str
    value: str


def facts(pairs: Iterable[tuple[str, str]], *, most: int = TEXT_MAX) -> tuple[Fact, ...]:
    """Return the facts with a value, each cut at this number of characters."""
    return tuple(Fact(name=name, value=value[:most]) for name, value in pairs if value)
