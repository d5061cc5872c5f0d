"""The view model of the issues of a project whose later events are discarded."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.http.scopes import ISSUE_DELETE
from shipmark.issues.discarded_issues import DiscardedIssue
from shipmark.issues.short_ids import format_short_id
from shipmark.issues.store import discarded_issues
from shipmark.projects.model import Project
from shipmark.web.request_context import Workspace

ROWS_PER_PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardedIssueRow:
    """A discarded issue with its former short id, and the name of who discarded it, or ""."""

    discarded: DiscardedIssue
    short_id: str
    user_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardedIssuesPage:
    """A page of the discarded issues, the last first."""

    rows: Sequence[DiscardedIssueRow]
    number: int
    has_more: bool
    may_remove: bool


def discarded_issues_page(
    connection: Connection, workspace: Workspace, project: Project, number: int
) -> DiscardedIssuesPage:
    """Return the requested page, by two statements."""
    listed = discarded_issues.page_of(
        connection,
        project.id,
        None,
        limit=ROWS_PER_PAGE + 1,
        offset=(number - 1) * ROWS_PER_PAGE,
    )
    shown = listed[:ROWS_PER_PAGE]
    users = accounts.by_ids(
        connection, {each.user_id for each in shown if each.user_id is not None}
    )
    rows = []
    for each in shown:
        user = users.get(each.user_id or 0)
        rows.append(
            DiscardedIssueRow(
                discarded=each,
                short_id=format_short_id(project.slug, each.number),
                user_name=user.display_name if user else "",
            )
        )
    return DiscardedIssuesPage(
        rows=rows,
        number=number,
        has_more=len(listed) > ROWS_PER_PAGE,
        may_remove=workspace.may(ISSUE_DELETE),
    )
