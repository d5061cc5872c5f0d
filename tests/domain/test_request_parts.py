"""Parts of a request are pairs of a name and a text, however clients send them."""

import pytest

from shipmark.events import request_parts


@pytest.mark.parametrize(
    ("sent", "pairs"),
    [
        ({"a": {"b": 1, "c": {"d": ["x", "y"]}}}, [["a[b]", "1"], ["a[c][d]", "x, y"]]),
        ([["a", {"b": True}], ["c", "d"]], [["a[b]", "True"], ["c", "d"]]),
        ({"a": {}, "b": None}, [["b", ""]]),
        ({"a": [1, {"b": "x"}, [2]]}, [["a", '1, {"b": "x"}, [2]']]),
    ],
)
def test_values_within_objects_have_names(sent: object, pairs: list[list[str]]) -> None:
    for name, read in (
        ("query_string", request_parts.query),
        ("headers", request_parts.headers),
        ("cookies", request_parts.cookies),
    ):
        assert read({name: sent}) == pairs
