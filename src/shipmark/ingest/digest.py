"""Turn what came in into issues."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events import parsing
from shipmark.http.body_parsing import json_of
from shipmark.infrastructure import ids
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.telemetry import count, log
from shipmark.ingest.envelope import Envelope, event_id_of
from shipmark.issues.actions.ingest_event import IngestResult, ingest
from shipmark.projects.model import Project

EVENT = "event"


def event_object(payload: bytes) -> dict[str, object]:
    """The JSON object that an event is; raises `BadRequest` for anything else."""
    try:
        result = json_of(payload) if payload.strip() else None
    except BadRequest as error:
        raise BadRequest(f"invalid event: {error.detail}") from None
    if not isinstance(result, dict):
        raise BadRequest("invalid event: not a JSON object")
    return result


def id_of(payload: dict[str, object], received: Envelope) -> str:
    """The event's id: the envelope's, else its own, else a fresh one (ingest.md 3.1)."""
    own = payload.get("event_id")
    try:
        return received.event_id or event_id_of(own if isinstance(own, str) else "")
    except BadRequest:
        return ids.hex32()


def digest(
    connection: Connection,
    project: Project,
    payload: dict[str, object],
    received: Envelope,
    *,
    event_id: str,
    at: datetime,
) -> IngestResult:
    """Keep an event, with the clock of its sender set right."""
    drift = at - received.sent_at if received.sent_at else timedelta()
    event = parsing.read(payload, event_id=event_id, received_at=at, drift=drift)
    taken = ingest(connection, project, event)
    kind = _outcome(taken)
    count("events", kind)
    log.info(
        "An event was taken in",
        project=project.slug,
        kind=kind,
        **{"release.version": event.release},
    )
    return taken


def _outcome(taken: IngestResult) -> str:
    if taken.issue_id is None:
        return "duplicate"
    if taken.is_new_issue:
        return "new_issue"
    return "regression" if taken.is_regression else "known_issue"
