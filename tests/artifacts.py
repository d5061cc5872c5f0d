"""What is uploaded in tests: chunks, bundles, and what is made of them."""

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from bundling import BUILT
from factories import Caller
from httpx import Response

from shipmark.infrastructure.blobs import Blobs

CHUNK_UPLOAD = "/organizations/acme/chunk-upload/"
ARTIFACT_BUNDLES = "/organizations/acme/artifactbundle/assemble/"
WEB_BUNDLES = "/projects/acme/web/files/artifact-bundles/"

DEBUG_ID = "c941d872-af1f-4f0c-a7ff-ad3d295fe153"
BUNDLE_ID = "eb6e60f1-65ff-4f6f-adff-f1bbeded627b"

#: A minified file and its map, as they lie in bundles.
APP = {
    "files/_/_/app.js": {
        "type": "minified_source",
        "url": "~/app.js",
        "headers": {"debug-id": DEBUG_ID, "Sourcemap": "app.js.map"},
        "content": b"console.log(1)",
    },
    "files/_/_/app.js.map": {
        "type": "source_map",
        "url": "~/app.js.map",
        "headers": {"debug-id": DEBUG_ID},
        "content": b"{}",
    },
}


def holds(blobs: Blobs, key: str) -> bool:
    try:
        blobs.size(key)
    except KeyError:
        return False
    return True


def sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


def bundle(files: Mapping[str, Mapping[str, Any]] = APP, **manifest: object) -> bytes:
    """A bundle as clients make them; ``manifest`` may replace what it says."""
    said = {
        path: {key: value for key, value in it.items() if key != "content"}
        for path, it in files.items()
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path, it in files.items():
            archive.writestr(zipfile.ZipInfo(path), it["content"])
        whole = {"org": "acme", "files": said} | manifest
        archive.writestr(zipfile.ZipInfo("manifest.json"), json.dumps(whole))
    return b"SYSB\x02\0\0\0" + content.getvalue()


def many(count: int) -> dict[str, dict[str, Any]]:
    """So many files without debug ids."""
    return {
        f"files/_/_/{n}.js": {"type": "source", "url": f"~/{n}.js", "content": b"%d" % n}
        for n in range(count)
    }


def form(*chunks: bytes, name: str = "file") -> list[tuple[str, tuple[str, bytes]]]:
    """Chunks as parts of a form."""
    plain = name != "file_gzip"
    return [(name, (sha1(it), it if plain else gzip.compress(it))) for it in chunks]


def send(caller: Caller, *chunks: bytes, path: str = CHUNK_UPLOAD, **more: Any) -> Response:
    """Send chunks."""
    return caller.post(path, files=form(*chunks), **more)


def cut(content: bytes, length: int) -> list[bytes]:
    """A content in chunks."""
    return [content[at : at + length] for at in range(0, len(content), length)]


def asked(content: bytes, *, chunks: Sequence[bytes] = (), **more: object) -> dict[str, object]:
    """What asks for a file to be assembled of its chunks, or of itself."""
    named = [sha1(each) for each in chunks or [content]]
    return {"checksum": sha1(content), "chunks": named, **more}


def upload(caller: Caller, content: bytes, *projects: str, **more: object) -> dict[str, Any]:
    """Upload a bundle as clients do, for web unless other projects are named; says what became of it."""
    body = asked(content, projects=list(projects or ["web"]), **more)
    assert send(caller, content).status_code == 200
    begun = caller.post(ARTIFACT_BUNDLES, body).json()
    assert begun["state"] in {"created", "ok", "error"}, begun
    told: dict[str, Any] = caller.post(ARTIFACT_BUNDLES, body).json()
    return told


#: A minified file and its map, as esbuild made them.
SCRIPT = (BUILT / "app.js").read_bytes()
SCRIPT_MAP = (BUILT / "app.js.map").read_bytes()


def built(*, debug_id: str = "", url: str = "~/static/app.js") -> dict[str, dict[str, Any]]:
    """Both as they lie in bundles."""
    headers = {"debug-id": debug_id} if debug_id else {}
    return {
        "app.js": {"type": "minified_source", "url": url, "headers": headers, "content": SCRIPT},
        "app.js.map": {"type": "source_map", "url": f"{url}.map", "headers": headers}
        | {"content": SCRIPT_MAP},
    }


SCRIPT_URL = "https://shop.example.com/static/app.js"


def js_event(
    *columns: int, url: str = SCRIPT_URL, line: int = 1, debug_id: str = "", **more: object
) -> dict[str, Any]:
    """An error of minified JavaScript, as a browser sends it; events of one column are of one issue."""
    frames = [
        {"function": "i", "abs_path": url, "filename": "/static/app.js", "lineno": line}
        | {"colno": column, "in_app": True}
        for column in columns or (221,)
    ]
    raised = {"type": "TypeError", "value": "x is undefined", "stacktrace": {"frames": frames}}
    image = {"type": "sourcemap", "debug_id": debug_id, "code_file": url}
    return {
        "event_id": uuid4().hex,
        "platform": "javascript",
        "exception": {"values": [raised]},
        **({"debug_meta": {"images": [image]}} if debug_id else {}),
        **more,
    }
