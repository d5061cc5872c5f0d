"""Conversion of received events to issues."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events.normalization import Dropped, normalize
from shipmark.events.project_rules import rules_from
from shipmark.events.sender import Sender
from shipmark.infrastructure import ids
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.telemetry import count, log
from shipmark.ingest.envelope import Envelope, event_id_of
from shipmark.issues.actions.ingest_event import IngestResult, ingest
from shipmark.projects import store as projects
from shipmark.projects.model import Project

EVENT = "event"


def id_of(payload: dict[str, object], received: Envelope) -> str:
    """Return the event's id: the envelope's, else the payload's, else a new one (ingest.md 3.1)."""
    event_id = payload.get("event_id")
    try:
        return received.event_id or event_id_of(event_id if isinstance(event_id, str) else "")
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
    sender: Sender,
) -> IngestResult:
    """Ingest an event, with its sender's clock corrected, unless a filter of the project drops it."""
    drift = at - received.sent_at if received.sent_at else timedelta()
    rules = rules_from(
        projects.options_with_organization(connection, project.organization_id, project.id)
    )
    event = normalize(payload, rules, event_id=event_id, received_at=at, drift=drift, sender=sender)
    if isinstance(event, Dropped):
        count("events_filtered", event.reason.value)
        log.info("An event was filtered", project=project.slug, reason=event.reason.value)
        return IngestResult(issue_id=None)
    result = ingest(connection, project, event)
    kind = _outcome(result)
    count("events", kind)
    version = {"release.version": event.release}
    log.info("An event was taken in", project=project.slug, kind=kind, **version)
    return result


def _outcome(result: IngestResult) -> str:
    if result.issue_id is None:
        return "duplicate"
    if result.is_new_issue:
        return "new_issue"
    return "regression" if result.is_regression else "known_issue"
