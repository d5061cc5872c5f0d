"""Connections to a real server that stall, break off, or lie; and the headers of all answers."""

import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from client_fixtures import Serve
from conformance.servers import Organization, running
from factories import Caller
from httpx import Client

API = "/api/0/organizations/{slug}/releases/"
ENVELOPE = "/api/{project}/envelope/"
UPLOAD = "/api/0/organizations/{slug}/chunk-upload/"
PLACES = [API, ENVELOPE, UPLOAD]
FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the server's data and log."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def acme(folder: Path) -> Iterator[Organization]:
    """An organization on a server that waits for a second only, behind a proxy on this machine."""
    settings = {
        "SHIPMARK_READ_TIMEOUT_SECONDS": "1",
        "SHIPMARK_TRUSTED_PROXIES": "127.0.0.1",
    }
    with running(folder / "data", **settings) as server:
        yield server.organization()


def head(acme: Organization, place: str, *headers: str) -> bytes:
    """The beginning of a request that may do what it asks for."""
    dsn = urlsplit(acme.dsns["web"])
    path = place.format(slug=acme.slug, project=dsn.path.strip("/"))
    media_type = "multipart/form-data; boundary=x" if place == UPLOAD else "application/json"
    lines = [
        f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {media_type}",
        f"X-Sentry-Auth: Sentry sentry_key={dsn.username}" if place == ENVELOPE
        else f"Authorization: Bearer {acme.token}",
        *headers, "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def answer_to(acme: Organization, sent: bytes, *, is_ended: bool = False) -> bytes:
    """Send this and nothing more; return all that comes until the server closes the connection."""
    at = urlsplit(acme.url)
    with socket.create_connection((str(at.hostname), at.port), timeout=120) as connection:
        connection.sendall(sent)
        if is_ended:
            connection.shutdown(socket.SHUT_WR)
        found = b""
        while piece := connection.recv(4096):
            found += piece
        return found


def status(answer: bytes) -> bytes:
    return answer.split(b" ", 2)[1] if answer else b""


@pytest.mark.parametrize("place", PLACES)
def test_a_body_that_breaks_off_is_refused(acme: Organization, place: str) -> None:
    sent = head(acme, place, "Content-Length: 1000") + FORM
    assert status(answer_to(acme, sent, is_ended=True)) == b"400"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "chunks", [b"zz\r\nabc\r\n", b"3\r\nabcdef\r\n", b"3\r\nabc\r\n-1\r\n", b"f" * 40 + b"\r\n"]
)
def test_a_body_in_broken_chunks_is_refused(acme: Organization, place: str, chunks: bytes) -> None:
    start = b"%x\r\n%s\r\n" % (len(FORM), FORM)
    sent = head(acme, place, "Transfer-Encoding: chunked") + start + chunks
    assert status(answer_to(acme, sent)) == b"400"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("begun", [b"", FORM])
def test_a_body_that_stalls_is_refused_and_closed(
    acme: Organization, place: str, begun: bytes
) -> None:
    sent = head(acme, place, "Content-Length: 1000") + begun
    answer = answer_to(acme, sent)
    assert status(answer) == b"408"
    assert b"connection: close" in answer.lower()


@pytest.mark.parametrize("sent", [b"", b"POST /api/0/ HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_connection_that_sends_no_request_is_closed(acme: Organization, sent: bytes) -> None:
    assert status(answer_to(acme, sent)) in {b"", b"408"}


@pytest.mark.parametrize("place", PLACES)
def test_a_refusal_reaches_a_client_that_still_sends(acme: Organization, place: str) -> None:
    unknown = head(acme, place, "Content-Length: 20000000").replace(acme.token.encode(), b"wrong")
    unknown = unknown.replace((urlsplit(acme.dsns["web"]).username or "").encode(), b"f" * 32)
    answer = answer_to(acme, unknown + b"x" * 20_000_000)
    assert status(answer) == (b"403" if place == ENVELOPE else b"401")


def test_the_audit_log_tells_the_address_behind_the_proxy(acme: Organization) -> None:
    at = urlsplit(acme.url)
    connection = HTTPConnection(str(at.hostname), at.port, timeout=120)
    headers = {
        "Authorization": f"Bearer {acme.token}",
        "Content-Type": "application/json",
        "X-Forwarded-For": "1.1.1.1, 198.51.100.7",
    }
    path = f"/api/0/organizations/{acme.slug}/"
    connection.request("PUT", path, b'{"name":"More"}', headers)
    assert connection.getresponse().status == 200
    connection.close()
    assert [it["ipAddress"] for it in acme.get("audit-logs/?event=org.edit")["rows"]] == [
        "198.51.100.7"
    ]


def test_nothing_of_this_counts_as_a_bug(acme: Organization, folder: Path) -> None:
    assert status(answer_to(acme, head(acme, API, "Content-Length: 9") + b"{", is_ended=True))
    assert "Traceback" not in (folder / "data.log").read_text()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_all_answers_say_that_their_type_is_meant(alice: Caller, client: Client) -> None:
    found = [
        alice.get("/organizations/acme/releases/"),
        alice.get("/organizations/nowhere/"),
        client.get("/api/0/organizations/acme"),
        client.get("/sign-in/"),
        client.get("/healthz"),
        client.post("/api/1/envelope/", content=b"x"),
    ]
    for answer in found:
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_browsers_are_told_to_stay_with_https_where_the_base_url_is(serve: Serve) -> None:
    client = serve()
    assert client.get("/sign-in/").headers["strict-transport-security"] == "max-age=31536000"
