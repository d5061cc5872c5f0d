"""What is added to events: from the sender's connection, the request's User-Agent, and contexts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipmark.events.limits import BODY_MAX, BREADCRUMBS_MAX, MODULES_MAX, VALUE_MAX
from shipmark.events.normalization import normalize
from shipmark.events.parsing import Event, ParsedEvent
from shipmark.events.project_rules import ProjectRules
from shipmark.events.scrubbing import ScrubbingRules
from shipmark.events.sender import Sender

Json = dict[str, Any]
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ADDRESS = "198.51.100.7"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1"
)


def event(payload: Json, sender: Sender | None = None, rules: ProjectRules | None = None) -> Event:
    """Normalize an event that has just arrived."""
    return normalized(payload, sender, rules).event


def kept(payload: Json, sender: Sender | None = None) -> Json:
    """Return what is kept of its payload."""
    return normalized(payload, sender).payload


def normalized(
    payload: Json, sender: Sender | None = None, rules: ProjectRules | None = None
) -> ParsedEvent:
    """Normalize an event that no filter drops."""
    found = normalize(
        payload,
        rules or ProjectRules(),
        event_id="a" * 32,
        received_at=NOW,
        drift=timedelta(0),
        sender=sender or Sender(),
    )
    assert isinstance(found, ParsedEvent)
    return found


def user_of(payload: Json, sender: Sender | None = None) -> object:
    return kept(payload, sender).get("user")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("192.0.2.7:88", "192.0.2.7"),
        ("[::1]:59427", "::1"),
        ("[::1]", "::1"),
        ("192.0.2.7, 198.51.100.1", "192.0.2.7"),
        ("fe80::1", "fe80::1"),
        ("unknown", "unknown"),
    ],
)
def test_addresses_are_read_without_ports_and_proxies(sent: str, read: str) -> None:
    assert user_of({"user": {"ip_address": sent}}) == {"ip_address": read}
    request = kept({"request": {"env": {"REMOTE_ADDR": sent}}})["request"]
    assert request == {"env": {"REMOTE_ADDR": read}}


@pytest.mark.parametrize("headers", [{"user-agent": FIREFOX}, [["User-Agent", FIREFOX]]])
def test_browser_and_system_are_read_from_the_user_agent(headers: object) -> None:
    found = normalized({"request": {"headers": headers}})
    assert found.payload["contexts"] == {
        "browser": {"name": "Firefox", "version": "130.0"},
        "os": {"name": "Linux"},
    }
    assert {
        ("browser", "Firefox 130.0"),
        ("browser.name", "Firefox"),
        ("os", "Linux"),
        ("os.name", "Linux"),
    } <= set(found.event.tags)


def test_a_device_is_read_too() -> None:
    found = normalized({"request": {"headers": {"User-Agent": IPHONE}}})
    device = {"family": "iPhone", "model": "iPhone", "brand": "Apple"}
    assert found.payload["contexts"] == {
        "browser": {"name": "Mobile Safari", "version": "17.1"},
        "os": {"name": "iOS", "version": "17.1"},
        "device": device,
    }
    assert {("device", "iPhone"), ("device.family", "iPhone")} <= set(found.event.tags)


def test_contexts_of_the_client_stay_and_its_server_has_an_os_of_its_own() -> None:
    sent = {"os": {"name": "Debian", "version": "13"}, "browser": {"name": "Acme"}}
    request = {"headers": {"User-Agent": FIREFOX}}
    found = normalized({"contexts": sent, "request": request})
    assert found.payload["contexts"] == sent | {"client_os": {"name": "Linux"}}
    assert {("os", "Debian 13"), ("client_os.name", "Linux")} <= set(found.event.tags)


@pytest.mark.parametrize("headers", [None, 7, [7, ["User-Agent"]], {"User-Agent": 7}, {}])
def test_without_a_user_agent_there_are_no_contexts(headers: object) -> None:
    assert "contexts" not in kept({"request": {"headers": headers}})


@pytest.mark.parametrize("text", ["x", "\ud800", "é" * 10_000])
def test_an_unknown_user_agent_tells_nothing(text: str) -> None:
    assert "contexts" not in kept({"request": {"headers": {"User-Agent": text}}})


def test_events_of_browsers_have_the_user_agent_of_their_connection() -> None:
    sender = Sender(user_agent=FIREFOX)
    assert ("browser.name", "Firefox") in event({"platform": "javascript"}, sender).tags
    assert "contexts" not in kept({"platform": "python"}, sender)
    own = {"platform": "javascript", "request": {"headers": [["User-Agent", IPHONE]]}}
    assert ("browser.name", "Mobile Safari") in event(own, sender).tags


def test_the_clients_tag_precedes_that_of_a_context() -> None:
    sent = {"contexts": {"browser": {"name": "Firefox"}}, "tags": {"browser": "mine"}}
    tags = dict(event(sent).tags)
    assert (tags["browser"], tags["browser.name"]) == ("mine", "Firefox")


@pytest.mark.parametrize(
    ("url", "tag"),
    [
        ("https://acme.example.com/cart?id=1#x", "https://acme.example.com/cart"),
        ("https://[?x", "https://["),
        ("/cart", "/cart"),
        ("https://me:hunter2@acme.example.com/@a", "https://acme.example.com/@a"),
    ],
)
def test_the_url_of_the_request_is_a_tag(url: str, tag: str) -> None:
    assert dict(event({"request": {"url": url}}).tags)["url"] == tag


def test_events_of_devices_have_the_address_of_their_connection() -> None:
    sender = Sender(address=ADDRESS)
    assert user_of({"platform": "javascript"}, sender) == {"ip_address": ADDRESS}
    assert user_of({"platform": "cocoa", "user": {"id": 1}}, sender) == {
        "id": 1,
        "ip_address": ADDRESS,
    }
    assert user_of({"platform": "python"}, sender) is None
    refused = {"platform": "javascript", "sdk": {"settings": {"infer_ip": "never"}}}
    assert user_of(refused, sender) is None


@pytest.mark.parametrize("platform", [[], {}, ["javascript"], 1, None, True])
def test_an_event_whose_platform_is_no_text_is_read(platform: object) -> None:
    found = event({"platform": platform}, Sender(address=ADDRESS, user_agent=FIREFOX))
    assert found.platform == "other"


def test_the_address_of_the_request_is_that_of_the_user() -> None:
    request = {"env": {"REMOTE_ADDR": ADDRESS}}
    assert user_of({"request": request}) == {"ip_address": ADDRESS}
    assert user_of({"request": request, "user": {"ip_address": "::1"}}) == {"ip_address": "::1"}
    assert user_of({"request": {"env": {"REMOTE_ADDR": "unix:"}}}) is None
    assert user_of({"request": request, "user": "x"}) == "x"
    assert ("sentry:user", f"ip:{ADDRESS}") in event({"request": request}).tags


def test_an_address_that_is_to_be_removed_is_never_added() -> None:
    rules = ProjectRules(scrubbing=ScrubbingRules(removes_addresses=True))
    found = event({"platform": "javascript"}, Sender(address=ADDRESS), rules)
    assert ADDRESS not in str(found)


@pytest.mark.parametrize(
    ("part", "stored", "name"),
    [
        ({"breadcrumbs": [{"message": str(n)} for n in range(BREADCRUMBS_MAX + 1)]},
         {"breadcrumbs": {"values": [{"message": str(n)} for n in range(1, BREADCRUMBS_MAX + 1)]}}, "breadcrumbs"),
        ({"extra": {"a": "x" * VALUE_MAX, "b": 1}}, {"extra": {"b": 1}}, "extra.a"),
        ({"contexts": {"a": {"b": [["x" * 9] * VALUE_MAX]}}}, {"contexts": {}}, "contexts.a"),
        ({"request": {"data": "x" * (BODY_MAX + 1)}}, {"request": {"data": "x" * BODY_MAX}}, "request.data"),
        ({"request": {"data": {"a": "x" * VALUE_MAX}}}, {"request": {"data": None}}, "request.data"),
        ({"modules": {str(n): "1" for n in range(MODULES_MAX + 1)}},
         {"modules": {str(n): "1" for n in range(MODULES_MAX)}}, "modules"),
    ],
    ids=["breadcrumbs", "extra", "contexts", "text", "body", "modules"],
)  # fmt: skip
def test_what_is_too_large_is_cut_and_named(part: Json, stored: Json, name: str) -> None:
    found = kept(part)
    errors: Any = found.pop("errors")
    assert found == stored
    assert [error["data"]["name"] for error in errors] == [name]


def test_what_is_within_the_limits_stays() -> None:
    sent = {
        "extra": {"a": "x" * (VALUE_MAX - 10)},
        "request": {"data": "x" * BODY_MAX},
        "breadcrumbs": {"values": [{"message": "m"}] * BREADCRUMBS_MAX},
    }
    assert kept(sent) == sent
