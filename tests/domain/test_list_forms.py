"""Lists of an event are read in the forms that clients write them in."""

from typing import Any

import pytest

from shipmark.events.list_forms import with_lists

FRAME = {"function": "pay"}
RAISED = {"type": "KeyError", "value": "x"}


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"0": {"type": "A"}, "10": {"type": "C"}, "2": {"type": "B"}}, ["A", "B", "C"]),
        ({"values": {"1": {"type": "A"}, "2": {"type": "B"}}}, ["A", "B"]),
        ({"values": {"type": "A"}}, ["A"]),
    ],
)
def test_objects_with_numbers_for_keys_are_lists(sent: object, read: list[str]) -> None:
    found: Any = with_lists({"exception": sent})["exception"]
    assert [each["type"] for each in found["values"]] == read


@pytest.mark.parametrize("sent", ["gone", ["gone"], {"values": "gone"}, {"values": ["gone"]}])
def test_a_text_is_that_of_an_exception(sent: object) -> None:
    assert with_lists({"exception": sent}) == {"exception": {"values": [{"value": "gone"}]}}


def test_a_text_is_the_message_of_a_breadcrumb() -> None:
    found = with_lists({"breadcrumbs": ["began", {"message": "sold"}, 7]})
    assert found == {"breadcrumbs": {"values": [{"message": "began"}, {"message": "sold"}, 7]}}


def test_frames_are_a_list() -> None:
    stack = {"frames": {"0": FRAME, "3": {}}}
    found = with_lists({"exception": [{"stacktrace": stack}]})
    assert found == {"exception": {"values": [{"stacktrace": {"frames": [FRAME, {}]}}]}}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"exception": {"values": [RAISED | {"stacktrace": {"frames": [FRAME]}}]}},
        {"exception": [RAISED], "threads": [{"stacktrace": None}], "breadcrumbs": {"values": []}},
        {"exception": {"values": None}, "threads": 7, "breadcrumbs": [7]},
        {"exception": {"values": [{"stacktrace": {"frames": {"first": FRAME, "9" * 5000: {}}}}]}},
    ],
)
def test_other_forms_stay_as_they_are(sent: dict[str, object]) -> None:
    assert with_lists(sent) is sent
