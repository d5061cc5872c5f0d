"""``projects/{org}/{project}/tombstones/``: the issues whose later events are discarded, until an entry is deleted."""

from collections.abc import Mapping
from datetime import datetime

from litestar import Response

from shipmark.accounts.model import User
from shipmark.api.members.user_responses import UserResponse, optional_user_response
from shipmark.api.projects.path_project import PathProject
from shipmark.api.queries import PageQuery
from shipmark.api.releases import loading
from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.request_context import RequestContext, require_id
from shipmark.http.scopes import ISSUE_DELETE, ISSUE_READ
from shipmark.issues.actions import discard_issues
from shipmark.issues.discarded_issues import DiscardedIssue
from shipmark.issues.short_ids import format_short_id
from shipmark.issues.store import discarded_issues
from shipmark.projects.model import Project

BASE_PATH = "/api/0/projects/{organization:str}/{project:str}/tombstones"


class DiscardedIssueResponse(Wire):
    """An issue as it was when it was discarded. Its own id and short id lead nowhere."""

    id: str
    short_id: str
    type: str
    title: str
    message: str
    culprit: str
    level: str
    metadata: dict[str, object]
    actor: UserResponse | None
    date_added: datetime


def discarded_issue_response(
    discarded: DiscardedIssue, project: Project, users: Mapping[int, User]
) -> DiscardedIssueResponse:
    """Return a discarded issue of the project, with the user who discarded it."""
    return DiscardedIssueResponse(
        id=str(discarded.id),
        short_id=format_short_id(project.slug, discarded.number),
        type=discarded.type,
        title=discarded.title,
        message=discarded.title,
        culprit=discarded.culprit,
        level=discarded.level,
        metadata=discarded.metadata,
        actor=optional_user_response(users.get(discarded.user_id or 0)),
        date_added=discarded.created_at,
    )


@endpoint.get("/", scopes=ISSUE_READ)
def list_discarded_issues(
    context: RequestContext, project: PathProject, query: PageQuery
) -> Response[list[DiscardedIssueResponse]]:
    """List the discarded issues of a project, the last first."""
    page = query.dated_page()
    with context.database.snapshot() as connection:
        rows = discarded_issues.page_of(connection, project.id, page.position, limit=page.limit)
        listed, links = paginate_by_keyset(rows, page)
        users = loading.prefetch_for_users(connection, [each.user_id for each in listed])
    return context.listed(
        [discarded_issue_response(each, project, users) for each in listed], links
    )


@endpoint.delete("/{tombstone:str}/", scopes=ISSUE_DELETE)
def stop_discarding(context: RequestContext, project: PathProject, tombstone: str) -> None:
    """Store events of a discarded issue's kind again. The issue and the events that it had stay deleted."""
    with context.database.transaction() as connection:
        discard_issues.stop_discarding(
            connection, context.action_context(), project, require_id(tombstone)
        )
