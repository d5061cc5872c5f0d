"""Events by themselves, and why their stacks are not the original ones."""

from typing import Any

import pytest
from artifacts import built, bundle, js_event, upload
from factories import NOT_FOUND, Bearer, Caller, World, ago, error_event, on_one_database, written
from shown_events import Json, path, rich

from shipmark.symbolication import event_symbolication


@pytest.fixture(autouse=True)
def _fresh_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_symbolication, "_state", event_symbolication._State())


def test_an_event_is_shown_without_secrets(alice: Caller, world: World, send_payload: Any) -> None:
    event_id = send_payload(rich())
    answer = alice.get(path(event_id))
    assert answer.status_code == 200
    assert "hunter2" not in answer.text
    shown = answer.json()
    assert (shown["id"], shown["eventID"]) == (event_id, event_id)
    assert (shown["groupID"], shown["projectID"]) == ("1", str(world.projects["web"]))
    assert shown["title"] == "ValueError: boom"
    assert (shown["release"], shown["dist"]) == ({"version": "web@1.0.0"}, "7")
    assert shown["dateCreated"] == written(ago(hours=1)) or shown["dateCreated"]
    assert {"key": "colour", "value": "red"} in shown["tags"]
    assert {"key": "release", "value": "web@1.0.0"} in shown["tags"]
    assert (shown["user"]["id"], shown["user"]["email"]) == ("7", "eve@example.com")
    assert shown["user"]["data"] == {"plan": "pro", "api_key": "[Filtered]"}
    assert shown["contexts"] == {
        "browser": {"type": "browser", "name": "Firefox"},
        "state": {"type": "state", "secret": "[Filtered]"},
        "x": {"type": "x", "value": 7},
    }
    assert shown["context"] == {"secret": "[Filtered]", "cart": [1, 2]}
    assert shown["packages"] == {"flask": "3.1", "acme": "7"}
    assert shown["sdk"] == {"name": "sentry.python", "version": "2.0"}
    assert len(shown["fingerprints"]) == 1


def test_the_entries_of_an_event(alice: Caller, send_payload: Any) -> None:
    shown = alice.get(path(send_payload(rich()))).json()
    entries = {entry["type"]: entry["data"] for entry in shown["entries"]}
    [raised] = entries.pop("exception")["values"]
    assert raised["mechanism"] == {
        "type": "wsgi",
        "handled": False,
        "synthetic": None,
        "description": None,
        "help_link": None,
        "source": None,
        "exception_id": None,
        "parent_id": None,
        "is_exception_group": None,
        "data": {"token": "[Filtered]"},
        "meta": None,
    }
    assert raised["rawStacktrace"] is None
    assert raised["stacktrace"]["frames"] == [
        {
            "filename": "shop/cart.py",
            "absPath": "/srv/shop/cart.py",
            "module": "shop.cart",
            "package": None,
            "function": "checkout",
            "rawFunction": None,
            "platform": None,
            "instructionAddr": None,
            "lineNo": 41,
            "colNo": 3,
            "inApp": True,
            "context": [[39, "a"], [40, "b"], [41, "c"], [42, "d"]],
            "data": {"sourcemap": "a.map"},
            "vars": {"password": "[Filtered]", "total": 7},
        }
    ]
    assert entries == {
        "threads": {
            "values": [
                {
                    "id": "1",
                    "name": "main",
                    "crashed": True,
                    "current": None,
                    "state": None,
                    "stacktrace": None,
                    "rawStacktrace": None,
                }
            ]
        },
        "message": {"formatted": "order 17", "message": "order %s", "params": [17]},
        "breadcrumbs": {
            "values": [
                {
                    "type": "default",
                    "timestamp": "1970-01-01T00:00:01.500000Z",
                    "level": "info",
                    "message": "m",
                    "category": None,
                    "data": {"token": "[Filtered]"},
                    "event_id": None,
                }
            ]
        },
        "request": {
            "url": "https://acme.example.com/cart",
            "method": "POST",
            "query": [["token", "[Filtered]"], ["a", "1"]],
            "fragment": "b",
            "headers": [["Accept", "*/*"], ["Cookie", "[Filtered]"]],
            "cookies": [["a", "1"], ["sessionid", "[Filtered]"]],
            "data": {"password": "[Filtered]"},
            "env": {"SERVER_NAME": "web-1"},
            "inferredContentType": "application/json",
            "apiTarget": None,
        },
        "csp": {"effective_directive": "img-src"},
        "debugmeta": {"images": [{"type": "sourcemap"}]},
    }


def test_an_event_from_before_a_rule_is_scrubbed_when_it_is_shown(
    alice: Caller, send_payload: Any
) -> None:
    event_id = send_payload(error_event(extra={"shoe_size": 43}))
    alice.put("/projects/acme/web/", {"sensitiveFields": ["shoe"]})
    assert alice.get(path(event_id)).json()["context"] == {"shoe_size": "[Filtered]"}
    assert alice.get(path(event_id, "json/")).json()["extra"] == {"shoe_size": "[Filtered]"}


def test_an_event_is_shown_in_the_format_of_sdks(
    alice: Caller, world: World, send_payload: Any
) -> None:
    """`sentry-cli sourcemaps explain` reads it so, with the stack that became original."""
    event_id = send_payload(js_event(release="a"))
    upload(alice, bundle(built()), version="a")
    shown = alice.get(path(event_id, "json/")).json()
    assert (shown["event_id"], shown["project"]) == (event_id, world.projects["web"])
    assert (shown["release"], shown["platform"]) == ("a", "javascript")
    [raised] = shown["exception"]["values"]
    assert raised["stacktrace"]["frames"][-1]["function"] == "checkout"
    assert raised["raw_stacktrace"]["frames"][-1]["function"] == "i"


def test_events_of_an_issue_are_found_by_name_and_by_id(alice: Caller, send_payload: Any) -> None:
    ids = [send_payload(error_event(timestamp=ago(hours=hours).timestamp())) for hours in (3, 1, 2)]
    for issue in ("/issues/1", "/organizations/acme/issues/WEB-1"):
        found = {
            name: alice.get(f"{issue}/events/{name}/").json()
            for name in ("latest", "oldest", "recommended", ids[2].upper())
        }
        assert found["latest"]["eventID"] == found["recommended"]["eventID"] == ids[1]
        assert found["oldest"]["eventID"] == ids[0]
        middle = found[ids[2].upper()]
        assert (middle["previousEventID"], middle["nextEventID"]) == (ids[0], ids[1])
        assert found["oldest"]["previousEventID"] is None
        assert found["latest"]["nextEventID"] is None


@on_one_database
def test_an_event_without_a_stack_or_with_an_odd_one_is_shown(
    alice: Caller, send_payload: Any
) -> None:
    odd: list[Json] = [
        error_event(exception=None, message="words"),
        error_event(exception={"values": [{"stacktrace": {"frames": [{"lineno": True}, 7]}}]}),
        error_event(exception={"values": ["x"]}, errors=[7, {"type": 1}, {"message": "m"}]),
        error_event(exception=None, stacktrace={"frames": [{"function": "f", "lineno": 2**62}]}),
        error_event(threads=[7, {"id": [], "stacktrace": {"frames": [{}]}}], debug_meta=[1]),
        error_event(request={"url": "https://[", "query_string": 7, "headers": [[1], [1, []], 7]}),
        error_event(request={"data": 7, "cookies": {"a": ["b", 1]}, "env": 7, "method": []}),
        error_event(breadcrumbs=[{"timestamp": "x", "data": 7}], modules=7, sdk="x", extra=[1]),
        error_event(user="x", contexts=[1], tags=[[1]], errors={"x": 1}, release=7),
        error_event(exception={"values": [{"type": "E", "raw_stacktrace": {"frames": [{}]}}]}),
        error_event(
            exception={
                "values": [
                    {"stacktrace": {"frames": [{"pre_context": [1], "context_line": "x"}]}},
                ]
            }
        ),
    ]
    for event in odd:
        answer = alice.get(path(send_payload(event)))
        assert answer.status_code == 200, answer.text
        assert alice.get(path(answer.json()["id"], "source-map-debug/")).status_code == 200
    assert alice.get(path(send_payload(odd[0] | {"event_id": "a" * 32}))).json()["entries"] == [
        {"type": "message", "data": {"formatted": "words"}}
    ]


@on_one_database
def test_an_exception_that_is_a_text_is_the_title(alice: Caller, send_payload: Any) -> None:
    shown = alice.get(path(send_payload(error_event(exception="KeyError: coupon")))).json()
    assert (shown["title"], shown["type"], shown["errors"]) == ("KeyError: coupon", "error", [])


@on_one_database
def test_a_breadcrumb_of_an_unknown_level_is_no_error(alice: Caller, send_payload: Any) -> None:
    sent = [{"message": "a", "level": "loud"}, {"message": "b"}, {"message": "c", "level": "warn"}]
    shown = alice.get(path(send_payload(error_event(breadcrumbs=sent)))).json()
    crumbs = next(entry for entry in shown["entries"] if entry["type"] == "breadcrumbs")
    assert [each["level"] for each in crumbs["data"]["values"]] == ["info", "info", "warning"]


def test_strangers_learn_nothing(
    alice: Caller,
    bob: Caller,
    charlie: Caller,
    anonymous: Caller,
    bearer: Bearer,
    send_payload: Any,
) -> None:
    event_id = send_payload(js_event())
    wanted = (
        path(event_id),
        path(event_id, "json/"),
        path(event_id, "source-map-debug/"),
        "/organizations/acme/issues/1/events/latest/",
        "/issues/1/events/latest/",
    )
    for each in wanted:
        assert alice.get(each).status_code == bob.get(each).status_code == 200
        assert charlie.get(each).status_code in {403, 404}
        assert anonymous.get(each).status_code == 401
        assert bearer(["project:read"]).get(each).status_code == 403
        assert bearer(["event:read"]).get(each).status_code == 200
    for each in (
        path("f" * 32),
        path(event_id, project="mobile"),
        path("%00"),
        path("é"),
        path("f" * 32, "source-map-debug/"),
        "/issues/1/events/x/",
        f"/issues/2/events/{event_id}/",
    ):
        assert alice.get(each).status_code == 404, each
    assert alice.get(path(event_id, project="none")).json() == NOT_FOUND
    assert charlie.get(f"/projects/globex/web/events/{event_id}/").status_code == 404


def test_an_event_of_another_issue_is_not_of_this_one(alice: Caller, send_payload: Any) -> None:
    first, second = send_payload(error_event("a")), send_payload(error_event("b"))
    assert alice.get(f"/issues/1/events/{first}/").status_code == 200
    assert alice.get(f"/issues/1/events/{second}/").status_code == 404
