"""Change issues: one, those with some ids, or those that a search finds (groups-api.md 4)."""

from dataclasses import dataclass

from litestar import Response, Router, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.issues.filters import issue_filter
from shipmark.api.issues.parameters import ISSUE_IDS, ISSUE_QUERY, ISSUE_STATUS
from shipmark.api.issues.requests import CHANGED_ISSUES, status_change
from shipmark.api.issues.responses import ActivityResponse, IssueResponse
from shipmark.api.issues.routes import (
    READING,
    access_by_issue,
    activities_of,
    get_visible_issue,
    serialize_issues,
)
from shipmark.api.issues.update_responses import IssueUpdateResponse, issue_update_response
from shipmark.api.query_parameters import PROJECTS
from shipmark.api.releases import loading
from shipmark.api.scopes import ISSUE_CHANGE
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.actions.update_issue import Updated, update_issues
from shipmark.issues.model import Issue, StatusChange
from shipmark.issues.search import STATUSES, IssueSearch, parse
from shipmark.issues.store import issue_lists, states
from shipmark.organizations.model import Access
from shipmark.projects import actions as project_actions
from shipmark.projects.model import Project

#: Issues that one request changes.
BULK_MAX = 1000

_ID_DIGITS_MAX = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selection:
    """Which issues a request is about: those with the ids, or else those that the search finds."""

    ids: tuple[int, ...]
    search: IssueSearch


@put(
    "/organizations/{organization:str}/issues/",
    scopes=ISSUE_CHANGE,
    asks=(ISSUE_IDS, ISSUE_QUERY, ISSUE_STATUS, *PROJECTS),
    takes=CHANGED_ISSUES,
    answers={200: IssueUpdateResponse, 204: None},
    sync_to_thread=True,
)
def change_issues(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> Response[IssueUpdateResponse | None]:
    """Resolve, reopen or ignore many issues of the caller's projects; 204 if there are none."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        shown = context.selected_projects(connection, access)
    selection = _selection(context, default="is:unresolved")
    change = status_change(context.body(body, CHANGED_ISSUES, step="issues.validate"))
    return _changed(context, access, shown, selection, change)


@put(
    "/projects/{organization:str}/{project:str}/issues/",
    scopes=ISSUE_CHANGE,
    asks=(ISSUE_IDS, ISSUE_QUERY, ISSUE_STATUS),
    takes=CHANGED_ISSUES,
    answers={200: IssueUpdateResponse, 204: None},
    sync_to_thread=True,
)
def change_project_issues(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> Response[IssueUpdateResponse | None]:
    """Resolve, reopen or ignore many issues of a project; 204 if there are none."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        shown = project_actions.require_project(connection, access, project)
    selection = _selection(context, default="")
    change = status_change(context.body(body, CHANGED_ISSUES, step="issues.validate"))
    return _changed(context, access, [shown], selection, change)


@put(
    "/organizations/{organization:str}/issues/{issue:str}/",
    scopes=ISSUE_CHANGE,
    takes=CHANGED_ISSUES,
    sync_to_thread=True,
)
def change_issue_of_organization(
    context: InjectedRequest, organization: FromPath[str], issue: FromPath[str], body: RawBody
) -> IssueResponse:
    """Resolve, reopen or ignore an issue, by its id or short id."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        found = get_visible_issue(connection, access, issue)
    return _changed_one(context, access, found, body)


@put("/issues/{issue:str}/", scopes=ISSUE_CHANGE, takes=CHANGED_ISSUES, sync_to_thread=True)
def change_issue(context: InjectedRequest, issue: FromPath[str], body: RawBody) -> IssueResponse:
    """Resolve, reopen or ignore an issue by its id alone."""
    with context.database.autocommit_read() as connection:
        access = access_by_issue(context, connection, issue)
        found = get_visible_issue(connection, access, issue)
    return _changed_one(context, access, found, body)


def _changed_one(
    context: RequestContext, access: Access, issue: Issue, body: bytes
) -> IssueResponse:
    change = status_change(context.body(body, CHANGED_ISSUES, step="issues.validate"))
    with context.database.transaction() as connection:
        locked = states.locked(connection, access.organization.id, [issue.id])
        update_issues(connection, locked, change, _user_id(access), now())
        changed = get_visible_issue(connection, access, str(issue.id))
        return serialize_issues(context, connection, access, [changed])[0]


def _changed(
    context: RequestContext,
    access: Access,
    shown: list[Project],
    selection: _Selection,
    change: StatusChange,
) -> Response[IssueUpdateResponse | None]:
    """Change the issues of a selection in one transaction, with a constant number of statements."""
    with context.database.transaction() as connection:
        ids, has_more = _chosen_ids(connection, access, shown, selection, change)
        locked = states.locked(connection, access.organization.id, ids)
        reached = {project.id for project in shown}
        locked = [issue for issue in locked if issue.project_id in reached]
        if not locked:
            return Response(None, status_code=204)
        updated = update_issues(connection, locked, change, _user_id(access), now())
        told = _new_activity(connection, access, updated)
        actor = loading.prefetch_for_users(connection, [_user_id(access)]).get(
            _user_id(access) or 0
        )
    answer = issue_update_response(change, updated, actor, activity=told, has_more=has_more)
    return Response(answer)


def _chosen_ids(
    connection: Connection,
    access: Access,
    shown: list[Project],
    selection: _Selection,
    change: StatusChange,
) -> tuple[list[int], bool | None]:
    """Return the ids, and of a search whether more match than are changed at once.

    A search leaves out what has the new status already, unless it asks for that: so that repeating it gets on.
    """
    if selection.ids:
        return list(selection.ids), None
    wanted = issue_filter(connection, access, shown, selection.search)
    done = None if selection.search.status is change.status else change.status
    found = issue_lists.ids_of(connection, wanted, other_than=done, limit=BULK_MAX + 1)
    return found[:BULK_MAX], len(found) > BULK_MAX


def _new_activity(
    connection: Connection, access: Access, updated: Updated
) -> list[ActivityResponse] | None:
    """Return the activity that the answer shows: only that of a single issue, resolved in a release."""
    if updated.release is None or len(updated.issues) > 1:
        return None
    [issue] = updated.issues
    return activities_of(connection, access, issue)[:1] if updated.has_new_activity else []


def _selection(context: RequestContext, *, default: str) -> _Selection:
    """Read which issues are meant; raises `BadRequest` for ids that are no numbers, or too many."""
    texts = context.parameters("id")
    query, status = context.parameter("query"), context.parameter("status")
    if not all(it.isascii() and it.isdigit() and len(it) <= _ID_DIGITS_MAX for it in texts):
        raise BadRequest("Group ids must be integers")
    ids = sorted({int(it) for it in texts})
    if len(ids) > BULK_MAX:
        raise BadRequest(f"No more than {BULK_MAX} issues can be changed at once.")
    if status and status not in STATUSES:
        raise BadRequest(f"Invalid status parameter. Use one of {', '.join(STATUSES)}.")
    if query is None and status is None:
        query = default
    search = parse(f"{query or ''} is:{status}" if status else query or "")
    return _Selection(ids=tuple(ids), search=search)


def _user_id(access: Access) -> int | None:
    return access.user.id if access.user else None


router = Router(
    "/api/0",
    route_handlers=[
        *READING,
        change_issues,
        change_project_issues,
        change_issue_of_organization,
        change_issue,
    ],
)
