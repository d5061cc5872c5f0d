"""OPTIONS, which browsers send before a page of another origin calls the API (auth-and-errors.md 6, ingest.md 1.6)."""

import re

import pytest
from factories import on_one_database
from httpx import Client

PATHS = ["/api/0/", "/api/0/organizations/acme/releases/", "/api/1/envelope/", "/api/1/store"]
#: A header that is not listed: the browser decides, from the list in the answer.
ASKED = "authorization, content-type, x-custom"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"Origin": "null"},
        {
            "Origin": "https://app.example.com",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": ASKED,
        },
    ],
)
@on_one_database
def test_options_says_what_may_be_sent(client: Client, path: str, asked: dict[str, str]) -> None:
    answer = client.options(path, headers=asked)
    assert (answer.status_code, answer.content) == (200, b"")
    headers = answer.headers
    assert headers["allow"] == "DELETE, GET, OPTIONS, POST, PUT"
    assert headers["access-control-allow-methods"] == headers["allow"]
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-max-age"] == "3600"
    allowed = set(headers["access-control-allow-headers"].lower().split(", "))
    assert {"authorization", "content-type", "content-encoding", "x-sentry-auth"} <= allowed
    assert "link" in headers["access-control-expose-headers"].lower()
    # Cookies are never let through.
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("path", ["/api/1/envelope/", "/api/1/store/", "/api/embed/error-page/"])
@on_one_database
def test_sdks_may_send_headers_that_other_programs_add(client: Client, path: str) -> None:
    asked = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,traceparent, X-Trace-Id",
        "Access-Control-Request-Private-Network": "true",
    }
    headers = client.options(path, headers=asked).headers
    allowed = re.split(" ?, ?", headers["access-control-allow-headers"])
    assert {"traceparent", "x-trace-id", "x-sentry-auth", "content-type"} <= set(allowed)
    assert headers["access-control-allow-private-network"] == "true"
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/api/0/organizations/acme/releases/", "traceparent"),
        ("/api/1/envelope/", "traceparent; x"),
        ("/api/1/envelope/", "*"),
        ("/api/1/envelope/", ", ".join(["traceparent"] * 101)),
    ],
)
@on_one_database
def test_other_headers_are_not_allowed(client: Client, path: str, names: str) -> None:
    answer = client.options(path, headers={"Access-Control-Request-Headers": names})
    assert answer.status_code == 200
    assert "traceparent" not in answer.headers["access-control-allow-headers"]
    assert "*" not in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-private-network" not in answer.headers
