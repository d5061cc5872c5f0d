"""Changes of issues by age (releases.md 4.4, ingest.md 11).

Unresolved ones that have not been seen for long are resolved; what is new, has regressed or escalates becomes ongoing.

Any number of issues take a constant number of statements.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.issues.model import HistoryStatus, IssueActivityType, IssueStatus, Substatus
from shipmark.issues.store import activity, inbox, issues, old_issues, states
from shipmark.projects import store as projects
from shipmark.projects.options import RESOLVE_AGE

#: The issues that one transaction changes, and the projects that it looks at.
BATCH = 500
PROJECTS_MAX = 500
#: The days after which open issues are ongoing.
ONGOING_AFTER_DAYS = 7


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


def set_ongoing_by_age(connection: Connection, at: datetime) -> bool:
    """Set a batch of open issues to ongoing that became active seven days before. Return True if there may be more.

    They stay in the inbox, which they leave by their age there.
    """
    active_by = at - timedelta(days=ONGOING_AFTER_DAYS)
    issue_ids = old_issues.not_ongoing(connection, active_by, limit=BATCH)
    if not issue_ids:
        return False
    # What was read before the lock may have changed: the issue may just have regressed again.
    old_ids = [
        issue.id
        for issue in issues.lock_whole(connection, issue_ids).values()
        if issue.substatus is not Substatus.ONGOING and issue.active_at <= active_by
    ]
    changed = states.set_ongoing(connection, old_ids)
    if changed:
        users: dict[int, int | None] = dict.fromkeys(changed)
        kind, details = IssueActivityType.AUTO_SET_ONGOING, {"after_days": ONGOING_AFTER_DAYS}
        activity.add_plain(connection, kind, users, at, details)
        activity.add_history(connection, HistoryStatus.ONGOING, users, None, at)
    return len(issue_ids) == BATCH


def _resolve(connection: Connection, issue_ids: Sequence[int], hours: int, at: datetime) -> None:
    users: dict[int, int | None] = dict.fromkeys(issue_ids)
    old_issues.resolve(connection, issue_ids, at)
    inbox.remove(connection, issue_ids)
    kind, details = IssueActivityType.SET_RESOLVED_BY_AGE, {"age": hours}
    activity.add_plain(connection, kind, users, at, details)
    activity.add_history(connection, HistoryStatus.AUTO_RESOLVED, users, None, at)
