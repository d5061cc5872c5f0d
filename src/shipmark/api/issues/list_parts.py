"""What lists of an organization show beside its issues (groups-api.md 3.1)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.api.issues.queries import IssueListQuery
from shipmark.api.issues.responses import IssueResponse, LifetimeResponse
from shipmark.infrastructure.clock import now
from shipmark.issues.search import parse
from shipmark.organizations.model import Access
from shipmark.release_health.model import BucketWidth
from shipmark.release_health.store import session_rows
from shipmark.release_health.store.session_rows import Selection

#: The period whose sessions are counted unless another is asked for.
_DEFAULT_PERIOD = timedelta(days=90)


def add_parts(
    connection: Connection, access: Access, shown: Sequence[IssueResponse], query: IssueListQuery
) -> None:
    """Add the parts that the query asks for, and those that it does not leave out."""
    at = now()
    is_of_all_events = not (query.environment or parse(query.query or "", at).is_of_events)
    for response in shown:
        if query.shows("lifetime"):
            response.lifetime = _lifetime(response)
        if query.shows("filtered") and is_of_all_events:
            response.filtered = None
        if query.expands("owners"):
            response.owners = None
    if query.expands("sessions"):
        _add_sessions(connection, access, shown, query, at)


def _lifetime(response: IssueResponse) -> LifetimeResponse:
    return LifetimeResponse(
        count=response.count,
        user_count=response.user_count,
        first_seen=response.first_seen,
        last_seen=response.last_seen,
    )


def _add_sessions(
    connection: Connection,
    access: Access,
    shown: Sequence[IssueResponse],
    query: IssueListQuery,
    at: datetime,
) -> None:
    """Add the number of sessions of the project of each issue in the period and the environments, null for none."""
    start, end = (int(moment.timestamp()) for moment in query.time_range_or(_DEFAULT_PERIOD, at))
    totals = session_rows.sessions_by_project(
        connection,
        Selection(
            project_ids={int(response.project.id) for response in shown},
            environment_ids=query.environment_ids(connection, access),
            start=start,
            end=end,
            interval=BucketWidth.DAY,
        ),
    )
    for response in shown:
        response.session_count = totals.get(int(response.project.id))
