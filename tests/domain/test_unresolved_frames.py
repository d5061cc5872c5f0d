"""Why the frames of an event could not be resolved: files that are missing, broken or too large."""

import gzip
from unittest.mock import patch

import pytest
from bundling import Memory
from minified_events import ID, MAP, RAW, SCRIPT, URL, call, event, frame, release, told, with_id

from shipmark.artifacts.artifact_lookup import SimilarFile
from shipmark.artifacts.manifests import ArtifactType
from shipmark.symbolication import javascript
from shipmark.symbolication.javascript import symbolicate

OTHER_ID = "11111111-2222-4333-8444-555555555555"


def test_a_release_without_files() -> None:
    found = symbolicate(event(call(), call(abs_path="https://a.example/b.js")), Memory())
    assert told(found) == [("js_no_source", "release_without_files")]
    assert found.problems[0].message == (
        "Nothing was uploaded for the release shop@1, and the event has no debug ids."
    )


def test_no_release_and_no_debug_id() -> None:
    sources = Memory()
    found = symbolicate({**event(), "release": None}, sources)
    assert told(found) == [("js_no_source", "no_debug_id_and_no_release")]
    assert "survey" not in sources.asked


def test_a_debug_id_that_nobody_uploaded() -> None:
    found = symbolicate({**event(), **with_id()}, Memory().add("~/x.js", b"", debug_id=OTHER_ID))
    assert told(found) == [("js_missing_source", "unknown_debug_id")]
    assert found.problems[0].data["debug_id"] == ID


def test_a_map_that_did_not_come_with_its_file() -> None:
    found = symbolicate({**event(), **with_id()}, Memory().add("~/x.js", RAW, debug_id=ID))
    assert told(found) == [("js_missing_sourcemap", "no_map_for_debug_id")]


def test_another_prefix() -> None:
    found = symbolicate(event(), Memory().add("~/app.js", SCRIPT))
    assert told(found) == [("js_missing_source", "other_url")]
    assert found.problems[0].message == (
        "The event needs ~/static/app.js, and the release has ~/app.js."
        " Upload with the prefix under which the file is served."
    )
    assert found.problems[0].data == {
        "reason": "other_url",
        "url": URL,
        "expected": "~/static/app.js",
        "found": "~/app.js",
    }


@pytest.mark.parametrize(
    ("uploaded", "sent", "message"),
    [
        ("7", None, "~/static/app.js was uploaded for the dist 7, and the event has none."),
        (None, "8", "~/static/app.js was uploaded without a dist, and the event has the dist 8."),
        ("7", "8", "~/static/app.js was uploaded for the dist 7, and the event has the dist 8."),
    ],
)
def test_another_dist(uploaded: str | None, sent: str | None, message: str) -> None:
    sources = Memory(other_dists=[SimilarFile(url="~/static/app.js", dist=uploaded)])
    found = symbolicate({**event(), "dist": sent}, sources)
    assert told(found) == [("js_missing_source", "other_dist")]
    assert found.problems[0].message == message


def test_a_release_that_has_other_files() -> None:
    found = symbolicate(event(), Memory().add("~/static/other.js", SCRIPT))
    assert told(found) == [("js_missing_source", "not_in_release")]


def test_a_map_that_is_named_and_not_there() -> None:
    found = symbolicate(event(), Memory().add("~/static/app.js", SCRIPT))
    assert told(found) == [("js_missing_sourcemap", "map_not_there")]
    assert found.problems[0].data["sourcemap"] == "~/static/app.js.map"


@pytest.mark.parametrize(
    ("text", "type_", "why"),
    [
        (b"<html>", "js_invalid_sourcemap", "not_a_map"),
        (b"", "js_invalid_sourcemap", "not_a_map"),
        (b'{"version":3,"sources":[],"mappings":""}', "js_invalid_sourcemap", "no_sources"),
        (b"gone", "js_invalid_sourcemap", "unreadable"),
        (gzip.compress(MAP)[:-20], "js_invalid_sourcemap", "unreadable"),
        (b"\x1f\x8b{}", "js_invalid_sourcemap", "unreadable"),
    ],
)
def test_a_map_that_is_broken(text: bytes, type_: str, why: str) -> None:
    sources = Memory().add("~/static/app.js", SCRIPT).add_map("~/static/app.js.map", text)
    found = symbolicate(event(), sources)
    assert told(found) == [(type_, why)]
    assert frame(found)["function"] == "i"
    assert frame(found)["context_line"]


def test_a_file_that_is_gone() -> None:
    found = symbolicate(event(), Memory().add("~/static/app.js", b"gone"))
    assert ("js_invalid_source", "unreadable") in told(found)


def test_what_is_too_large_is_not_read() -> None:
    sources = Memory().add("~/static/app.js", RAW, sourcemap="app.js.map")
    sources.add(
        "~/static/app.js.map",
        MAP,
        type_=ArtifactType.SOURCE_MAP,
        size_bytes=javascript.MAP_BYTES_MAX + 1,
    )
    found = symbolicate(event(), sources)
    assert told(found) == [("js_too_large", "too_large")]
    assert "read ~/static/app.js.map" not in sources.asked


def test_all_files_together_have_a_limit() -> None:
    with patch.object(javascript, "EVENT_BYTES_MAX", len(SCRIPT) + 10):
        assert told(symbolicate(event(), release())) == [("js_too_large", "too_large")]


def test_a_thousand_files_are_too_many() -> None:
    frames = [call(abs_path=f"https://a.example/{at}.js") for at in range(200)]
    sources = Memory().add("~/x.js", b"")
    found = symbolicate(event(*frames), sources)
    assert len(found.problems) == javascript.PROBLEMS_MAX
    assert sources.asked == ["find", "survey"]
