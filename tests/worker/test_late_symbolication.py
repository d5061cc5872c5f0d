"""Events whose stacks stayed minified are symbolicated again when their files come."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from artifacts import DEBUG_ID, SCRIPT, SCRIPT_MAP, built, bundle, js_event, many, upload
from client_fixtures import Serve
from factories import Caller, World, error_event, rows, send_event, statements
from httpx import Client
from sqlalchemy import event

from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.issues.store import retention
from shipmark.symbolication import event_symbolication
from shipmark.worker import late_symbolication, scheduler

LATER = timedelta(minutes=3)
#: Sends an event of minified JavaScript.
Fail = Callable[..., str]
#: Runs the job, as often as it is due; says how many there were.
Run = Callable[[], int]


@pytest.fixture
def blobs_url(tmp_path: Path) -> str:
    return (tmp_path / "blobs").as_uri()


@pytest.fixture
def client(serve: Serve, blobs_url: str) -> Client:
    """The server keeps its files where the job looks for them."""
    return serve(keep=open_blobs(blobs_url))


@pytest.fixture
def fail(alice: Caller, world: World) -> Fail:
    def failed(*columns: int, **more: Any) -> str:
        sent = js_event(*columns, **more)
        return send_event(alice.client, world.keys["web"], world.projects["web"], sent)

    return failed


@pytest.fixture
def run(database: Database, blobs_url: str) -> Run:
    def ran() -> int:
        number, at = 0, now() + LATER
        settings = replace(Settings(), blobs_url=blobs_url)
        while job := scheduler.claim(database, at, [JobKind.SYMBOLICATE_AGAIN]):
            late_symbolication.run(database, settings, job, at)
            number, at = number + 1, at + LATER
        return number

    return ran


@pytest.fixture(autouse=True)
def _fresh_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_symbolication, "_state", event_symbolication._State())


def payload_of(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zstandard.decompress(row["payload"]))
    return found


def functions(database: Database) -> list[str]:
    """The function of the last frame of each event."""
    return [
        payload_of(row)["exception"]["values"][0]["stacktrace"]["frames"][-1]["function"]
        for row in rows(database, "events")
    ]


def culprits(database: Database) -> list[str]:
    return [row["culprit"] for row in rows(database, "issues")]


def test_events_of_a_release_become_readable_by_a_bundle(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    fail(release="a")
    fail(release="a")
    fail(release="b")
    assert [row["key"] for row in rows(database, "symbolication_waits")] == ["r:a", "r:a", "r:b"]
    upload(alice, bundle(built()), version="a")
    assert run() == 1
    assert functions(database) == ["checkout", "checkout", "i"]
    assert [row["key"] for row in rows(database, "symbolication_waits")] == ["r:b"]
    assert [row["symbolicated_at"] is not None for row in rows(database, "events")] == [
        True,
        True,
        False,
    ]
    [late] = rows(database, "late_symbolications")
    assert late["event_count"] == 2
    assert all("errors" not in payload_of(row) for row in rows(database, "events")[:2])


def test_the_issue_gets_the_title_of_the_readable_stack(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    fail(release="a")
    before = culprits(database)
    upload(alice, bundle(built()), version="a")
    run()
    assert culprits(database) == ["src/cart in checkout"] != before
    assert json.loads(rows(database, "issues")[0]["details"])["function"] == "checkout"


def test_the_next_event_is_of_the_same_issue(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    fail(release="a")
    old = {row["hash"] for row in rows(database, "issue_hashes")}
    upload(alice, bundle(built()), version="a")
    run()
    fail(release="a")
    [issue] = rows(database, "issues")
    assert issue["times_seen"] == 2
    assert old < {row["hash"] for row in rows(database, "issue_hashes")}


def test_where_another_issue_has_the_readable_hash_both_stay(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    fail(release="a")
    upload(alice, bundle(built()), version="a")
    # It comes before the job has run.
    fail(release="a")
    run()
    fail(release="a")
    assert [row["times_seen"] for row in rows(database, "issues")] == [1, 2]
    assert functions(database) == ["checkout"] * 3
    assert [row["issue_id"] for row in rows(database, "events")] == [1, 2, 2]


def test_an_issue_that_shows_another_event_keeps_its_title(
    alice: Caller, world: World, database: Database, fail: Fail, run: Run
) -> None:
    fail(release="a", fingerprint=["one"])
    other = error_event(fingerprint=["one"])
    send_event(alice.client, world.keys["web"], world.projects["web"], other)
    before = rows(database, "issues")[0]["title"]
    upload(alice, bundle(built()), version="a")
    run()
    assert functions_of_first(database) == "checkout"
    assert rows(database, "issues")[0]["title"] == before == "ValueError: boom"


def functions_of_first(database: Database) -> str:
    first = payload_of(rows(database, "events")[0])
    found: str = first["exception"]["values"][0]["stacktrace"]["frames"][-1]["function"]
    return found


def test_debug_ids_lead_to_events_without_a_release(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    fail(debug_id=DEBUG_ID)
    upload(alice, bundle(built(debug_id=DEBUG_ID)))
    run()
    assert functions(database) == ["checkout"]
    assert rows(database, "symbolication_waits") == rows(database, "late_symbolications") == []


def test_single_files_of_a_release_do_too(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    fail(release="old@1")
    for name, content in (("~/static/app.js", SCRIPT), ("~/static/app.js.map", SCRIPT_MAP)):
        files = {"file": ("x", content)}
        path = "/organizations/acme/releases/old@1/files/"
        assert alice.post(path, data={"name": name}, files=files).status_code == 201
    assert run() <= 2
    assert functions(database) == ["checkout"]


def test_uploads_of_a_minute_are_one_job_which_runs_afterwards(
    alice: Caller, database: Database
) -> None:
    for number in range(3):
        upload(alice, bundle(many(1 + number) | built()), version="a")
    found = [row for row in rows(database, "jobs") if row["kind"] == JobKind.SYMBOLICATE_AGAIN]
    assert len({row["key"] for row in found}) == len(found) <= 6
    assert all(row["run_at"] > now() for row in found)


def test_what_stays_minified_waits_on(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    fail(release="a")
    upload(alice, bundle(many(2)), version="a")
    run()
    assert functions(database) == ["i"]
    assert [row["symbolicated_at"] for row in rows(database, "events")] == [None]
    upload(alice, bundle(built(), debug_id="3" * 32), version="a")
    run()
    assert functions(database) == ["checkout"]


def test_events_that_no_upload_can_help_do_not_wait(
    alice: Caller, world: World, database: Database, fail: Fail
) -> None:
    fail()
    upload(alice, bundle(built()), version="a")
    fail(release="a")
    send_event(alice.client, world.keys["web"], world.projects["web"], error_event(release="a"))
    assert rows(database, "symbolication_waits") == []


def test_the_newest_events_of_each_issue_are_tried(
    alice: Caller, database: Database, fail: Fail, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_symbolication, "OF_ISSUE_MAX", 2)
    for number in range(4):
        fail(release="a", fingerprint=["hot"], extra={"n": number})
    fail(release="a", fingerprint=["rare"])
    upload(alice, bundle(built()), version="a")
    run()
    assert functions(database) == ["i", "i", "checkout", "checkout", "checkout"]
    assert len(rows(database, "symbolication_waits")) == 2


def test_a_long_job_goes_on_behind_the_last_issue(
    alice: Caller, database: Database, fail: Fail, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        fail(release="a", fingerprint=[f"issue {number}"])
    upload(alice, bundle(built()), version="a")
    # One issue each time, as the time of the job is over after the first.
    seconds = iter(range(0, 10_000, 10))
    monkeypatch.setattr(late_symbolication, "SECONDS_MAX", 15.0)
    monkeypatch.setattr("shipmark.worker.late_symbolication.time.monotonic", lambda: next(seconds))
    assert run() > 1
    assert functions(database) == ["checkout"] * 3


def test_a_job_that_is_killed_is_repeated_and_counts_each_event_once(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    for number in range(3):
        fail(release="a", fingerprint=[f"issue {number}"])
    upload(alice, bundle(built()), version="a")
    replaced = iter(range(1, 100))

    def die(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE events") and next(replaced) == 2:
            raise KeyboardInterrupt

    event.listen(database.engine, "before_cursor_execute", die)
    with pytest.raises(KeyboardInterrupt):
        run()
    event.remove(database.engine, "before_cursor_execute", die)
    assert functions(database) == ["checkout", "i", "i"]
    with database.transaction() as connection:
        # Its lease ends.
        connection.exec_driver_sql("UPDATE jobs SET run_at = '2026-01-01 00:00:00'")
    run()
    assert functions(database) == ["checkout"] * 3
    assert [row["event_count"] for row in rows(database, "late_symbolications")] == [3]


def test_what_a_page_has_stored_before_is_completed(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    event_id = fail(release="a")
    upload(alice, bundle(built()), version="a")
    assert alice.get(f"/projects/acme/web/events/{event_id}/").is_success
    assert functions(database) == ["checkout"]
    assert culprits(database) != ["src/cart in checkout"]
    run()
    assert culprits(database) == ["src/cart in checkout"]
    fail(release="a")
    assert [row["times_seen"] for row in rows(database, "issues")] == [2]


def test_deleted_events_wait_no_more(database: Database, fail: Fail, run: Run) -> None:
    fail(release="a")
    with database.transaction() as connection:
        retention.remove_received_before(connection, now())
    assert rows(database, "symbolication_waits") == []


def test_events_that_do_not_wait_take_no_statement(
    alice: Caller, world: World, database: Database
) -> None:
    upload(alice, bundle(built()), version="a")

    def sent(payload: Any) -> int:
        with statements(database) as seen:
            send_event(alice.client, world.keys["web"], world.projects["web"], payload)
        return seen.count

    sent(js_event(release="a"))
    sent(error_event("x", release="a"))
    assert sent(error_event("x", release="a")) < sent(js_event(release="a"))


def test_a_deleted_release_is_no_failure(
    alice: Caller, database: Database, fail: Fail, run: Run
) -> None:
    fail(release="a")
    upload(alice, bundle(built()), version="a")
    assert alice.delete("/organizations/acme/releases/a/?force=1").is_success
    assert run() == 1
