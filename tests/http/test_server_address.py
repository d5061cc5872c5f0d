"""The address of this server, as a client reaches it."""

import pytest
from client_fixtures import Serve
from factories import ALICE, Caller, World, on_one_database
from litestar import Request
from litestar.testing import RequestFactory

from shipmark.http.server_address import server_address
from shipmark.infrastructure.settings import Settings

OWN = "http://127.0.0.1:8000"


def told(host: str, *, peer: str = "203.0.113.9", proto: str = "", **settings: str) -> str:
    request: Request[object, object, object] = RequestFactory().get("/")
    request.scope["client"] = (peer, 4711)
    headers = [("host", host), ("x-forwarded-proto", proto)]
    request.scope["headers"] = [(name.encode(), value.encode()) for name, value in headers]
    return server_address(request, Settings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["ship.example.com", "10.1.2.3:8000", "[2001:db8::1]:80", "ship"])
def test_without_a_base_url_it_is_that_of_the_request(host: str) -> None:
    assert told(host) == f"http://{host}"


@pytest.mark.parametrize("host", ["", "a b", "a/b", "x@y", 'a"', "[::1", "a:b", "-", "a" * 300])
def test_what_is_no_host_does_not_count(host: str) -> None:
    assert told(host) == OWN


def test_the_base_url_counts_first() -> None:
    url = "https://ship.example.com"
    assert told("other.example.com", base_url=url) == url


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        ("10.1.2.3", "https", "https"),
        ("10.1.2.3", "HTTPS", "https"),
        ("10.1.2.3", "javascript", "http"),
        ("203.0.113.9", "https", "http"),
    ],
)
def test_a_trusted_proxy_tells_its_scheme(peer: str, proto: str, scheme: str) -> None:
    address = told("ship.example.com", peer=peer, proto=proto, trusted_proxies="10.0.0.0/8")
    assert address == f"{scheme}://ship.example.com"


@on_one_database
def test_dsns_and_links_lead_where_the_client_reached_the_server(
    serve: Serve, world: World
) -> None:
    caller = Caller(serve(base_url=""), world.tokens[ALICE])
    for version in ("web@1.0.0", "web@1.1.0"):
        caller.publish(version)
    headers = {"Host": "192.0.2.7:8000"}
    (key,) = caller.get("/projects/acme/web/keys/", headers=headers).json()
    assert "@192.0.2.7:8000/" in key["dsn"]["public"]
    answer = caller.get("/organizations/acme/releases/?per_page=1", headers=headers)
    assert "//192.0.2.7:8000/api/0/organizations/acme/releases/" in answer.headers["Link"]
