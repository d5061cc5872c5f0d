"""From which pages a project takes events: its allowed domains (ingest.md 1.1)."""

import pytest
from factories import Caller, World, error_event
from httpx import Client, Response

from shipmark.ingest.allowed_origins import allowed_origins, is_allowed

PAGE = "https://shop.example.com"
WEB = "/projects/acme/web/"


@pytest.mark.parametrize(
    ("domain", "allowed", "refused"),
    [
        ("shop.example.com", [PAGE, "http://shop.example.com:8080"], ["https://example.com"]),
        ("*.example.com", [PAGE, "https://example.com"], ["https://example.com.evil.example"]),
        ("*.example.com", ["https://a.b.example.com"], ["https://badexample.com"]),
        ("https://shop.example.com", [PAGE], ["http://shop.example.com"]),
        ("https://*.example.com/", [PAGE], ["http://shop.example.com"]),
        ("*:8080", ["http://a.example:8080"], [PAGE, "http://a.example:80"]),
        ("shop.example.com:443", [PAGE], ["http://shop.example.com"]),
        ("capacitor://localhost", ["capacitor://localhost"], ["http://localhost"]),
        ("*://localhost:*", ["capacitor://localhost", "http://localhost:3000"], [PAGE]),
        ("http://[::1]:3000", ["http://[::1]:3000"], ["http://[::1]"]),
        ("SHOP.Example.com", ["https://Shop.example.COM"], ["null"]),
        ("file://", ["file://"], ["null", "", PAGE, "file://host"]),
        ("null", ["null"], ["file://", "", "://", PAGE, "http://null.example"]),
        ("https://*", [PAGE], ["null", "file://", ""]),
        ("a b", [], [PAGE, "a b"]),
    ],
)
def test_a_pattern_matches_what_it_names(
    domain: str, allowed: list[str], refused: list[str]
) -> None:
    origins = allowed_origins(["other.example", domain])
    assert [is_allowed(origins, {"origin": origin}) for origin in allowed] == [True] * len(allowed)
    assert not any(is_allowed(origins, {"origin": origin}) for origin in refused)


@pytest.mark.parametrize("domains", [[], ["*"], ["shop.example.com", "*"]])
def test_without_a_limit_any_page_may_send(domains: list[str]) -> None:
    for origin in (PAGE, "null", "://", "http://[x"):
        assert is_allowed(allowed_origins(domains), {"origin": origin})


def test_what_is_no_origin_is_not_allowed() -> None:
    for origin in ("null", "", "://", "http://[x", "http://shop.example.com:x"):
        assert not is_allowed(allowed_origins(["shop.example.com"]), {"origin": origin})


def sent(client: Client, world: World, path: str, origin: str | None) -> Response:
    headers = {"X-Sentry-Auth": f"Sentry sentry_key={world.keys['web']}"}
    if origin is not None:
        headers["Origin"] = origin
    event = error_event()
    if path == "store":
        return client.post(f"/api/{world.projects['web']}/store/", json=event, headers=headers)
    content = f'{{"event_id":"{event["event_id"]}"}}\n{{"type":"event"}}\n{{"message":"x"}}'
    return client.post(f"/api/{world.projects['web']}/envelope/", content=content, headers=headers)


@pytest.mark.parametrize("path", ["store", "envelope"])
def test_other_pages_are_refused(alice: Caller, client: Client, world: World, path: str) -> None:
    assert sent(client, world, path, PAGE).status_code == 200
    alice.put(WEB, {"allowedDomains": ["shop.example.com"]})
    for _ in range(2):  # the second time, the key is remembered
        assert sent(client, world, path, None).status_code == 200
        assert sent(client, world, path, PAGE).status_code == 200
        answer = sent(client, world, path, "https://other.example")
        assert answer.status_code == 403
        reason = "event submission rejected with_reason: Cors"
        assert answer.json()["detail"] == answer.headers["X-Sentry-Error"] == reason
        # The page learns why.
        assert answer.headers["Access-Control-Allow-Origin"]
