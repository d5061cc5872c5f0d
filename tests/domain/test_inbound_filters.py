"""Which events the filters of a project drop."""

import re
from typing import Any

import pytest

from shipmark.events.inbound_filters import (
    LEGACY_BROWSERS,
    InboundFilters,
    networks_of,
    pattern_of,
    reason_to_drop,
)
from shipmark.events.sender import Sender

Json = dict[str, Any]
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 "
    "(KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
)
IE_10 = "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def reason(payload: Json, sender: Sender | None = None, **filters: Any) -> str | None:
    return reason_to_drop(payload, InboundFilters(**filters), sender or Sender())


def of_browser(user_agent: str) -> Json:
    return {"request": {"headers": [["User-Agent", user_agent]]}}


def raised(value: str = "x", path: str = "https://acme.example.com/a.js") -> Json:
    frames = [{"abs_path": "https://acme.example.com/b.js"}, {"abs_path": path}]
    exception = {"type": "TypeError", "value": value, "stacktrace": {"frames": frames}}
    return {"platform": "javascript", "exception": {"values": [exception]}}


def test_nothing_is_dropped_by_default() -> None:
    assert reason(raised(path="chrome-extension://abc/a.js") | of_browser(GOOGLEBOT)) is None


@pytest.mark.parametrize(
    "event",
    [
        raised(path="chrome-extension://abc/a.js"),
        raised(path="moz-extension://abc/a.js"),
        raised("Can't find variable: __gCrWeb"),
    ],
)
def test_errors_of_extensions_are_dropped(event: Json) -> None:
    assert reason(event, has_extensions=True) == "browser-extensions"
    assert reason(event | {"platform": "python"}, has_extensions=True) is None
    assert reason(event) is None


@pytest.mark.parametrize(
    "event", [raised(), {"platform": "javascript"}, {"platform": "javascript", "exception": [{}]}]
)
def test_other_errors_of_javascript_stay(event: Json) -> None:
    assert reason(event, has_extensions=True) is None


@pytest.mark.parametrize(
    ("event", "is_dropped"),
    [
        ({"user": {"ip_address": "127.0.0.1"}}, True),
        ({"user": {"ip_address": "::1"}}, True),
        ({"request": {"url": "http://localhost:8000/a"}}, True),
        ({"request": {"url": "http://[::1]/"}}, True),
        ({"request": {"url": "http://web.localhost/"}}, True),
        ({"request": {"url": "https://localhost.example.com/"}}, False),
        ({"request": {"url": "http://["}}, False),
        ({}, False),
    ],
)
def test_errors_of_the_developers_machine_are_dropped(event: Json, is_dropped: bool) -> None:
    assert reason(event, has_localhost=True) == ("localhost" if is_dropped else None)


def test_crawlers_are_dropped() -> None:
    assert reason(of_browser(GOOGLEBOT), has_crawlers=True) == "web-crawlers"
    assert reason(of_browser(CHROME.format(120)), has_crawlers=True) is None
    assert reason({}, has_crawlers=True) is None


@pytest.mark.parametrize(
    ("user_agent", "browsers", "is_dropped"),
    [
        (IE_10, {"ie10"}, True),
        (IE_10, {"ie"}, True),
        (IE_10, {"ie9", "ie11", "chrome"}, False),
        (CHROME.format(62), {"chrome"}, True),
        (CHROME.format(63), {"chrome"}, False),
        (CHROME.format(120), set(LEGACY_BROWSERS), False),
        ("odd", set(LEGACY_BROWSERS), False),
    ],
)
def test_old_browsers_are_dropped(user_agent: str, browsers: set[str], is_dropped: bool) -> None:
    found = reason(of_browser(user_agent), browsers=frozenset(browsers))
    assert found == ("legacy-browsers" if is_dropped else None)


def test_a_browser_of_any_version_is_looked_at() -> None:
    browser = {"name": "Chrome", "version": "1" * 5000}
    assert reason({"contexts": {"browser": browser}}, browsers=frozenset({"chrome"})) is None


def test_addresses_and_networks_are_dropped() -> None:
    networks = networks_of(["192.0.2.7", "198.51.100.0/24", "2001:db8::/32"])
    assert reason({}, Sender(address="192.0.2.7"), networks=networks) == "ip-address"
    assert reason({}, Sender(address="192.0.2.8"), networks=networks) is None
    of_user = {"user": {"ip_address": "198.51.100.9"}}
    assert reason(of_user, Sender(address="::1"), networks=networks) == "ip-address"
    assert reason({"user": {"ip_address": "2001:db8::1"}}, networks=networks) == "ip-address"
    assert reason({"user": {"ip_address": "x"}}, networks=networks) is None


def test_releases_are_dropped() -> None:
    releases = pattern_of(["web@1.*", "[!a-z]*"])
    assert reason({"release": "web@1.2.0"}, releases=releases) == "release-version"
    assert reason({"release": "2.0"}, releases=releases) == "release-version"
    assert reason({"release": "web@2.0"}, releases=releases) is None
    assert reason({}, releases=pattern_of(["*"])) is None


@pytest.mark.parametrize(
    ("glob", "value", "is_dropped"),
    [
        ("*[object Object]*", "value: [object Object]", True),
        ("*[object Object]*", "boot failed", False),
        ("*[Violation]*", "[violation] slow handler", True),
        ("*[Violation]*", "not at all", False),
        ("*code [45]0[0-9]", "code 503", True),
        ("*code [!45]0[0-9]", "code 503", False),
        ("*[a-zA-Z0-9-]", "x", True),
    ],
)
def test_text_in_brackets_is_no_set_of_characters(glob: str, value: str, is_dropped: bool) -> None:
    messages = pattern_of([glob], re.IGNORECASE)
    assert reason(raised(value), messages=messages) == ("error-message" if is_dropped else None)


@pytest.mark.parametrize("glob", ["TypeError*", "*: Order ?? failed", "order * failed", "*"])
def test_messages_are_dropped(glob: str) -> None:
    messages = pattern_of(["never", glob], re.IGNORECASE)
    assert reason(raised("order 17 failed"), messages=messages) == "error-message"
    is_bare = glob.startswith(("order", "*")) and ":" not in glob
    found = reason({"message": "Order 17 failed"}, messages=messages)
    assert found == ("error-message" if is_bare else None)
    assert reason({}, messages=messages) is None
