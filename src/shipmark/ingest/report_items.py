"""Reading of the items by which users and SDKs report, from the frames that hold them."""

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from shipmark.events.discards import Discard, Outcome, discard, of_client_report
from shipmark.events.payload import Json, text_of
from shipmark.infrastructure.clock import moment_of
from shipmark.infrastructure.errors import BadRequest
from shipmark.ingest.admission import category_of
from shipmark.ingest.envelope import event_id_of
from shipmark.ingest.event_json import event_object
from shipmark.ingest.event_log import LogFrame
from shipmark.issues import user_reports
from shipmark.issues.user_reports import NewUserReport

#: What a frame says was not stored.
Discards = tuple[Discard, ...]


def user_report_of(frame: LogFrame) -> NewUserReport | Discards:
    """Return the report of a user, or that it is discarded: it names no event, or says nothing.

    The event that the report itself names counts before that of its envelope.
    """
    try:
        payload = event_object(frame.payload)
        event_id = _event_id(payload, frame)
    except BadRequest:
        return _invalid(frame, "feedback")
    report = user_reports.from_item(
        payload,
        project_id=frame.project_id,
        event_id=event_id,
        received_at=frame.received_at,
    )
    return report or _invalid(frame, "feedback")


def feedback_of(frame: LogFrame) -> NewUserReport | Discards:
    """Return the report of a feedback, or that it is discarded: it says nothing.

    One that names an event by something else than an id is about none.
    """
    payload = event_object(frame.payload)
    named = text_of(user_reports.feedback_context(payload), "associated_event_id")
    about = None
    with suppress(BadRequest):
        about = event_id_of(named)
    report = user_reports.from_feedback(
        payload,
        project_id=frame.project_id,
        event_id=frame.event_id,
        about=about,
        received_at=frame.received_at,
    )
    return report or _invalid(frame, "feedback")


def discards_of_client_report(frame: LogFrame) -> Discards:
    """Return the counts of a client report; one that can't be read counts as invalid itself."""
    try:
        payload = event_object(frame.payload)
    except BadRequest:
        return _invalid(frame, "internal")
    moment = moment_of(payload.get("timestamp"))
    return tuple(of_client_report(payload, sent_at=moment, received_at=frame.received_at))


def discards_of_items(frame: LogFrame, outcome: Outcome) -> Discards:
    """Return the counts of items that the endpoint did not keep, from `unsupported_payload`."""
    return tuple(
        discard(frame.received_at, outcome, outcome.value, category, quantity)
        for category, quantity in json.loads(frame.payload).items()
    )


def unsupported_payload(numbers: Mapping[str, int]) -> bytes:
    """Return the payload of a frame with numbers of unsupported or invalid items by their type."""
    by_category: Counter[str] = Counter()
    for item_type, number in numbers.items():
        by_category[category_of(item_type)] += number
    return json.dumps(by_category).encode()


def _invalid(frame: LogFrame, category: str) -> Discards:
    return (discard(frame.received_at, Outcome.INVALID, "invalid", category),)


def _event_id(payload: Json, frame: LogFrame) -> str:
    named = text_of(payload, "event_id")
    return event_id_of(named) if named or not frame.event_id else frame.event_id
