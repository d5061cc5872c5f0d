"""Source maps: what a real build made of real sources, and maps that nobody should make."""

import json
from unittest.mock import patch

import pytest
from bundling import BUILT
from hypothesis import given
from hypothesis import strategies as st

from shipmark.artifacts import source_maps
from shipmark.artifacts.source_maps import (
    MapErrorKind,
    MapProblem,
    OriginalLocation,
    ReadBudget,
    SourceMap,
)

REAL = (BUILT / "app.js.map").read_bytes()


def token(source_map: SourceMap, line: int, column: int) -> OriginalLocation:
    found = source_map.token(line, column)
    assert isinstance(found, OriginalLocation)
    return found


def made(**more: object) -> bytes:
    said = {"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AAAA", **more}
    return json.dumps(said).encode()


def fault(text: bytes) -> MapErrorKind:
    with pytest.raises(MapProblem) as problem:
        SourceMap.read(text)
    assert problem.value.reason
    return problem.value.fault


@pytest.mark.parametrize(
    ("column", "file", "line", "function"),
    [
        (75, "../src/rates.ts", 4, "rate"),
        (193, "../src/cart.ts", 13, "<anonymous>"),
        (161, "../src/cart.ts", 13, "Cart.total"),
        (221, "../src/cart.ts", 18, "checkout"),
        (345, "../src/main.ts", 6, "pay"),
    ],
)
def test_a_stack_of_a_real_build_is_found(column: int, file: str, line: int, function: str) -> None:
    found = token(SourceMap.read(REAL), 1, column)
    assert (found.file, found.line, found.function) == (file, line, function)
    assert found.fault is None


def test_the_lines_around_come_along() -> None:
    around = token(SourceMap.read(REAL), 1, 221).around
    assert around
    assert around.line == "  const total = cart.total(country);"
    assert len(around.before) == 5
    assert around.before[-1] == "export const checkout = (cart: Cart, country: string): number => {"
    assert around.after == (
        "  if (total === 0) {",
        '    throw new Error("The cart is empty");',
        "  }",
        "  return total;",
        "};",
    )


def test_sections_are_put_together() -> None:
    text = json.dumps(
        {
            "version": 3,
            "sections": [
                {
                    "offset": {"line": 0, "column": 0},
                    "map": json.loads(made(sourcesContent=["one"])),
                },
                {"offset": {"line": 5, "column": 2}, "map": json.loads(made(sources=["b.ts"]))},
            ],
        }
    ).encode()
    found = SourceMap.read(text)
    assert token(found, 1, 1).file == "a.ts"
    assert token(found, 6, 3).file == "b.ts"
    assert token(found, 6, 3).fault is MapErrorKind.NO_CONTENT


def test_sections_may_come_in_any_order() -> None:
    places = [(5, 2, "c.ts"), (0, 0, "a.ts"), (5, 0, "b.ts")]
    sections = [
        {"offset": {"line": line, "column": column}, "map": json.loads(made(sources=[file]))}
        for line, column, file in places
    ]
    found = SourceMap.read(json.dumps({"version": 3, "sections": sections}).encode())
    positions = [(1, 1), (6, 1), (6, 3)]
    assert [token(found, *position).file for position in positions] == ["a.ts", "b.ts", "c.ts"]


def joined(*sections: tuple[int, int, bytes]) -> bytes:
    return json.dumps(
        {
            "version": 3,
            "sections": [
                {"offset": {"line": line, "column": column}, "map": json.loads(text)}
                for line, column, text in sections
            ],
        }
    ).encode()


def test_sections_may_have_sections() -> None:
    """Metro and concat-with-sourcemaps join maps that were joined before."""
    inner = joined((0, 2, made(sources=["b.ts"])), (2, 1, made(sources=["c.ts"])))
    outer = joined((0, 0, joined((0, 0, made()))), (5, 3, inner))
    found = SourceMap.read(joined((0, 0, outer), (9, 0, made(sources=["d.ts"]))))
    positions = [(1, 1), (6, 6), (8, 2), (8, 9), (10, 1)]
    files = [token(found, *position).file for position in positions]
    assert files == ["a.ts", "b.ts", "c.ts", "c.ts", "d.ts"]
    # The columns of the first line of a section begin where the section does.
    assert found.token(6, 5) is MapErrorKind.UNKNOWN_POSITION
    assert found.token(8, 1) is MapErrorKind.UNKNOWN_POSITION


def test_sections_may_be_so_deep_and_so_many_and_no_more() -> None:
    deep = made()
    for _ in range(source_maps.SECTIONS_DEPTH_MAX):
        deep = joined((0, 0, deep))
    assert token(SourceMap.read(deep), 1, 1).file == "a.ts"
    assert fault(joined((0, 0, deep))) is MapErrorKind.NOT_A_MAP
    with patch.object(source_maps, "SECTIONS_MAX", 1):
        assert fault(joined((0, 0, made()), (1, 0, made()))) is MapErrorKind.TOO_LARGE


def test_the_version_may_be_a_text() -> None:
    assert token(SourceMap.read(made(version="3")), 1, 1).file == "a.ts"


def test_a_scheme_as_the_root_keeps_its_slashes() -> None:
    for root, file in (
        ("webpack:///", "webpack:///a.ts"),
        ("https://x.example", "https://x.example/a.ts"),
    ):
        text = made(sourceRoot=root, sources=["a.ts"])
        assert token(SourceMap.read(text), 1, 1).file == file


def test_the_root_stands_before_files_without_one() -> None:
    text = made(sourceRoot="/src/", sources=["a.ts"])
    assert token(SourceMap.read(text), 1, 1).file == "/src/a.ts"
    text = made(sourceRoot="/src", sources=["webpack://shop/a.ts"])
    assert token(SourceMap.read(text), 1, 1).file == "webpack://shop/a.ts"


def test_the_guard_against_scripts_is_passed_over() -> None:
    assert token(SourceMap.read(b")]}'\n" + made()), 1, 1)


def test_a_map_without_contents_says_so_and_names_by_the_minified_file() -> None:
    said = json.loads(REAL)
    del said["sourcesContent"]
    found = SourceMap.read(json.dumps(said).encode(), (BUILT / "app.js").read_bytes())
    at = found.token(1, 75, "c")
    assert isinstance(at, OriginalLocation)
    assert (at.fault, at.around, at.function) == (MapErrorKind.NO_CONTENT, None, "rate")


def test_the_same_source_twice_keeps_its_own_content() -> None:
    text = made(sources=["a", "a"], mappings="AAAA,CCAA", sourcesContent=["one", "two"])
    found = SourceMap.read(text)
    around = token(found, 1, 2).around
    assert around
    assert around.line == "two"


@pytest.mark.parametrize("place", [(0, 1), (1, 0), (-1, 5), (1, 2**32), (2**40, 1)])
def test_places_that_cannot_be(place: tuple[int, int]) -> None:
    assert SourceMap.read(made()).token(*place) is MapErrorKind.OUT_OF_RANGE


def test_a_mapping_does_not_reach_into_the_next_line() -> None:
    assert SourceMap.read(made()).token(2, 1) is MapErrorKind.UNKNOWN_POSITION


def test_a_place_that_was_mapped_to_nothing_is_unknown() -> None:
    assert SourceMap.read(made(mappings="A")).token(1, 1) is MapErrorKind.UNKNOWN_POSITION


def test_a_line_that_the_source_has_not() -> None:
    found = token(SourceMap.read(made(mappings="AAkBA", sourcesContent=["one"])), 1, 1)
    assert (found.line, found.fault, found.around) == (19, MapErrorKind.OUT_OF_RANGE, None)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", MapErrorKind.NOT_A_MAP),
        (b"<!doctype html>", MapErrorKind.NOT_A_MAP),
        (b"\xff\xfe", MapErrorKind.NOT_A_MAP),
        (b"[]", MapErrorKind.NOT_A_MAP),
        (b"{}", MapErrorKind.NOT_A_MAP),
        (b"[" * 100_000, MapErrorKind.NOT_A_MAP),
        (made(version=2), MapErrorKind.NOT_A_MAP),
        (made(version=[]), MapErrorKind.NOT_A_MAP),
        (made(mappings="!!"), MapErrorKind.NOT_A_MAP),
        (made(mappings="AACAA"), MapErrorKind.NOT_A_MAP),
        (made(mappings="AAAAC"), MapErrorKind.NOT_A_MAP),
        (made(mappings="g" * 99), MapErrorKind.NOT_A_MAP),
        (made(mappings=None), MapErrorKind.NOT_A_MAP),
        (made(sources="a.ts"), MapErrorKind.NOT_A_MAP),
        (made(names={}), MapErrorKind.NOT_A_MAP),
        (made(sources=[]), MapErrorKind.NO_SOURCES),
        (made(sections=[]), MapErrorKind.NO_SOURCES),
        (made(sections={}), MapErrorKind.NOT_A_MAP),
        (made(sections=[1]), MapErrorKind.NOT_A_MAP),
        (made(sections=[{"offset": {"line": 0, "column": 0}, "url": "x"}]), MapErrorKind.NOT_A_MAP),
        (made(sections=[{"offset": {"line": -1, "column": 0}, "map": {}}]), MapErrorKind.NOT_A_MAP),
        (
            made(sections=[{"offset": {"line": 0, "column": 0}, "map": json.loads(made())}] * 2),
            MapErrorKind.NOT_A_MAP,
        ),
    ],
)
def test_what_is_no_map(text: bytes, why: MapErrorKind) -> None:
    assert fault(text) is why


def test_what_is_too_large_is_not_looked_into() -> None:
    with patch.object(source_maps, "MAP_BYTES_MAX", 10):
        assert fault(made()) is MapErrorKind.TOO_LARGE
    with patch.object(source_maps, "PARTS_MAX", 10):
        assert fault(made(mappings=";" * 11)) is MapErrorKind.TOO_LARGE


def test_names_are_looked_for_in_so_many_letters_of_sources_and_no_more() -> None:
    allowance = ReadBudget(220)
    assert token(SourceMap.read(REAL, None, allowance), 1, 75).function == "rate"
    assert allowance.letters < 60
    assert token(SourceMap.read(REAL, None, allowance), 1, 221).function is None


def test_too_many_sources() -> None:
    assert fault(made(sources=[""] * (source_maps.SOURCES_MAX + 1))) is MapErrorKind.TOO_LARGE


def test_a_root_does_not_multiply() -> None:
    """Forty kilobytes before each of ten thousand sources would be four hundred megabytes."""
    found = SourceMap.read(made(sourceRoot="x" * 40_000, sources=["a"] * 10_000))
    assert len(token(found, 1, 1).file) == source_maps.FILE_MAX


def test_odd_sources_are_sources_without_a_name() -> None:
    found = SourceMap.read(made(sources=[None], sourcesContent=[5], names=[1, None, "x"]))
    assert token(found, 1, 1).file == ""


@given(st.text("ABCDEFGgho+/,;0", max_size=60), st.integers(-1, 9), st.integers(-1, 99))
def test_any_mappings_lead_somewhere_or_nowhere(mappings: str, line: int, column: int) -> None:
    try:
        found = SourceMap.read(made(mappings=mappings, sourcesContent=["a\nb"])).token(line, column)
    except MapProblem as problem:
        assert problem.fault is MapErrorKind.NOT_A_MAP
    else:
        assert isinstance(found, OriginalLocation | MapErrorKind)
