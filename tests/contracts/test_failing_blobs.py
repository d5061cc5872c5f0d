"""What is said of stores that are full or out of order, and of addresses that are none."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from artifacts import holds

from shipmark.http.error_responses import refusal_response
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.filesystem import INCOMING, open_folder
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.blobs.storage_errors import is_disk_full
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Refusal, StorageFull, Unavailable
from shipmark.infrastructure.settings import SettingsError

KEY = "ab/cdef"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one mebibyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if (
        os.geteuid() != 0
        or subprocess.run(command, check=False, capture_output=True).returncode != 0
    ):
        pytest.skip("only who may mount has a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def server(status: int, body: bytes = b"", wait_seconds: float = 0.0) -> Iterator[str]:
    """An object store that answers everything in one way; says its address."""

    class Answering(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            time.sleep(wait_seconds)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{serving.server_port}"
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tests")


def bucket(endpoint: str) -> Blobs:
    return open_blobs(f"s3://bucket/prefix?endpoint={endpoint}&region=eu-west-1")


def files_in(folder: Path) -> list[str]:
    return sorted(it.relative_to(folder).as_posix() for it in folder.rglob("*") if it.is_file())


def test_a_full_disk_refuses_and_keeps_what_is_there(small_disk: Path) -> None:
    blobs = open_blobs((small_disk / "blobs").as_uri())
    blobs.put(KEY, b"a" * (MEBIBYTE // 2))
    with pytest.raises(StorageFull):
        blobs.put("ab/large", b"b" * MEBIBYTE)
    assert (holds(blobs, "ab/large"), files_in(small_disk)) == (False, [f"blobs/{KEY}"])
    assert b"".join(blobs.read(KEY)) == b"a" * (MEBIBYTE // 2)


def test_a_disk_with_room_again_is_used_again(small_disk: Path) -> None:
    blobs = open_blobs(small_disk.as_uri())
    with pytest.raises(StorageFull):
        blobs.put("ab/large", b"b" * (MEBIBYTE + 1))
    blobs.put(KEY, b"a")
    assert holds(blobs, KEY)
    free = blobs.free_bytes()
    assert free is not None
    assert 0 < free < MEBIBYTE


def test_a_full_disk_refuses_what_the_database_would_keep(small_disk: Path) -> None:
    database = Database(f"sqlite:///{small_disk / 'shipmark.db'}")
    with database.transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")
        connection.exec_driver_sql("INSERT INTO notes VALUES ('short')")
    with (
        pytest.raises(StorageFull, match="no space left in the database"),
        database.transaction() as it,
    ):
        it.exec_driver_sql("INSERT INTO notes VALUES (?)", ("x" * MEBIBYTE,))
    with database.snapshot() as connection:
        kept = connection.exec_driver_sql("SELECT text FROM notes").scalars().all()
    assert kept == ["short"]
    database.close()


_LIMITED = """
import resource, signal, sys
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.errors import Unavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
blobs = open_blobs(sys.argv[1])
try:
    blobs.put("ab/cd", b"x" * 2000)
except Unavailable:
    try:
        blobs.size("ab/cd")
    except KeyError:
        print(False)
"""


def test_what_can_only_be_written_in_part_is_not_there(tmp_path: Path) -> None:
    """A write that ends in the middle, whoever may mount or not."""
    command = [sys.executable, "-c", _LIMITED, tmp_path.as_uri()]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (told.splitlines()[-1], files_in(tmp_path)) == ("False", [])


@pytest.mark.parametrize("body", [b"", b"<Error><Code>InsufficientStorage</Code></Error>"])
def test_a_full_object_store_refuses(body: bytes) -> None:
    with server(507, body) as endpoint, pytest.raises(StorageFull):
        bucket(endpoint).put(KEY, b"content")


def test_a_store_says_that_it_is_full_in_words_of_its_own() -> None:
    body = b"<Error><Code>XMinioStorageFull</Code><Message>Storage backend</Message></Error>"
    with server(400, body) as endpoint, pytest.raises(StorageFull):
        bucket(endpoint).put(KEY, b"content")


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_a_store_that_answers_nonsense_is_out_of_order(status: int) -> None:
    with server(status) as endpoint, pytest.raises(Unavailable):
        bucket(endpoint).put(KEY, b"content")


def test_nothing_is_found_to_be_missing_where_nobody_answers() -> None:
    blobs = bucket("http://127.0.0.1:9")
    for ask in (blobs.size, blobs.read, blobs.remove):
        with pytest.raises(Unavailable):
            ask(KEY)


def test_a_store_that_does_not_answer_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shipmark.infrastructure.blobs.object_store.ANSWER_SECONDS", 0.05)
    monkeypatch.setattr("shipmark.infrastructure.blobs.object_store.RETRIES", 1)
    with server(200, wait_seconds=0.3) as endpoint, pytest.raises(Unavailable):
        bucket(endpoint).put(KEY, b"content")


def test_a_bucket_that_is_not_there_is_told_when_it_is_written(s3_url: str) -> None:
    blobs = open_blobs(s3_url.replace("s3://bucket", "s3://nobucket"))
    with pytest.raises(Unavailable):
        blobs.put(KEY, b"content")


def test_a_folder_that_went_away_is_out_of_order(tmp_path: Path) -> None:
    blobs = open_folder(tmp_path / "blobs")
    (tmp_path / "blobs" / INCOMING).rmdir()
    (tmp_path / "blobs").rmdir()
    with pytest.raises(Unavailable):
        blobs.put(KEY, b"content")
    assert not holds(blobs, KEY)


def test_what_was_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    incoming = tmp_path / INCOMING
    incoming.mkdir()
    for name, age in (("old", 25), ("fresh", 1)):
        (incoming / name).write_bytes(b"half")
        then = time.time() - age * 3600
        os.utime(incoming / name, (then, then))
    open_folder(tmp_path)
    assert files_in(tmp_path) == [f"{INCOMING}/fresh"]


@pytest.mark.parametrize("number", [28, 122])
def test_a_quota_that_is_used_up_is_no_room_either(number: int) -> None:
    assert is_disk_full(OSError(number, os.strerror(number)))


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(StorageFull(), 507), (Unavailable(), 503)],
    ids=["full", "out of order"],
)
def test_clients_are_told_to_try_again(refusal: Refusal, status: int) -> None:
    """Both are statuses that sentry-cli tries again after."""
    answer = refusal_response(SimpleNamespace(), refusal)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert set(answer.content) == {"detail"}


@pytest.mark.parametrize(
    "url",
    [
        "",
        "blobs",
        "ftp://example.com/blobs",
        "http://bucket.s3.example.com/",
        "memory:///",
        "file:blobs",
        "file://blobs",
        "file:///tmp/blobs?region=eu",
        "file:///dev/null/blobs",
        "s3://",
        "s3:///bucket",
        "s3://buck et",
        "s3://bucket?endpoint=",
        "s3://bucket?endpoint=127.0.0.1:5000",
        "s3://bucket?endpoint=ftp://127.0.0.1",
        "s3://bucket?region",
        "s3://bucket?colour=red",
        "s3://key:secret@bucket/prefix",
        "s3://bucket/prefix#part",
        "gs://bucket?endpoint=https://example.com",
        "az://",
        "s3://[bucket",
    ],
)
def test_addresses_that_name_no_store_are_refused_at_once(url: str) -> None:
    with pytest.raises(SettingsError, match="SHIPMARK_BLOBS_URL"):
        open_blobs(url)


def test_buckets_of_other_clouds_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "acme")
    for url in ("gs://bucket/prefix", "az://container/prefix"):
        assert open_blobs(url).free_bytes() is None


def test_plain_http_is_spoken_only_where_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP", raising=False)
    with server(200) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(Unavailable):
            open_blobs("s3://bucket?region=eu-west-1").put(KEY, b"content")
