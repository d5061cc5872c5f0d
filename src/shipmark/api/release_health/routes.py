"""``organizations/{org}/sessions/``: questions about sessions (releases.md 2.21)."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from litestar import Response
from sqlalchemy import Connection

from shipmark.api.release_health.queries import DATED_MAX, SessionOrder, SessionsQuery
from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate_all
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ORGANIZATION_READ
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.projects.model import Project
from shipmark.release_health.session_groups import (
    GroupResult,
    by_releases,
    grouped_sessions,
    in_order,
)
from shipmark.release_health.session_query import GroupKey, SessionQuery, Value
from shipmark.release_health.store import session_rows
from shipmark.release_health.store.session_rows import Selection
from shipmark.releases.model import ReleaseFilter, ReleaseSort
from shipmark.releases.store import list_query, shipping_order

BASE_PATH = "/api/0/organizations/{organization:str}/sessions"


class SessionGroupResponse(Wire):
    """A group of sessions: what it is about, and the values of each field."""

    by: dict[str, str | int]
    totals: dict[str, Value] | msgspec.UnsetType
    series: dict[str, Sequence[Value]] | msgspec.UnsetType


class SessionsResponse(Wire):
    """The answer to a question about sessions. Moments have no fractions of seconds."""

    start: str
    end: str
    query: str
    intervals: list[str]
    groups: list[SessionGroupResponse]


@endpoint.get("/", scopes=ORGANIZATION_READ)
def query_sessions(context: RequestContext, query: SessionsQuery) -> Response[SessionsResponse]:
    """Count sessions and users by project, release, environment and outcome, over time."""
    question = query.question()
    order = query.order(question)
    page, intervals = query.groups_page(order), query.intervals(now())
    with context.database.snapshot() as connection:
        selected = query.select_listed(connection, context.access)
        if not selected:
            raise BadRequest("No projects available")
        project_ids = [project.id for project in selected]
        if question.names_latest:
            latest = shipping_order.latest_versions(connection, project_ids)
            question = question.with_latest(set(latest.values()))
        selection = Selection(
            project_ids=project_ids,
            start=intervals.start,
            end=intervals.end,
            interval=intervals.seconds,
            environment_ids=query.environment_ids(connection, context.access),
            by_release=question.by_release,
        )
        groups = _groups(connection, question, selection, selected, intervals.starts)
        groups = _ordered(context, connection, question, order, groups, selection, intervals.starts)
    shown, links = paginate_all(groups, page)
    response = SessionsResponse(
        start=_text(intervals.start),
        end=_text(intervals.shown_end),
        query=query.query or "",
        intervals=[_text(start) for start in intervals.starts],
        groups=[
            SessionGroupResponse(
                by={key.value: value for key, value in group.by},
                totals=dict(group.totals) if query.include_totals != "0" else msgspec.UNSET,
                series=dict(group.series) if query.include_series != "0" else msgspec.UNSET,
            )
            for group in shown
        ],
    )
    return context.listed(response, links)


def _groups(
    connection: Connection,
    question: SessionQuery,
    selection: Selection,
    projects: Sequence[Project],
    starts: Sequence[int],
) -> list[GroupResult]:
    """Return the groups, by three statements."""
    keys = session_rows.keys_of(connection, selection)
    return grouped_sessions(
        question,
        keys,
        {project.id: project.slug for project in projects},
        session_rows.counts_of(connection, keys, selection),
        session_rows.sketches_of(
            connection,
            keys,
            selection,
            users=question.reads_users,
            durations=question.reads_durations,
        ),
        starts,
    )


def _ordered(
    context: RequestContext,
    connection: Connection,
    question: SessionQuery,
    order: SessionOrder,
    groups: list[GroupResult],
    selection: Selection,
    starts: Sequence[int],
) -> list[GroupResult]:
    if GroupKey.STATUS in question.group_by:
        return groups
    if not order.by_date:
        return in_order(groups, order.name, is_ascending=order.is_ascending)
    rows = list_query.page(
        connection,
        ReleaseFilter(
            organization_id=context.organization_id,
            project_ids=tuple(selection.project_ids),
            environment_ids=tuple(selection.environment_ids or ()) or None,
            per_project=GroupKey.PROJECT in question.group_by,
            status=None,
        ),
        ReleaseSort.DATE,
        limit=DATED_MAX,
        is_backwards=order.is_ascending,
    )
    order_of_releases = [(row.release.version, row.project_id) for row in rows]
    return by_releases(question, groups, order_of_releases, starts)


def _text(epoch: int) -> str:
    # Not by strftime(), which writes years before 1000 without zeros.
    return datetime.fromtimestamp(epoch, UTC).replace(tzinfo=None).isoformat() + "Z"
