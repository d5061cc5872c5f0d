"""Changes of issues by age: unresolved ones that have not been seen for long are resolved (releases.md 4.4).

Any number of issues take a constant number of statements.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.issues.model import HistoryStatus, IssueActivityType, IssueStatus
from shipmark.issues.store import activity, inbox, issues, old_issues
from shipmark.projects import store as projects
from shipmark.projects.options import RESOLVE_AGE

#: The issues that one transaction changes, and the projects that it looks at.
BATCH = 500
PROJECTS_MAX = 500


def resolve_by_age(connection: Connection, at: datetime, *, after_project_id: int) -> int | None:
    """Resolve a batch of issues of a project with a larger id, not seen for as many hours as the project says.

    Return the id of the project to continue after, or None if no issue is left.
    """
    stored = projects.values_of_option(
        connection, RESOLVE_AGE, after_project_id=after_project_id, limit=PROJECTS_MAX
    )
    hours = {
        project_id: value for project_id, value in stored if isinstance(value, int) and value > 0
    }
    seen_by = {project_id: at - timedelta(hours=each) for project_id, each in hours.items()}
    project_id = old_issues.first_project(connection, seen_by) if seen_by else None
    if project_id is None:
        return stored[-1][0] if len(stored) == PROJECTS_MAX else None
    issue_ids = old_issues.not_seen_since(connection, project_id, seen_by[project_id], limit=BATCH)
    # What was read before the lock may have changed: the issue may just have been seen again.
    old_ids = [
        issue.id
        for issue in issues.lock_whole(connection, issue_ids).values()
        if issue.status is IssueStatus.UNRESOLVED and issue.last_seen_at <= seen_by[project_id]
    ]
    if old_ids:
        _resolve(connection, old_ids, hours[project_id], at)
    return project_id - 1 if len(issue_ids) == BATCH else project_id


def _resolve(connection: Connection, issue_ids: Sequence[int], hours: int, at: datetime) -> None:
    users: dict[int, int | None] = dict.fromkeys(issue_ids)
    old_issues.resolve(connection, issue_ids, at)
    inbox.remove(connection, issue_ids)
    kind, details = IssueActivityType.SET_RESOLVED_BY_AGE, {"age": hours}
    activity.add_plain(connection, kind, users, at, details)
    activity.add_history(connection, HistoryStatus.AUTO_RESOLVED, users, None, at)
