"""Monitors and load balancers send HEAD to ``/healthz``, checkers of links to pages."""

import pytest
from httpx import Client


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/sign-in/", "/nowhere/"])
def test_head_is_answered_as_get_without_a_body(client: Client, path: str) -> None:
    answer, whole = client.head(path), client.get(path)
    assert (answer.status_code, answer.content) == (whole.status_code, b"")
    assert answer.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize("path", ["/api/0/", "/api/1/envelope/"])
def test_the_protocol_has_no_head(client: Client, path: str) -> None:
    assert client.head(path).status_code == 405
