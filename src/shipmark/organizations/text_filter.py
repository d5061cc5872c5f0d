"""Which organizations, teams or projects does somebody look for? What ``query`` says (auth-and-errors.md 8.3-8.5)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")

_TERM = re.compile(r'(?:(!?[a-z_]+):)?(?:"([^"]*)"|(\S+))', re.IGNORECASE)
#: Terms that a text without a name stands for.
TEXT = ""

#: What a term must be for something to be found; several terms of a name are alternatives.
Tests = Mapping[str, Callable[[T, str], bool]]


class Named(Protocol):
    """An organization, team or project."""

    @property
    def id(self) -> int:
        """The id."""

    @property
    def slug(self) -> str:
        """The slug."""

    @property
    def name(self) -> str:
        """The name."""


def terms(query: str) -> list[tuple[str, str]]:
    """The terms of a query: names, which are empty for plain text, and what they must be."""
    return [
        ((match[1] or TEXT).lower(), match[2] if match[2] is not None else match[3])
        for match in _TERM.finditer(query)
    ]


def apply_filter(found: Iterable[T], query: str | None, tests: Tests[T]) -> list[T]:
    """Those that a query finds: all where it is empty, none where it has a term that nobody knows."""
    requested: dict[str, list[str]] = {}
    for name, value in terms(query or ""):
        requested.setdefault(name, []).append(value)
    if not requested.keys() <= tests.keys():
        return []
    return [
        item
        for item in found
        if all(_passes(tests[name], item, values, name) for name, values in requested.items())
    ]


def _passes(test: Callable[[T, str], bool], item: T, values: Sequence[str], name: str) -> bool:
    # Words of plain text must all be there; so must all that is denied.
    every = name == TEXT or name.startswith("!")
    return (all if every else any)(test(item, value) for value in values)


def contains(value: str, *texts: str) -> bool:
    """Is the value in one of the texts, in any case?"""
    return any(value.lower() in text.lower() for text in texts)


#: The tests that organizations, teams and projects share.
NAME_TESTS: Tests[Named] = {
    TEXT: lambda row, text: contains(text, row.slug, row.name),
    "query": lambda row, text: contains(text, row.slug, row.name),
    "slug": lambda row, text: row.slug == text,
    "id": lambda row, text: str(row.id) == text,
}
