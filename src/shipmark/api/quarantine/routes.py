"""``organizations/{org}/quarantined-events/``: what was received and could not be stored. The reference has none."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.queries import PageQuery
from shipmark.api.responses import Wire
from shipmark.events.quarantine import actions as quarantine
from shipmark.events.quarantine import store as quarantine_store
from shipmark.events.quarantine.store import QuarantinedFrameRecord
from shipmark.http import endpoint
from shipmark.http.downloads import OCTETS
from shipmark.http.endpoint import Load
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ORGANIZATION_CHANGE
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.projects import store as projects
from shipmark.projects.model import Project

BASE_PATH = "/api/0/organizations/{organization:str}/quarantined-events"


class QuarantinedEventResponse(Wire):
    """A frame in quarantine. ``type`` says what its payload is: ``event``, ``user_report`` and so on."""

    id: str
    project: str | None
    type: str
    event_id: str | None
    error: str
    attempts: int
    size: int
    date_received: datetime
    date_retry_requested: datetime | None


class RetriedResponse(Wire):
    """The number of frames whose retry was requested now."""

    requested: int


def quarantined_event_response(
    frame: QuarantinedFrameRecord, projects_by_id: Mapping[int, Project]
) -> QuarantinedEventResponse:
    """Return a frame with the slug of its project, which is None while that is deleted."""
    project = projects_by_id.get(frame.project_id)
    return QuarantinedEventResponse(
        id=str(frame.id),
        project=project.slug if project else None,
        type=frame.type,
        event_id=frame.event_id or None,
        error=frame.error,
        attempts=frame.attempts,
        size=frame.size_bytes,
        date_received=frame.received_at,
        date_retry_requested=frame.retry_requested_at,
    )


def _frame(
    context: RequestContext, connection: Connection, quarantined: str
) -> QuarantinedFrameRecord:
    frame_id = id_of(quarantined)
    if frame_id is None:
        raise NotFound
    return quarantine.find(connection, context.organization_id, frame_id)


#: The frame of the path.
PathFrame = Annotated[QuarantinedFrameRecord, Load(_frame)]


@endpoint.get("/", scopes=ORGANIZATION_CHANGE)
def list_quarantined_events(
    context: RequestContext, query: PageQuery
) -> Response[list[QuarantinedEventResponse]]:
    """List what was received and could not be stored, what was set aside last first."""
    page = query.page()
    with context.database.snapshot() as connection:
        rows = quarantine_store.page_of(connection, context.organization_id, **page.window)
        frames, links = paginate(rows, page)
        known = projects.by_ids(connection, {frame.project_id for frame in frames})
    return context.listed([quarantined_event_response(frame, known) for frame in frames], links)


@endpoint.post("/retry/", status_code=202, scopes=ORGANIZATION_CHANGE)
def retry_quarantined_events(context: RequestContext) -> RetriedResponse:
    """Have all of them processed again; those that fail stay, with the new error."""
    with context.database.transaction() as connection:
        requested = quarantine.retry_all(connection, context.action_context())
    return RetriedResponse(requested=requested)


@endpoint.get("/{quarantined:str}/", scopes=ORGANIZATION_CHANGE)
def get_quarantined_event(context: RequestContext, frame: PathFrame) -> QuarantinedEventResponse:
    """Show what was received and could not be stored, without its payload."""
    with context.database.snapshot() as connection:
        return _response(connection, frame)


@endpoint.get("/{quarantined:str}/payload/", scopes=ORGANIZATION_CHANGE, responses={200: bytes})
def download_quarantined_payload(context: RequestContext, frame: PathFrame) -> Response[bytes]:
    """Return the payload as it was received: secrets in it are not scrubbed."""
    with context.database.snapshot() as connection:
        payload = quarantine_store.payload_of(connection, frame.id)
    if payload is None:
        raise NotFound
    headers = {"Content-Disposition": f'attachment; filename="{frame.filename}"'}
    return Response(payload, headers=headers, media_type=OCTETS)


@endpoint.post("/{quarantined:str}/retry/", status_code=202, scopes=ORGANIZATION_CHANGE)
def retry_quarantined_event(context: RequestContext, frame: PathFrame) -> QuarantinedEventResponse:
    """Have it processed again within seconds; if it fails it stays, with the new error."""
    with context.database.transaction() as connection:
        action = context.action_context()
        quarantine.retry(connection, action, frame.id)
        current = quarantine.find(connection, context.organization_id, frame.id)
        return _response(connection, current)


@endpoint.delete("/{quarantined:str}/", status_code=204, scopes=ORGANIZATION_CHANGE)
def discard_quarantined_event(context: RequestContext, frame: PathFrame) -> None:
    """Delete it for good."""
    with context.database.transaction() as connection:
        quarantine.discard(connection, context.action_context(), frame.id)


def _response(connection: Connection, frame: QuarantinedFrameRecord) -> QuarantinedEventResponse:
    return quarantined_event_response(frame, projects.by_ids(connection, [frame.project_id]))
