"""Why the stacks of events are not the original ones, and events that are symbolicated when they are shown."""

from typing import Any

import pytest
from artifacts import DEBUG_ID, SCRIPT_URL, WEB_BUNDLES, built, bundle, js_event, upload
from factories import Caller, on_one_database, rows, statements
from shown_events import Json, path, rich

from shipmark.infrastructure.database import Database
from shipmark.symbolication import event_symbolication


def last_frame(shown: Json) -> Json:
    found: Json = shown["entries"][0]["data"]["values"][0]["stacktrace"]["frames"][-1]
    return found


def test_a_stack_is_looked_up_again_once_its_map_is_there(
    alice: Caller, send_payload: Any, database: Database
) -> None:
    event_id = send_payload(js_event(release="a"))
    shown = alice.get(path(event_id)).json()
    assert [each["data"]["reason"] for each in shown["errors"]] == ["release_without_files"]
    assert last_frame(shown)["function"] == "i"
    upload(alice, bundle(built()), version="a")
    shown = alice.get(path(event_id)).json()
    assert shown["errors"] == []
    assert (last_frame(shown)["function"], last_frame(shown)["lineNo"]) == ("checkout", 18)
    assert last_frame(shown)["data"]["resolved_with"] == "release"
    [raised] = shown["entries"][0]["data"]["values"]
    assert raised["rawStacktrace"]["frames"][-1]["function"] == "i"
    # It is kept: the files may go, and nobody looks for them again.
    [it] = alice.get(WEB_BUNDLES).json()
    assert alice.delete(f"{WEB_BUNDLES}?bundleId={it['bundleId']}").status_code == 204
    with statements(database) as seen:
        assert last_frame(alice.get(path(event_id)).json())["function"] == "checkout"
    assert not any("bundle_entries" in text for text in seen.texts)
    assert len(rows(database, "issues")) == 1


def test_why_a_stack_stays_minified_is_told_as_it_is_now(alice: Caller, send_payload: Any) -> None:
    event_id = send_payload(js_event(release="a"))
    upload(alice, bundle(built(url="~/app.js")), version="a")
    [error] = alice.get(path(event_id)).json()["errors"]
    assert error["data"]["reason"] == "other_url"


def test_the_search_for_a_map_is_told(alice: Caller, send_payload: Any) -> None:
    upload(alice, bundle(built(debug_id=DEBUG_ID)))
    event_id = send_payload(js_event(221, 222, debug_id=DEBUG_ID, release="a"))
    shown = alice.get(path(event_id, "source-map-debug/")).json()
    assert shown["errors"] == []
    assert (shown["release"], shown["dist"]) == ("a", None)
    [bundle_shown] = alice.get(WEB_BUNDLES).json()
    used = {"debugId": DEBUG_ID, "bundle": bundle_shown["bundleId"], "resolvedWith": "debug-id"}
    assert shown["frames"][0] == {
        "exceptionIdx": 0,
        "frameIdx": 0,
        "absPath": SCRIPT_URL,
        "lineNo": 1,
        "colNo": 221,
        "debugId": DEBUG_ID,
        "names": [SCRIPT_URL, "~/static/app.js"],
        "file": used | {"name": "~/static/app.js"},
        "sourceMap": used | {"name": "~/static/app.js.map"},
        "sourceMapUrl": "~/static/app.js.map",
        "isResolved": True,
    }
    assert [it["frameIdx"] for it in shown["frames"]] == [0, 1]


def test_the_search_can_be_told_of_one_frame(alice: Caller, send_payload: Any) -> None:
    event = js_event(221, 222, release="a")
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    frames[0]["abs_path"] = "https://shop.example.com/other.js"
    upload(alice, bundle({"app.js": built()["app.js"]}), version="a")
    asked = path(send_payload(event), "source-map-debug/")
    assert len(alice.get(asked).json()["errors"]) == 2
    shown = alice.get(f"{asked}?exception_idx=0&frame_idx=1").json()
    assert [it["absPath"] for it in shown["frames"]] == [SCRIPT_URL]
    assert [it["data"]["reason"] for it in shown["errors"]] == ["map_not_there"]
    assert shown["frames"][0]["sourceMap"] is None
    assert shown["frames"][0]["isResolved"] is False
    assert alice.get(f"{asked}?exception_idx=3").json()["frames"] == []
    for odd in ("exception_idx=x", "frame_idx=-1", "frame_idx=", "exception_idx=99999999"):
        answer = alice.get(f"{asked}?{odd}")
        assert (answer.status_code, answer.json()) == (
            400,
            {"detail": f"Invalid {odd.partition('=')[0]} parameter."},
        )


@on_one_database
def test_an_event_of_something_else_has_nothing_to_look_for(
    alice: Caller, send_payload: Any
) -> None:
    shown = alice.get(path(send_payload(rich()), "source-map-debug/")).json()
    assert (shown["errors"], shown["frames"]) == ([], [])


@on_one_database
def test_a_stack_without_an_exception_is_told_of_too(alice: Caller, send_payload: Any) -> None:
    event = js_event(release="a")
    stack = event.pop("exception")["values"][0]["stacktrace"]
    event_id = send_payload(event | {"message": "words", "stacktrace": stack})
    [frame] = alice.get(path(event_id, "source-map-debug/")).json()["frames"]
    assert (frame["exceptionIdx"], frame["frameIdx"]) == (None, 0)
    entries = alice.get(path(event_id)).json()["entries"]
    assert [it["type"] for it in entries] == ["stacktrace", "message", "request"]
    upload(alice, bundle(built()), version="a")
    [entry, *_] = alice.get(path(event_id)).json()["entries"]
    assert entry["data"]["frames"][0]["function"] == "checkout"


def test_a_stack_is_never_made_worse(alice: Caller, send_payload: Any) -> None:
    """One frame has its map, another has none: when the map is deleted, the first one stays as it is."""
    upload(alice, bundle(built()), version="a")
    event = js_event(221, 221, release="a")
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    frames[0]["abs_path"] = "https://shop.example.com/other.js"
    event_id = send_payload(event)
    [it] = alice.get(WEB_BUNDLES).json()
    assert alice.delete(f"{WEB_BUNDLES}?bundleId={it['bundleId']}").status_code == 204
    shown = alice.get(path(event_id)).json()
    assert last_frame(shown)["function"] == "checkout"
    assert [each["data"]["reason"] for each in shown["errors"]] == ["not_in_release"]
    debugged = alice.get(path(event_id, "source-map-debug/")).json()
    assert {each["data"]["reason"] for each in debugged["errors"]} == {"release_without_files"}


def test_while_others_wait_an_event_is_shown_as_it_is_kept(
    alice: Caller, send_payload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    event_id = send_payload(js_event(release="a"))
    upload(alice, bundle(built()), version="a")
    monkeypatch.setattr(event_symbolication, "VIEW_WAIT_SECONDS", 0.01)
    with event_symbolication._state.turn:
        [error] = alice.get(path(event_id)).json()["errors"]
        assert error["data"]["reason"] == "release_without_files"
        [error] = alice.get(path(event_id, "source-map-debug/")).json()["errors"]
        assert error["data"]["reason"] == "busy"
    assert alice.get(path(event_id)).json()["errors"] == []
