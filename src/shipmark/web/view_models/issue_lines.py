"""Issues in lists."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.issues.model import Issue
from shipmark.issues.short_ids import format_short_id
from shipmark.issues.store import issue_lists
from shipmark.web.request_context import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLine:
    """An issue with its short id."""

    issue: Issue
    short_id: str


def selected_issues(
    connection: Connection, workspace: Workspace, issue_ids: Collection[int]
) -> list[Issue]:
    """Return those of the issues that the user sees, in the order of their projects and numbers."""
    known = issue_lists.by_ids(connection, issue_ids)
    visible = [issue for issue in known if issue.project_id in workspace.projects_by_id]
    return sorted(visible, key=lambda issue: (issue.project_id, issue.number))


def issue_line(issue: Issue, workspace: Workspace) -> IssueLine:
    """Return the line of an issue of a visible project."""
    slug = workspace.projects_by_id[issue.project_id].slug
    return IssueLine(issue=issue, short_id=format_short_id(slug, issue.number))


def issue_lines(listed: Iterable[Issue], workspace: Workspace) -> tuple[IssueLine, ...]:
    """Return the lines of issues of visible projects."""
    return tuple(issue_line(issue, workspace) for issue in listed)
