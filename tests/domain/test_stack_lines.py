"""The lines around a call, whatever a client sends."""

import pytest

from shipmark.events.payload import Json
from shipmark.events.stack_lines import LINE_MAX, LINES_MAX, lines_of, number
from shipmark.symbolication import javascript_stacks


def shown(frame: Json) -> list[tuple[int, str, bool]]:
    return [(line.number, line.text, line.is_run) for line in lines_of(frame)]


def test_lines_have_their_numbers() -> None:
    frame: Json = {"lineno": 5, "pre_context": ["a", "b"], "context_line": "c"}
    assert shown(frame | {"post_context": ["d"]}) == [
        (3, "a", False),
        (4, "b", False),
        (5, "c", True),
        (6, "d", False),
    ]


def test_an_empty_line_is_one() -> None:
    assert shown({"lineno": 1, "context_line": ""}) == [(1, "", True)]


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"lineno": 1},
        {"context_line": "x"},
        {"lineno": True, "context_line": "x"},
        {"lineno": "one", "context_line": "x"},
        {"lineno": 1, "context_line": 7, "pre_context": ["x"]},
    ],
)
def test_without_a_number_or_code_there_are_none(frame: Json) -> None:
    assert lines_of(frame) == ()


def test_what_is_no_text_is_an_empty_line() -> None:
    frame: Json = {"lineno": 2, "pre_context": [7], "context_line": "x", "post_context": "odd"}
    assert shown(frame) == [(1, "", False), (2, "x", True)]


def test_no_client_fills_the_page() -> None:
    many = ["y" * (LINE_MAX + 5)] * 500
    frame: Json = {"lineno": 900, "pre_context": many, "context_line": "x", "post_context": many}
    found = lines_of(frame)
    assert len(found) == 2 * LINES_MAX + 1
    assert (found[0].number, found[-1].number) == (900 - LINES_MAX, 900 + LINES_MAX)
    assert {len(line.text) for line in found} == {LINE_MAX, 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (3.0, 3),
        (3.5, None),
        (1e300, None),
        (None, None),
        (True, None),
        ("3", 3),
        ("x", None),
    ],
)
def test_a_number_is_one(value: object, expected: int | None) -> None:
    assert number({"lineno": value}, "lineno") == expected


def test_a_stack_as_it_was_sent() -> None:
    old, new = {"frames": [{"function": "i"}]}, {"frames": [{"function": "pay"}]}
    payload: Json = {
        "exception": {"values": [{"type": "E", "stacktrace": new, "raw_stacktrace": old}]},
        "threads": {"values": [{"stacktrace": new}, 7]},
        "stacktrace": new,
        "raw_stacktrace": {"frames": "odd"},
    }
    assert javascript_stacks.raw(payload) == {
        "exception": {"values": [{"type": "E", "stacktrace": old}]},
        "threads": {"values": [{"stacktrace": new}, 7]},
        "stacktrace": new,
        "raw_stacktrace": {"frames": "odd"},
    }


@pytest.mark.parametrize("odd", [None, 7, "x", [], {"values": None}, {"values": [1, None]}])
def test_what_is_odd_stays_as_it_is(odd: object) -> None:
    payload: Json = {"exception": odd, "threads": odd}
    assert javascript_stacks.raw(payload) == payload
    assert javascript_stacks.symbolicated_count(payload) == 0
