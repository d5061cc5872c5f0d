"""Maps that were read once serve many events."""

import json

import pytest

from shipmark.artifacts.source_map_cache import KeptMaps
from shipmark.artifacts.source_maps import Allowance, MapFault, MapProblem, Token

SOURCE = "function pay(cart) {\n  return cart.total;\n}\n"


def text(content: str | None = SOURCE, **more: object) -> bytes:
    said: dict[str, object] = {"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AACA"}
    return json.dumps(said | ({"sourcesContent": [content]} if content else {}) | more).encode()


def function(kept: KeptMaps, key: str, letters: int = 1000) -> str | None:
    found = kept.get(key, Allowance(letters))
    assert found is not None
    token = found.token(1, 1)
    assert isinstance(token, Token)
    return token.function


def test_a_map_is_given_again() -> None:
    kept = KeptMaps(10_000)
    assert kept.get("a", Allowance()) is None
    kept.read("a", text(), None, Allowance())
    assert function(kept, "a") == "pay"
    assert kept.get("b", Allowance()) is None
    assert kept.get(None, Allowance()) is None


def test_what_is_not_known_by_its_content_is_not_kept() -> None:
    kept = KeptMaps(10_000)
    kept.read(None, text(), None, Allowance())
    assert kept.size_bytes == 0


def test_a_map_that_needs_its_minified_file_is_not_kept() -> None:
    kept = KeptMaps(10_000)
    kept.read("a", text(None), b"x", Allowance())
    assert kept.get("a", Allowance()) is None


def test_those_that_were_not_used_for_long_go_first() -> None:
    one = KeptMaps(10**6)
    one.read("a", text(), None, Allowance())
    kept = KeptMaps(2 * one.size_bytes)
    kept.read("a", text(), None, Allowance())
    kept.read("b", text(), None, Allowance())
    function(kept, "a")
    kept.read("c", text(), None, Allowance())
    assert kept.get("b", Allowance()) is None
    assert (function(kept, "a"), function(kept, "c")) == ("pay", "pay")
    assert kept.size_bytes == 2 * one.size_bytes
    kept.read("c", text(), None, Allowance())
    assert kept.size_bytes == 2 * one.size_bytes


def test_what_is_larger_than_all_the_room_pushes_nothing_out() -> None:
    kept = KeptMaps(2000)
    kept.read("a", text(), None, Allowance())
    kept.read("b", text("x" * 5000), None, Allowance())
    assert kept.get("b", Allowance()) is None
    assert function(kept, "a") == "pay"


def test_a_broken_map_is_read_once() -> None:
    kept = KeptMaps(10_000)
    for _ in range(2):
        with pytest.raises(MapProblem) as told:
            kept.get("a", Allowance()) or kept.read("a", b"[]", None, Allowance())
        assert told.value.fault is MapFault.NOT_A_MAP
    assert kept.size_bytes > 0


def test_an_event_that_may_read_no_more_takes_names_from_no_other() -> None:
    kept = KeptMaps(10_000)
    kept.read("a", text(), None, Allowance(0))
    assert function(kept, "a", letters=0) is None
    assert function(kept, "a") == "pay"
    # What was read for another one costs nothing.
    assert function(kept, "a", letters=0) == "pay"
