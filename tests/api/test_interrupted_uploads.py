"""Clients of a real server that go away in the middle of an upload, or lie about its length."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from artifacts import sha1
from conformance.servers import Organization, running
from hostile import FORM, part, sweep

from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Organization, Path]]:
    """An organization on a real server."""
    data = tmp_path_factory.mktemp("server") / "data"
    with running(data) as server:
        yield server.organization(), data


def told(organization: Organization, path: str, length: int | str, content: bytes) -> bytes:
    """What a server answers somebody who says that so many bytes come, sends these, and sends no more."""
    host, port = organization.url.removeprefix("http://").split(":")
    head = (
        f"POST /api/0/organizations/{organization.slug}/{path} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {organization.token}\r\n"
        f"Content-Type: {FORM['Content-Type']}\r\nContent-Length: {length}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode() + content)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while piece := connection.recv(4096):
            found += piece
            if length == 0 or b"\r\n\r\n" in found:
                break
    return found


@pytest.mark.parametrize(
    ("said", "cut"),
    [(10**6, 0), (10**6, 30), ("more", 0), ("less", 0), (0, 0), (2**33, 0), (-1, 0)],
)
@pytest.mark.parametrize("path", ["chunk-upload/", "releases/web@1/files/"])
def test_a_client_that_goes_away_or_lies_leaves_nothing(
    organization: tuple[Organization, Path], path: str, said: int | str, cut: int
) -> None:
    acme, data = organization
    acme.ask("POST", "releases/", {"version": "web@1", "projects": ["web"]})
    content = part(
        b'Content-Disposition: form-data; name="file"; filename="' + sha1(b"x").encode() + b'"'
    )
    lengths = {"more": len(content) + 1, "less": len(content) - 5}
    length = lengths[said] if isinstance(said, str) else said
    answer = told(acme, path, length, content[: len(content) - cut])
    assert not answer.startswith((b"HTTP/1.1 5", b"HTTP/1.1 2")) or path == "chunk-upload/"
    assert acme.get("releases/web@1/files/") == []
    database = Database(f"sqlite:///{data / 'shipmark.db'}")
    sweep(database, open_blobs((data / "blobs").as_uri()), data / "blobs")
    database.close()
