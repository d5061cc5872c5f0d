"""An event with a frame of a minified script, the script and its map, and what became of the frame."""

from bundling import BUILT, Memory

from shipmark.events.payload import Json, exceptions_of
from shipmark.symbolication.javascript import Symbolicated

URL = "https://shop.example.com/static/app.js"

ID = "dfb8e43a-f242-3d73-a453-aeb6a777ef75"

SCRIPT = (BUILT / "app.js").read_bytes()

MAP = (BUILT / "app.js.map").read_bytes()
RAW = SCRIPT.partition(b"//#")[0]


def call(column: int = 221, **more: object) -> Json:
    return {
        "function": "i",
        "abs_path": URL,
        "filename": "/static/app.js",
        "lineno": 1,
        "colno": column,
        **more,
    }


def event(*frames: Json, **more: object) -> Json:
    raised = {"type": "TypeError", "value": "x", "stacktrace": {"frames": list(frames or [call()])}}
    return {
        "platform": "javascript",
        "release": "shop@1",
        "exception": {"values": [raised]},
        **more,
    }


def with_id(debug_id: str = ID, code_file: str = URL) -> Json:
    return {
        "debug_meta": {
            "images": [{"type": "sourcemap", "debug_id": debug_id, "code_file": code_file}]
        }
    }


def release() -> Memory:
    return Memory().add("~/static/app.js", SCRIPT).add_map("~/static/app.js.map", MAP)


def frame(found: Symbolicated) -> Json:
    return exceptions_of(found.payload)[-1].frames[-1]


def told(found: Symbolicated) -> list[tuple[str, object]]:
    return [(problem.type, problem.data["reason"]) for problem in found.problems]
