"""Uploads of enemies and of bad luck: nothing half-written is seen, and nothing stays without a row."""

import io
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from artifacts import (
    ARTIFACT_BUNDLES,
    CHUNK_UPLOAD,
    WEB_BUNDLES,
    asked,
    bundle,
    many,
    send,
    sha1,
    upload,
)
from client_fixtures import Serve
from factories import RELEASES, Caller, World, counts, on_one_database
from hostile import BOUNDARY, FORM, objects, part, sweep
from httpx import Response
from pictures import picture, sent

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database

pytestmark = on_one_database

FILES = f"{RELEASES}web@1.0.0/files/"
DSYMS = "/projects/acme/web/files/dsyms/"

#: Proves that the store holds what the database knows, and nothing else.
Swept = Callable[[], None]


@pytest.fixture(autouse=True)
def release(request: pytest.FixtureRequest) -> None:
    if "alice" in request.fixturenames:
        request.getfixturevalue("alice").publish("web@1.0.0")


@pytest.fixture
def swept(database: Database, blobs: Blobs, tmp_path: Path) -> Swept:
    return lambda: sweep(database, blobs, tmp_path / "blobs")


def named(name: str) -> dict[str, Any]:
    return {"data": {"name": name}, "files": {"file": ("a.js", b"x")}}


def test_a_chunk_that_lies_about_its_checksum_is_nobody_s(
    alice: Caller, database: Database, swept: Swept
) -> None:
    answer = alice.post(CHUNK_UPLOAD, files=[("file", (sha1(b"one"), b"two"))])
    assert answer.status_code == 400
    body = asked(b"whole", chunks=[b"one", b"two"], projects=["web"])
    assert alice.post(ARTIFACT_BUNDLES, body).json()["missingChunks"] == [
        sha1(b"one"),
        sha1(b"two"),
    ]
    swept()
    assert counts(database)["blobs"] == 0


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "~/../../x",
        "C:/x",
        ".",
        "..",
        "%2e%2e",
        "con",
        "Ü💥",
        "a;b",
    ],
)
def test_a_name_is_a_name_and_no_path(
    alice: Caller, name: str, tmp_path: Path, swept: Swept
) -> None:
    made = alice.post(FILES, **named(name))
    assert (made.status_code, made.json()["name"]) == (201, name)
    answer = alice.get(f"{FILES}{made.json()['id']}/?download")
    assert answer.content == b"x"
    assert "/" not in answer.headers["content-disposition"].partition("filename*=")[0]
    swept()
    assert objects(tmp_path) == {f"blobs/{it}" for it in objects(tmp_path / "blobs")}


@pytest.mark.parametrize(
    "name", ["a\0b", "a\nb", "a\rb", "a\\b", "a\x0bb", " ", "", "file", "x" * 4096, "x" * 100_000]
)
def test_a_name_that_cannot_be_one_is_refused(
    alice: Caller, database: Database, name: str, swept: Swept
) -> None:
    assert alice.post(FILES, **named(name)).status_code in {400, 413}
    swept()
    assert (counts(database)["release_files"], counts(database)["blobs"]) == (0, 0)


@pytest.mark.parametrize("path", [FILES, DSYMS, CHUNK_UPLOAD])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"--",
        b"--" + BOUNDARY.encode(),
        b"no form at all",
        part(b"no header"),
        part(b'Content-Disposition: form-data; name="\xff\xfe"; filename="\xff"'),
        part(b'Content-Disposition: form-data; name="file"; filename="\xff\x00\xfe"'),
        part(b'Content-Disposition: form-data; name="file"; filename="' + b"x" * 4096 + b'"'),
        part(b'Content-Disposition: form-data; name="file"; filename="' + b"x" * 100_000 + b'"'),
        part(b'Content-Disposition: form-data; name="file"; filename="a"')[:-12],
        part(b'Content-Disposition: form-data; name="name"', b"\xff\xfe"),
        part(b'Content-Disposition: form-data; name="file"\r\nX: ' + b"y" * 100_000),
        part(b"Content-Disposition: form-data\r\n" * 1000),
    ],
)
def test_a_broken_form_is_refused(
    alice: Caller, database: Database, path: str, content: bytes, swept: Swept
) -> None:
    answer = alice.post(path, content=content, headers=FORM)
    # A chunk upload without chunks is none that failed.
    assert answer.status_code in ({400, 413, 200} if path == CHUNK_UPLOAD else {400, 413})
    swept()
    found = counts(database)
    assert [found[it] for it in ("release_files", "debug_files", "files", "blobs")] == [0] * 4


def zipped_bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("files/zeros.js", b"\0" * 2**24)
        archive.writestr("manifest.json", b'{"files": {"files/zeros.js": {"url": "~/zeros.js"}}}')
    return held.getvalue()


SOURCE = {"type": "source", "url": "~/x.js", "content": b"x"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (zipped_bomb(), "its member 'files/zeros.js' is compressed more than 250 times"),
        (bundle()[:-30], "it is not a zip file, or not a whole one"),
        (b"PK\x05\x06" + b"\xff" * 18, "it is not a zip file, or not a whole one"),
    ],
)
def test_a_bundle_that_cannot_be_read_is_told_with_the_reason(
    alice: Caller, database: Database, content: bytes, reason: str, swept: Swept
) -> None:
    told = upload(alice, content, version="web@1.0.0")
    assert told == {
        "state": "error",
        "detail": "the bundle is invalid",
        "reason": reason,
        "missingChunks": [],
    }
    assert alice.get(WEB_BUNDLES).json() == []
    swept()


def test_a_release_gets_all_files_of_its_bundle_or_none(
    alice: Caller, database: Database, swept: Swept
) -> None:
    path = f"{RELEASES}web@1.0.0/assemble/"
    whole = bundle(many(3), release="web@1.0.0")
    content = whole.replace(b"files/_/_/2.js2", b"files/_/_/2.jsx", 1)
    assert content != whole
    send(alice, content)
    alice.post(path, asked(content))
    told = alice.post(path, asked(content)).json()
    assert (told["state"], told["reason"]) == ("error", "its member files/_/_/2.js is damaged")
    assert (counts(database)["release_files"], counts(database)["files"]) == (0, 0)
    swept()


@pytest.mark.parametrize("path", ["../x.js", "/x.js", "a/../../x.js", "C:/x.js", "a\\..\\x.js"])
def test_a_member_that_leads_elsewhere_is_not_in_the_bundle(
    alice: Caller, path: str, tmp_path: Path, swept: Swept
) -> None:
    assert upload(alice, bundle({path: SOURCE}), version="web@1.0.0")["state"] == "ok"
    [made] = alice.get(WEB_BUNDLES).json()
    assert made["fileCount"] == 0
    swept()
    assert {it.name for it in tmp_path.iterdir()} == {"blobs"}


def test_a_bundle_of_ten_thousand_files_is_kept_and_listed(
    alice: Caller, database: Database
) -> None:
    assert upload(alice, bundle(many(10_000)), version="web@1.0.0")["state"] == "ok"
    assert counts(database)["bundle_entries"] == 10_000
    [made] = alice.get(WEB_BUNDLES).json()
    assert made["fileCount"] == 10_000
    files = f"/projects/acme/web/artifact-bundles/{made['bundleId']}/files/"
    assert len(alice.get(files).json()["files"]) == 100


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two mebibytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if (
        os.geteuid() != 0
        or subprocess.run(command, check=False, capture_output=True).returncode != 0
    ):
        pytest.skip("only who may mount has a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def photo(caller: Caller) -> Response:
    shown = {"avatar_type": "upload", "avatar_photo": sent(picture())}
    return caller.put("/organizations/acme/avatar/", shown)


LARGE = os.urandom(3 * 2**20)
UPLOADS: dict[str, Callable[[Caller], Response]] = {
    "chunk": lambda caller: send(caller, LARGE),
    "release file": lambda caller: caller.post(FILES, files={"file": ("a.js", LARGE)}),
    "avatar": photo,
}


@pytest.mark.parametrize("kind_of", UPLOADS)
def test_a_full_disk_is_told_and_nothing_is_kept(
    serve: Serve, world: World, database: Database, small_disk: Path, alice: Caller, kind_of: str
) -> None:
    blobs = open_blobs(small_disk.as_uri())
    caller = Caller(serve(keep=blobs), world.tokens["alice@example.com"])
    filler = small_disk / ".filler"
    if kind_of == "avatar":
        filler.write_bytes(b"x" * (2 * 2**20 - 4096 * 3))
        with filler.open("ab") as file:
            _fill(file.fileno())
    before = counts(database)
    answer = UPLOADS[kind_of](caller)
    assert answer.status_code == 507, answer.text
    assert "no space left" in answer.json()["detail"]
    after = counts(database)
    for table in ("files", "blobs", "release_files", "blob_owners"):
        assert after[table] == before[table]
    sweep(database, blobs, small_disk)
    filler.unlink(missing_ok=True)
    assert send(caller, b"small").status_code == 200


def _fill(descriptor: int) -> None:
    try:
        while os.write(descriptor, b"x" * 512):
            pass
    except OSError:
        return
