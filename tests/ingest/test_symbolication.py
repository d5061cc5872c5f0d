"""Errors of minified JavaScript through the door: the original stack is kept, or why there is none."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from artifacts import DEBUG_ID, SCRIPT, SCRIPT_MAP, built, bundle, js_event, many, upload
from bundling import BUILT
from client_fixtures import Serve
from factories import Caller, World, error_event, on_one_database, rows, send_event, statements
from sqlalchemy import event as sqlalchemy_event

from shipmark.artifacts.model import RENEWAL_LENGTH
from shipmark.infrastructure import telemetry
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable
from shipmark.symbolication import event_symbolication

#: What sentry-cli gave to the files of one of the built bundles.
INJECTED = "6b7ad79e-61d8-5b34-b23a-cad7a6d42552"
VERSION = "webapp@1.0.0"

Json = dict[str, Any]
#: Lets a browser send an event; says what is kept of it.
Fail = Callable[..., Json]


@pytest.fixture
def fail(alice: Caller, world: World, database: Database) -> Fail:
    def failed(*columns: int, project: str = "web", **more: Any) -> Json:
        sent = js_event(*columns, **more)
        send_event(alice.client, world.keys[project], world.projects[project], sent)
        return kept(database)

    return failed


@pytest.fixture(autouse=True)
def _fresh_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test pauses the store, or keeps maps, for another one."""
    monkeypatch.setattr(event_symbolication, "_state", event_symbolication._State())


def kept(database: Database) -> Json:
    """The payload of the newest event."""
    found: Json = json.loads(zstandard.decompress(rows(database, "events")[-1]["payload"]))
    return found


def frame(payload: Json) -> Json:
    found: Json = payload["exception"]["values"][0]["stacktrace"]["frames"][-1]
    return found


def reasons(payload: Json) -> list[str]:
    return [each["data"]["reason"] for each in payload.get("errors", [])]


def is_original(payload: Json, how: str) -> bool:
    found = frame(payload)
    return (found["function"], found["lineno"], found["data"]["resolved_with"]) == (
        "checkout",
        18,
        how,
    )


def test_a_stack_becomes_the_original_one_by_release(alice: Caller, fail: Fail) -> None:
    content = (BUILT / "sentry-cli.sysb").read_bytes()
    assert upload(alice, content, version=VERSION, dist="7")["state"] == "ok"
    payload = fail(221, release=VERSION, dist="7")
    assert "errors" not in payload
    said = frame(payload)["data"]
    assert (said["resolved_with"], said["sourcemap"]) == ("release", "~/static/app.js.map")
    assert frame(payload)["context_line"]
    raw = payload["exception"]["values"][0]["raw_stacktrace"]["frames"][-1]
    assert (raw["function"], raw["colno"]) == ("i", 221)


def test_a_stack_becomes_the_original_one_by_debug_id(alice: Caller, fail: Fail) -> None:
    upload(alice, (BUILT / "sentry-cli-debug-ids.sysb").read_bytes())
    payload = fail(40, line=3, debug_id=INJECTED.upper(), url="https://cdn.example.com/any.js")
    assert "errors" not in payload
    assert frame(payload)["data"]["resolved_with"] == "debug-id"
    assert frame(payload)["data"]["symbolicated"] is True
    assert frame(payload)["context_line"]


def test_the_issue_is_named_and_grouped_by_the_original_stack(
    alice: Caller, fail: Fail, database: Database
) -> None:
    """The same code in two builds is one issue: that is what source maps are for."""
    upload(alice, bundle(built()), version="a")
    padding = {"app.js": b"var a=1;\n" + SCRIPT, "app.js.map": _moved(SCRIPT_MAP)}
    upload(
        alice,
        bundle({k: it | {"content": padding[k]} for k, it in built().items()}),
        version="b",
    )
    fail(221, release="a")
    sent = js_event(221, release="b")
    sent["exception"]["values"][0]["stacktrace"]["frames"][0] |= {"lineno": 2, "function": "q"}
    send_event(alice.client, "0" * 31 + "1", 1, sent)
    [issue] = rows(database, "issues")
    assert (issue["times_seen"], issue["culprit"]) == (2, "src/cart in checkout")
    assert json.loads(issue["details"])["function"] == "checkout"


def _moved(text: bytes) -> bytes:
    said = json.loads(text)
    return json.dumps(said | {"mappings": ";" + said["mappings"]}).encode()


def test_single_files_of_a_release_do_too(alice: Caller, fail: Fail) -> None:
    alice.publish("old@1")
    for name, content in (("~/static/app.js", SCRIPT), ("~/static/app.js.map", SCRIPT_MAP)):
        files = {"file": ("x", content)}
        path = "/organizations/acme/releases/old@1/files/"
        assert alice.post(path, data={"name": name}, files=files).status_code == 201
    assert is_original(fail(release="old@1"), "release-old")
    assert reasons(fail(release="old@1", dist="7")) == ["other_dist"]


def test_the_newest_of_several_bundles_counts(alice: Caller, fail: Fail) -> None:
    upload(alice, bundle(many(2) | built(), debug_id="1" * 32), version="a")
    broken = {key: it | {"content": b"{}"} for key, it in built().items()}
    upload(alice, bundle(broken, debug_id="2" * 32), version="a")
    assert reasons(fail(release="a")) == ["not_a_map"] or reasons(fail(release="a"))
    upload(alice, bundle(built(), debug_id="3" * 32), version="a")
    assert is_original(fail(release="a"), "index")


@pytest.mark.parametrize(
    ("files", "version", "sent", "expected"),
    [
        ({}, "", {}, ["no_debug_id_and_no_release"]),
        ({}, "", {"release": "a"}, ["release_without_files"]),
        ({}, "", {"debug_id": DEBUG_ID, "release": "a"}, ["unknown_debug_id"]),
        (built(), "a", {"release": "a", "dist": "1"}, ["other_dist"]),
        (built(url="~/app.js"), "a", {"release": "a"}, ["other_url"]),
        (many(1), "a", {"release": "a"}, ["not_in_release"]),
        (built(), "a", {"release": "a", "project": "mobile"}, ["release_without_files"]),
        (
            {"app.js": built(debug_id=DEBUG_ID)["app.js"]},
            "a",
            {"debug_id": DEBUG_ID},
            ["map_not_there"],
        ),
    ],
)
def test_a_stack_that_stays_minified_says_why(
    alice: Caller, fail: Fail, files: Any, version: str, sent: Any, expected: list[str]
) -> None:
    if files:
        assert upload(alice, bundle(files), **({"version": version} if version else {}))
    payload = fail(**sent)
    assert reasons(payload) == expected
    assert frame(payload)["function"] == "i"
    assert all(each["message"] and each["type"].startswith("js_") for each in payload["errors"])


def test_nobody_uses_the_files_of_another_organization(
    alice: Caller, charlie: Caller, world: World, fail: Fail, database: Database
) -> None:
    upload(alice, bundle(built(debug_id=DEBUG_ID)), version="a")
    sent = js_event(release="a", debug_id=DEBUG_ID)
    send_event(charlie.client, world.keys["globex/web"], world.projects["globex/web"], sent)
    assert reasons(kept(database)) == ["unknown_debug_id"]
    assert reasons(fail(project="mobile", debug_id=DEBUG_ID)) == ["unknown_debug_id"]


def test_an_event_of_anything_else_costs_no_statement_more(
    alice: Caller, world: World, database: Database
) -> None:
    def sent(payload: Json) -> int:
        with statements(database) as seen:
            send_event(alice.client, world.keys["web"], world.projects["web"], payload)
        return seen.count

    stack = {"frames": [{"filename": "a.py", "lineno": 1}]}
    send_event(alice.client, world.keys["web"], world.projects["web"], error_event())
    raised = {"type": "E", "value": "x", "stacktrace": stack}
    python = error_event(exception={"values": [raised]}, fingerprint=["b"])
    assert sent(python) == sent(error_event(fingerprint=["c"]))


def test_many_frames_and_files_cost_no_statement_more(
    alice: Caller, world: World, database: Database
) -> None:
    upload(alice, bundle(many(30) | built()), version="a")

    def sent(payload: Json) -> int:
        with statements(database) as seen:
            send_event(alice.client, world.keys["web"], world.projects["web"], payload)
        return seen.count

    sent(js_event(release="a"))
    few = js_event(release="a", fingerprint=["few"])
    several = js_event(*range(200, 240), release="a", fingerprint=["several"])
    for number, call in enumerate(several["exception"]["values"][0]["stacktrace"]["frames"][:30]):
        call["abs_path"] = f"https://shop.example.com/{number}.js"
    few_count = sent(few)
    # Where files have no map, it takes no more to say so.
    assert sent(several) <= few_count + 6
    # With the health of the release that it is new in.
    assert few_count < 60


def test_what_is_used_is_renewed_once_in_a_while(
    alice: Caller, fail: Fail, database: Database
) -> None:
    upload(alice, bundle(built()), version="a")
    fail(release="a")
    with database.engine.begin() as connection:
        for table in ("artifact_bundles", "bundle_projects"):
            [row] = rows(database, table)
            connection.exec_driver_sql(
                f"UPDATE {table} SET used_at = '{row['used_at'] - RENEWAL_LENGTH - timedelta(1)}'"
            )
    renewing: list[str] = []

    @sqlalchemy_event.listens_for(database.engine, "before_cursor_execute")
    def _note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        if "SET used_at" in statement:
            renewing.append(statement)

    try:
        assert is_original(fail(release="a"), "release")
        assert is_original(fail(release="a"), "release")
    finally:
        sqlalchemy_event.remove(database.engine, "before_cursor_execute", _note)
    assert len(renewing) == 2
    ages = [rows(database, name)[0] for name in ("artifact_bundles", "bundle_projects")]
    assert ages[0]["used_at"] == ages[1]["used_at"] > ages[0]["uploaded_at"] - timedelta(1)


class Away:
    """A store of files that does not answer, and counts who asks."""

    def __init__(self, kept: Blobs) -> None:
        self._kept = kept
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kept, name)

    def read(self, *_: object, **__: object) -> Iterator[bytes]:
        self.asked += 1
        raise Unavailable


@on_one_database
def test_while_the_store_is_away_events_are_kept_as_they_are(
    alice: Caller, world: World, database: Database, serve: Serve, blobs: Blobs
) -> None:
    upload(alice, bundle(built()), version="a")
    away = Away(blobs)
    client = serve(keep=away)  # type: ignore[arg-type]  # it is one, by what it passes on
    for expected in ("unreadable", "store_away"):
        sent = js_event(release="a")
        send_event(client, world.keys["web"], world.projects["web"], sent)
        assert reasons(kept(database)) == [expected]
        assert frame(kept(database))["function"] == "i"
    # The second event did not ask again.
    assert away.asked == 1
    assert "out of order" in kept(database)["errors"][0]["message"]


@on_one_database
def test_our_own_faults_lose_no_event(fail: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[BaseException] = []
    monkeypatch.setattr(telemetry, "_reporters", [told.append])

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(event_symbolication, "symbolicate", broken)
    payload = fail(release="a")
    assert reasons(payload) == ["bug"]
    assert [type(each) for each in told] == [ZeroDivisionError]


@on_one_database
def test_events_that_wait_too_long_are_kept_as_they_are(
    fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_symbolication, "WAIT_SECONDS", 0.01)
    with event_symbolication._state.turn:
        assert reasons(fail(release="a")) == ["busy"]
    assert reasons(fail(release="a")) == ["release_without_files"]


@on_one_database
def test_errors_that_the_client_tells_of_stay(alice: Caller, fail: Fail) -> None:
    own = {"type": "invalid_data", "name": "x"}
    assert fail(errors=[own, {"type": "js_forged"}])["errors"][0] == own
    assert len(fail(errors=[own, {"type": "js_forged"}])["errors"]) == 2
    assert reasons(fail(errors="odd")) == ["no_debug_id_and_no_release"]


@on_one_database
@pytest.mark.parametrize(
    "odd",
    [
        {"release": 7, "dist": ["x"]},
        {"release": "a" * 300},
        {"release": "a\x00b", "dist": "\ud800"},
        {"release": "a b%#?+@é", "dist": "a b%#?"},
        {"url": "https://x/" + "a" * 10_000, "release": "a"},
        {"url": "//\x00/\ud800.js", "release": "a"},
        {"debug_id": "0" * 32, "release": "a"},
    ],
)
def test_nothing_odd_loses_an_event(fail: Fail, odd: Any) -> None:
    assert frame(fail(**odd))["function"] == "i"


@on_one_database
def test_only_who_has_the_key_makes_us_look(alice: Caller, world: World) -> None:
    headers = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={'9' * 32}"}
    path = f"/api/{world.projects['web']}/store/"
    answer = alice.client.post(path, json=js_event(release="a"), headers=headers)
    assert answer.status_code == 403


@on_one_database
def test_the_older_address_does_the_same(alice: Caller, world: World, database: Database) -> None:
    upload(alice, bundle(built()), version="a")
    headers = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={world.keys['web']}"}
    path = f"/api/{world.projects['web']}/store/"
    assert alice.client.post(path, json=js_event(release="a"), headers=headers).is_success
    assert is_original(kept(database), "release")


@on_one_database
def test_a_map_is_read_once_for_many_events(
    alice: Caller, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(alice, bundle(built()), version="a")
    assert is_original(fail(release="a"), "release")
    size = event_symbolication._state.maps.size_bytes
    assert 0 < size < 100_000
    assert is_original(fail(release="a"), "release")
    assert event_symbolication._state.maps.size_bytes == size


@on_one_database
def test_a_bundle_that_was_deleted_helps_no_more(alice: Caller, fail: Fail) -> None:
    upload(alice, bundle(built(), debug_id="1" * 32), version="a")
    assert is_original(fail(release="a"), "release")
    path = "/projects/acme/web/files/artifact-bundles/"
    [shown] = alice.get(path).json()
    assert alice.delete(f"{path}?bundleId={shown['bundleId']}").status_code == 204
    assert reasons(fail(release="a")) == ["release_without_files"]
