"""Issues, as far as releases need them: lists, details, activity, changes (groups-api.md 2, 4, 5, 7)."""

from collections.abc import Sequence
from datetime import timedelta

from litestar import Response
from msgspec import UNSET
from sqlalchemy import Connection

from shipmark.api.issues import deletion, list_parts
from shipmark.api.issues.changes import changed_details, with_commit
from shipmark.api.issues.direct_hits import find_direct_hit
from shipmark.api.issues.loading import (
    activities_of,
    first_and_last_release,
    load_issue_context,
    serialize_issues,
)
from shipmark.api.issues.path_issue import PathIssue, ShortIdIssue, issue_paths
from shipmark.api.issues.people_responses import viewers
from shipmark.api.issues.queries import (
    UNRESOLVED,
    IssueDetailsQuery,
    IssueListQuery,
    IssuePageQuery,
    IssueSelectionQuery,
    ProjectIssueListQuery,
    ProjectIssueSelectionQuery,
    issue_filter,
    listed_filter,
    search_ids,
)
from shipmark.api.issues.requests import IssueUpdateRequest
from shipmark.api.issues.responses import (
    ActivityResponse,
    CurrentReleaseResponse,
    FirstAndLastResponse,
    IssueDetailsResponse,
    IssueResponse,
    IssueUpdateResponse,
    SeenResponse,
    ShortIdResponse,
    issue_fields,
    issue_update_response,
)
from shipmark.api.issues.stats import DETAILS_PERIODS, stats_of
from shipmark.api.members.user_responses import UserResponse, user_response
from shipmark.api.projects.path_project import ListedProjects, PathProject
from shipmark.api.queries import EnvironmentQuery
from shipmark.api.releases import loading
from shipmark.api.releases.responses import load_release_response
from shipmark.api.tags.responses import tags_of
from shipmark.http import endpoint, time_range
from shipmark.http.pagination import issue_cursor
from shipmark.http.pagination.offset import Links
from shipmark.http.request_context import RequestContext, require_row
from shipmark.http.scopes import ISSUE_CHANGE, ISSUE_DELETE, ISSUE_READ, ORGANIZATION_READ
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.issues.actions import merge_issues
from shipmark.issues.actions.delete_issues import request as request_deletion
from shipmark.issues.actions.update_issue import Updated, apply_change
from shipmark.issues.model import Issue, IssueFilter
from shipmark.issues.search import IssueSearch
from shipmark.issues.store import (
    activity,
    issue_lists,
    occurrences,
    states,
    statistics,
    user_reports,
)
from shipmark.issues.store import issues as issue_store
from shipmark.projects.model import Project
from shipmark.releases.store import environments
from shipmark.releases.store import releases as release_store

_LIST = "/organizations/{organization:str}/issues/"
_PROJECT_LIST = "/projects/{organization:str}/{project:str}/issues/"
_ISSUE = issue_paths()
_VALIDATE = "issues.validate"
_CHANGES = {200: IssueUpdateResponse, 204: None}
_CHANGE = {200: IssueResponse, 204: None}
#: Issues of a list are counted up to here (auth-and-errors.md).
_HITS_MAX = 1000
#: The length and the step of each series of counts, by its name.
_STATS = {
    "24h": (timedelta(days=1), timedelta(hours=1)),
    "30d": (timedelta(days=30), timedelta(days=1)),
}


@endpoint.get(_LIST, scopes=ISSUE_READ)
def list_issues(
    context: RequestContext, projects: ListedProjects, query: IssueListQuery
) -> Response[list[IssueResponse]]:
    """List the issues of the caller's projects, by default the last seen first."""
    return _fetch_page(context, projects, UNRESOLVED if query.query is None else query.query, query)


@endpoint.get(_PROJECT_LIST, scopes=ISSUE_READ)
def list_project_issues(
    context: RequestContext, project: PathProject, query: ProjectIssueListQuery
) -> Response[list[IssueResponse]]:
    """List the issues of a project, by default the last seen first."""
    return _fetch_page(context, [project], query.query or "", query)


@endpoint.get(_ISSUE, scopes=ISSUE_READ)
def get_issue(
    context: RequestContext, issue: PathIssue, query: IssueDetailsQuery
) -> IssueDetailsResponse:
    """Show an issue."""
    with context.database.snapshot() as connection:
        shown = query.shows_releases
        first, last = first_and_last_release(connection, issue) if shown else (UNSET, UNSET)
        return IssueDetailsResponse(
            **issue_fields(issue, load_issue_context(context, connection, [issue])),
            stats=stats_of(issue, DETAILS_PERIODS, now()),
            activity=activities_of(connection, issue),
            participants=_participants(connection, issue),
            seen_by=viewers(connection, issue.id),
            user_report_count=user_reports.count_of_issue(connection, issue.id),
            first_release=first,
            last_release=last,
            tags=tags_of(connection, issue) if query.shows_tags else UNSET,
        )


@endpoint.get(issue_paths("activities/"), scopes=ISSUE_READ)
def list_activities(context: RequestContext, issue: PathIssue) -> dict[str, list[ActivityResponse]]:
    """List what happened to an issue, newest first."""
    with context.database.snapshot() as connection:
        return {"activity": activities_of(connection, issue)}


@endpoint.get(issue_paths("participants/"), scopes=ISSUE_READ)
def list_participants(context: RequestContext, issue: PathIssue) -> list[UserResponse]:
    """List the users who are subscribed to an issue."""
    with context.database.snapshot() as connection:
        return _participants(connection, issue)


@endpoint.get(
    "/organizations/{organization:str}/shortids/{short_id:str}/", scopes=ORGANIZATION_READ
)
def get_by_short_id(context: RequestContext, issue: ShortIdIssue) -> ShortIdResponse:
    """Show the issue of a short id."""
    with context.database.snapshot() as connection:
        [group] = serialize_issues(context, connection, [issue])
    return ShortIdResponse(
        organization_slug=context.access.organization.slug,
        project_slug=group.project.slug,
        group_id=group.id,
        group=group,
        short_id=group.short_id,
    )


@endpoint.get(issue_paths("first-last-release/"), scopes=ISSUE_READ)
def get_first_and_last(context: RequestContext, issue: PathIssue) -> FirstAndLastResponse:
    """Show the first and the last release of an issue."""
    with context.database.snapshot() as connection:
        first, last = first_and_last_release(connection, issue)
    return FirstAndLastResponse(id=str(issue.id), first_release=first, last_release=last)


@endpoint.get(issue_paths("current-release/"), scopes=ISSUE_READ)
def get_current(
    context: RequestContext, issue: PathIssue, query: EnvironmentQuery
) -> CurrentReleaseResponse:
    """Show an issue in the newest release of its project."""
    with context.database.snapshot() as connection:
        environment_ids = query.environment_ids(connection, context.access)
        release_id = environments.newest_of(connection, issue.project_id, environment_ids)
        seen = None
        if release_id is not None:
            seen = occurrences.in_release(connection, issue.id, release_id, environment_ids)
        if release_id is None or seen is None:
            return CurrentReleaseResponse(current_release=None)
        environment, first_seen_at, last_seen_at = seen
        release = release_store.by_ids(connection, [release_id])[release_id]
        return CurrentReleaseResponse(
            current_release=SeenResponse(
                release=load_release_response(connection, release),
                environment=environment,
                first_seen=first_seen_at,
                last_seen=last_seen_at,
                stats=_stats(connection, issue, release_id),
            )
        )


@endpoint.put(_LIST, scopes=ISSUE_CHANGE, responses=_CHANGES, step=_VALIDATE)
def change_issues(
    context: RequestContext,
    projects: ListedProjects,
    query: IssueSelectionQuery,
    body: IssueUpdateRequest,
) -> Response[IssueUpdateResponse | None]:
    """Resolve, reopen, ignore, review, assign, merge or discard issues of the caller's projects.

    204 if they are discarded, or there are none.
    """
    return _change(context, projects, query, query.search(default=UNRESOLVED), body)


@endpoint.put(_PROJECT_LIST, scopes=ISSUE_CHANGE, responses=_CHANGES, step=_VALIDATE)
def change_project_issues(
    context: RequestContext,
    project: PathProject,
    query: ProjectIssueSelectionQuery,
    body: IssueUpdateRequest,
) -> Response[IssueUpdateResponse | None]:
    """Resolve, reopen, ignore, review, assign, merge or discard issues of a project.

    204 if they are discarded, or there are none.
    """
    return _change(context, [project], query, query.search(default=""), body)


@endpoint.put(_ISSUE, scopes=ISSUE_CHANGE, responses=_CHANGE, step=_VALIDATE)
def change_issue(
    context: RequestContext, issue: PathIssue, body: IssueUpdateRequest
) -> Response[IssueResponse | None]:
    """Resolve, reopen, ignore, review, assign or discard an issue; 204 if it is discarded."""
    if body.is_discard():
        deletion.discard_one(context, issue)
        return Response(None, status_code=204)
    requested = body.to_change()
    with context.database.transaction() as connection:
        change = with_commit(connection, context.access, requested, body.resolving_commit)
        locked = states.locked(connection, issue.organization_id, [issue.id])
        apply_change(connection, locked, change, context.access.user_id, now())
        changed = require_row(issue_store.by_id(connection, issue.organization_id, issue.id))
        return Response(serialize_issues(context, connection, [changed])[0])


@endpoint.delete(_LIST, scopes=ISSUE_DELETE)
def delete_issues(
    context: RequestContext, projects: ListedProjects, query: IssueSelectionQuery
) -> None:
    """Delete issues of the caller's projects, with their events: those that `id` names, or up to 1,000 of a search."""
    deletion.delete_selected(context, projects, query, request_deletion)


@endpoint.delete(_PROJECT_LIST, scopes=ISSUE_DELETE)
def delete_project_issues(
    context: RequestContext, project: PathProject, query: ProjectIssueSelectionQuery
) -> None:
    """Delete issues of a project, with their events: those that `id` names, or up to 1,000 of a search."""
    deletion.delete_selected(context, [project], query, request_deletion)


@endpoint.delete(_ISSUE, scopes=ISSUE_DELETE, status_code=202, responses={202: None})
def delete_issue(context: RequestContext, issue: PathIssue) -> Response[bytes]:
    """Delete an issue with its events. It is gone at once; its data is deleted soon after."""
    deletion.delete_one(context, issue, request_deletion)
    return Response(b"", status_code=202)


def _participants(connection: Connection, issue: Issue) -> list[UserResponse]:
    followers = activity.subscribers_of(connection, issue.id)
    users = loading.prefetch_for_users(connection, followers)
    return [user_response(user) for user in users.values()]


def _fetch_page(
    context: RequestContext, projects: Sequence[Project], text: str, query: IssuePageQuery
) -> Response[list[IssueResponse]]:
    page, period = query.limited_page(), query.shown_period()
    with context.database.snapshot() as connection:
        if hit := find_direct_hit(context, connection, projects, query):
            [found] = serialize_issues(context, connection, [hit.issue], period)
            hit.mark(found)
            _add_parts(context, connection, [found], query)
            return Response([found], headers={"X-Sentry-Direct-Hit": "1"})
        conditions = listed_filter(connection, context.access, projects, text, query)
        position = issue_cursor.position_of(page, query.order())
        rows = issue_lists.page_of(
            connection, conditions, query.order(), position, limit=page.limit
        )
        issues, links = issue_cursor.links(rows, page)
        hits = _hits(connection, conditions, len(issues), links)
        shown = serialize_issues(context, connection, issues, period)
        _add_parts(context, connection, shown, query)
        answer = context.listed(shown, links)
    answer.headers |= {"X-Hits": str(hits), "X-Max-Hits": str(_HITS_MAX)}
    return answer


def _add_parts(
    context: RequestContext,
    connection: Connection,
    shown: list[IssueResponse],
    query: IssuePageQuery,
) -> None:
    if isinstance(query, IssueListQuery):
        list_parts.add_parts(connection, context.access, shown, query)


def _hits(connection: Connection, conditions: IssueFilter, shown_count: int, links: Links) -> int:
    """Return the number of issues of the whole list, up to `_HITS_MAX`. A list of one page is not counted again."""
    if links.has_previous or links.has_next:
        return issue_lists.count_of(connection, conditions, limit=_HITS_MAX)
    return shown_count


def _change(
    context: RequestContext,
    projects: Sequence[Project],
    query: ProjectIssueSelectionQuery,
    search: IssueSearch,
    body: IssueUpdateRequest,
) -> Response[IssueUpdateResponse | None]:
    """Change the issues that the query names or the search finds, by a constant number of statements.

    Only named issues are merged, of one project: of several, nothing is changed (groups-api.md 4.1).
    """
    if body.is_discard():
        deletion.discard_selected(context, projects, query)
        return Response(None, status_code=204)
    access, ids, has_more = context.access, query.ids(), None
    project_ids, requested = {project.id for project in projects}, body.to_change()
    if requested.is_merge and not ids:
        raise ValidationFailed({"merge": [merge_issues.TOO_FEW]})
    with context.database.transaction() as connection:
        change = with_commit(connection, access, requested, body.resolving_commit)
        if not ids:
            conditions = issue_filter(connection, access, projects, search, query)
            ids, has_more = search_ids(connection, conditions, change.only_status)
        locked = states.locked(connection, access.organization.id, ids)
        locked = [issue for issue in locked if issue.project_id in project_ids]
        if not locked:
            return Response(None, status_code=204)
        if change.is_merge and merge_issues.are_of_several_projects(locked):
            return Response(IssueUpdateResponse(detail=merge_issues.SEVERAL_PROJECTS))
        updated = apply_change(connection, locked, change, access.user_id, now())
        entries = _new_activity(connection, updated)
        details = changed_details(connection, access, change, updated)
    response = issue_update_response(change, updated, details, activity=entries, has_more=has_more)
    return Response(response)


def _new_activity(connection: Connection, updated: Updated) -> list[ActivityResponse] | None:
    """Return the activity that the response shows: only that of a single issue, resolved in a release."""
    if updated.release is None or len(updated.issues) > 1:
        return None
    [issue] = updated.issues
    return activities_of(connection, issue)[:1] if updated.has_new_activity else []


def _stats(
    connection: Connection, issue: Issue, release_id: int
) -> dict[str, list[tuple[int, int]]]:
    at = now()
    stats = {}
    for name, (length, step) in _STATS.items():
        begins = time_range.steps((at - length + step, at), None, step)
        counts = statistics.events_of_issue(connection, issue.id, release_id, begins, step)
        moments = (int(begin.timestamp()) for begin in begins)
        stats[name] = list(zip(moments, counts, strict=True))
    return stats
