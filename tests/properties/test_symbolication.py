"""Stacks from anybody, and files from anybody: symbolication never fails, and never loses what came."""

import json

from bundling import BUILT, Memory
from hypothesis import given
from hypothesis import strategies as st

from shipmark.events.payload import Json
from shipmark.events.scanning import storable
from shipmark.symbolication.javascript import symbolicate
from shipmark.symbolication.javascript_stacks import files_of

ID = "dfb8e43a-f242-3d73-a453-aeb6a777ef75"
SCRIPT = (BUILT / "app.js").read_bytes()
MAP = (BUILT / "app.js.map").read_bytes()

URLS = st.sampled_from([
    "https://a.example/static/app.js", "https://a.example/app.js?v=1", "app:///static/app.js",
    "/srv/static/app.js", "node:fs", "~/static/app.js", "async app:///x.js", "C:\\app.js", "//", "a/b#c",
    "http://[", "data:,x",
])  # fmt: skip
COUNTS = st.integers(-1, 500) | st.sampled_from([75, 161, 193, 221, 345, 2**31, 2**64]) | st.none()
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
FRAMES = st.fixed_dictionaries(
    {"abs_path": URLS | LEAVES, "lineno": st.just(1) | COUNTS | LEAVES, "colno": COUNTS | LEAVES},
    optional={
        "function": st.text(max_size=5) | LEAVES,
        "filename": URLS | LEAVES,
        "platform": st.sampled_from(["javascript", "node", "native"]) | LEAVES,
        "data": st.just({"symbolicated": True}) | LEAVES,
        "in_app": LEAVES,
    },
)
STACKS = st.fixed_dictionaries({"frames": st.lists(FRAMES | LEAVES, max_size=6) | LEAVES})
HOLDERS = st.fixed_dictionaries({"stacktrace": STACKS | LEAVES})
IMAGES = st.fixed_dictionaries(
    {
        "type": st.just("sourcemap") | LEAVES,
        "debug_id": st.just(ID) | LEAVES,
        "code_file": URLS | LEAVES,
    }
)
LISTS = st.lists(HOLDERS | LEAVES, max_size=3)
PAYLOADS = st.fixed_dictionaries(
    {"platform": st.sampled_from(["javascript", "node"]) | LEAVES},
    optional={
        "release": st.sampled_from(["shop@1", ""]) | LEAVES,
        "dist": LEAVES,
        "exception": LISTS | HOLDERS | st.fixed_dictionaries({"values": LISTS | LEAVES}) | LEAVES,
        "threads": st.fixed_dictionaries({"values": LISTS}) | LEAVES,
        "stacktrace": STACKS | LEAVES,
        "debug_meta": st.fixed_dictionaries({"images": st.lists(IMAGES | LEAVES, max_size=3)})
        | LEAVES,
    },
).map(storable)


@st.composite
def uploads(draw: st.DrawFn) -> Memory:
    """Some files that are right, and some that are not."""
    memory = Memory()
    texts = st.sampled_from([SCRIPT, b"x()", b"gone", b"\xff"])
    maps = st.sampled_from([MAP, b"{}", b"gone", MAP[:500], MAP.replace(b"sourcesContent", b"x")])
    for url in draw(st.lists(st.sampled_from(["~/static/app.js", "~/app.js"]), max_size=2)):
        headers = draw(st.sampled_from([{}, {"sourcemap": "app.js.map"}, {"debug_id": ID}]))
        memory.add(url, draw(texts), **headers)
    if draw(st.booleans()):
        headers = draw(st.sampled_from([{}, {"debug_id": ID}]))
        memory.add_map("~/static/app.js.map", draw(maps), **headers)
    return memory


@given(PAYLOADS, uploads())
def test_any_event_with_any_files_is_an_event(payload: Json, sources: Memory) -> None:
    before = json.dumps(payload)
    found = symbolicate(payload, sources)
    assert json.dumps(payload) == before
    assert storable(found.payload) == found.payload
    assert {problem.key for problem in found.problems} == {it.key for it in found.problems}
    assert sources.asked.count("find") <= 2
    assert sources.asked.count("survey") <= 1
    assert len(sources.asked) == len(set(sources.asked)) or sources.asked.count("find") == 2


@given(PAYLOADS, uploads())
def test_the_stack_that_came_is_still_there(payload: Json, sources: Memory) -> None:
    text = json.dumps(symbolicate(payload, sources).payload)
    for url in files_of(payload):
        assert json.dumps(url)[1:-1] in text


@given(PAYLOADS, uploads())
def test_a_second_time_changes_nothing(payload: Json, sources: Memory) -> None:
    once = symbolicate(payload, sources).payload
    again = symbolicate(once, sources).payload
    assert json.dumps(again) == json.dumps(once)
