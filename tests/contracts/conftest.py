"""The stores that the facts of blobs are tested on: a folder, and a bucket of an S3 server in this process."""

from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.opening import open_blobs

_numbers = count(1)


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """An S3 server on a free port."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket's address, with the credentials in the environment as an operator has them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "tests")
    bucket = f"bucket-{next(_numbers)}"
    with closing(HTTPConnection(s3_address, timeout=60)) as connection:
        connection.request("PUT", f"/{bucket}")
        assert connection.getresponse().status == 200
    return f"s3://{bucket}/a/prefix?endpoint=http://{s3_address}&region=us-east-1"


@pytest.fixture(params=["folder", "bucket"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Each implementation in turn, with nothing in it."""
    made: dict[str, Callable[[], str]] = {
        "folder": (tmp_path / "blobs of a test").as_uri,
        "bucket": lambda: request.getfixturevalue("s3_url"),
    }
    return open_blobs(made[request.param]())
