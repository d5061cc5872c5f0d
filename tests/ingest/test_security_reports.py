"""``/api/{project}/security/`` and ``csp-report/``: what browsers report about violated policies (ingest.md 1)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from factories import Caller, World, counts, on_one_database, rows
from httpx import Client, Response

from shipmark.infrastructure.database import Database

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
POLICY = "default-src 'self'; img-src 'self' https://img.example.com; report-uri /csp"
CSP = {
    "document-uri": "https://shop.example.com/checkout?step=2",
    "referrer": "https://shop.example.com/cart",
    "violated-directive": "img-src",
    "effective-directive": "img-src",
    "original-policy": POLICY,
    "disposition": "enforce",
    "blocked-uri": "https://tracker.example.org/pixel.gif?user=7",
    "status-code": 200,
    "line-number": 14,
    "column-number": 3,
    "source-file": "https://shop.example.com/app.js",
    "script-sample": "",
}
ENTRY = {
    "age": 60_000,
    "type": "csp-violation",
    "url": "https://shop.example.com/checkout",
    "user_agent": FIREFOX,
    "body": {
        "documentURL": "https://shop.example.com/checkout",
        "referrer": "",
        "blockedURL": "https://tracker.example.org/pixel.gif",
        "effectiveDirective": "img-src",
        "originalPolicy": POLICY,
        "sourceFile": "https://shop.example.com/app.js",
        "sample": "",
        "disposition": "report",
        "statusCode": 200,
        "lineNumber": 14,
        "columnNumber": 3,
    },
}
HOST = {"date-time": "2026-01-05T09:00:00Z", "hostname": "example.com", "port": 443}
HPKP = HOST | {"noted-hostname": "example.com", "known-pins": ['pin-sha256="AAAA"']}
Send = Callable[..., Response]


@pytest.fixture
def send(client: Client, world: World) -> Send:
    """Send a body to project web as a browser does: the key is in the query."""

    def sent(body: object, path: str = "security", query: str = "", **headers: str) -> Response:
        address = f"/api/{world.projects['web']}/{path}/?sentry_key={world.keys['web']}{query}"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(address, content=content, headers={"User-Agent": FIREFOX, **given})

    return sent


@pytest.fixture
def shown(alice: Caller) -> Callable[[Response], dict[str, Any]]:
    """Return the event of an answer, as the API shows it."""

    def event(answer: Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = alice.get(
            f"/projects/acme/web/events/{answer.json()['id']}/"
        ).json()
        return found

    return event


def entries(event: Mapping[str, Any]) -> dict[str, Any]:
    return {entry["type"]: entry["data"] for entry in event["entries"]}


@pytest.mark.parametrize("path", ["security", "csp-report"])
def test_a_csp_report_becomes_an_issue(
    send: Send, shown: Callable[[Response], dict[str, Any]], alice: Caller, path: str
) -> None:
    query = "&sentry_release=web@1.0.0&sentry_environment=production"
    answer = send({"csp-report": CSP}, path, query, Content_Type="application/csp-report")
    event = shown(answer)
    title = "Blocked 'image' from 'tracker.example.org'"
    assert (event["type"], event["title"], event["message"]) == ("csp", title, title)
    assert event["culprit"] == "img-src"
    assert event["metadata"] == {
        "directive": "img-src",
        "uri": "tracker.example.org",
        "message": title,
    }
    assert (event["release"]["version"], event["platform"]) == ("web@1.0.0", "other")
    tags = {tag["key"]: tag["value"] for tag in event["tags"]}
    expected = {
        "effective-directive": "img-src",
        "blocked-uri": "https://tracker.example.org/pixel.gif",
        "logger": "csp",
        "level": "error",
        "environment": "production",
        "browser": "Firefox 140.0",
        "url": "https://shop.example.com/checkout",
    }
    assert expected.items() <= tags.items()
    assert event["contexts"]["os"]["name"] == "Linux"
    parts = entries(event)
    assert set(parts) == {"csp", "request", "message"}
    assert parts["csp"] == {
        "document_uri": CSP["document-uri"],
        "referrer": CSP["referrer"],
        "blocked_uri": CSP["blocked-uri"],
        "effective_directive": "img-src",
        "violated_directive": "img-src",
        "original_policy": POLICY,
        "disposition": "enforce",
        "source_file": "https://shop.example.com/app.js",
        "status_code": 200,
        "line_number": 14,
        "column_number": 3,
    }
    assert parts["request"]["url"] == "https://shop.example.com/checkout"
    assert ["Referer", "https://shop.example.com/cart"] in parts["request"]["headers"]
    [issue] = alice.get("/organizations/acme/issues/").json()
    assert (issue["title"], issue["type"], issue["culprit"]) == (title, "csp", "img-src")


def test_a_list_of_the_reporting_api_becomes_an_event_for_each(
    send: Send, shown: Callable[[Response], dict[str, Any]], database: Database
) -> None:
    other = ENTRY | {
        "body": ENTRY["body"] | {"blockedURL": "inline", "effectiveDirective": "script-src-elem"}
    }  # type: ignore[operator]
    answer = send([ENTRY, other, {"type": "deprecation", "body": {}}, 7])
    event = shown(answer)
    assert entries(event)["csp"]["violated_directive"] == "img-src 'self' https://img.example.com"
    stored = rows(database, "events")
    assert len({row["event_id"] for row in stored}) == 2
    assert {row["title"] for row in rows(database, "issues")} == {
        "Blocked 'image' from 'tracker.example.org'",
        "Blocked unsafe inline 'script'",
    }
    ages = [(row["received_at"] - row["happened_at"]).total_seconds() for row in stored]
    assert all(59 < age < 62 for age in ages)
    [discard] = rows(database, "discards")
    assert (discard["reason"], discard["category"], discard["quantity"]) == (
        "not_supported",
        "security",
        2,
    )


@pytest.mark.parametrize(
    ("directive", "policy", "culprit"),
    [
        ("script-src-elem", "default-src 'self'; script-src 'none'", "script-src 'none'"),
        ("script-src-elem", "default-src 'self'", "default-src 'self'"),
        ("frame-ancestors", "default-src 'self'", "frame-ancestors"),
        ("img-src", "", "img-src"),
    ],
)
@on_one_database
def test_the_culprit_is_the_directive_that_decided(
    send: Send,
    shown: Callable[[Response], dict[str, Any]],
    directive: str,
    policy: str,
    culprit: str,
) -> None:
    body = {"effectiveDirective": directive, "originalPolicy": policy, "documentURL": "https://x/"}
    assert shown(send([ENTRY | {"body": body}]))["culprit"] == culprit


def test_reports_of_one_list_with_nothing_to_keep_are_answered(
    send: Send, database: Database
) -> None:
    answer = send([{"type": "intervention", "body": {}}])
    assert (answer.status_code, answer.json()) == (200, {})
    assert counts(database)["events"] == 0


@pytest.mark.parametrize(
    ("body", "type_", "name"),
    [
        (HPKP, "hpkp", "known_pins"),
        ({"expect-ct-report": HOST | {"failure-mode": "enforce"}}, "expectct", "failure_mode"),
        ({"expect-staple-report": HOST | {"cert-status": "GOOD"}}, "expectstaple", "cert_status"),
    ],
)
def test_reports_about_hosts_become_issues(
    send: Send,
    shown: Callable[[Response], dict[str, Any]],
    body: object,
    type_: str,
    name: str,
) -> None:
    event = shown(send(body, Content_Type="application/expect-ct-report+json"))
    assert event["type"] == type_
    assert event["title"].endswith("failed for 'example.com'")
    assert entries(event)[type_][name]
    assert entries(event)["request"]["url"] == "https://example.com/"


def test_reports_of_one_directive_and_host_are_one_issue(send: Send, database: Database) -> None:
    for path in ("a.png", "b.png"):
        blocked = {"blocked-uri": f"https://tracker.example.org/{path}"}
        assert send({"csp-report": CSP | blocked}).status_code == 200
    [issue] = rows(database, "issues")
    assert issue["times_seen"] == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"no JSON",
        b"[]",
        b"7",
        b"null",
        {},
        {"csp-report": {}},
        {"csp-report": 7},
        {"csp-report": {"document-uri": "https://example.com/"}},
        {"csp-report": {"effective-directive": "img-src"}},
        {"csp-report": CSP | {"effective-directive": "<script>"}},
        {"csp-report": CSP | {"effective-directive": "x" * 80}},
        {"expect-ct-report": {"port": 443}},
        {"known-pins": []},
        [ENTRY | {"body": {}}],
    ],
)
@on_one_database
def test_a_body_that_is_no_report_is_refused(send: Send, database: Database, body: object) -> None:
    answer = send(body)
    assert answer.status_code == 400
    assert answer.headers["x-sentry-error"] == answer.json()["detail"]
    assert counts(database)["events"] == 0


@on_one_database
def test_a_body_that_is_too_large_is_refused(send: Send) -> None:
    assert send({"csp-report": CSP | {"script-sample": "s" * 2**20}}).status_code == 413
    assert send([ENTRY] * 101).status_code == 413
    assert send([ENTRY] * 100).status_code == 200


@on_one_database
def test_values_of_the_wrong_type_and_long_texts_are_kept_within_limits(
    send: Send, shown: Callable[[Response], dict[str, Any]]
) -> None:
    odd = {"line-number": "14", "column-number": 2**40, "referrer": ["x"], "unknown-key": "x"}
    report = CSP | odd | {"blocked-uri": "https://example.org/" + "x" * 9000, "status-code": True}
    kept = entries(shown(send({"csp-report": report})))["csp"]
    assert len(kept["blocked_uri"]) == 2048
    assert (
        not {"line_number", "column_number", "status_code", "referrer", "unknown_key"} & kept.keys()
    )


@pytest.mark.parametrize(
    ("key", "status"), [("", 401), ("?sentry_key=x", 400), (f"?sentry_key={'0' * 32}", 403)]
)
@on_one_database
def test_a_report_needs_a_key_of_the_project(
    client: Client, world: World, key: str, status: int
) -> None:
    body = {"csp-report": CSP}
    answer = client.post(f"/api/{world.projects['web']}/security/{key}", json=body)
    assert answer.status_code == status


@pytest.mark.parametrize("type_", ["application/csp-report", "application/reports+json"])
@on_one_database
def test_browsers_may_ask_before_they_report(client: Client, world: World, type_: str) -> None:
    path = f"/api/{world.projects['web']}/security/?sentry_key={world.keys['web']}"
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    origin = {"Origin": "https://shop.example.com"}
    answer = client.options(path, headers=asked | origin)
    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] in {"*", "https://shop.example.com"}
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()
    sent = client.post(path, json={"csp-report": CSP}, headers=origin | {"Content-Type": type_})
    assert sent.headers["access-control-allow-origin"] in {"*", "https://shop.example.com"}


@pytest.mark.parametrize(
    ("filter_", "change", "agent"),
    [
        ("browser-extensions", {"blocked-uri": "chrome-extension"}, FIREFOX),
        ("browser-extensions", {"source-file": "safari-extension://abc/a.js"}, FIREFOX),
        ("localhost", {"document-uri": "http://localhost:3000/"}, FIREFOX),
        (
            "web-crawlers",
            {},
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        ),
    ],
)
def test_filters_drop_reports(
    send: Send,
    database: Database,
    alice: Caller,
    filter_: str,
    change: Mapping[str, str],
    agent: str,
) -> None:
    alice.put(f"/projects/acme/web/filters/{filter_}/", {"active": True})
    assert send({"csp-report": CSP | change}, User_Agent=agent).status_code == 200
    assert send({"csp-report": CSP}).status_code == 200
    assert counts(database)["events"] == 1
    [discard] = rows(database, "discards")
    assert (discard["reason"], discard["category"]) == (filter_, "security")


def test_the_address_of_the_sender_is_that_of_the_user(
    send: Send, shown: Callable[[Response], dict[str, Any]], alice: Caller
) -> None:
    assert send({"csp-report": CSP}).status_code == 200
    alice.put("/projects/acme/web/", {"scrubIPAddresses": True})
    assert shown(send({"csp-report": CSP}))["user"] is None


def test_secrets_in_addresses_are_removed(
    send: Send, shown: Callable[[Response], dict[str, Any]]
) -> None:
    page = {"document-uri": "https://shop.example.com/?token=abcdef&page=2"}
    assert "abcdef" not in json.dumps(shown(send({"csp-report": CSP | page})))


@pytest.mark.parametrize("type_", ["security", "raw_security"])
def test_items_of_envelopes_are_taken_in_like_it(
    client: Client,
    world: World,
    shown: Callable[[Response], dict[str, Any]],
    type_: str,
) -> None:
    item = json.dumps({"type": type_, "sentry_release": "web@2.0.0", "sentry_environment": "test"})
    body = json.dumps({"csp-report": CSP})
    answer = client.post(
        f"/api/{world.projects['web']}/envelope/?sentry_key={world.keys['web']}",
        content="\n".join([json.dumps({"event_id": "e" * 32}), item, body]),
    )
    assert answer.json() == {"id": "e" * 32}
    event = shown(answer)
    assert (event["type"], event["release"]["version"]) == ("csp", "web@2.0.0")


def test_an_item_that_is_an_event_already_stays_one(
    client: Client, world: World, shown: Callable[[Response], dict[str, Any]]
) -> None:
    event = {
        "event_id": "f" * 32,
        "logger": "csp",
        "release": "web@3.0.0",
        "csp": {"effective_directive": "font-src", "blocked_uri": "https://fonts.example.com/a"},
    }
    answer = client.post(
        f"/api/{world.projects['web']}/envelope/?sentry_key={world.keys['web']}",
        content="\n".join(["{}", '{"type":"security"}', json.dumps(event)]),
    )
    found = shown(answer)
    assert found["title"] == "Blocked 'font' from 'fonts.example.com'"
    assert (found["id"], found["release"]["version"]) == ("f" * 32, "web@3.0.0")


def test_the_age_of_a_report_that_is_no_age_counts_for_nothing(
    send: Send, database: Database
) -> None:
    for age in (-5, "7", True, None, 10**12):
        assert send([ENTRY | {"age": age}]).status_code == 200
    stored = rows(database, "events")
    assert len(stored) == 5
    assert all(row["happened_at"] == row["received_at"] for row in stored)
