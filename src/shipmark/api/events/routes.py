"""Events: what is kept of one error, and why its stack is not the original one.

An event that came before its source maps is looked up again when it is shown.
"""

from litestar import Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.events.responses import (
    EventErrorResponse,
    EventResponse,
    NeighbourEvents,
    event_response,
)
from shipmark.api.events.source_map_responses import (
    DebuggedFrameResponse,
    SourceMapDebugResponse,
    UsedFileResponse,
)
from shipmark.api.issues.routes import access_by_issue, get_visible_issue
from shipmark.api.query_parameters import EXCEPTION_INDEX, FRAME_INDEX
from shipmark.api.scopes import ISSUE_READ
from shipmark.artifacts import urls
from shipmark.artifacts.artifact_lookup import Artifact
from shipmark.artifacts.database_artifacts import bundle_of
from shipmark.events import store
from shipmark.events.payload import Json, exceptions_of, main_frames, object_of, text_of
from shipmark.events.store import StoredEvent
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.issues.model import Issue
from shipmark.projects import actions as projects
from shipmark.symbolication import event_symbolication, javascript_stacks
from shipmark.symbolication.event_symbolication import Uploads
from shipmark.symbolication.javascript import KnownFile, Symbolicated

_NEWEST = frozenset({"latest", "recommended"})
_OLDEST = "oldest"
_PATH = "/projects/{organization:str}/{project:str}/events/{event:str}/"


@get(_PATH, scopes=ISSUE_READ, sync_to_thread=True)
def get_event(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    event: FromPath[str],
) -> EventResponse:
    """Show an event of a project."""
    organization_id, found = _of_project(context, organization, project, event)
    return _shown(context, organization_id, found)


@get("/issues/{issue:str}/events/{event:str}/", scopes=ISSUE_READ, sync_to_thread=True)
def get_event_of_issue(
    context: InjectedRequest, issue: FromPath[str], event: FromPath[str]
) -> EventResponse:
    """Show an event of an issue: by its id, or ``latest``, ``oldest`` or ``recommended``."""
    with context.database.snapshot() as connection:
        access = access_by_issue(context, connection, issue)
        it = get_visible_issue(connection, access, issue)
        found = _of_issue(connection, it, event)
    return _shown(context, it.organization_id, found)


@get(
    "/organizations/{organization:str}/issues/{issue:str}/events/{event:str}/",
    scopes=ISSUE_READ,
    sync_to_thread=True,
)
def get_event_of_issue_of_organization(
    context: InjectedRequest,
    organization: FromPath[str],
    issue: FromPath[str],
    event: FromPath[str],
) -> EventResponse:
    """Show an event of an issue: by its id, or ``latest``, ``oldest`` or ``recommended``."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        it = get_visible_issue(connection, access, issue)
        found = _of_issue(connection, it, event)
    return _shown(context, it.organization_id, found)


@get(
    f"{_PATH}source-map-debug/",
    scopes=ISSUE_READ,
    asks=(EXCEPTION_INDEX, FRAME_INDEX),
    sync_to_thread=True,
)
def debug_source_maps(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    event: FromPath[str],
) -> SourceMapDebugResponse:
    """Say why the stack of an event is not the original one, and what was looked for.

    It is looked up anew, with what is uploaded now. Without errors all is well.
    """
    wanted = (_index(context, EXCEPTION_INDEX.name), _index(context, FRAME_INDEX.name))
    organization_id, stored = _of_project(context, organization, project, event)
    uploads = _uploads(context, organization_id, stored)
    found = event_symbolication.explain_event(stored.payload, uploads)
    frames = [
        it
        for it in _debugged(stored.payload, found)
        if wanted[0] in {None, it.exception_idx} and wanted[1] in {None, it.frame_idx}
    ]
    is_narrow = wanted != (None, None)
    shown = {it.abs_path for it in frames}
    return SourceMapDebugResponse(
        errors=[
            EventErrorResponse(type=it.type, message=it.message, data=it.data)
            for it in found.problems
            if not is_narrow or it.data.get("url", "") in shown | {""}
        ],
        frames=frames,
        release=text_of(stored.payload, "release") or None,
        dist=text_of(stored.payload, "dist") or None,
    )


def _of_project(
    context: RequestContext, organization: str, project: str, event: str
) -> tuple[int, StoredEvent]:
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        it = projects.require_project(connection, access, project)
        found = store.by_event_id(connection, it.id, _plain(event))
    if found is None:
        raise NotFound("Event not found")
    return access.organization.id, found


def _of_issue(connection: Connection, issue: Issue, event: str) -> StoredEvent:
    if event in _NEWEST:
        found = store.newest_of(connection, issue.id)
    elif event == _OLDEST:
        found = store.oldest_of(connection, issue.id)
    else:
        found = store.by_event_id(connection, issue.project_id, _plain(event))
    if found is None or found.issue_id != issue.id:
        raise NotFound("Event not found")
    return found


def _plain(event: str) -> str:
    return event.replace("-", "").lower()


def _shown(context: RequestContext, organization_id: int, found: StoredEvent) -> EventResponse:
    current = event_symbolication.refresh_event(found, _uploads(context, organization_id, found))
    with context.database.snapshot() as connection:
        before, after = store.neighbours_of(connection, found)
    return event_response(current, NeighbourEvents(before=before, after=after))


def _uploads(context: RequestContext, organization_id: int, event: StoredEvent) -> Uploads:
    return Uploads(
        database=context.database,
        blobs=context.blobs,
        organization_id=organization_id,
        project_id=event.project_id,
        at=now(),
    )


def _index(context: RequestContext, name: str) -> int | None:
    text = context.parameter(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise BadRequest(f"Invalid {name} parameter.")
    return int(text)


def _debugged(payload: Json, found: Symbolicated) -> list[DebuggedFrameResponse]:
    """The frames that somebody may have uploaded something for."""
    platform = text_of(payload, "platform")
    known = {it.file.url: it for it in found.files}
    sent, resolved = _stacks(javascript_stacks.raw(payload)), dict(_stacks(found.payload))
    shown = []
    for at, frames in sent:
        for number, frame in enumerate(frames):
            place = javascript_stacks.position_of(frame, platform)
            it = known.get(place.url) if place else None
            if place is None or it is None:
                continue
            data = object_of(resolved[at][number], "data")
            shown.append(
                DebuggedFrameResponse(
                    exception_idx=at,
                    frame_idx=number,
                    abs_path=place.url,
                    line_no=place.line,
                    col_no=place.column,
                    debug_id=it.file.debug_id,
                    names=list(urls.candidates(place.url)),
                    file=_used(it.minified),
                    source_map=_used(it.map),
                    source_map_url=_map_url(it),
                    is_resolved=data.get("symbolicated") is True,
                )
            )
    return shown


def _stacks(payload: Json) -> list[tuple[int | None, tuple[Json, ...]]]:
    stacks: list[tuple[int | None, tuple[Json, ...]]] = [
        (at, raised.frames) for at, raised in enumerate(exceptions_of(payload))
    ]
    if not any(frames for _, frames in stacks):
        stacks.append((None, main_frames(payload)))
    return stacks


def _map_url(it: KnownFile) -> str | None:
    return it.map_url or None


def _used(artifact: Artifact | None) -> UsedFileResponse | None:
    if artifact is None:
        return None
    return UsedFileResponse(
        name=artifact.url,
        debug_id=artifact.debug_id,
        bundle=bundle_of(artifact),
        resolved_with=artifact.resolved_with,
    )


router = Router(
    "/api/0",
    route_handlers=[
        get_event,
        get_event_of_issue,
        get_event_of_issue_of_organization,
        debug_source_maps,
    ],
)
