"""Maps that were read once serve many events."""

import json

import pytest

from shipmark.artifacts.source_map_cache import SourceMapCache
from shipmark.artifacts.source_maps import MapErrorKind, MapProblem, OriginalLocation, ReadBudget

SOURCE = "function pay(cart) {\n  return cart.total;\n}\n"


def text(content: str | None = SOURCE, **more: object) -> bytes:
    said: dict[str, object] = {"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AACA"}
    return json.dumps(said | ({"sourcesContent": [content]} if content else {}) | more).encode()


def function(kept: SourceMapCache, key: str, letters: int = 1000) -> str | None:
    found = kept.get(key, ReadBudget(letters))
    assert found is not None
    token = found.token(1, 1)
    assert isinstance(token, OriginalLocation)
    return token.function


def test_a_map_is_given_again() -> None:
    kept = SourceMapCache(10_000)
    assert kept.get("a", ReadBudget()) is None
    kept.read("a", text(), None, ReadBudget())
    assert function(kept, "a") == "pay"
    assert kept.get("b", ReadBudget()) is None
    assert kept.get(None, ReadBudget()) is None


def test_what_is_not_known_by_its_content_is_not_kept() -> None:
    kept = SourceMapCache(10_000)
    kept.read(None, text(), None, ReadBudget())
    assert kept.size_bytes == 0


def test_a_map_that_needs_its_minified_file_is_not_kept() -> None:
    kept = SourceMapCache(10_000)
    kept.read("a", text(None), b"x", ReadBudget())
    assert kept.get("a", ReadBudget()) is None


def test_those_that_were_not_used_for_long_go_first() -> None:
    one = SourceMapCache(10**6)
    one.read("a", text(), None, ReadBudget())
    kept = SourceMapCache(2 * one.size_bytes)
    kept.read("a", text(), None, ReadBudget())
    kept.read("b", text(), None, ReadBudget())
    function(kept, "a")
    kept.read("c", text(), None, ReadBudget())
    assert kept.get("b", ReadBudget()) is None
    assert (function(kept, "a"), function(kept, "c")) == ("pay", "pay")
    assert kept.size_bytes == 2 * one.size_bytes
    kept.read("c", text(), None, ReadBudget())
    assert kept.size_bytes == 2 * one.size_bytes


def test_what_is_larger_than_all_the_room_pushes_nothing_out() -> None:
    kept = SourceMapCache(2000)
    kept.read("a", text(), None, ReadBudget())
    kept.read("b", text("x" * 5000), None, ReadBudget())
    assert kept.get("b", ReadBudget()) is None
    assert function(kept, "a") == "pay"


def test_a_broken_map_is_read_once() -> None:
    kept = SourceMapCache(10_000)
    for _ in range(2):
        with pytest.raises(MapProblem) as told:
            kept.get("a", ReadBudget()) or kept.read("a", b"[]", None, ReadBudget())
        assert told.value.fault is MapErrorKind.NOT_A_MAP
    assert kept.size_bytes > 0


def test_an_event_that_may_read_no_more_takes_names_from_no_other() -> None:
    kept = SourceMapCache(10_000)
    kept.read("a", text(), None, ReadBudget(0))
    assert function(kept, "a", letters=0) is None
    assert function(kept, "a") == "pay"
    # What was read for another one costs nothing.
    assert function(kept, "a", letters=0) == "pay"
