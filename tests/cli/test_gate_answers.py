"""``shipmark gate`` and answers that no Shipmark gives: none of them may end as a verdict does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from shipmark.cli.gate import FAILED, gate

VERDICT = {
    "verdict": "healthy",
    "reason": "healthy",
    "reasons": ["All is well."],
    "release": "web@1.0.0",
    "environment": "production",
    "base": None,
    "final": True,
    "rollback": None,
    "newIssues": [{"shortId": "WEB-1", "title": "boom"}],
    "newIssueCount": 1,
}
DEEP = b"[" * 100_000


@contextmanager
def answering(status: int, body: bytes, *, length: int | None = None) -> Iterator[str]:
    """Yield the address of a server that gives one answer to all requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Write nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def ask(url: str, *, version: str = "web@1.0.0", token: str = "sntrys_token") -> Result:
    arguments = [version, "-e", "production", "--wait", "0", "--url", url, "--token", token]
    return CliRunner().invoke(gate, [*arguments, "--org", "acme"])


def test_a_verdict_passes() -> None:
    with answering(200, json.dumps(VERDICT).encode()) as url:
        assert ask(url).exit_code == 0


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "splendid"},
        {"verdict": {}},
        {"reasons": []},
        {"reasons": 5},
        {"newIssues": [1]},
        {"newIssues": 1},
        {"newIssueCount": "many"},
    ],
)
def test_an_answer_of_other_types_is_no_verdict(change: dict[str, object]) -> None:
    with answering(200, json.dumps(VERDICT | change).encode()) as url:
        ended = ask(url)
    assert (ended.exit_code, ended.stdout) == (FAILED, "")
    assert ended.stderr == "The server's answer is no verdict: is the address right?\n"


@pytest.mark.parametrize("body", [b"<html>", b"\xff", DEEP])
def test_what_is_not_json_is_no_verdict(body: bytes) -> None:
    with answering(200, body) as url:
        ended = ask(url)
    assert ended.exit_code == FAILED
    assert ended.stderr == "The server's answer is no JSON: is the address right?\n"


@pytest.mark.parametrize(("body", "length"), [(DEEP, None), (b"{", 50)])
def test_a_refusal_that_can_not_be_read_is_named_by_its_status(
    body: bytes, length: int | None
) -> None:
    with answering(400, body, length=length) as url:
        ended = ask(url)
    assert (ended.exit_code, ended.stderr) == (FAILED, "The server answers 400: Bad Request\n")


@pytest.mark.parametrize(
    ("url", "token", "sentence"),
    [
        ("http://[", "token", "is no address"),
        ("http://127.0.0.1", "token\n", "The token has characters that no token has"),
        ("http://127.0.0.1", "tokén", "The token has characters that no token has"),
    ],
)
def test_what_can_not_be_sent_is_no_verdict(url: str, token: str, sentence: str) -> None:
    ended = ask(url, token=token)
    assert ended.exit_code == FAILED
    assert sentence in ended.stderr


def test_a_version_that_is_not_utf_8_is_asked_for() -> None:
    with answering(404, b"{}") as url:
        ended = ask(url, version="web@\udcff")
    assert ended.exit_code == FAILED
    assert "There is no such organization or release" in ended.stderr
