"""Issues, as far as releases need them: lists, details, activity, changes (groups-api.md 2, 4, 5, 7)."""

from collections.abc import Sequence

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.issues.loading import (
    activities_of,
    first_and_last_release,
    load_issue_context,
    serialize_issues,
)
from shipmark.api.issues.path_issue import PathIssue, ShortIdIssue
from shipmark.api.issues.queries import (
    UNRESOLVED,
    IssueListQuery,
    IssueSelectionQuery,
    ProjectIssueListQuery,
    ProjectIssueSelectionQuery,
    issue_filter,
    search_ids,
)
from shipmark.api.issues.requests import IssueUpdateRequest
from shipmark.api.issues.responses import (
    ActivityResponse,
    IssueDetailsResponse,
    IssueResponse,
    IssueUpdateResponse,
    ShortIdResponse,
    issue_details_response,
    issue_update_response,
)
from shipmark.api.projects.path_project import ListedProjects, PathProject
from shipmark.api.releases import loading
from shipmark.api.scopes import ISSUE_CHANGE, ISSUE_READ, ORGANIZATION_READ
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.actions.update_issue import Updated, update_issues
from shipmark.issues.model import StatusChange
from shipmark.issues.search import IssueSearch, parse
from shipmark.issues.store import activity, issue_lists, states
from shipmark.issues.store import issues as issue_store
from shipmark.projects.model import Project

_LIST = "/organizations/{organization:str}/issues/"
_PROJECT_LIST = "/projects/{organization:str}/{project:str}/issues/"
_ISSUE = ["/organizations/{organization:str}/issues/{issue:str}/", "/issues/{issue:str}/"]
_VALIDATE = "issues.validate"
_CHANGES = {200: IssueUpdateResponse, 204: None}


@endpoint.get(_LIST, scopes=ISSUE_READ)
def list_issues(
    context: RequestContext, projects: ListedProjects, query: IssueListQuery
) -> Response[list[IssueResponse]]:
    """List the issues of the caller's projects, the last seen first."""
    with context.database.snapshot() as connection:
        text = UNRESOLVED if query.query is None else query.query
        return _fetch_page(context, connection, projects, text, query)


@endpoint.get(_PROJECT_LIST, scopes=ISSUE_READ)
def list_project_issues(
    context: RequestContext, project: PathProject, query: ProjectIssueListQuery
) -> Response[list[IssueResponse]]:
    """List the issues of a project, the last seen first."""
    with context.database.snapshot() as connection:
        return _fetch_page(context, connection, [project], query.query or "", query)


@endpoint.get(_ISSUE, scopes=ISSUE_READ)
def get_issue(context: RequestContext, issue: PathIssue) -> IssueDetailsResponse:
    """Show an issue."""
    with context.database.snapshot() as connection:
        first, last = first_and_last_release(connection, issue)
        followers = activity.subscribers_of(connection, issue.id)
        return issue_details_response(
            issue,
            load_issue_context(context, connection, context.access, [issue]),
            activity=activities_of(connection, issue),
            participants=list(loading.prefetch_for_users(connection, followers).values()),
            first_release=first,
            last_release=last,
        )


@endpoint.get([f"{path}activities/" for path in _ISSUE], scopes=ISSUE_READ)
def list_activities(context: RequestContext, issue: PathIssue) -> dict[str, list[ActivityResponse]]:
    """List what happened to an issue, newest first."""
    with context.database.snapshot() as connection:
        return {"activity": activities_of(connection, issue)}


@endpoint.get(
    "/organizations/{organization:str}/shortids/{short_id:str}/", scopes=ORGANIZATION_READ
)
def get_by_short_id(context: RequestContext, issue: ShortIdIssue) -> ShortIdResponse:
    """Show the issue of a short id."""
    with context.database.snapshot() as connection:
        [group] = serialize_issues(context, connection, context.access, [issue])
    return ShortIdResponse(
        organization_slug=context.access.organization.slug,
        project_slug=group.project.slug,
        group_id=group.id,
        group=group,
        short_id=group.short_id,
    )


@endpoint.put(_LIST, scopes=ISSUE_CHANGE, responses=_CHANGES, step=_VALIDATE)
def change_issues(
    context: RequestContext,
    projects: ListedProjects,
    query: IssueSelectionQuery,
    body: IssueUpdateRequest,
) -> Response[IssueUpdateResponse | None]:
    """Resolve, reopen or ignore many issues of the caller's projects; 204 if there are none."""
    change, search = body.to_change(), query.search(default=UNRESOLVED)
    with context.database.transaction() as connection:
        return _change(context, connection, projects, (query.ids(), search), change)


@endpoint.put(_PROJECT_LIST, scopes=ISSUE_CHANGE, responses=_CHANGES, step=_VALIDATE)
def change_project_issues(
    context: RequestContext,
    project: PathProject,
    query: ProjectIssueSelectionQuery,
    body: IssueUpdateRequest,
) -> Response[IssueUpdateResponse | None]:
    """Resolve, reopen or ignore many issues of a project; 204 if there are none."""
    change, search = body.to_change(), query.search(default="")
    with context.database.transaction() as connection:
        return _change(context, connection, [project], (query.ids(), search), change)


@endpoint.put(_ISSUE, scopes=ISSUE_CHANGE, step=_VALIDATE)
def change_issue(
    context: RequestContext, issue: PathIssue, body: IssueUpdateRequest
) -> IssueResponse:
    """Resolve, reopen or ignore an issue."""
    change, access = body.to_change(), context.access
    with context.database.transaction() as connection:
        locked = states.locked(connection, issue.organization_id, [issue.id])
        update_issues(connection, locked, change, access.user_id, now())
        changed = issue_store.by_id(connection, issue.organization_id, issue.id)
        if changed is None:
            raise NotFound
        return serialize_issues(context, connection, access, [changed])[0]


def _fetch_page(
    context: RequestContext,
    connection: Connection,
    projects: Sequence[Project],
    text: str,
    query: ProjectIssueListQuery,
) -> Response[list[IssueResponse]]:
    page = query.limited_page()
    conditions = issue_filter(connection, context.access, projects, parse(text))
    rows = issue_lists.page_of(connection, conditions, **page.window)
    issues, links = paginate(rows, page)
    return context.listed(serialize_issues(context, connection, context.access, issues), links)


def _change(
    context: RequestContext,
    connection: Connection,
    projects: Sequence[Project],
    selection: tuple[Sequence[int], IssueSearch],
    change: StatusChange,
) -> Response[IssueUpdateResponse | None]:
    """Change the selected issues of these projects, with a constant number of statements."""
    access = context.access
    ids, search = selection
    has_more = None
    if not ids:
        ids, has_more = search_ids(connection, access, projects, search, change)
    locked = states.locked(connection, access.organization.id, ids)
    project_ids = {project.id for project in projects}
    locked = [issue for issue in locked if issue.project_id in project_ids]
    if not locked:
        return Response(None, status_code=204)
    updated = update_issues(connection, locked, change, access.user_id, now())
    entries = _new_activity(connection, updated)
    # The caller's own row has no email addresses, which the response shows.
    actor = loading.prefetch_for_users(connection, [access.user_id]).get(access.user_id or 0)
    response = issue_update_response(change, updated, actor, activity=entries, has_more=has_more)
    return Response(response)


def _new_activity(connection: Connection, updated: Updated) -> list[ActivityResponse] | None:
    """Return the activity that the response shows: only that of a single issue, resolved in a release."""
    if updated.release is None or len(updated.issues) > 1:
        return None
    [issue] = updated.issues
    return activities_of(connection, issue)[:1] if updated.has_new_activity else []


router = endpoint.router("/api/0", __name__)
