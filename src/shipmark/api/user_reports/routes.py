"""Reports of users: those of a project and of an issue, and one that a program sends for a user."""

from collections.abc import Callable, Sequence

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.issues.loading import serialize_issues
from shipmark.api.issues.path_issue import PathIssue
from shipmark.api.projects.path_project import PathProject, reload_project
from shipmark.api.queries import PageQuery
from shipmark.api.user_reports.requests import UserReportRequest
from shipmark.api.user_reports.responses import UserReportResponse, user_report_response
from shipmark.http import endpoint
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ISSUE_READ, PROJECT_READ, PROJECT_WRITE
from shipmark.infrastructure.clock import now
from shipmark.issues.actions.user_reports import submit
from shipmark.issues.store import issue_lists, user_reports
from shipmark.issues.user_reports import UserReport

_PROJECT = "/projects/{organization:str}/{project:str}/user-feedback/"
_ISSUE = [
    "/organizations/{organization:str}/issues/{issue:str}/user-reports/",
    "/issues/{issue:str}/user-reports/",
]


@endpoint.get(_PROJECT, scopes=PROJECT_READ)
def list_reports_of_project(
    context: RequestContext, project: PathProject, query: PageQuery
) -> Response[list[UserReportResponse]]:
    """List what users wrote about events of a project, the newest first."""
    return _list_reports(context, query, user_reports.of_project, project.id)


@endpoint.get(_ISSUE, scopes=ISSUE_READ)
def list_reports_of_issue(
    context: RequestContext, issue: PathIssue, query: PageQuery
) -> Response[list[UserReportResponse]]:
    """List what users wrote about events of an issue, the newest first."""
    return _list_reports(context, query, user_reports.of_issue, issue.id)


@endpoint.post(_PROJECT, scopes=PROJECT_WRITE, status_code=200)
def send_report(
    context: RequestContext, project: PathProject, body: UserReportRequest
) -> UserReportResponse:
    """Store what a user wrote about an event, also before the event comes.

    It replaces the report that the event has, within five minutes after that.
    """
    with context.database.transaction() as connection:
        current = reload_project(context, connection, project)
        report = submit(connection, body.to_report(current.id, now()))
        return _serialize(context, connection, [report])[0]


def _list_reports(
    context: RequestContext,
    query: PageQuery,
    find: Callable[..., list[UserReport]],
    owner_id: int,
) -> Response[list[UserReportResponse]]:
    """Return a page of the reports of a project or an issue, which ``find`` selects."""
    page = query.dated_page()
    with context.database.snapshot() as connection:
        rows = find(connection, owner_id, page.position, limit=page.limit)
        reports, links = paginate_by_keyset(rows, page)
        return context.listed(_serialize(context, connection, reports), links)


def _serialize(
    context: RequestContext, connection: Connection, reports: Sequence[UserReport]
) -> list[UserReportResponse]:
    ids = {report.issue_id for report in reports if report.issue_id is not None}
    issues = issue_lists.by_ids(connection, ids)
    responses = serialize_issues(context, connection, issues)
    by_id = {issue.id: response for issue, response in zip(issues, responses, strict=True)}
    return [user_report_response(report, by_id) for report in reports]


router = endpoint.router("/api/0", __name__)
