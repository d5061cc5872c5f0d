"""The address of a client behind proxies."""

import pytest
from litestar import Request
from litestar.testing import RequestFactory

from shipmark.http.client_address import client_address, trusted_networks
from shipmark.infrastructure.settings import Settings, SettingsError

PROXIES = "10.0.0.0/8, 192.0.2.7 ,2001:db8::/32"


def asked(peer: str, *forwarded: str, proxies: str = PROXIES) -> str | None:
    request: Request[object, object, object] = RequestFactory().get("/")
    request.scope["client"] = (peer, 4711)
    request.scope["headers"] = [(b"x-forwarded-for", it.encode("latin-1")) for it in forwarded]
    return client_address(request, Settings(trusted_proxies=proxies))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.1.2.3", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", ["1.1.1.1", "198.51.100.1, 192.0.2.7"], "198.51.100.1"),
        ("10.1.2.3", ["198.51.100.1,10.9.9.9 , 192.0.2.7"], "198.51.100.1"),
        ("10.1.2.3", ["10.9.9.9"], "10.9.9.9"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", [""], "10.1.2.3"),
        ("10.1.2.3", ["nonsense"], "10.1.2.3"),
        ("10.1.2.3", ["1.1.1.1, nonsense"], "10.1.2.3"),
        ("10.1.2.3", ["1.1.1.1, nonsense, 10.9.9.9"], "10.9.9.9"),
        ("10.1.2.3", ["198.51.100.1:5000"], "198.51.100.1"),
        ("10.1.2.3", ["[2001:db9::1]:5000"], "2001:db9::1"),
        ("2001:db8::5", ["2001:db9::1"], "2001:db9::1"),
        ("::ffff:10.1.2.3", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.1.2.3", [",".join(["10.0.0.1"] * 5000)], "10.0.0.1"),
        ("10.1.2.3", ["\xff\x00, 999.1.1.1"], "10.1.2.3"),
    ],
)
def test_the_last_address_that_is_no_trusted_proxy_counts(
    peer: str, forwarded: list[str], address: str
) -> None:
    assert asked(peer, *forwarded) == address


def test_without_trusted_proxies_the_connection_counts() -> None:
    assert asked("10.1.2.3", "198.51.100.1", proxies="") == "10.1.2.3"
    assert asked("testclient", "198.51.100.1") == "testclient"


@pytest.mark.parametrize("text", ["nonsense", "10.0.0.0/99", "10.0.0.1 10.0.0.2", "10.0.0.1,x"])
def test_a_setting_that_is_no_network_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="SHIPMARK_TRUSTED_PROXIES must be addresses"):
        trusted_networks(text)
