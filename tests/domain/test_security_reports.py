"""Reports of browsers: their titles, what they are grouped by, and what extensions cause (ingest.md 5, 9.2)."""

from datetime import UTC, datetime

import pytest

from shipmark.events import parsing
from shipmark.events.inbound_filters import DropReason, InboundFilters, reason_to_drop
from shipmark.events.parsing import Event
from shipmark.events.payload import Json
from shipmark.events.sender import UNKNOWN_SENDER

AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


def event_of(payload: Json) -> Event:
    return parsing.read(payload, event_id="a" * 32, received_at=AT)


def csp(directive: str, blocked: str, **more: object) -> Json:
    report = {"effective_directive": directive, "blocked_uri": blocked}
    return {"csp": report | {"document_uri": "https://shop.example.com/"} | more}


@pytest.mark.parametrize(
    ("directive", "blocked", "title"),
    [
        ("script-src", "https://example.com/a.js?token=1", "Blocked 'script' from 'example.com'"),
        ("script-src-elem", "https://example.com:8443/a.js", "Blocked 'script' from 'example.com'"),
        ("script-src-elem", "inline", "Blocked unsafe inline 'script'"),
        ("style-src-attr", "inline", "Blocked unsafe inline 'style'"),
        ("script-src", "eval", "Blocked unsafe eval() 'script'"),
        ("script-src", "wasm-eval", "Blocked unsafe eval() 'script'"),
        ("script-src", "", "Blocked unsafe (eval() or inline) 'script'"),
        ("script-src", "self", "Blocked unsafe (eval() or inline) 'script'"),
        ("img-src", "data", "Blocked 'image' from 'data:'"),
        ("img-src", "data:image/png;base64,AAAA", "Blocked 'image' from 'data:'"),
        ("img-src", "blob:https://shop.example.com/7", "Blocked 'image' from 'blob:'"),
        (
            "font-src",
            "https://fonts.example.com/a.woff2",
            "Blocked 'font' from 'fonts.example.com'",
        ),
        ("connect-src", "wss://example.com/", "Blocked 'connect' from 'example.com'"),
        ("form-action", "https://example.com/pay", "Blocked 'form' to 'example.com'"),
        ("base-uri", "https://example.com/", "Blocked 'base' from 'example.com'"),
        ("frame-ancestors", "https://example.com/", "Blocked 'frame-ancestors' from 'example.com'"),
        ("IMG-SRC", "https://[broken", "Blocked 'image' from 'https://[broken'"),
    ],
)
def test_a_title_says_what_was_blocked(directive: str, blocked: str, title: str) -> None:
    event = event_of(csp(directive, blocked))
    assert (event.type, event.title, event.metadata["message"]) == ("csp", title, title)
    assert event.metadata["directive"] == directive.lower()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("hpkp", "Public key pinning validation failed for 'example.com'"),
        ("expectct", "Expect-CT failed for 'example.com'"),
        ("expectstaple", "Expect-Staple failed for 'example.com'"),
    ],
)
def test_other_reports_are_about_a_host(name: str, title: str) -> None:
    event = event_of({name: {"hostname": "example.com", "port": 443}})
    assert (event.type, event.title, event.culprit) == (name, title, "example.com")
    assert event.metadata == {"message": title, "origin": "example.com"}
    assert dict(event.tags) == {"hostname": "example.com", "port": "443", "level": "error"}
    other = event_of({name: {"hostname": "example.org"}})
    assert event.hashes != other.hashes


def test_the_culprit_is_the_violated_directive() -> None:
    event = event_of(csp("img-src", "https://example.com/a.png"))
    assert event.culprit == "img-src"
    violated = event_of(csp("img-src", "x:", violated_directive="img-src  'self' https:"))
    assert violated.culprit == "img-src 'self' https:"


def test_tags_are_of_the_report() -> None:
    tags = dict(event_of(csp("img-src", "https://example.com/a.png?user=7#top")).tags)
    assert tags["effective-directive"] == "img-src"
    assert tags["blocked-uri"] == "https://example.com/a.png"
    assert dict(event_of(csp("img-src", "data:image/png;base64,AA")).tags)["blocked-uri"] == "data:"


def test_reports_group_by_directive_and_host_whatever_their_message() -> None:
    one = event_of(csp("img-src", "https://example.com/a.png") | {"message": "one"})
    assert one.hashes == event_of(csp("img-src", "https://example.com/b.png")).hashes
    assert one.hashes != event_of(csp("font-src", "https://example.com/a.png")).hashes
    assert one.hashes != event_of(csp("img-src", "https://example.org/a.png")).hashes


def test_an_error_with_a_report_is_an_error() -> None:
    event = event_of(csp("img-src", "data") | {"exception": {"type": "KeyError", "value": "'x'"}})
    assert (event.type, event.title) == ("error", "KeyError: 'x'")


@pytest.mark.parametrize("report", [7, "x", [], {}, None, {"blocked_uri": {}}])
def test_a_report_of_the_wrong_form_is_no_reason_to_fail(report: object) -> None:
    assert event_of({"csp": report, "hpkp": 7}).title


@pytest.mark.parametrize(
    ("directive", "blocked", "source", "is_dropped"),
    [
        ("img-src", "chrome-extension://abc/a.png", "", True),
        ("img-src", "chrome-extension", "", True),
        ("script-src", "inline", "moz-extension://abc/content.js", True),
        ("script-src", "inline", "safari-extension", True),
        ("script-src", "safari-web-extension://abc", "", True),
        ("frame-src", "about", "", True),
        ("frame-src", "about:blank", "", True),
        ("img-src", "https://example.com/about", "", False),
        ("worker-src", "blob", "https://shop.example.com/app.js", False),
        ("img-src", "chrome.example.com", "", False),
    ],
)
def test_the_filter_of_extensions_drops_their_reports(
    directive: str, blocked: str, source: str, is_dropped: bool
) -> None:
    payload = csp(directive, blocked, source_file=source)
    reason = reason_to_drop(payload, InboundFilters(has_extensions=True), UNKNOWN_SENDER)
    assert reason == (DropReason.EXTENSION if is_dropped else None)
