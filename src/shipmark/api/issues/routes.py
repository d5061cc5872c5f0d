"""Issues, as far as releases need them: lists, details, activity, short ids (groups-api.md 2, 5, 7)."""

from collections.abc import Sequence

from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.accounts.model import UserToken
from shipmark.api.commits.responses import CommitResponse, commit_response
from shipmark.api.issues.filters import issue_filter
from shipmark.api.issues.parameters import ISSUE_LIMIT, ISSUE_QUERY
from shipmark.api.issues.responses import (
    ActivityResponse,
    IssueContext,
    IssueDetailsResponse,
    IssueResponse,
    ShortIdResponse,
    activity_response,
    first_seen_response,
    issue_details_response,
    issue_response,
)
from shipmark.api.query_parameters import PAGE, PROJECTS
from shipmark.api.releases import loading
from shipmark.api.releases.responses import ReleaseResponse, release_response
from shipmark.api.scopes import ISSUE_READ, ORGANIZATION_READ
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.errors import Forbidden, NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.issues import short_ids
from shipmark.issues.model import Issue, IssueActivity, IssueActivityType
from shipmark.issues.search import parse
from shipmark.issues.store import activity, inbox, issue_lists, issues, occurrences, resolutions
from shipmark.organizations.model import Access
from shipmark.projects import actions as project_actions
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories

ACTIVITY_MAX = 100


@get(
    "/organizations/{organization:str}/issues/",
    scopes=ISSUE_READ,
    asks=(ISSUE_QUERY, *PROJECTS, ISSUE_LIMIT, *PAGE),
    sync_to_thread=True,
)
def list_issues(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[list[IssueResponse]]:
    """List the issues of the caller's projects, the last seen first."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        shown = context.selected_projects(connection, access)
        query = context.parameter("query")
        return _listed(
            context, connection, access, shown, "is:unresolved" if query is None else query
        )


@get(
    "/projects/{organization:str}/{project:str}/issues/",
    scopes=ISSUE_READ,
    asks=(ISSUE_QUERY, ISSUE_LIMIT, *PAGE),
    sync_to_thread=True,
)
def list_project_issues(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[list[IssueResponse]]:
    """List the issues of a project, the last seen first."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        shown = project_actions.require_project(connection, access, project)
        query = context.parameter("query")
        return _listed(context, connection, access, [shown], query or "")


@get(
    "/organizations/{organization:str}/issues/{issue:str}/", scopes=ISSUE_READ, sync_to_thread=True
)
def get_issue_of_organization(
    context: InjectedRequest, organization: FromPath[str], issue: FromPath[str]
) -> IssueDetailsResponse:
    """Show an issue by its id or short id."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        return _details(context, connection, access, get_visible_issue(connection, access, issue))


@get("/issues/{issue:str}/", scopes=ISSUE_READ, sync_to_thread=True)
def get_issue(context: InjectedRequest, issue: FromPath[str]) -> IssueDetailsResponse:
    """Show an issue by its id alone."""
    with context.database.snapshot() as connection:
        access = access_by_issue(context, connection, issue)
        return _details(context, connection, access, get_visible_issue(connection, access, issue))


@get(
    "/organizations/{organization:str}/issues/{issue:str}/activities/",
    scopes=ISSUE_READ,
    sync_to_thread=True,
)
def list_activities(
    context: InjectedRequest, organization: FromPath[str], issue: FromPath[str]
) -> dict[str, list[ActivityResponse]]:
    """List what happened to an issue, newest first."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        return {
            "activity": activities_of(
                connection, access, get_visible_issue(connection, access, issue)
            )
        }


@get("/issues/{issue:str}/activities/", scopes=ISSUE_READ, sync_to_thread=True)
def list_activities_by_id(
    context: InjectedRequest, issue: FromPath[str]
) -> dict[str, list[ActivityResponse]]:
    """List what happened to an issue, newest first."""
    with context.database.snapshot() as connection:
        access = access_by_issue(context, connection, issue)
        return {
            "activity": activities_of(
                connection, access, get_visible_issue(connection, access, issue)
            )
        }


@get(
    "/organizations/{organization:str}/shortids/{short_id:str}/",
    scopes=ORGANIZATION_READ,
    sync_to_thread=True,
)
def get_by_short_id(
    context: InjectedRequest, organization: FromPath[str], short_id: FromPath[str]
) -> ShortIdResponse:
    """Show the issue of a short id."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        issue = get_visible_issue(connection, access, short_id)
        group = serialize_issues(context, connection, access, [issue])[0]
    return ShortIdResponse(
        organization_slug=access.organization.slug,
        project_slug=group.project.slug,
        group_id=group.id,
        group=group,
        short_id=group.short_id,
    )


def serialize_issues(
    context: RequestContext, connection: Connection, access: Access, found: Sequence[Issue]
) -> list[IssueResponse]:
    """Issues as the API shows them."""
    around = _surroundings(context, connection, access, found)
    return [issue_response(issue, around) for issue in found]


def _surroundings(
    context: RequestContext, connection: Connection, access: Access, found: Sequence[Issue]
) -> IssueContext:
    ids = [issue.id for issue in found]
    resolved = resolutions.of_issues(connection, ids)
    releases = release_store.by_ids(connection, {it.release_id for it in resolved.values()})
    return IssueContext(
        address=context.settings.address,
        organization_slug=access.organization.slug,
        projects=projects.by_ids(connection, {issue.project_id for issue in found}),
        resolutions=resolved,
        versions={release.id: release.version for release in releases.values()},
        users=loading.prefetch_for_users(connection, [it.user_id for it in resolved.values()]),
        inbox=inbox.of_issues(connection, ids),
    )


def _listed(
    context: RequestContext,
    connection: Connection,
    access: Access,
    shown: Sequence[Project],
    query: str,
) -> Response[list[IssueResponse]]:
    page = context.limited_page()
    wanted = issue_filter(connection, access, shown, parse(query))
    rows = issue_lists.page_of(connection, wanted, limit=page.limit, offset=page.skipped)
    found, links = paginate(rows, page)
    return context.listed(serialize_issues(context, connection, access, found), links)


def get_visible_issue(connection: Connection, access: Access, name: str) -> Issue:
    """The organization's issue of that id or short id, if its project is the caller's."""
    issue_id = id_of(name)
    if issue_id is None and (short_id := short_ids.parse(name)):
        known = issues.ids_of_short_ids(connection, access.organization.id, [short_id])
        issue_id = known.get(short_id)
    issue = issues.by_id(connection, access.organization.id, issue_id) if issue_id else None
    visible = {project.id for project in projects.accessible(connection, access)}
    if issue is None or issue.project_id not in visible:
        raise NotFound
    return issue


def access_by_issue(context: RequestContext, connection: Connection, name: str) -> Access:
    """What the caller may do in the organization of an issue; a stranger does not learn that it exists."""
    caller = context.caller(connection)
    issue_id = id_of(name)
    if issue_id is None:
        raise NotFound
    issue = issues.by_id(connection, None, issue_id)
    if issue is None or not isinstance(caller, UserToken):
        raise NotFound
    try:
        return context.authorize(connection, str(issue.organization_id))
    except Forbidden:
        raise NotFound from None


def _details(
    context: RequestContext, connection: Connection, access: Access, issue: Issue
) -> IssueDetailsResponse:
    around = _surroundings(context, connection, access, [issue])
    first, last = first_and_last(connection, access, issue)
    followers = activity.subscribers_of(connection, issue.id)
    return issue_details_response(
        issue,
        around,
        activity=activities_of(connection, access, issue),
        participants=list(loading.prefetch_for_users(connection, followers).values()),
        first_release=first,
        last_release=last,
    )


def first_and_last(
    connection: Connection, access: Access, issue: Issue
) -> tuple[ReleaseResponse | None, ReleaseResponse | None]:
    """The releases in which the issue was seen first and last."""
    last_id = occurrences.last_releases(connection, [issue.id]).get(issue.id)
    wanted = [it for it in (issue.first_release_id, last_id) if it is not None]
    found = release_store.by_ids(connection, wanted)
    nested = loading.prefetch_for_releases(connection, access.organization.id, list(found.values()))
    shown = {it.id: release_response(it, nested) for it in found.values()}
    return shown.get(issue.first_release_id or 0), shown.get(last_id or 0)


def activities_of(connection: Connection, access: Access, issue: Issue) -> list[ActivityResponse]:
    """Return what happened to the issue, newest first; the last entry says when it was first seen."""
    happened = activity.of_issue(connection, issue.id, limit=ACTIVITY_MAX - 1)
    commits = _commits_told(connection, access, happened)
    users = loading.prefetch_for_users(connection, [it.user_id for it in happened])
    return [*(activity_response(it, users, commits) for it in happened), first_seen_response(issue)]


def _commits_told(
    connection: Connection, access: Access, happened: Sequence[IssueActivity]
) -> dict[int, CommitResponse]:
    """The commits that references tell of, whole; a resolution tells only which one it was."""
    ids = {
        commit_id
        for it in happened
        if it.type is IssueActivityType.REFERENCED_IN_COMMIT
        and isinstance(commit_id := it.details.get("commit"), int)
    }
    found = repositories.commits_by_ids(connection, ids)
    nested = loading.prefetch_for_commits(connection, access.organization.id, list(found.values()))
    return {commit.id: commit_response(commit, nested) for commit in found.values()}


#: The routes of this module; those that change issues share addresses with them, and so a router (issue_updates.py).
READING = (
    list_issues,
    list_project_issues,
    get_issue_of_organization,
    get_issue,
    list_activities,
    list_activities_by_id,
    get_by_short_id,
)
