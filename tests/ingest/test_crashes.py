"""Minidumps and crash reports: an event with the file as its attachment (ingest.md 1, 3.2)."""

import gzip
import json
import random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from client_fixtures import Serve
from factories import Caller, World, counts, error_event, on_one_database, rows
from factories import envelope as with_event
from httpx import Client, Response
from hypothesis import given
from hypothesis import strategies as st
from sent_attachments import attachment_item

from shipmark.infrastructure.database import Database
from shipmark.ingest.crash_events import sent_with_form

EVENT_ID = "a" * 32
DUMP = b"MDMP\x93\xa7\0\0" + random.Random(1).randbytes(300_000)
PART = {"upload_file_minidump": ("crash.dmp", DUMP, "application/octet-stream")}
REPORT = "event.applecrashreport"


class Reporter:
    """A crash reporter of project web."""

    def __init__(self, client: Client, world: World) -> None:
        self.client, self.key, self.project_id = client, world.keys["web"], world.projects["web"]

    def send(self, path: str = "minidump/", key: str | None = None, **more: Any) -> Response:
        query = f"?sentry_key={key or self.key}"
        return self.client.post(f"/api/{self.project_id}/{path}{query}", **more)

    def envelope(self, *items: bytes, **header: object) -> Response:
        content = b"\n".join([json.dumps(header).encode(), *items])
        return self.send("envelope/", content=content)


@pytest.fixture
def reporter(client: Client, world: World) -> Reporter:
    return Reporter(client, world)


def event_of(alice: Caller, event_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = alice.get(f"/projects/acme/web/events/{event_id}/").json()
    return shown


def attached(alice: Caller, event_id: str) -> list[tuple[str, str, int]]:
    listed = alice.get(f"/projects/acme/web/events/{event_id}/attachments/").json()
    return sorted((each["name"], each["type"], each["size"]) for each in listed)


def test_a_minidump_becomes_an_event(reporter: Reporter, alice: Caller) -> None:
    fields = {
        "sentry": json.dumps({"release": "web@1.0.0", "environment": "beta"}),
        "sentry[tags][color]": "red",
        "prod": "Shop",
    }
    log = {"some_file": ("app.log", b"before", "text/plain")}
    answer = reporter.send(files=PART | log, data=fields)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    event_id = UUID(answer.text).hex
    assert answer.text == str(UUID(event_id))
    event = event_of(alice, event_id)
    tags = {tag["key"]: tag["value"] for tag in event["tags"]}
    shown = {name: tags.get(name) for name in ("level", "environment", "color", "mechanism")}
    assert shown == {
        "level": "fatal", "environment": "beta", "color": "red", "mechanism": "minidump",
    }  # fmt: skip
    assert event["platform"] == "native"
    assert event["title"].startswith("Minidump: Native crash")
    assert event["context"] == {"prod": "Shop"}
    [raised] = event["entries"][0]["data"]["values"]
    assert raised["mechanism"]["data"] == {"stack": "not read: it is in the attachment"}
    assert attached(alice, event_id) == [
        ("app.log", "event.attachment", 6),
        ("crash.dmp", "event.minidump", len(DUMP)),
    ]
    assert alice.get("/organizations/acme/releases/").json()[0]["version"] == "web@1.0.0"


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_minidump_may_come_by_itself(reporter: Reporter, alice: Caller, is_packed: bool) -> None:
    content = gzip.compress(DUMP) if is_packed else DUMP
    headers = {"Content-Encoding": "gzip"} if is_packed else {}
    headers |= {"Content-Type": "application/octet-stream"}
    answer = reporter.send(content=content, headers=headers)
    assert answer.status_code == 200
    assert attached(alice, UUID(answer.text).hex) == [("minidump.dmp", "event.minidump", len(DUMP))]


@on_one_database
def test_a_form_may_be_packed(reporter: Reporter, alice: Caller) -> None:
    request = reporter.client.build_request("POST", "/", files=PART, data={"a": "b"})
    headers = {"Content-Type": request.headers["content-type"], "Content-Encoding": "gzip"}
    answer = reporter.send(content=gzip.compress(request.read()), headers=headers)
    assert answer.status_code == 200
    assert attached(alice, UUID(answer.text).hex) == [("crash.dmp", "event.minidump", len(DUMP))]


@on_one_database
def test_the_event_of_the_native_sdk_is_read(reporter: Reporter, alice: Caller) -> None:
    event = {"event_id": EVENT_ID, "release": "web@2.0.0", "tags": {"a": "b"}, "level": "error"}
    packed = {"__sentry-event": ("__sentry-event", msgspec.msgpack.encode(event), "")}
    answer = reporter.send(files=packed | PART)
    assert UUID(answer.text).hex == EVENT_ID
    shown = event_of(alice, EVENT_ID)
    tags = {tag["key"]: tag["value"] for tag in shown["tags"]}
    assert {"a": "b", "level": "error"}.items() <= tags.items()
    assert attached(alice, EVENT_ID) == [("crash.dmp", "event.minidump", len(DUMP))]


@on_one_database
@pytest.mark.parametrize(
    "content", [b"", b"\xc1", b"\x81\x01\x02", b"\x81\xc4\x01a\x02", b"\x93abc"]
)
def test_an_event_that_can_not_be_read_loses_no_crash(
    reporter: Reporter, database: Database, content: bytes
) -> None:
    answer = reporter.send(files={"__sentry-event": ("e", content, "")} | PART)
    assert answer.status_code == 200
    assert counts(database)["event_attachments"] == counts(database)["events"] == 1


@pytest.mark.parametrize(
    ("sent", "detail"),
    [
        ({"files": {"other": ("a", b"b")}}, "missing minidump"),
        ({"files": {"upload_file_minidump": ("a", b"no dump")}}, "invalid minidump"),
        ({"files": {"upload_file_minidump": ("a", b"")}}, "invalid minidump"),
        ({"content": b"no dump"}, "invalid minidump"),
        ({"content": b""}, "empty request body"),
    ],
)
@on_one_database
def test_what_is_no_minidump_is_refused(
    reporter: Reporter, database: Database, sent: dict[str, Any], detail: str
) -> None:
    before = counts(database)
    answer = reporter.send(**sent)
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})
    assert answer.headers["X-Sentry-Error"] == detail
    assert counts(database) == before
    assert list(reporter.client.log_folder.glob("*.spool")) == []  # type: ignore[attr-defined]


def test_fields_in_other_encodings_lose_no_crash(reporter: Reporter, alice: Caller) -> None:
    fields: dict[str, bytes] = {"user": "Jürgen".encode("cp1252")}
    log = {"log": ("NAME.log", b"before", "text/plain")}
    request = reporter.client.build_request("POST", "/", files=PART | log, data=fields)
    content = request.read().replace(b"NAME.log", "Jürgen.log".encode("cp1252"))
    headers = {"Content-Type": request.headers["content-type"]}
    answer = reporter.send(content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    event = event_of(alice, UUID(answer.text).hex)
    assert event["context"] == {"user": "J\N{REPLACEMENT CHARACTER}rgen"}
    assert attached(alice, UUID(answer.text).hex) == [
        ("J\N{REPLACEMENT CHARACTER}rgen.log", "event.attachment", 6),
        ("crash.dmp", "event.minidump", len(DUMP)),
    ]


@on_one_database
def test_a_form_that_breaks_off_is_refused(reporter: Reporter, database: Database) -> None:
    request = reporter.client.build_request("POST", "/", files=PART)
    headers = {"Content-Type": request.headers["content-type"]}
    answer = reporter.send(content=request.read()[:-20], headers=headers)
    assert answer.status_code == 400
    assert counts(database)["events"] == 0
    assert list(reporter.client.log_folder.glob("*.spool")) == []  # type: ignore[attr-defined]


@on_one_database
def crash_reports(alice: Caller) -> int:
    """Return how many crash reports the one issue of project web has."""
    [issue] = alice.get("/projects/acme/web/issues/").json()
    return len(alice.get(f"/issues/{issue['id']}/attachments/").json())


def send_crashes(reporter: Reporter, number: int) -> None:
    for count in range(number):
        part = {"upload_file_minidump": ("crash.dmp", DUMP + bytes([count]))}
        assert reporter.send(files=part).status_code == 200


@pytest.mark.parametrize(
    ("organization", "project", "stored"),
    [
        (None, None, 4),
        (0, None, 4),
        (2, None, 2),
        (-1, None, 4),
        (2, 3, 3),
        (2, 0, 0),
        (2, -1, 4),
        (None, 1, 1),
    ],
)
def test_an_issue_keeps_as_many_crash_reports_as_is_set(
    reporter: Reporter,
    alice: Caller,
    organization: int | None,
    project: int | None,
    stored: int,
) -> None:
    if organization is not None:
        alice.put("/organizations/acme/", {"storeCrashReports": organization})
    alice.put("/projects/acme/web/", {"storeCrashReports": project})
    send_crashes(reporter, 4)
    [issue] = alice.get("/projects/acme/web/issues/").json()
    assert issue["count"] == "4"
    assert crash_reports(alice) == stored


def test_crash_reports_beyond_the_limit_are_counted_and_other_attachments_stay(
    reporter: Reporter, alice: Caller, database: Database
) -> None:
    alice.put("/projects/acme/web/", {"storeCrashReports": 1})
    send_crashes(reporter, 2)
    part = PART | {"log": ("app.log", b"before the crash", "text/plain")}
    event_id = UUID(reporter.send(files=part).text).hex
    assert attached(alice, event_id) == [("app.log", "event.attachment", 16)]
    [discarded] = rows(database, "discards")
    assert (discarded["category"], discarded["reason"]) == ("attachment", "crash_report_limit")
    assert discarded["quantity"] == 2


def test_a_crash_report_that_is_sent_again_is_not_beyond_the_limit(
    reporter: Reporter, alice: Caller, database: Database
) -> None:
    alice.put("/projects/acme/web/", {"storeCrashReports": 1})
    item = attachment_item(DUMP, filename="crash.dmp", attachment_type="event.minidump")
    for _ in range(2):
        reporter.envelope(item, event_id=EVENT_ID)
    assert crash_reports(alice) == 1
    assert rows(database, "discards") == []


def test_crashes_have_limits(serve: Serve, database: Database, world: World) -> None:
    reporter = Reporter(serve(attachment_max_bytes=1000, event_max_bytes=2000), world)
    assert reporter.send(files=PART).status_code == 413
    assert reporter.send(content=DUMP).status_code == 413
    small = {"upload_file_minidump": ("a", DUMP[:900])}
    many = {f"field{number}": "x" * 500 for number in range(5)}
    assert reporter.send(files=small, data=many).status_code == 413
    assert counts(database)["events"] == 0
    assert list(reporter.client.log_folder.glob("*.spool")) == []  # type: ignore[attr-defined]
    assert reporter.send(files=small).status_code == 200


@on_one_database
@pytest.mark.parametrize("path", ["minidump/", f"attachments/{EVENT_ID}/"])
def test_the_key_is_needed(reporter: Reporter, database: Database, path: str) -> None:
    assert reporter.send(path, key="f" * 32, files=PART).status_code == 403
    bare = f"/api/{reporter.project_id}/{path}"
    assert reporter.client.post(bare, files=PART).status_code == 401
    assert reporter.client.post(f"/api/x/{path}", files=PART).status_code == 400
    answer = reporter.client.options(
        bare, headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    assert counts(database)["event_attachments"] == 0


def test_attachments_may_follow_an_event(reporter: Reporter, alice: Caller) -> None:
    path = f"attachments/{UUID(EVENT_ID)}/"
    files = [("a", ("a.log", b"one", "text/plain")), ("b", ("b.log", b"two", "text/plain"))]
    answer = reporter.send(path, files=files)
    assert (answer.status_code, answer.json()) == (200, {"id": EVENT_ID})
    reporter.send("envelope/", content=with_event(error_event(event_id=EVENT_ID)))
    assert [name for name, _, _ in attached(alice, EVENT_ID)] == ["a.log", "b.log"]


@on_one_database
def test_attachments_that_are_none_are_refused(reporter: Reporter) -> None:
    assert reporter.send("attachments/x/", files=PART).json() == {"detail": "invalid event id"}
    path = f"attachments/{EVENT_ID}/"
    assert reporter.send(path, content=b"x").status_code == 415
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    empty = reporter.send(path, content=b"--x--\r\n", headers=multipart)
    assert empty.json() == {"detail": "missing attachments: the form has no file"}


@on_one_database
def test_crashes_of_unreal_engine_are_refused_clearly(reporter: Reporter) -> None:
    answer = reporter.client.post(f"/api/1/unreal/{reporter.key}/", content=b"x" * 200_000)
    assert answer.status_code == 415
    assert answer.json()["detail"].startswith("Crash archives of Unreal Engine are not supported.")
    assert answer.headers["X-Sentry-Error"] == answer.json()["detail"]


@pytest.mark.parametrize(("crash_type", "title"), [
    ("event.minidump", "Minidump: Native crash"), (REPORT, "AppleCrashReport: Native crash"),
])  # fmt: skip
def test_a_crash_in_an_envelope_without_event_becomes_one(
    reporter: Reporter, alice: Caller, crash_type: str, title: str
) -> None:
    trace = {"trace_id": "b" * 32, "public_key": reporter.key, "release": "web@3.0.0"}
    answer = reporter.envelope(
        attachment_item(b"log"),
        attachment_item(DUMP, filename="x.dmp", attachment_type=crash_type),
        event_id=EVENT_ID,
        trace=trace | {"environment": "beta"},
    )
    assert (answer.status_code, answer.json()) == (200, {"id": EVENT_ID})
    event = event_of(alice, EVENT_ID)
    assert event["title"].startswith(title)
    tags = {tag["key"]: tag["value"] for tag in event["tags"]}
    assert tags["environment"] == "beta"
    assert alice.get("/organizations/acme/releases/").json()[0]["version"] == "web@3.0.0"
    assert len(attached(alice, EVENT_ID)) == 2


@on_one_database
def test_a_crash_without_an_id_gets_one(reporter: Reporter, alice: Caller) -> None:
    answer = reporter.envelope(attachment_item(DUMP, attachment_type="event.minidump"))
    assert len(attached(alice, answer.json()["id"])) == 1


@on_one_database
def test_a_minidump_beside_an_event_makes_no_other(reporter: Reporter, database: Database) -> None:
    dump = attachment_item(DUMP, attachment_type="event.minidump")
    reporter.send("envelope/", content=with_event(error_event("mine"), dump))
    assert counts(database)["events"] == counts(database)["event_attachments"] == 1
    assert "mine" in rows(database, "issues")[0]["title"]


def test_fields_of_a_form_make_an_event() -> None:
    whole = json.dumps({"release": "1", "tags": {"a": "x"}, "user": "odd"})
    fields = [
        ("sentry__2", '"c"}}'),
        ("sentry[tags][a]", "b"),
        ("sentry", whole),
        ("sentry__1", '{"environment": "prod", "tags": {"b": '),
        ("sentry[user][id]", "7"),
        ("sentry[x", "no place"),
        ("prod", "Shop"),
    ]
    assert sent_with_form(fields, {"dist": "d"}) == {
        "dist": "d",
        "release": "1",
        "environment": "prod",
        "tags": {"b": "c", "a": "b"},
        "user": {"id": "7"},
        "extra": {"sentry[x": "no place", "prod": "Shop"},
    }


def test_what_is_no_json_is_extra_data() -> None:
    fields = [("sentry", "{broken"), ("sentry__1", "[1]")]
    assert sent_with_form(fields, {}) == {"extra": {"sentry": "{broken", "sentry__": "[1]"}}


_NAMES = st.one_of(
    st.text(max_size=9),
    st.sampled_from(["sentry", "sentry__1", "sentry__02", "sentry[a]", "sentry[a][b]", "sentry[]"]),
)


@given(
    st.lists(st.tuples(_NAMES, st.one_of(st.text(max_size=20), st.just('{"a": 1, "extra": 2}'))))
)
def test_any_fields_make_an_event(fields: list[tuple[str, str]]) -> None:
    assert isinstance(json.dumps(sent_with_form(fields, {"extra": {"kept": 1}})), str)
