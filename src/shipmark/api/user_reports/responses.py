"""A report of a user, as the API shows it."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from shipmark.api.issues.responses import IssueResponse
from shipmark.api.responses import Wire
from shipmark.issues.user_reports import UserReport


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
