"""``attachments/`` of events and issues: what SDKs sent with events (events.md, Attachments)."""

import hashlib
from typing import Any

import pytest
from factories import (
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    counts,
    error_event,
    give_role,
    on_one_database,
    send_event,
)
from sent_attachments import attachment_item, send_attachment

from shipmark.infrastructure.database import Database
from shipmark.organizations.model import Role

EVENT_ID = "a" * 32
PATH = f"/projects/acme/web/events/{EVENT_ID}/attachments/"


@pytest.fixture
def event(alice: Caller, world: World) -> str:
    sent = error_event(event_id=EVENT_ID)
    return send_event(alice.client, world.keys["web"], world.projects["web"], sent)


@pytest.fixture
def attachment(alice: Caller, world: World, event: str) -> str:
    attach(alice, world, attachment_item(b"line\nline\n", content_type="text/plain"))
    listed: list[dict[str, str]] = alice.get(PATH).json()
    return listed[0]["id"]


def attach(alice: Caller, world: World, *items: bytes, event_id: str = EVENT_ID) -> None:
    send_attachment(alice.client, world.keys["web"], world.projects["web"], event_id, *items)


def names(answer: Any) -> list[str]:
    return [shown["name"] for shown in answer.json()]


def test_an_attachment_is_shown(alice: Caller, attachment: str) -> None:
    shown = alice.get(f"{PATH}{attachment}/")
    assert shown.status_code == 200
    assert shown.json() | {"dateCreated": "…"} == {
        "id": attachment,
        "event_id": EVENT_ID,
        "type": "event.attachment",
        "name": "a.log",
        "mimetype": "text/plain",
        "dateCreated": "…",
        "size": 10,
        "headers": {"Content-Type": "text/plain"},
        "sha1": hashlib.sha1(b"line\nline\n", usedforsecurity=False).hexdigest(),
    }
    assert alice.get(PATH).json() == [shown.json()]
    assert alice.get("/issues/1/attachments/").json() == [shown.json()]
    assert alice.get("/organizations/acme/issues/WEB-1/attachments/").json() == [shown.json()]


def test_an_attachment_is_downloaded(alice: Caller, attachment: str) -> None:
    answer = alice.get(f"{PATH}{attachment}/?download")
    assert (answer.status_code, answer.content) == (200, b"line\nline\n")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.log"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    part = alice.get(f"{PATH}{attachment}/?download=1", headers={"Range": "bytes=2-3"})
    assert (part.status_code, part.content) == (206, b"ne")


@on_one_database
@pytest.mark.parametrize(
    ("sent", "served"),
    [
        ("image/png", "image/png"),
        ("image/svg+xml", "application/octet-stream"),
        ("text/html", "application/octet-stream"),
    ],
)
def test_only_images_keep_their_type(
    alice: Caller, world: World, event: str, sent: str, served: str
) -> None:
    attach(alice, world, attachment_item(b"<script>", content_type=sent, filename='../a"b.html'))
    [shown] = alice.get(PATH).json()
    answer = alice.get(f"{PATH}{shown['id']}/?download")
    assert shown["mimetype"] == sent
    assert answer.headers["Content-Type"] == served
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="a_b.html"')


def test_an_attachment_is_deleted_with_its_file(
    alice: Caller, attachment: str, database: Database
) -> None:
    assert alice.delete(f"{PATH}{attachment}/").status_code == 204
    assert alice.get(f"{PATH}{attachment}/").json() == NOT_FOUND
    assert alice.get(PATH).json() == []
    assert (counts(database)["files"], counts(database)["events"]) == (0, 1)
    assert alice.delete(f"{PATH}{attachment}/").status_code == 404


def test_attachments_of_an_issue_are_those_of_all_its_events(
    alice: Caller, world: World, event: str
) -> None:
    other = error_event(event_id="b" * 32)
    send_event(alice.client, world.keys["web"], world.projects["web"], other)
    attach(alice, world, attachment_item(filename="1"), attachment_item(filename="2"))
    attach(alice, world, attachment_item(filename="3"), event_id="b" * 32)
    attach(alice, world, attachment_item(filename="4"), event_id="c" * 32)
    assert names(alice.get("/issues/1/attachments/")) == ["3", "2", "1"]
    assert names(alice.get(PATH)) == ["2", "1"]
    assert alice.get(PATH.replace(EVENT_ID, "c" * 32)).status_code == 404


@on_one_database
def test_attachments_come_in_pages(alice: Caller, world: World, event: str) -> None:
    attach(alice, world, *(attachment_item(filename=name) for name in "abc"))
    for path in (PATH, "/issues/1/attachments/"):
        first = alice.get(f"{path}?per_page=2")
        assert names(first) == ["c", "b"]
        second = alice.client.get(str(first.links["next"]["url"]), headers=alice.headers)
        assert names(second) == ["a"]


@on_one_database
@pytest.mark.parametrize("name", ["0", "999", "x", "-1", "9" * 30])
def test_an_unknown_attachment_is_not_found(alice: Caller, attachment: str, name: str) -> None:
    assert alice.get(f"{PATH}{name}/").status_code == 404
    assert alice.delete(f"{PATH}{name}/").status_code == 404


@on_one_database
def test_an_attachment_belongs_to_its_event(alice: Caller, world: World, attachment: str) -> None:
    other = error_event(event_id="b" * 32)
    send_event(alice.client, world.keys["web"], world.projects["web"], other)
    path = PATH.replace(EVENT_ID, "b" * 32)
    assert alice.get(f"{path}{attachment}/?download").status_code == 404
    assert alice.delete(f"{path}{attachment}/").status_code == 404


def test_who_may_read_and_delete_attachments(
    alice: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer, attachment: str
) -> None:
    one = f"{PATH}{attachment}/"
    for path in (PATH, one, f"{one}?download", "/issues/1/attachments/"):
        assert anonymous.get(path).status_code == 401
        assert charlie.get(path).status_code in {403, 404}
        assert bearer(["project:read"]).get(path).status_code == 403
        assert bearer(["event:read"]).get(path).status_code == 200
    assert anonymous.delete(one).status_code == 401
    assert charlie.delete(one).status_code in {403, 404}
    assert bearer(["event:read", "project:read"]).delete(one).status_code == 403
    assert bearer(["event:write"]).delete(one).status_code == 204


def test_the_organization_says_who_may_download(
    alice: Caller, bob: Caller, attachment: str, database: Database, world: World
) -> None:
    one = f"{PATH}{attachment}/"
    give_role(database, world, "bob@example.com", Role.MEMBER)
    assert bob.get(f"{one}?download").status_code == 200
    alice.put("/organizations/acme/", {"attachmentsRole": "owner"})
    assert bob.get(f"{one}?download").status_code == 403
    assert bob.get(one).status_code == 200
    assert alice.get(f"{one}?download").status_code == 200
