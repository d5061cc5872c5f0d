"""A short id that is shown can be read back, however people write it."""

from hypothesis import given
from hypothesis import strategies as st

from shipmark.issues import short_ids
from shipmark.issues.short_ids import ShortId

numbers = st.integers(1, short_ids.NUMBER_MAX)
slugs = st.from_regex(r"[a-z0-9_-]{1,50}", fullmatch=True)


@given(numbers)
def test_reading_gives_back_what_was_written(number: int) -> None:
    text = short_ids.encode(number)
    assert short_ids.decode(text) == short_ids.decode(text.lower()) == number


@given(slugs, numbers)
def test_parsing_gives_back_what_was_formatted(slug: str, number: int) -> None:
    text = short_ids.format_short_id(slug, number)
    assert short_ids.parse(text) == ShortId(project_slug=slug, number=number)


@given(st.text() | st.text("0123456789abzILOU -_", max_size=20))
def test_no_text_breaks_the_parser(text: str) -> None:
    parsed = short_ids.parse(text)
    assert parsed is None or 0 < parsed.number <= short_ids.NUMBER_MAX
    short_ids.decode(text)
