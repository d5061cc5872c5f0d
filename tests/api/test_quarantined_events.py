"""``quarantined-events/``: what could not be stored is listed, retried, downloaded and discarded."""

import pytest
from factories import (
    BOB,
    NOT_ALLOWED,
    NOT_FOUND,
    Bearer,
    Caller,
    World,
    counts,
    error_event,
    rows,
    send_event,
)
from sample_data import quarantine_event
from sqlalchemy import update

from shipmark.events.digest_store import quarantined_frames
from shipmark.infrastructure.database import Database

PATH = "/organizations/acme/quarantined-events/"


@pytest.fixture
def held(database: Database, world: World) -> str:
    """The id of an event that could not be read."""
    return quarantine_event(database, world)


def test_they_are_listed_newest_first(
    alice: Caller, database: Database, world: World, held: str
) -> None:
    second = quarantine_event(database, world)
    listed = alice.get(PATH).json()
    assert [each["eventId"] for each in listed] == [second, held]
    shown = listed[1]
    assert shown["dateReceived"].endswith("Z")
    assert {**shown, "dateReceived": None, "id": "1"} == {
        "id": "1",
        "project": "web",
        "type": "event",
        "eventId": held,
        "error": "ValueError: it was not understood",
        "attempts": 1,
        "size": 2,
        "dateReceived": None,
        "dateRetryRequested": None,
    }
    assert alice.get(f"{PATH}{shown['id']}/").json() == shown


def test_they_come_in_pages(alice: Caller, database: Database, world: World, held: str) -> None:
    quarantine_event(database, world)
    answer = alice.get(f"{PATH}?per_page=1")
    assert len(answer.json()) == 1
    assert 'rel="next"; results="true"' in answer.headers["link"]
    rest = alice.get(f"{PATH}?per_page=1&cursor=1:1:0").json()
    assert [each["eventId"] for each in rest] == [held]


def test_a_retry_is_requested_and_made(
    alice: Caller, database: Database, world: World, held: str
) -> None:
    frame_id = alice.get(PATH).json()[0]["id"]
    answer = alice.post(f"{PATH}{frame_id}/retry/")
    assert answer.status_code == 202
    assert answer.json()["dateRetryRequested"]
    # The digester of the tests runs after each event: it tries this one, too.
    send_event(alice.client, world.keys["web"], world.projects["web"], error_event())
    again = alice.get(f"{PATH}{frame_id}/").json()
    assert (again["attempts"], again["dateRetryRequested"]) == (2, None)


def test_all_are_retried(alice: Caller, database: Database, world: World, held: str) -> None:
    quarantine_event(database, world)
    assert alice.post(f"{PATH}retry/").json() == {"requested": 2}
    assert alice.post(f"{PATH}retry/").json() == {"requested": 0}


def test_the_payload_is_downloaded_as_received(alice: Caller, held: str) -> None:
    frame_id = alice.get(PATH).json()[0]["id"]
    answer = alice.get(f"{PATH}{frame_id}/payload/")
    assert answer.content == b"[]"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")


def test_one_is_discarded_which_the_audit_log_has(
    alice: Caller, database: Database, held: str
) -> None:
    frame_id = alice.get(PATH).json()[0]["id"]
    assert alice.delete(f"{PATH}{frame_id}/").status_code == 204
    assert counts(database)["quarantined_frames"] == 0
    assert alice.delete(f"{PATH}{frame_id}/").status_code == 404
    log = alice.get("/organizations/acme/audit-logs/?event=quarantined-event.remove").json()
    assert [each["note"] for each in log["rows"]] == [f"discarded the quarantined event {held}"]


def test_others_do_not_see_them(
    alice: Caller, charlie: Caller, bearer: Bearer, client: object, held: str
) -> None:
    frame_id = alice.get(PATH).json()[0]["id"]
    for path in ("", "retry/", f"{frame_id}/", f"{frame_id}/payload/", f"{frame_id}/retry/"):
        call = "post" if path.endswith("retry/") else "get"
        member, narrow = bearer(user=BOB), bearer(scopes=["org:read", "event:admin"])
        for caller in (member, narrow):
            answer = getattr(caller, call)(PATH + path)
            assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)
        assert getattr(charlie, call)(PATH + path).status_code in {403, 404}
    own = f"/organizations/globex/quarantined-events/{frame_id}/"
    for answer in (charlie.get(own), charlie.post(f"{own}retry/"), charlie.delete(own)):
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert charlie.get("/organizations/globex/quarantined-events/").json() == []


@pytest.mark.parametrize("name", ["0", "x", str(2**63), "99"])
def test_unknown_ids_are_not_found(alice: Caller, held: str, name: str) -> None:
    assert alice.get(f"{PATH}{name}/").status_code == 404


def test_one_of_a_deleted_project_has_none(
    alice: Caller, database: Database, world: World, held: str
) -> None:
    with database.transaction() as connection:
        statement = update(quarantined_frames).values(project_id=world.projects["mobile"])
        connection.execute(statement)
    assert alice.delete("/projects/acme/mobile/").status_code == 204
    assert alice.get(PATH).json()[0]["project"] is None
    assert len(rows(database, "quarantined_frames")) == 1
