"""Attachments in envelopes: kept once, with their events, in whatever order they come (ingest.md 3.2)."""

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from client_fixtures import Serve
from digesting import discarded
from factories import World, counts, envelope, error_event, on_one_database, rows
from httpx import Client, Response
from sent_attachments import attachment_item as item
from sqlalchemy import event, text

from shipmark.files import piece_reader
from shipmark.files.store import files as file_store
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable

EVENT_ID = "a" * 32
Upload = Callable[..., Response]


class Sdk:
    """Sends to project web with its key."""

    def __init__(self, client: Client, world: World) -> None:
        self.client = client
        self.headers = {"X-Sentry-Auth": f"Sentry sentry_key={world.keys['web']}"}
        self.path = f"/api/{world.projects['web']}/envelope/"

    def send(self, content: bytes, **headers: str) -> Response:
        return self.client.post(self.path, content=content, headers=self.headers | headers)

    def attach(self, *items: bytes, event_id: str | None = EVENT_ID) -> Response:
        head = json.dumps({"event_id": event_id} if event_id else {}).encode()
        return self.send(b"\n".join([head, *items]))

    @property
    def log_folder(self) -> Path:
        path: Path = self.client.log_folder  # type: ignore[attr-defined]  # the fixture sets it
        return path

    @property
    def spool(self) -> list[str]:
        return sorted(path.name for path in self.log_folder.glob("*.spool"))


@pytest.fixture
def sdk(client: Client, world: World) -> Sdk:
    return Sdk(client, world)


def contents(database: Database, blobs: Blobs) -> dict[str, bytes]:
    """Return the contents of all attachments by name."""
    stored = {}
    for row in rows(database, "event_attachments"):
        with database.snapshot() as connection:
            pieces = file_store.pieces_of(connection, row["file_id"])
        stored[row["name"]] = b"".join(piece_reader.read_range(blobs, pieces))
    return stored


def test_an_attachment_is_kept_with_its_event(sdk: Sdk, database: Database, blobs: Blobs) -> None:
    content = bytes(range(256)) * 10_000
    sent = envelope(
        error_event(event_id=EVENT_ID), item(content, content_type="Text/Plain; charset=utf-8")
    )
    answer = sdk.send(sent)
    assert (answer.status_code, answer.json()) == (200, {"id": EVENT_ID})
    [issue] = rows(database, "issues")
    [attachment] = rows(database, "event_attachments")
    names = ("event_id", "issue_id", "name", "type", "content_type", "sha1", "size")
    assert {name: attachment[name] for name in names} == {
        "event_id": EVENT_ID,
        "issue_id": issue["id"],
        "name": "a.log",
        "type": "event.attachment",
        "content_type": "text/plain",
        "sha1": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        "size": len(content),
    }
    assert contents(database, blobs) == {"a.log": content}
    assert sdk.spool == []


def test_all_attachments_of_an_envelope_are_kept(
    sdk: Sdk, database: Database, blobs: Blobs
) -> None:
    dump = item(b"MDMP\0\n\n", filename="x.dmp", attachment_type="event.minidump")
    unending = b'{"type":"attachment","filename":"last"}\nto the end of the line'
    sent = envelope(error_event(event_id=EVENT_ID), item(b""), dump, unending)
    assert sdk.send(gzip.compress(sent), **{"Content-Encoding": "gzip"}).status_code == 200
    assert contents(database, blobs) == {
        "a.log": b"",
        "x.dmp": b"MDMP\0\n\n",
        "last": b"to the end of the line",
    }
    types = [row["type"] for row in rows(database, "event_attachments")]
    assert types == ["event.attachment", "event.minidump", "event.attachment"]


def test_an_attachment_waits_for_its_event(sdk: Sdk, database: Database) -> None:
    dashed = "AAAAAAAA-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
    assert sdk.attach(item(), event_id=dashed).json() == {"id": EVENT_ID}
    assert rows(database, "event_attachments")[0]["issue_id"] is None
    sdk.send(envelope(error_event(event_id=EVENT_ID)))
    [issue] = rows(database, "issues")
    assert rows(database, "event_attachments")[0]["issue_id"] == issue["id"]


def test_an_attachment_may_come_after_its_event(sdk: Sdk, database: Database) -> None:
    sdk.send(envelope(error_event(event_id=EVENT_ID)))
    sdk.attach(item())
    assert rows(database, "event_attachments")[0]["issue_id"] == rows(database, "issues")[0]["id"]


def test_an_envelope_that_is_repeated_changes_nothing(sdk: Sdk, database: Database) -> None:
    sent = envelope(error_event(event_id=EVENT_ID), item(), item(), item(b"other"))
    sdk.send(sent)
    before = counts(database)
    assert before["event_attachments"] == before["files"] == 2
    assert sdk.send(sent).status_code == 200
    assert counts(database) == before


@on_one_database
def test_an_attachment_without_an_event_id_is_refused(sdk: Sdk, database: Database) -> None:
    answer = sdk.attach(item(), event_id=None)
    assert answer.status_code == 400
    assert answer.json() == {"detail": "missing event_id: attachments belong to an event"}
    assert (counts(database)["event_attachments"], sdk.spool) == (0, [])


@on_one_database
def test_an_attachment_without_a_name_is_counted(sdk: Sdk, database: Database) -> None:
    nameless = b'{"type":"attachment","length":2}\nab'
    sent = envelope(error_event(event_id=EVENT_ID), nameless, item(filename=""), item())
    assert sdk.send(sent).status_code == 200
    assert [row["name"] for row in rows(database, "event_attachments")] == ["a.log"]
    assert discarded(database) == [("invalid", "invalid", "attachment", 2)]


@on_one_database
def test_attachments_of_a_transaction_are_counted(sdk: Sdk, database: Database) -> None:
    answer = sdk.attach(b'{"type":"transaction"}\n{}', item(), item(b"b"))
    assert answer.status_code == 200
    assert discarded(database) == [
        ("not_supported", "not_supported", "attachment", 2),
        ("not_supported", "not_supported", "transaction", 1),
    ]
    assert (counts(database)["event_attachments"], sdk.spool) == (0, [])


@on_one_database
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"filename": "a\0b\n.log"}, {"name": "a_b_.log"}),
        ({"filename": "n" * 300}, {"name": "n" * 255}),
        ({"filename": "../../etc/passwd"}, {"name": "../../etc/passwd"}),
        ({"content_type": "text/html\r\nX: y"}, {"content_type": "text/plain"}),
        ({"content_type": "é/x"}, {"content_type": "text/plain"}),
        ({"filename": "a.dmp", "content_type": ""}, {"content_type": "application/octet-stream"}),
        ({"filename": "C:\\x\\a.PNG", "content_type": ""}, {"content_type": "image/png"}),
        ({"content_type": "application/octet-stream"}, {"content_type": "text/plain"}),
        ({"attachment_type": "of.the.future"}, {"type": "of.the.future"}),
        ({"attachment_type": "t" * 99}, {"type": "t" * 64}),
    ],
)
def test_headers_of_any_kind_are_kept_safely(
    sdk: Sdk, database: Database, sent: dict[str, str], stored: dict[str, str]
) -> None:
    assert sdk.attach(item(**sent)).status_code == 200
    [attachment] = rows(database, "event_attachments")
    assert {name: attachment[name] for name in stored} == stored


@pytest.mark.parametrize(
    ("items", "what"),
    [
        ([item(b"a" * 1001)], "an attachment has at most 1000 bytes"),
        ([b'{"type":"attachment","filename":"a"}\n' + b"a" * 1001], "an attachment"),
        ([item(b"a" * 1000), item(b"b" * 1000), item(b"c")], "all attachments have at most 2000"),
    ],
)
@on_one_database
def test_what_is_too_large_is_refused_as_a_whole(
    serve: Serve, database: Database, world: World, items: list[bytes], what: str
) -> None:
    sdk = Sdk(serve(attachment_max_bytes=1000, attachments_max_bytes=2000), world)
    answer = sdk.send(envelope(error_event(event_id=EVENT_ID), *items))
    assert answer.status_code == 413
    assert what in answer.json()["detail"]
    assert answer.headers["X-Sentry-Error"] == answer.json()["detail"]
    assert (counts(database)["events"], counts(database)["event_attachments"]) == (0, 0)
    assert sdk.spool == []
    assert sdk.send(envelope(error_event(), item(b"a" * 1000))).status_code == 200


@on_one_database
def test_spool_files_count_as_logs_do(serve: Serve, world: World) -> None:
    sdk = Sdk(serve(event_log_max_bytes=100_000), world)
    sdk.log_folder.mkdir(parents=True)
    (sdk.log_folder / "1-waiting.spool").write_bytes(b"x" * 200_000)
    answer = sdk.attach(item())
    assert answer.status_code == 429
    assert answer.headers["X-Sentry-Rate-Limits"] == "30::key:overloaded"
    assert sdk.spool == ["1-waiting.spool"]


@on_one_database
def test_a_broken_envelope_leaves_no_file(sdk: Sdk, database: Database) -> None:
    assert sdk.attach(item(length=999)).status_code == 400
    assert sdk.attach(item(), b"no header").status_code == 400
    assert (counts(database)["event_attachments"], sdk.spool) == (0, [])


@on_one_database
def test_attachments_go_with_an_event_that_a_filter_drops(
    sdk: Sdk, alice: Any, database: Database
) -> None:
    alice.put("/projects/acme/web/filters/error_messages/", {"active": True})
    alice.put("/projects/acme/web/", {"options": {"filters:error_messages": "*noise*"}})
    sdk.attach(item(b"before"))
    sdk.send(envelope(error_event("noise", event_id=EVENT_ID), item(b"with"), item(b"it")))
    sdk.send(envelope(error_event("real", event_id="b" * 32), item(b"kept")))
    assert [row["event_id"] for row in rows(database, "event_attachments")] == ["b" * 32]
    assert counts(database)["files"] == 1
    assert discarded(database) == [
        ("filtered", "error-message", "attachment", 2),
        ("filtered", "error-message", "error", 1),
        ("filtered", "event_filtered", "attachment", 1),
    ]


def test_attachments_are_taken_while_the_database_is_away(sdk: Sdk, database: Database) -> None:
    sdk.send(envelope(error_event()))

    def refuse(*_: object) -> None:
        raise Unavailable("away")

    event.listen(database.engine, "before_cursor_execute", refuse)
    answer = sdk.send(envelope(error_event(event_id=EVENT_ID), item()))
    event.remove(database.engine, "before_cursor_execute", refuse)
    assert answer.status_code == 200
    assert len(sdk.spool) == 1
    sdk.send(envelope(error_event()))
    assert [row["event_id"] for row in rows(database, "event_attachments")] == [EVENT_ID]
    assert sdk.spool == []


def test_the_counts_of_blobs_are_right(sdk: Sdk, database: Database) -> None:
    for digit in "abc":
        sdk.send(
            envelope(error_event(event_id=digit * 32), item(b"same"), item(b"same", filename="b"))
        )
    with database.snapshot() as connection:
        assert connection.execute(text("SELECT uses FROM blobs")).scalars().all() == [6]
