"""What is said of an event that was left out, cut or changed (ingest.md 5)."""

from datetime import timedelta

import pytest
from read_events import NOW, errors_of, event, kept

from shipmark.events.payload import Json


@pytest.mark.parametrize("sent", ["loud", 0, -10, [], {}, True, "1" * 5000])
def test_any_other_level_is_an_error_and_said(sent: object) -> None:
    assert event(level=sent).level == "error"
    errors = errors_of(level=sent)
    assert [(it["type"], it["data"]["name"]) for it in errors] == [("invalid_data", "level")]


@pytest.mark.parametrize(
    ("sent", "kind", "name"),
    [
        ({"release": "tags/V1"}, "invalid_data", "release"),
        ({"release": {"a": 1}}, "invalid_data", "release"),
        ({"release": "a" * 201}, "value_too_long", "release"),
        ({"environment": "https://shop.example.com/"}, "invalid_data", "environment"),
        ({"environment": "none"}, "invalid_data", "environment"),
        ({"environment": "e" * 65}, "value_too_long", "environment"),
        ({"release": "1.0", "dist": "1.0 (52)"}, "invalid_data", "dist"),
        ({"release": "1.0", "dist": "d" * 65}, "value_too_long", "dist"),
        ({"dist": "52"}, "invalid_data", "dist"),
        ({"tags": {"long": "a" * 201}}, "value_too_long", "tags.long"),
        ({"tags": {"lines": "a\nb"}}, "invalid_data", "tags.lines"),
        ({"tags": {"list": ["a"]}}, "invalid_data", "tags.list"),
        ({"tags": [["object", {"a": 1}]]}, "invalid_data", "tags.object"),
        ({"tags": [["bad key", "a"]]}, "invalid_data", "tags.bad key"),
        ({"logger": "a\nb"}, "invalid_data", "logger"),
        ({"transaction": "a\rb"}, "invalid_data", "transaction"),
        ({"server_name": "a\nb"}, "invalid_data", "server_name"),
        ({"user": {"id": ["7"]}}, "invalid_data", "user.id"),
        ({"user": {"email": {"a": 1}}}, "invalid_data", "user.email"),
        ({"tags": {"release": "1.0"}}, "invalid_data", "tags.release"),
        ({"tags": "a"}, "invalid_data", "tags"),
        ({"tags": {"environment": "a/b"}}, "invalid_data", "tags.environment"),
        ({"culprit": ["a"]}, "invalid_data", "culprit"),
        ({"culprit": "c" * 201}, "value_too_long", "culprit"),
        ({"platform": ["node"]}, "invalid_data", "platform"),
        ({"site": {"a": 1}}, "invalid_data", "site"),
        ({"template": "a.html"}, "invalid_data", "template"),
        ({"logentry": {"message": ["a"]}}, "invalid_data", "logentry.message"),
        ({"logentry": {"message": "a %s", "params": "b"}}, "invalid_data", "logentry.params"),
        ({"message": {"formatted": {"a": 1}}}, "invalid_data", "message.formatted"),
        ({"message": {"code": 5}}, "invalid_data", "message"),
        ({"logger": "l" * 65}, "value_too_long", "logger"),
        ({"transaction": "t" * 201}, "value_too_long", "transaction"),
        ({"message": "m" * 8193}, "value_too_long", "logentry.formatted"),
        ({"exception": [{"type": "E", "value": "v" * 8193}]}, "value_too_long", "exception.values.0.value"),
        ({"exception": [{"type": "E", "value": ["v" * 8192]}]}, "value_too_long", "exception.values.0.value"),
        ({"exception": [{"type": "E" * 257}]}, "value_too_long", "exception.values.0.type"),
        ({"fingerprint": ["f"] * 33}, "invalid_data", "fingerprint"),
        ({"exception": "E"}, "invalid_data", "exception"),
        ({"exception": [7, {"type": "E"}]}, "invalid_data", "exception.values.0"),
        ({"exception": {"name": "Gone", "message": "x"}}, "invalid_data", "exception.values.0"),
        ({"exception": [{"mechanism": {"handled": False}, "stacktrace": {"frames": []}}]}, "invalid_data",
         "exception.values.0"),
        ({"breadcrumbs": {"values": ["x"]}}, "invalid_data", "breadcrumbs.values.0"),
        ({"message": True}, "invalid_data", "message"),
        ({"logentry": [1]}, "invalid_data", "logentry"),
        ({"event_id": "not an id"}, "invalid_data", "event_id"),
        ({"user": {"ip_address": "nowhere"}}, "invalid_data", "user.ip_address"),
        ({"tags": [["alone"]]}, "invalid_data", "tags.0"),
        ({"user": "ada"}, "invalid_data", "user"),
        ({"extra": {"price": float("nan")}}, "invalid_data", "price"),
        ({"timestamp": "yesterday"}, "invalid_data", "timestamp"),
        ({"timestamp": 1e300}, "invalid_data", "timestamp"),
        ({"timestamp": (NOW - timedelta(days=40)).timestamp()}, "past_timestamp", "timestamp"),
        ({"timestamp": (NOW + timedelta(hours=2)).timestamp()}, "future_timestamp", "timestamp"),
    ],
)  # fmt: skip
def test_what_is_left_out_or_cut_is_in_the_errors(sent: Json, kind: str, name: str) -> None:
    own = {"type": "js_example"}
    errors = errors_of(**sent, errors=[own])
    assert errors[0] == own
    assert [(it["type"], it["data"]["name"]) for it in errors[1:]] == [(kind, name)]


def test_an_event_of_garbage_grows_by_fifty_errors_at_most() -> None:
    errors = errors_of(tags={f"bad {number}": "x" * 5000 for number in range(1000)})
    assert len(errors) == 50
    assert all(len(it["data"]["value"]) <= 200 for it in errors)


def test_what_is_empty_is_no_problem() -> None:
    """PHP writes an empty object as ``[]``."""
    sent: Json = {"user": [], "extra": [], "modules": [], "contexts": [], "request": [], "sdk": []}
    assert "errors" not in kept(**sent, tags=[], message="")


def test_placeholders_and_ids_of_sdks_are_no_problem() -> None:
    dashed = "9EC79C33-EC99-42AB-8353-589FCB2E04DC"
    payload = kept(
        event_id=dashed, user={"ip_address": "{{auto}}"}, tags=[["a", 1]], message={"message": "x"}
    )
    assert "errors" not in payload
