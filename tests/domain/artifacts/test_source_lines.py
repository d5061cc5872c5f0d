"""What stands around a place, short enough to be kept."""

import pytest

from shipmark.artifacts.source_lines import (
    CONTEXT_LINES,
    LINE_MAX,
    LineContext,
    line_context,
    lines_of,
)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(end: str) -> None:
    assert lines_of(end.join(["one", "", "two"])) == ["one", "", "two"]


def test_no_other_letter_ends_a_line() -> None:
    assert lines_of("a\u2028b\x0bc\x0cd\x85e") == ["a\u2028b\x0bc\x0cd\x85e"]


def test_five_lines_before_and_after() -> None:
    lines = [str(number) for number in range(1, 21)]
    found = line_context(lines, 10, 0)
    assert found == LineContext(
        before=("5", "6", "7", "8", "9"), line="10", after=("11", "12", "13", "14", "15")
    )


def test_fewer_where_the_file_begins_or_ends() -> None:
    lines = ["one", "two", "three"]
    assert line_context(lines, 1, 0) == LineContext(before=(), line="one", after=("two", "three"))
    assert line_context(lines, 3, 0) == LineContext(before=("one", "two"), line="three", after=())


@pytest.mark.parametrize("number", [0, -1, 4, 2**40])
def test_a_line_that_is_not_there(number: int) -> None:
    assert line_context(["one", "two", "three"], number, 0) is None


def test_no_file_has_no_lines() -> None:
    assert line_context([], 1, 0) is None


@pytest.mark.parametrize(
    ("column", "is_cut_before", "is_cut_after"),
    [
        (0, False, True),
        (50, False, True),
        (5000, True, True),
        (9999, True, False),
        (10**9, True, False),
    ],
)
def test_a_long_line_is_cut_around_the_column(
    column: int, is_cut_before: bool, is_cut_after: bool
) -> None:
    line = "".join(chr(ord("a") + at % 26) for at in range(10_000))
    found = line_context([line], 1, column)
    assert found
    assert found.line.startswith("{snip} ") == is_cut_before
    assert found.line.endswith(" {snip}") == is_cut_after
    assert len(found.line) <= LINE_MAX + 2 * len("{snip} ")


def test_long_lines_around_are_cut_at_their_beginning() -> None:
    found = line_context(["x" * 1000, "two", "y" * 1000], 2, 3000)
    assert found
    assert (found.before, found.after) == (
        ("x" * LINE_MAX + " {snip}",),
        ("y" * LINE_MAX + " {snip}",),
    )


def test_a_line_of_just_that_length_stays_whole() -> None:
    found = line_context(["x" * LINE_MAX] * (2 * CONTEXT_LINES + 1), CONTEXT_LINES + 1, 100)
    assert found
    assert found.line == "x" * LINE_MAX
