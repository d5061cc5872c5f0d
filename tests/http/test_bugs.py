"""What happens when we fail: the caller learns an id and nothing else, and whoever is set is told."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sentry_sdk
from litestar import Litestar, get
from litestar.testing import TestClient

from shipmark import app_with_error_reporting
from shipmark.http.error_responses import failure_response
from shipmark.infrastructure import telemetry

SECRET = "the inside of the server"


@get("/", sync_to_thread=False)
def fail() -> None:
    raise RuntimeError(SECRET)


@pytest.fixture
def reporters(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The reporters of this test alone."""
    fresh: list[object] = []
    monkeypatch.setattr(telemetry, "_reporters", fresh)
    return fresh


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[bytes]]]:
    """A server that keeps what is sent to it, and its DSN."""
    received: list[bytes] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(
                self.path.encode() + self.rfile.read(int(self.headers["Content-Length"]))
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{'a' * 32}@127.0.0.1:{server.server_port}/1", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_bug_answers_500_with_an_id_and_nothing_of_its_inside(reporters: list[object]) -> None:
    app = Litestar([fail], exception_handlers={Exception: failure_response}, openapi_config=None)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "Internal Error"
    assert len(answer.json()["errorId"]) == 32
    assert SECRET not in answer.text


def test_a_bug_is_told_to_the_reporters(reporters: list[object]) -> None:
    told: list[BaseException] = []
    telemetry.add_reporter(told.append)
    error = ValueError("no")
    telemetry.report_exception("It failed", error)
    assert told == [error]


def test_bugs_go_to_the_server_that_is_set(
    reporters: list[object],
    receiver: tuple[str, list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    dsn, received = receiver
    monkeypatch.setenv("SHIPMARK_REPORT_DSN", dsn)
    monkeypatch.setenv("SHIPMARK_DATA", str(tmp_path))
    app_with_error_reporting.create()
    try:
        telemetry.report_exception("It failed", ValueError("no money"))
        sentry_sdk.flush(5)
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.init(dsn=None, auto_enabling_integrations=False)
    assert any(it.startswith(b"/api/1/envelope/") for it in received)
