"""Letters that stand for somebody (files-and-avatars.md 2.6)."""

from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as some

from shipmark.avatars.initials import COLOURS, INITIALS_MAX, render_svg


@given(
    letters=some.text(
        some.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]),
        min_size=1,
        max_size=INITIALS_MAX,
    ),
    number=some.integers(0, len(COLOURS) - 1),
)
def test_a_drawing_is_whole_whatever_the_letters(letters: str, number: int) -> None:
    drawn = fromstring(render_svg(letters, number))
    assert "".join(drawn.itertext()) == letters
