"""Stacks before they were built, and why some stay as they are: files-and-avatars.md 7, 8.5."""

import base64
import gzip
import json
from collections.abc import Callable

import pytest
from bundling import Memory
from minified_events import ID, MAP, RAW, SCRIPT, URL, call, event, frame, release, told, with_id

from shipmark.artifacts import urls
from shipmark.artifacts.manifests import ArtifactType
from shipmark.events.payload import Json, exceptions_of, frames_of
from shipmark.symbolication import javascript
from shipmark.symbolication.javascript import Symbolicated, symbolicate


def test_a_frame_becomes_what_it_was() -> None:
    payload = event(call(in_app=True, vars={"a": 1}, data={"x": 1}))
    found = symbolicate(payload, release())
    assert found.problems == ()
    assert frame(found) == {
        "function": "checkout",
        "filename": "../src/cart.ts",
        "abs_path": "https://shop.example.com/src/cart.ts",
        "module": "src/cart",
        "lineno": 18,
        "colno": 22,
        "in_app": True,
        "vars": {"a": 1},
        "pre_context": [
            "    return this.items.reduce((sum, item) => sum + item.price * item.count * rate(country), 0);",
            "  }",
            "}",
            "",
            "export const checkout = (cart: Cart, country: string): number => {",
        ],
        "context_line": "  const total = cart.total(country);",
        "post_context": [
            "  if (total === 0) {",
            '    throw new Error("The cart is empty");',
            "  }",
            "  return total;",
            "};",
        ],
        "data": {
            "x": 1,
            "sourcemap": "~/static/app.js.map",
            "symbolicated": True,
            "resolved_with": "release",
        },
    }


@pytest.mark.parametrize("headers", [{"sourcemap": "app.js.map", "debug_id": ID}, {"debug_id": ID}])
def test_of_several_files_with_one_debug_id_the_names_decide(headers: dict[str, str]) -> None:
    """``sentry-cli sourcemaps inject`` gives two scripts of the same text one id; their maps may differ."""
    other = json.loads(MAP) | {"sources": ["other.ts"] * len(json.loads(MAP)["sources"])}
    uploads = Memory()
    for name, map_ in (("other", json.dumps(other).encode()), ("app", MAP)):
        mine = headers | ({"sourcemap": f"{name}.js.map"} if "sourcemap" in headers else {})
        uploads.add(f"~/static/{name}.js", SCRIPT, **mine)
        uploads.add_map(f"~/static/{name}.js.map", map_, debug_id=ID)
    assert frame(symbolicate(event(**with_id()), uploads))["filename"] == "../src/cart.ts"
    elsewhere = "https://cdn.example.com/renamed.js"
    found = symbolicate(event(call(abs_path=elsewhere), **with_id(code_file=elsewhere)), uploads)
    assert frame(found)["filename"] == "other.ts"


def test_the_stack_as_it_came_is_kept_and_the_payload_not_touched() -> None:
    payload = event()
    before = json.dumps(payload)
    found = symbolicate(payload, release())
    raised = found.payload["exception"]["values"][0]  # type: ignore[index]
    assert raised["raw_stacktrace"] == {"frames": [call()]}
    assert json.dumps(payload) == before


def test_a_whole_stack_of_a_real_build() -> None:
    columns = {"u": 345, "i": 221, "total": 161, "": 193, "c": 75}
    frames = [call(column, function=name) for name, column in columns.items()]
    found = symbolicate(event(*frames), release())
    stack = exceptions_of(found.payload)[0].frames
    names = ["pay", "checkout", "Cart.total", "<anonymous>", "rate"]
    assert [each["function"] for each in stack] == names


def test_a_debug_id_needs_no_release() -> None:
    sources = Memory().add("~/x.js", SCRIPT, debug_id=ID).add_map("~/x.js.map", MAP, debug_id=ID)
    found = symbolicate({**event(), "release": None, **with_id(ID.upper())}, sources)
    assert (frame(found)["function"], found.problems) == ("checkout", ())
    assert frame(found)["data"]["resolved_with"] == "debug-id"  # type: ignore[index]


def test_a_debug_id_wins_over_the_name() -> None:
    sources = release().add_map("~/other.map", MAP, debug_id=ID)
    found = symbolicate({**event(), **with_id()}, sources)
    assert frame(found)["data"]["sourcemap"] == "~/other.map"  # type: ignore[index]


def test_a_file_found_by_name_has_the_map_with_its_debug_id() -> None:
    """Bundler plugins rename a map, and not the header that names it."""
    sources = Memory().add("~/static/app.js", RAW, debug_id=ID, sourcemap="index-x.js.map")
    sources.add_map("~/renamed.js.map", MAP, debug_id=ID)
    assert frame(symbolicate(event(), sources))["function"] == "checkout"


def test_a_header_says_where_the_map_is_and_the_file_is_not_read_for_it() -> None:
    sources = Memory().add("~/static/app.js", RAW, Sourcemap="../maps/app.map")
    sources.add_map("~/maps/app.map", MAP)
    assert frame(symbolicate(event(), sources))["function"] == "checkout"
    assert "read ~/static/app.js" not in sources.asked


def test_a_map_within_the_file_is_read() -> None:
    inline = b"//# sourceMappingURL=data:application/json;base64," + base64.b64encode(MAP)
    found = symbolicate(event(), Memory().add("~/static/app.js", RAW + inline))
    assert (frame(found)["function"], found.problems) == ("checkout", ())


@pytest.mark.parametrize(
    "encoded",
    [
        gzip.compress,
        lambda text: text.decode().encode("utf-16"),
        lambda text: b"\xfe\xff" + text.decode().encode("utf-16-be"),
        lambda text: text.decode().encode("utf-32"),
        lambda text: gzip.compress(text.decode().encode("utf-16")),
    ],
    ids=["gzip", "utf-16", "utf-16-be", "utf-32", "gzip-of-utf-16"],
)
def test_scripts_and_maps_may_be_compressed_or_wide(encoded: Callable[[bytes], bytes]) -> None:
    sources = Memory().add("~/static/app.js", encoded(RAW + b"//# sourceMappingURL=a.map"))
    found = symbolicate(event(), sources.add_map("~/static/a.map", encoded(MAP)))
    assert (frame(found)["function"], found.problems) == ("checkout", ())


def test_a_script_that_is_larger_once_unpacked_counts_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript, "MINIFIED_BYTES_MAX", 10_000)
    sources = Memory().add("~/static/app.js", gzip.compress(bytes(10_001)))
    assert told(symbolicate(event(), sources))[:1] == [("js_too_large", "too_large")]


@pytest.mark.parametrize(
    ("abs_path", "uploaded"),
    [
        ("app:///static/app.js", "~/static/app.js"),
        ("https://shop.example.com/static/app.js?v=2#a", "~/static/app.js"),
        ("https://shop.example.com/static/app.js?v=2", "~/static/app.js?v=2"),
        ("async https://shop.example.com/static/app.js", "https://shop.example.com/static/app.js"),
        ("/srv/static/app.js", "~/srv/static/app.js"),
        ("C:\\srv\\static\\app.js", "~/C:/srv/static/app.js"),
        ("https://shop.example.com//static//app.js", "~/static/app.js"),
        ("https://shop.example.com/%5Bid%5D/app.js", "https://shop.example.com/[id]/app.js"),
        ("https://shop.example.com/%255Bid%255D/app.js", "~/[id]/app.js"),
        ("https://shop.example.com/[id]/app.js", "~/%5bid%5d/app.js"),
        ("https://shop.example.com/static/app.js;jsessionid=1F?v=2", "~/static/app.js"),
        ("https://shop.example.com/static;v=1/app.js", "~/static/app.js"),
        ("main.jsbundle", "~/main.jsbundle"),
        ("app:///https://localhost/main.js", "~/main.js"),
        ("app:///:8080/main.js", "~/main.js"),
        ("app:///dist\\main.js", "~/dist/main.js"),
    ],
)
def test_a_file_is_found_by_any_of_its_names(abs_path: str, uploaded: str) -> None:
    sources = Memory().add(uploaded, RAW, sourcemap="~/app.map").add_map("~/app.map", MAP)
    sources.add_map(uploaded.rpartition("/")[0] + "/app.map", MAP)
    assert frame(symbolicate(event(call(abs_path=abs_path)), sources))["function"] == "checkout"


def test_threads_and_a_stack_of_its_own_are_read_too() -> None:
    stack: Json = {"frames": [call()]}
    payload: Json = {
        "platform": "node",
        "release": "shop@1",
        "stacktrace": stack,
        "threads": [{"id": 1, "stacktrace": stack}],
    }
    found = symbolicate(payload, release()).payload
    assert frames_of(found)[0]["function"] == "checkout"
    assert found["threads"][0]["stacktrace"]["frames"][0]["function"] == "checkout"  # type: ignore[index]
    assert found["raw_stacktrace"] == stack


def test_many_frames_are_two_questions() -> None:
    sources = release()
    symbolicate(event(*[call(column) for column in (75, 161, 193, 221, 345)] * 20), sources)
    assert sources.asked.count("find") == 2
    assert sources.asked.count("read ~/static/app.js.map") == 1


def test_libraries_are_not_in_app() -> None:
    text = MAP.replace(b"../src/cart.ts", b"webpack://shop/./node_modules/cart/index.js")
    found = frame(
        symbolicate(
            event(), Memory().add("~/static/app.js", SCRIPT).add_map("~/static/app.js.map", text)
        )
    )
    assert found["in_app"] is False
    assert found["filename"] == "node_modules/cart/index.js"
    assert found["abs_path"] == "webpack://shop/./node_modules/cart/index.js"
    assert found["module"] == "cart/index"


@pytest.mark.parametrize(
    "more",
    [
        {"abs_path": "node:internal/modules/cjs/loader"},
        {"abs_path": "internal/process/task_queues.js"},
        {"abs_path": "events.js", "filename": "events.js"},
        {"abs_path": "<anonymous>"},
        {"abs_path": "[native code]"},
        {"abs_path": "chrome-extension://abc/inject.js"},
        {"platform": "python"},
        {"colno": None},
        {"lineno": "one"},
        {"lineno": 0},
        {"colno": True},
        {"abs_path": 5, "filename": None},
        {"data": {"symbolicated": True}},
    ],
)
def test_what_nobody_can_have_uploaded_is_left_alone(more: Json) -> None:
    payload = event(call(**more))
    sources = release()
    found = symbolicate(payload, sources)
    assert (found.payload, found.problems, sources.asked) == (payload, (), [])


def test_sources_that_run_as_they_are_need_no_map() -> None:
    path = "/srv/shop/server.js"
    found = symbolicate(event(call(abs_path=path), platform="node"), Memory())
    assert (frame(found), found.problems) == (call(abs_path=path), ())


def test_an_uploaded_source_gives_its_lines() -> None:
    sources = Memory().add("~/static/app.js", b"one\ntwo\nthree", type_=ArtifactType.SOURCE)
    found = symbolicate(event(call(3, lineno=2)), sources)
    assert (frame(found)["context_line"], found.problems) == ("two", ())
    assert frame(found)["function"] == "i"


def test_a_minified_line_is_cut_around_the_place() -> None:
    text = b"a" * 5000 + b"HERE" + b"b" * 5000
    found = symbolicate(event(call(5001)), Memory().add("~/static/app.js", text))
    line = frame(found)["context_line"]
    assert isinstance(line, str)
    assert len(line) < 300
    assert line.startswith("{snip} ")
    assert "HERE" in line
    assert told(found) == [("js_no_sourcemap", "no_reference")]


def test_a_hidden_map_is_found_by_the_usual_name() -> None:
    sources = Memory().add("~/static/app.js", RAW).add_map("~/static/app.js.map", MAP)
    found = symbolicate(event(call(abs_path=f"{URL}?v=7")), sources)
    assert (frame(found)["function"], found.problems) == ("checkout", ())


def test_a_map_without_its_file_is_found_by_the_usual_name() -> None:
    found = symbolicate(event(), Memory().add_map("~/static/app.js.map", MAP))
    assert (frame(found)["function"], found.problems) == ("checkout", ())


def test_a_reference_counts_before_the_usual_name() -> None:
    sources = Memory().add("~/static/app.js", RAW + b"//# sourceMappingURL=other.js.map")
    sources.add_map("~/static/app.js.map", b"{}").add_map("~/static/other.js.map", MAP)
    assert frame(symbolicate(event(), sources))["function"] == "checkout"


def test_a_map_may_have_a_name_with_the_origin() -> None:
    sources = Memory().add("~/static/app.js", SCRIPT).add_map(f"{URL}.map", MAP)
    assert frame(symbolicate(event(), sources))["function"] == "checkout"


@pytest.mark.parametrize(
    "rest",
    [
        # Metro names its map before it is joined with that of Hermes.
        b"//# sourceMappingURL=app.packager.map",
        b"x = `\n//# sourceMappingURL=${url}`;",
        b"x = '//# sourceMappingURL=data:application/json;base64,' + y;",
    ],
)
def test_a_wrong_reference_leads_to_the_usual_name(rest: bytes) -> None:
    sources = Memory().add("~/static/app.js", RAW + rest).add_map("~/static/app.js.map", MAP)
    found = symbolicate(event(), sources)
    assert (frame(found)["function"], found.problems) == ("checkout", ())


def test_a_map_without_contents_still_tells_the_place() -> None:
    said = json.loads(MAP)
    del said["sourcesContent"]
    sources = Memory().add("~/static/app.js", SCRIPT)
    sources.add_map("~/static/app.js.map", json.dumps(said).encode())
    found = symbolicate(event(), sources)
    assert told(found) == [("js_missing_sources_content", "no_content")]
    assert (frame(found)["lineno"], frame(found).get("context_line")) == (18, None)


def test_a_map_without_contents_has_the_code_of_uploaded_sources() -> None:
    known = json.loads(MAP)
    bare = {**known, "sourcesContent": None}
    sources = Memory().add("~/static/app.js", SCRIPT)
    sources.add_map("~/static/app.js.map", json.dumps(bare).encode())
    for source, content in zip(known["sources"], known["sourcesContent"], strict=True):
        sources.add(urls.resolve_url("~/static/", source), content.encode())
    found, whole = symbolicate(event(call(), call(345)), sources), symbolicate(event(), release())
    assert found.problems == ()
    assert frame(found)["context_line"]
    shown = exceptions_of(found.payload)[-1].frames[0]
    assert shown["context_line"] == frame(whole)["context_line"]
    assert sources.asked.count("find") == 3


def test_a_built_file_is_not_shown_as_its_source() -> None:
    bare = {**json.loads(MAP), "sourcesContent": None}
    for name in ("app.js", "app.js.map", ""):
        text = json.dumps({**bare, "sources": [name] * len(bare["sources"])}).encode()
        sources = Memory().add("~/static/app.js", SCRIPT).add_map("~/static/app.js.map", text)
        found = symbolicate(event(), sources)
        assert told(found) == [("js_missing_sources_content", "no_content")]
        assert "context_line" not in frame(found)


def test_a_map_with_bytes_that_are_not_utf8_is_read() -> None:
    text = MAP.replace(b'"sourcesContent":["', b'"sourcesContent":["// gr\xf6\xdfe ')
    sources = Memory().add("~/static/app.js", SCRIPT).add_map("~/static/app.js.map", text)
    found = symbolicate(event(), sources)
    assert (frame(found)["function"], found.problems) == ("checkout", ())


def test_what_no_database_can_keep_is_replaced() -> None:
    said = {"version": 3, "sources": ["a\x00\ud800.ts"], "names": [], "mappings": "AAAA"}
    text = json.dumps({**said, "sourcesContent": ["one\x00\ud800"]}).encode()
    sources = Memory().add("~/static/app.js", SCRIPT).add_map("~/static/app.js.map", text)
    found = frame(symbolicate(event(), sources))
    assert (found["filename"], found["context_line"]) == ("a\ufffd\ufffd.ts", "one\ufffd\ufffd")
    del said["sources"]
    sources = Memory().add("~/static/app.js", SCRIPT)
    sources.add_map("~/static/app.js.map", json.dumps({**said, "sources": ["\x00"]}).encode())
    assert "\ufffd" in symbolicate(event(), sources).problems[0].message


def test_a_map_without_contents_names_functions_by_the_minified_file() -> None:
    said = json.loads(MAP)
    del said["sourcesContent"]
    sources = Memory().add("~/static/app.js", SCRIPT)
    sources.add_map("~/static/app.js.map", json.dumps(said).encode())
    found = symbolicate(event(call(75, function="c")), sources)
    assert frame(found)["function"] == "rate"


def test_a_place_that_the_map_does_not_know_is_told_once_a_file() -> None:
    found = symbolicate(event(call(5, lineno=99), call(6, lineno=98)), release())
    assert told(found) == [("js_invalid_sourcemap_location", "unknown_position")]
    assert found.problems[0].data["line"] == 99


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"platform": "javascript", "exception": 5},
        {"platform": "javascript", "exception": {"values": 5}},
        {"platform": "javascript", "exception": [None, {"stacktrace": []}]},
        {"platform": "javascript", "exception": {"stacktrace": {"frames": [None, 5, {}]}}},
        {"platform": ["javascript"], "stacktrace": {"frames": {}}},
        {
            "platform": "javascript",
            "debug_meta": {"images": [None, {"type": "sourcemap"}, {"type": 5}]},
        },
        {"platform": "javascript", "debug_meta": []},
    ],
)
def test_odd_payloads_stay_as_they_are(payload: Json) -> None:
    assert symbolicate(payload, Memory()) == Symbolicated(payload=payload)
