"""Letters that stand for somebody (files-and-avatars.md 2.6)."""

from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as some

from shipmark.avatars.initials import COLOURS, colour_number, initials, render_svg


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada", "A"),
        ("Ada King Countess of lovelace", "AL"),
        ("  ada   l  ", "AL"),
        ("", "?"),
        ("   ", "?"),
        ("ß", "S"),
        ("éa öb", "ÉÖ"),
        ("王 小明", "王小"),
        ("<b> &c", "<&"),
    ],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("identifier", "colour"),
    [("", "#4674ca"), ("a", "#315cac"), ("ab", "#3fa372"), ("acme", "#57b1be")],
)
def test_colours_stay_with_identifiers(identifier: str, colour: str) -> None:
    assert COLOURS[colour_number(identifier)] == colour


@given(
    name=some.text(some.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])),
    number=some.integers(0, 11),
)
def test_a_drawing_is_whole_whatever_the_name(name: str, number: int) -> None:
    letters = initials(name)
    assert len(letters) in {1, 2}
    drawn = fromstring(render_svg(letters, number))
    assert "".join(drawn.itertext()) == letters
