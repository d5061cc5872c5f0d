"""``…/committers/``: who may have broken it, by issue or by event (groups-api.md 7.4)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from litestar import Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.events.committer_responses import CommittersResponse, committers_response
from shipmark.api.issues.routes import access_by_issue, get_visible_issue
from shipmark.api.query_parameters import FRAME_LIMIT
from shipmark.api.releases import loading
from shipmark.api.scopes import ISSUE_READ
from shipmark.events import store
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.issues.actions.suspect_commits import suspects_of
from shipmark.issues.model import Issue
from shipmark.issues.store import issues
from shipmark.organizations.model import Access
from shipmark.projects import actions as projects
from shipmark.repositories import store as repositories

_FRAMES = 25


@get("/issues/{issue:str}/committers/", scopes=ISSUE_READ, asks=(FRAME_LIMIT,), sync_to_thread=True)
def list_committers(context: InjectedRequest, issue: FromPath[str]) -> CommittersResponse:
    """List who may have brought an issue, by its newest event."""
    with context.database.snapshot() as connection:
        with _told():
            access = access_by_issue(context, connection, issue)
            found = get_visible_issue(connection, access, issue)
        return _of_issue(context, connection, access, found)


@get(
    "/organizations/{organization:str}/issues/{issue:str}/committers/",
    scopes=ISSUE_READ,
    asks=(FRAME_LIMIT,),
    sync_to_thread=True,
)
def list_committers_of_organization(
    context: InjectedRequest, organization: FromPath[str], issue: FromPath[str]
) -> CommittersResponse:
    """List who may have brought an issue, by its newest event."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        with _told():
            found = get_visible_issue(connection, access, issue)
        return _of_issue(context, connection, access, found)


@get(
    "/projects/{organization:str}/{project:str}/events/{event:str}/committers/",
    scopes=ISSUE_READ,
    asks=(FRAME_LIMIT,),
    sync_to_thread=True,
)
def list_committers_of_event(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    event: FromPath[str],
) -> CommittersResponse:
    """List who may have brought the issue of an event, by the event's own stack."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        it = projects.require_project(connection, access, project)
        known = store.by_event_id(connection, it.id, event.replace("-", "").lower())
        if known is None:
            raise NotFound("Event not found")
        issue = issues.by_id(connection, access.organization.id, known.issue_id)
        if issue is None:
            raise NotFound("Issue not found")
        return _shown(context, connection, access, issue, known.payload)


@contextmanager
def _told() -> Iterator[None]:
    """Say of what is not found that it is the issue, also to those who must not learn whether it exists."""
    try:
        yield
    except NotFound:
        raise NotFound("Issue not found") from None


def _of_issue(
    context: RequestContext, connection: Connection, access: Access, issue: Issue
) -> CommittersResponse:
    newest = store.newest_of(connection, issue.id)
    if newest is None:
        raise NotFound("Event not found")
    return _shown(context, connection, access, issue, newest.payload)


def _shown(
    context: RequestContext,
    connection: Connection,
    access: Access,
    issue: Issue,
    payload: Mapping[str, object],
) -> CommittersResponse:
    found = suspects_of(connection, issue, payload, frames_max=_frame_limit(context))
    commits = repositories.commits_by_ids(
        connection, {each.commit_id for it in found for each in it.suspects}
    )
    nested = loading.prefetch_for_commits(
        connection, access.organization.id, list(commits.values())
    )
    return committers_response(found, nested)


def _frame_limit(context: RequestContext) -> int:
    text = context.parameter("frameLimit")
    if text is None:
        return _FRAMES
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise BadRequest("Invalid frameLimit parameter.")
    return int(text)


router = Router(
    "/api/0",
    route_handlers=[list_committers, list_committers_of_organization, list_committers_of_event],
)
