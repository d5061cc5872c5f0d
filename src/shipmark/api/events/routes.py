"""Events: what is stored of one error, why its stack is not the original one, and who may have caused it.

An event that came before its source maps is symbolicated again when it is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

from litestar import Response
from pydantic import BeforeValidator, Field
from sqlalchemy import Connection

from shipmark.api.events.path_event import BlamedIssue, EventOfProject, IssueEvent, ProjectEvent
from shipmark.api.events.responses import (
    CommittersResponse,
    EventErrorResponse,
    EventIdResponse,
    EventResponse,
    EventSummaryResponse,
    NeighbourEvents,
    committers_response,
    event_response,
    event_summary_response,
)
from shipmark.api.events.source_map_responses import SourceMapDebugResponse, debugged_frames
from shipmark.api.issues.path_issue import PathIssue, issue_paths
from shipmark.api.projects.path_project import PathProject
from shipmark.api.queries import EnvironmentQuery, PageQuery, TimeRangeQuery
from shipmark.api.releases import loading
from shipmark.events import store
from shipmark.events.payload import text_of
from shipmark.events.project_rules import scrubbing_of_project
from shipmark.events.scrubbed_event import ScrubbedEvent, scrubbed_event
from shipmark.events.scrubbing import ScrubbingRules, scrub
from shipmark.events.store import ListedEvent, StoredEvent
from shipmark.http import endpoint
from shipmark.http.pagination.keyset import KeysetPage, paginate_searched
from shipmark.http.pagination.offset import Links
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ISSUE_READ
from shipmark.http.validation import Integer, RequestModel, optional
from shipmark.http.validation.errors import BAD_INTEGER, invalid
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.issues import event_search
from shipmark.issues.actions.suspect_commits import suspects_of
from shipmark.issues.event_search import ReadEvents, find_events
from shipmark.issues.model import Issue
from shipmark.issues.store import issues
from shipmark.repositories import store as repositories
from shipmark.repositories.code_mappings import SourceFinder
from shipmark.repositories.store import code_mappings
from shipmark.symbolication import event_symbolication
from shipmark.symbolication.event_symbolication import Uploads


def _check_digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise invalid(BAD_INTEGER)
    return text


_Index = Annotated[int, Integer(maximum=99_999), BeforeValidator(_check_digits)]
_FrameLimit = Annotated[
    int, Integer(minimum=1, maximum=999_999_999), BeforeValidator(_check_digits)
]


class CommittersQuery(RequestModel):
    """The part of a stack that suspect commits are searched by."""

    frame_limit: _FrameLimit = Field(
        25, description="The frames of the stack to look at.", examples=[5]
    )


class SourceMapDebugQuery(RequestModel):
    """The frames to explain."""

    exception_idx: _Index | None = optional(
        "Only the frames of this exception, counted from 0 as in the event.",
        alias="exception_idx",
        example=0,
    )
    frame_idx: _Index | None = optional(
        "Only the frames with this index in their stack, counted from 0.",
        alias="frame_idx",
        example=0,
    )

    @property
    def selects_frames(self) -> bool:
        """Return True if only some frames are explained."""
        return self.exception_idx is not None or self.frame_idx is not None

    def selects(self, exception_idx: int | None, frame_idx: int) -> bool:
        """Return True for a frame to explain."""
        return self.exception_idx in {None, exception_idx} and self.frame_idx in {None, frame_idx}


#: Whole events in an answer, each of which may have a megabyte.
_FULL_MAX = 25


class EventListQuery(PageQuery, TimeRangeQuery):
    """A page of the events of a project."""

    query: str | None = optional(
        "Terms of tags, users and texts, which must all hold.", example="user.email:ada@example.com"
    )
    full: str | None = optional(
        f"`true` for whole events, with stacks; then a page has at most {_FULL_MAX}.",
        example="true",
    )

    @property
    def is_full(self) -> bool:
        """Return True if whole events are asked for."""
        return (self.full or "").lower() in {"1", "true"}

    def listed_page(self) -> KeysetPage:
        """Return the page, which is smaller for whole events."""
        page = self.dated_page()
        return replace(page, per_page=min(page.per_page, _FULL_MAX)) if self.is_full else page


class IssueEventsQuery(EventListQuery, EnvironmentQuery):
    """A page of the events of an issue."""


_EVENTS = "/projects/{organization:str}/{project:str}/events/"
_EVENT = f"{_EVENTS}{{event:str}}/"


@endpoint.get("/organizations/{organization:str}/eventids/{event:str}/", scopes=ISSUE_READ)
def get_by_event_id(context: RequestContext, found: EventOfProject) -> EventIdResponse:
    """Show the event of an id, whose project and issue are not known."""
    event, project = found
    return EventIdResponse(
        organization_slug=context.access.organization.slug,
        project_slug=project.slug,
        group_id=str(event.issue_id),
        event_id=event.event_id,
        event=_shown(context, event),
    )


@endpoint.get(_EVENTS, scopes=ISSUE_READ)
def list_events(
    context: RequestContext, project: PathProject, query: EventListQuery
) -> Response[list[EventSummaryResponse | EventResponse]]:
    """List the events of a project, the newest first."""
    with context.database.snapshot() as connection:
        read = partial(store.of_project, connection, project.id, between=query.time_range())
        rules = scrubbing_of_project(connection, context.organization_id, project.id)
        rows, links = _page(read, query, rules)
    return _listed(context, rows, links, query, rules)


@endpoint.get(issue_paths("events/"), scopes=ISSUE_READ)
def list_events_of_issue(
    context: RequestContext, issue: PathIssue, query: IssueEventsQuery
) -> Response[list[EventSummaryResponse | EventResponse]]:
    """List the events of an issue, the newest first."""
    with context.database.snapshot() as connection:
        read = partial(
            store.of_issue,
            connection,
            issue.id,
            environment_ids=query.environment_ids(connection, context.access),
            between=query.time_range(),
        )
        rules = scrubbing_of_project(connection, context.organization_id, issue.project_id)
        rows, links = _page(read, query, rules)
    return _listed(context, rows, links, query, rules)


@endpoint.get(_EVENT, scopes=ISSUE_READ)
def get_event(context: RequestContext, event: ProjectEvent) -> EventResponse:
    """Show an event of a project."""
    return _shown(context, event)


@endpoint.get(issue_paths("events/{event:str}/"), scopes=ISSUE_READ)
def get_event_of_issue(context: RequestContext, event: IssueEvent) -> EventResponse:
    """Show an event of an issue: by its id, or ``latest``, ``oldest`` or ``recommended``."""
    return _shown(context, event)


@endpoint.get(f"{_EVENT}json/", scopes=ISSUE_READ)
def get_event_as_sent(context: RequestContext, event: ProjectEvent) -> dict[str, object]:
    """Show an event in the format that SDKs send, as it is stored. ``sentry-cli sourcemaps explain`` asks for it."""
    current = event_symbolication.refresh_event(event, _uploads(context, event))
    with context.database.snapshot() as connection:
        rules = scrubbing_of_project(connection, context.organization_id, event.project_id)
    return scrub(current.payload, rules) | {"event_id": event.event_id, "project": event.project_id}


@endpoint.get(f"{_EVENT}source-map-debug/", scopes=ISSUE_READ)
def debug_source_maps(
    context: RequestContext, event: ProjectEvent, query: SourceMapDebugQuery
) -> SourceMapDebugResponse:
    """Say why the stack of an event is not the original one, and what was looked for.

    It is symbolicated anew, with what is uploaded now. Without errors all is well.
    """
    symbolicated = event_symbolication.explain_event(event.payload, _uploads(context, event))
    frames = [
        frame
        for frame in debugged_frames(event.payload, symbolicated)
        if query.selects(frame.exception_idx, frame.frame_idx)
    ]
    urls = {frame.abs_path for frame in frames} | {""}
    return SourceMapDebugResponse(
        errors=[
            EventErrorResponse(type=problem.type, message=problem.message, data=problem.data)
            for problem in symbolicated.problems
            if not query.selects_frames or problem.data.get("url", "") in urls
        ],
        frames=frames,
        release=text_of(event.payload, "release") or None,
        dist=text_of(event.payload, "dist") or None,
    )


@endpoint.get(issue_paths("committers/"), scopes=ISSUE_READ)
def list_committers(
    context: RequestContext, issue: BlamedIssue, query: CommittersQuery
) -> CommittersResponse:
    """List who may have caused an issue, by its newest event."""
    with context.database.snapshot() as connection:
        newest = store.newest_of(connection, issue.id)
        if newest is None:
            raise NotFound("Event not found")
        return _committers(connection, issue, newest.payload, query)


@endpoint.get(f"{_EVENT}committers/", scopes=ISSUE_READ)
def list_committers_of_event(
    context: RequestContext, event: ProjectEvent, query: CommittersQuery
) -> CommittersResponse:
    """List who may have caused the issue of an event, by the event's own stack."""
    with context.database.snapshot() as connection:
        issue = issues.by_id(connection, context.organization_id, event.issue_id)
        if issue is None:
            raise NotFound("Issue not found")
        return _committers(connection, issue, event.payload, query)


def _page(
    read: ReadEvents, query: EventListQuery, rules: ScrubbingRules
) -> tuple[Sequence[ListedEvent], Links]:
    """Return the events of the page that the search finds, and its links."""
    page, search = query.listed_page(), event_search.parse(query.query or "")
    found, last_examined = find_events(read, search, rules, page.position, limit=page.limit)
    return paginate_searched(found, page, last_examined)


def _listed(
    context: RequestContext,
    rows: Sequence[ListedEvent],
    links: Links,
    query: EventListQuery,
    rules: ScrubbingRules,
) -> Response[list[EventSummaryResponse | EventResponse]]:
    """Return the list. Events are unpacked after the transaction, which takes half a millisecond each."""
    respond = _whole if query.is_full else event_summary_response
    return context.listed([respond(scrubbed_event(each.unpacked(), rules)) for each in rows], links)


def _whole(event: ScrubbedEvent) -> EventResponse:
    """Return an event as it is stored: in a list none is symbolicated anew, or says which are beside it."""
    return event_response(event, NeighbourEvents(before=None, after=None))


def _shown(context: RequestContext, event: StoredEvent) -> EventResponse:
    current = event_symbolication.refresh_event(event, _uploads(context, event))
    with context.database.snapshot() as connection:
        before, after = store.neighbours_of(connection, event)
        rules = scrubbing_of_project(connection, context.organization_id, event.project_id)
    return event_response(
        scrubbed_event(current, rules), NeighbourEvents(before=before, after=after)
    )


def _uploads(context: RequestContext, event: StoredEvent) -> Uploads:
    return Uploads(
        database=context.database,
        blobs=context.blobs,
        organization_id=context.organization_id,
        project_id=event.project_id,
        at=now(),
    )


def _committers(
    connection: Connection, issue: Issue, payload: Mapping[str, object], query: CommittersQuery
) -> CommittersResponse:
    sources = SourceFinder(code_mappings.of_project(connection, issue.project_id))
    committers = suspects_of(connection, issue, payload, sources, frames_max=query.frame_limit)
    commits = repositories.commits_by_ids(
        connection, {suspect.commit_id for row in committers for suspect in row.suspects}
    )
    nested = loading.prefetch_for_commits(connection, issue.organization_id, list(commits.values()))
    return committers_response(committers, nested)
