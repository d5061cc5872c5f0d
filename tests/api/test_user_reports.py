"""``user-feedback/`` of projects and ``user-reports/`` of issues: what users wrote about events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import Bearer, Caller, World, error_event, on_one_database, send_event
from sqlalchemy import update

from shipmark.events.store import events
from shipmark.infrastructure.database import Database
from shipmark.issues.store.user_reports import user_reports

FEEDBACK = "/projects/acme/web/user-feedback/"
EVENT_ID = "a" * 32
BODY = {
    "event_id": EVENT_ID,
    "name": "Jane Doe",
    "email": "jane@example.com",
    "comments": "It broke.",
}


@pytest.fixture
def event(alice: Caller, world: World) -> str:
    sent = error_event(event_id=EVENT_ID)
    return send_event(alice.client, world.keys["web"], world.projects["web"], sent)


def masked(report: dict[str, Any]) -> dict[str, Any]:
    return report | {"dateCreated": "…", "issue": report["issue"] and report["issue"]["shortId"]}


def test_a_report_is_stored_and_listed(alice: Caller, event: str) -> None:
    answer = alice.post(FEEDBACK, BODY)
    assert answer.status_code == 200
    assert masked(answer.json()) == {
        "id": "1",
        "eventID": event,
        "name": "Jane Doe",
        "email": "jane@example.com",
        "comments": "It broke.",
        "dateCreated": "…",
        "user": None,
        "event": {"id": event, "eventID": event},
        "issue": "WEB-1",
    }
    assert alice.get(FEEDBACK).json() == [answer.json()]
    assert alice.get("/issues/1/user-reports/").json() == [answer.json()]
    assert alice.get("/organizations/acme/issues/WEB-1/user-reports/").json() == [answer.json()]
    assert alice.get("/issues/1/").json()["userReportCount"] == 1


def test_a_report_may_come_before_its_event(alice: Caller, world: World) -> None:
    report = alice.post(FEEDBACK, BODY).json()
    assert (report["issue"], report["event"]) == (None, {"id": None, "eventID": EVENT_ID})
    send_event(
        alice.client, world.keys["web"], world.projects["web"], error_event(event_id=EVENT_ID)
    )
    assert alice.get(FEEDBACK).json()[0]["issue"]["shortId"] == "WEB-1"


def test_a_report_is_replaced_within_five_minutes(
    alice: Caller, event: str, database: Database
) -> None:
    first = alice.post(FEEDBACK, BODY).json()
    second = alice.post(FEEDBACK, BODY | {"event_id": event.upper(), "comments": "Again."})
    assert second.json() == first | {"comments": "Again."}
    with database.transaction() as connection:
        at = datetime.now(UTC) - timedelta(minutes=6)
        connection.execute(update(user_reports).values(created_at=at))
    third = alice.post(FEEDBACK, BODY)
    assert third.status_code == 409
    assert third.json() == {"detail": "Feedback for this event cannot be modified."}


def test_a_report_on_an_old_event_is_refused(alice: Caller, event: str, database: Database) -> None:
    with database.transaction() as connection:
        at = datetime.now(UTC) - timedelta(minutes=31)
        connection.execute(update(events).where(events.c.event_id == event).values(received_at=at))
    assert alice.post(FEEDBACK, BODY).status_code == 409
    assert alice.get(FEEDBACK).json() == []


@on_one_database
def test_all_wrong_fields_are_named(alice: Caller) -> None:
    answer = alice.post(
        FEEDBACK, {"event_id": "x", "name": "n" * 129, "email": "jane", "comments": ""}
    )
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "event_id": ["Not an event ID."],
            "name": ["Ensure this field has no more than 128 characters."],
            "email": ["Enter a valid email address."],
            "comments": ["This field may not be blank."],
        },
    )
    missing = alice.post(FEEDBACK, {})
    assert set(missing.json()) == {"event_id", "name", "email", "comments"}


@on_one_database
def test_the_newest_come_first_in_pages(alice: Caller) -> None:
    for digit in "abc":
        assert alice.post(FEEDBACK, BODY | {"event_id": digit * 32}).status_code == 200
    first = alice.get(f"{FEEDBACK}?per_page=2")
    assert [report["eventID"][0] for report in first.json()] == ["c", "b"]
    second = alice.client.get(str(first.links["next"]["url"]), headers=alice.headers)
    assert [report["eventID"][0] for report in second.json()] == ["a"]


def test_who_may_read_and_send_reports(
    alice: Caller, charlie: Caller, anonymous: Caller, bearer: Bearer, event: str
) -> None:
    issue = "/issues/1/user-reports/"
    assert anonymous.post(FEEDBACK, BODY).status_code == 401
    assert anonymous.get(FEEDBACK).status_code == anonymous.get(issue).status_code == 401
    assert charlie.post(FEEDBACK, BODY).status_code in {403, 404}
    assert charlie.get(FEEDBACK).status_code in {403, 404}
    assert charlie.get(issue).status_code == 404
    reader = bearer(["project:read", "event:read"])
    assert reader.post(FEEDBACK, BODY).status_code == 403
    assert reader.get(FEEDBACK).json() == reader.get(issue).json() == []
    assert alice.post(FEEDBACK, BODY | {"event_id": event}).status_code == 200
    assert len(reader.get(issue).json()) == 1
    assert alice.get("/projects/acme/none/user-feedback/").status_code == 404


def test_a_project_says_that_it_has_reports(alice: Caller, world: World) -> None:
    def shown() -> list[bool]:
        listed = alice.get("/organizations/acme/projects/").json()
        by_slug = {project["slug"]: project["hasUserReports"] for project in listed}
        return [
            by_slug["web"],
            by_slug["mobile"],
            alice.get("/projects/acme/web/").json()["hasUserReports"],
        ]

    assert world.projects
    assert shown() == [False, False, False]
    body = {
        "event_id": "a" * 32,
        "name": "Ada",
        "email": "ada@example.com",
        "comments": "It broke.",
    }
    assert alice.post("/projects/acme/web/user-feedback/", body).is_success
    assert shown() == [True, False, True]
