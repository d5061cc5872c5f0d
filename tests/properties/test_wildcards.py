"""Patterns with ``*``: they match what a search by hand matches, and no pattern makes them slow."""

import re

from hypothesis import given
from hypothesis import strategies as st

from shipmark.infrastructure.wildcards import expression_of

_LETTERS = st.text(alphabet="ab.\n", max_size=12)
_PATTERNS = st.text(alphabet="ab.*\n", max_size=10)


@given(_PATTERNS, _LETTERS)
def test_a_pattern_matches_what_a_search_letter_by_letter_matches(pattern: str, text: str) -> None:
    assert _matches(pattern, text) is _by_letters(pattern, text)


def test_many_stars_are_not_tried_again_and_again() -> None:
    # With `.*` between the letters this takes longer than any test run.
    assert not _matches("*a" * 40 + "*b", "a" * 250)


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(expression_of(pattern), text, re.DOTALL) is not None


def _by_letters(pattern: str, text: str) -> bool:
    """Return whether the pattern matches, by the set of places in it that each letter of the text can lead to."""
    places = {0}
    for letter in text:
        reachable = _after_stars(pattern, places)
        places = {
            place if pattern[place] == "*" else place + 1
            for place in reachable
            if place < len(pattern) and pattern[place] in {"*", letter}
        }
    return len(pattern) in _after_stars(pattern, places)


def _after_stars(pattern: str, places: set[int]) -> set[int]:
    reachable = set(places)
    for place in range(len(pattern)):
        if place in reachable and pattern[place] == "*":
            reachable.add(place + 1)
    return reachable
