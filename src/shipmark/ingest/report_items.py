"""Reading of the items by which users and SDKs report, from the frames that hold them."""

from shipmark.events.discards import INVALID, USER_REPORT, Discard
from shipmark.events.payload import Json, text_of
from shipmark.infrastructure.errors import BadRequest
from shipmark.ingest.envelope import event_id_of
from shipmark.ingest.event_json import event_object
from shipmark.ingest.event_log import Frame
from shipmark.issues import user_reports
from shipmark.issues.user_reports import NewUserReport


def user_report_of(frame: Frame) -> NewUserReport | Discard:
    """Return the report of a user, or that it is discarded: it names no event, or says nothing.

    The event that the report itself names counts before that of its envelope.
    """
    try:
        payload = event_object(frame.payload)
        event_id = _event_id(payload, frame)
    except BadRequest:
        return Discard(reason=INVALID, category=USER_REPORT)
    report = user_reports.from_item(
        payload,
        project_id=frame.project_id,
        event_id=event_id,
        received_at=frame.received_at,
    )
    return report or Discard(reason=INVALID, category=USER_REPORT)


def _event_id(payload: Json, frame: Frame) -> str:
    named = text_of(payload, "event_id")
    return event_id_of(named) if named or not frame.event_id else frame.event_id
