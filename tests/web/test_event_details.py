"""What surrounds an event on the page of an issue: breadcrumbs, request, user, contexts and tags, without secrets."""

import time

import pytest

from shipmark.web.view_models.event_details import report_facts
from shipmark.web.view_models.redaction import redacted, redacted_url

ISSUE = "/organizations/acme/issues/WEB-1/"


def shown(house, owner, **payload):
    house.fail("web@1.0.0", **payload)
    return owner.get(ISSUE).text


def test_what_surrounds_an_event_is_shown(house, owner):
    text = shown(
        house, owner,
        breadcrumbs=[
            {"timestamp": 1.5, "category": "ui.click", "message": "\x1b[36mbutton.pay\x1b[0m"},
            {"type": "http", "level": "error"}
            | {"data": {"method": "GET", "url": "https://a.example/cart?id=hunter2", "status_code": 500}},
            {"category": "navigation", "data": {"from": "/cart?x=hunter2", "to": "/pay"}},
        ],
        request={
            "url": "https://shop.example/checkout?sid=hunter2&step=2#x", "method": "post",
            "headers": [["Referer", "https://shop.example/cart?a=hunter2"], ["Cookie", "a=hunter2"]],
        },
        user={"id": 7, "email": "lea@example.com"},
        contexts={"os": {"name": "Linux", "version": "6.1"}, "trace": {"trace_id": "ab12"}},
        tags={"plan": "business"},
    )  # fmt: skip
    for expected in (
        "00:00:01", "button.pay", "GET https://a.example/cart 500", "/cart → /pay",
        "<dd>https://shop.example/checkout</dd>", "<dd>POST</dd>", "<dd>7</dd>",
        "<dd>sid=[Filtered]&amp;step=2</dd>", "<dd>https://shop.example/cart</dd>", "<dd>[Filtered]</dd>",
        "lea@example.com", "<dd>Linux 6.1</dd>", "<dd>ab12</dd>", '<dt class="break">plan</dt><dd>business</dd>',
    ):  # fmt: skip
        assert expected in text, expected
    assert not any(hidden in text for hidden in ("hunter2", "\x1b"))


def test_no_part_that_may_be_secret_is_shown(house, owner):
    text = shown(
        house, owner,
        breadcrumbs=[{"message": "login password=hunter2", "data": {"body": "hunter2"}}],
        request={
            "url": "https://me:hunter2@shop.example/", "data": "hunter2",
            "query_string": {"user_token": "hunter2", "code": "hunter2"},
            "cookies": "a=hunter2", "headers": {"X-Key": "hunter2"}, "env": {"A": "hunter2"},
        },
        user={"id": 7, "data": {"pin": "hunter2"}, "pin": "hunter2"},
        contexts={"state": {"name": "hunter2"}, "os": {"name": "Linux", "kernel": "hunter2"}},
        tags={"api_key": "hunter2"},
    )  # fmt: skip
    assert "[Filtered]" in text
    assert "hunter2" not in text


def test_hostile_details_are_shown_as_text(house, owner):
    hostile = "<script>alert(1)"
    text = shown(
        house, owner,
        breadcrumbs=[{"category": hostile, "message": hostile}], request={"url": hostile},
        user={"id": hostile}, contexts={"os": {"name": hostile}}, tags={"plan": hostile},
    )  # fmt: skip
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 6


@pytest.mark.parametrize("value", [None, 7, "x", [], [7], {}, {"values": 7}, {"os": 7, "url": 7}])
def test_details_of_any_shape_have_a_page(house, owner, value):
    names = ("breadcrumbs", "request", "user", "contexts", "tags")
    house.fail("web@1.0.0", **dict.fromkeys(names, value))
    assert owner.get(ISSUE).status_code == 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Loaded 3 items", "Loaded 3 items"),
        ("password: abc, user=7", "password: [Filtered], user=7"),
        ('{"accessToken": "a b", "n": 1}', '{"accessToken": [Filtered], "n": 1}'),
        ("Authorization: Bearer abcdefgh", "Authorization: [Filtered] [Filtered]"),
        ("sent bearer abc.def-ghi", "sent bearer [Filtered]"),
        ("GET https://a.example/b?c=d 200", "GET https://a.example/b 200"),
        ("GET /b?c=d", "GET /b"),
        ("3/4 done? yes", "3/4 done? yes"),
    ],
)
def test_values_of_sensitive_names_are_filtered(text, expected):
    assert redacted(text) == expected


def test_a_url_keeps_its_path_only():
    assert redacted_url("https://u:p@a.example/b/c?d#e") == "https://a.example/b/c"


@pytest.mark.parametrize("text", ["token" * 100, "a" * 500, "=" * 500, "://" * 160, "/" * 500])
def test_no_text_takes_long(text):
    begin = time.thread_time()
    redacted(text)
    assert time.thread_time() - begin < 0.2


@pytest.mark.parametrize("text", ["a", "token", "/-"])
def test_a_report_of_long_texts_is_shown_soon(text):
    """A browser's own report is cut, but an SDK's event may say anything."""
    names = ("blocked_uri", "document_uri", "source_file", "script_sample")
    begin = time.thread_time()
    report_facts({"csp": dict.fromkeys(names, text * 60_000)})
    assert time.thread_time() - begin < 2


def test_what_was_not_kept_is_said_with_its_reason(house, owner):
    errors = [
        {"type": "invalid_data", "message": "release: not a valid name of a release", "data": {}},
        {"type": "past_timestamp", "message": "The event is dated by its arrival."},
        {"type": "fetch_failed"},
        7,
    ]
    text = shown(house, owner, errors=errors)
    assert "2 parts of this event were not kept as sent" in text
    assert "release: not a valid name of a release" in text
    assert "The event is dated by its arrival." in text
    assert "not kept as sent" not in shown(house, owner)


def test_a_text_of_an_exception_keeps_its_lines(house, owner):
    house.fail("web@1.0.0", "no tea\nSQL: select")
    assert '<p class="sm break pre-line">no tea\nSQL: select</p>' in owner.get(ISSUE).text
