"""The parameter ``query`` of lists of organizations, teams and projects (auth-and-errors.md 8.3-8.5)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")

_TERM = re.compile(r'(?:(!?[a-z_]+):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)
#: The name of terms that are plain text.
TEXT = ""
#: The tests of terms, by name; several terms of a name are alternatives.
Tests = Mapping[str, Callable[[T, str], bool]]


class Named(Protocol):
    """An organization, team or project."""

    @property
    def id(self) -> int:
        """Return the id."""

    @property
    def slug(self) -> str:
        """Return the slug."""

    @property
    def name(self) -> str:
        """Return the name."""


def terms(query: str) -> list[tuple[str, str]]:
    """Return the terms of a query: names, which are empty for plain text, and values."""
    return [
        ((match[1] or TEXT).lower(), match[2] if match[2] is not None else match[3])
        for match in _TERM.finditer(query)
    ]


def apply_filter(items: Iterable[T], query: str | None, tests: Tests[T]) -> list[T]:
    """Return the items that match a query: all if it is empty, none if it has an unknown term."""
    requested: dict[str, list[str]] = {}
    for name, value in terms(query or ""):
        requested.setdefault(name, []).append(value)
    if not requested.keys() <= tests.keys():
        return []
    return [
        item
        for item in items
        if all(_passes(tests[name], item, values, name) for name, values in requested.items())
    ]


def _passes(test: Callable[[T, str], bool], item: T, values: Sequence[str], name: str) -> bool:
    # All words of plain text must match; so must all negated terms.
    every = name == TEXT or name.startswith("!")
    return (all if every else any)(test(item, value) for value in values)


def contains(value: str, *texts: str) -> bool:
    """Return True if one of the texts contains the value, in any case."""
    return any(value.lower() in text.lower() for text in texts)


#: The tests that organizations, teams and projects share.
NAME_TESTS: Tests[Named] = {
    TEXT: lambda row, text: contains(text, row.slug, row.name),
    "query": lambda row, text: contains(text, row.slug, row.name),
    "slug": lambda row, text: row.slug == text,
    "id": lambda row, text: str(row.id) == text,
}
