"""Downloads and uploads while the bucket of files can't be reached: 503, to be tried again, before the first byte."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest
from artifacts import BUNDLE_ID, CHUNK_UPLOAD, DEBUG_ID, asked, bundle, form, many, send, upload
from bundling import BUILT, zipped
from factories import Caller, on_one_database
from httpx import Client
from moto.server import ThreadedMotoServer
from pictures import picture, sent

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.opening import open_blobs

FILES = "/organizations/acme/releases/web@1.0.0/files/"
DSYMS = "/projects/acme/web/files/dsyms/"
LOOKUP = "/projects/acme/web/artifact-lookup/"
MAPPING = (BUILT / "mapping.txt").read_bytes()
OUT_OF_ORDER = "The store of files is out of order. Try again later."

Stop = Callable[[], None]

pytestmark = on_one_database


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Stop]]:
    """The address of a bucket on an S3 server, and what stops that server."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tests")
    # The pauses between retries are none of this test's business.
    monkeypatch.setattr("shipmark.infrastructure.blobs.object_store.RETRIES", 0)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with closing(HTTPConnection(f"{host}:{port}", timeout=60)) as connection:
        connection.request("PUT", "/bucket-away")
        assert connection.getresponse().status == 200
    running = [server]

    def stop() -> None:
        while running:
            running.pop().stop()

    yield f"s3://bucket-away?endpoint=http://{host}:{port}&region=us-east-1", stop
    stop()


@pytest.fixture
def blobs(bucket: tuple[str, Stop]) -> Blobs:
    """The bucket, in place of the folder of other tests."""
    return open_blobs(bucket[0])


@pytest.fixture
def stop(bucket: tuple[str, Stop]) -> Stop:
    """Stops the server of the bucket."""
    return bucket[1]


@pytest.fixture
def downloads(alice: Caller) -> dict[str, str]:
    """The addresses of contents of every kind, all of them stored."""
    alice.publish("web@1.0.0", "web")
    script = {"file": ("a.js", b"js", "application/javascript")}
    single = alice.post(FILES, data={"name": "~/single.js"}, files=script).json()["id"]
    upload(alice, bundle(debug_id=BUNDLE_ID), version="web@1.0.0")
    release_bundle = bundle(many(2), release="web@1.0.0")
    send(alice, release_bundle)
    assembled = asked(release_bundle)
    alice.post(FILES.replace("files/", "assemble/"), assembled)
    bundled = next(it["id"] for it in alice.get(FILES).json() if it["name"] == "~/1.js")
    member = urlsafe_b64encode(b"files/_/_/app.js").decode()
    found = alice.get(LOOKUP, params={"debug_id": DEBUG_ID}).json()[0]["url"]
    mapping = zipped([("proguard/dac1a4b8-2254-55a4-bff8-8f4bc80197df.txt", MAPPING)])
    debug_file = alice.post(DSYMS, files={"file": ("a.zip", mapping)}).json()[0]["id"]
    body = {"avatar_type": "upload", "avatar_photo": sent(picture("JPEG", 512))}
    photo = alice.put("/users/me/avatar/", body).json()["avatarUrl"]
    return {
        "release file": f"/api/0{FILES}{single}/?download=1",
        "project's release file": f"/api/0/projects/acme/web/releases/web@1.0.0/files/{single}/?download",
        "single file": f"/api/0{LOOKUP}?download=release_file/{single}",
        "bundle": found.removeprefix("https://ship.example.com"),
        "member": f"/api/0/projects/acme/web/artifact-bundles/{BUNDLE_ID}/files/{member}/",
        "file of a release's bundle": f"/api/0{FILES}{bundled}/?download=1",
        "debug file": f"/api/0{DSYMS}?id={debug_file}",
        "photo": photo.removeprefix("https://ship.example.com"),
        "small photo": photo.removeprefix("https://ship.example.com") + "?s=32",
    }


def test_downloads_are_to_be_tried_again(
    alice: Caller, client: Client, downloads: dict[str, str], stop: Stop
) -> None:
    for what, path in downloads.items():
        assert client.get(path, headers=alice.headers).status_code == 200, what
    stop()
    for what, path in downloads.items():
        # A size that was not asked for yet: small photos are kept in memory.
        answer = client.get(path.replace("s=32", "s=64"), headers=alice.headers)
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5"), what
        assert OUT_OF_ORDER in answer.text.replace("&#39;", "'"), what


def test_what_is_known_needs_no_bucket(
    alice: Caller, client: Client, downloads: dict[str, str], stop: Stop
) -> None:
    path = downloads["release file"]
    tag = client.get(path, headers=alice.headers).headers["etag"]
    stop()
    answer = client.get(path, headers=alice.headers | {"If-None-Match": tag})
    assert answer.status_code == 304
    assert alice.get(FILES).status_code == 200


def test_uploads_are_to_be_tried_again(alice: Caller, stop: Stop) -> None:
    stop()
    answer = alice.post(CHUNK_UPLOAD, files=form(b"chunk"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
