"""Reports of users: those of a project and of an issue, and one that a program sends for a user."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from pydantic import Field
from sqlalchemy import Connection

from shipmark.accounts.actions import NO_ADDRESS
from shipmark.api.issues.loading import serialize_issues
from shipmark.api.issues.path_issue import PathIssue, issue_paths
from shipmark.api.issues.responses import IssueResponse
from shipmark.api.projects.path_project import PathProject, reload_project
from shipmark.api.queries import PageQuery
from shipmark.api.responses import Wire
from shipmark.events.payload import event_id_in, without_dashes
from shipmark.http import endpoint
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ISSUE_READ, PROJECT_READ, PROJECT_WRITE
from shipmark.http.validation import RequestModel, Text, require
from shipmark.infrastructure.clock import now
from shipmark.issues.actions.user_reports import submit
from shipmark.issues.store import issue_lists, user_reports
from shipmark.issues.user_reports import (
    COMMENTS_MAX,
    EMAIL_MAX,
    NAME_MAX,
    NewUserReport,
    UserReport,
)

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_EXAMPLE = "14bad9a2e3774046977a21440ddb39b2"


def _is_event_id(text: str) -> bool:
    return event_id_in(text) is not None


class UserReportRequest(RequestModel):
    """What a user writes about an event."""

    event_id: Annotated[str, Text(), require(_is_event_id, "Not an event ID.")] = Field(
        description="The event, which may come later.", examples=[_EXAMPLE], alias="event_id"
    )
    name: Annotated[str, Text(max_length=NAME_MAX)] = Field(
        description="The name of the user.", examples=["Jane Doe"]
    )
    email: Annotated[str, Text(max_length=EMAIL_MAX), require(_EMAIL.fullmatch, NO_ADDRESS)] = (
        Field(description="The e-mail address of the user.", examples=["jane@example.com"])
    )
    comments: Annotated[str, Text(max_length=COMMENTS_MAX)] = Field(
        description="What the user writes.", examples=["It broke when I saved."]
    )

    def to_report(self, project_id: int, at: datetime) -> NewUserReport:
        """Return the report to store."""
        event_id = without_dashes(self.event_id)
        return NewUserReport(
            project_id=project_id,
            report_key=event_id,
            event_id=event_id,
            name=self.name,
            email=self.email,
            comments=self.comments,
            created_at=at,
        )


class ReportedEventResponse(Wire):
    """The event of a report. ``id`` is null in the reference, too, for an event that did not come."""

    id: str | None
    event_id: str = msgspec.field(name="eventID")


class UserReportResponse(Wire):
    """What a user wrote about an event. ``issue`` is null until the event is stored."""

    id: str
    event_id: str = msgspec.field(name="eventID")
    name: str
    email: str
    comments: str
    date_created: datetime
    user: None
    event: ReportedEventResponse
    issue: IssueResponse | None


def user_report_response(
    report: UserReport, issues: Mapping[int, IssueResponse]
) -> UserReportResponse:
    """Return a report with its issue."""
    return UserReportResponse(
        id=str(report.id),
        event_id=report.event_id,
        name=report.name,
        email=report.email,
        comments=report.comments,
        date_created=report.created_at,
        user=None,
        event=ReportedEventResponse(
            id=None if report.issue_id is None else report.event_id, event_id=report.event_id
        ),
        issue=issues.get(report.issue_id or 0),
    )


_PROJECT = "/projects/{organization:str}/{project:str}/user-feedback/"


@endpoint.get(_PROJECT, scopes=PROJECT_READ)
def list_reports_of_project(
    context: RequestContext, project: PathProject, query: PageQuery
) -> Response[list[UserReportResponse]]:
    """List what users wrote about events of a project, the newest first."""
    return _list_reports(context, query, user_reports.of_project, project.id)


@endpoint.get(issue_paths("user-reports/"), scopes=ISSUE_READ)
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
