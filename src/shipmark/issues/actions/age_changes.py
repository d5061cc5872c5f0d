"""Changes of issues by age (releases.md 4.4, ingest.md 11).

Unresolved ones that have not been seen for long are resolved; what is new, has regressed or escalates becomes ongoing.

Any number of issues take a constant number of statements.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.issues.model import HistoryStatus, Issue, IssueActivityType, IssueStatus, Substatus
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
    moments = {project_id: at - timedelta(hours=each) for project_id, each in hours.items()}
    project_id = old_issues.first_project(connection, moments) if moments else None
    if project_id is None:
        return stored[-1][0] if len(stored) == PROJECTS_MAX else None
    seen_by = moments[project_id]
    issue_ids = old_issues.not_seen_since(connection, project_id, seen_by, limit=BATCH)

    def is_old(issue: Issue) -> bool:
        return issue.status is IssueStatus.UNRESOLVED and issue.last_seen_at <= seen_by

    if old_ids := _lock_those(connection, issue_ids, is_old):
        states.resolve_now(connection, old_ids, at, is_by_age=True)
        inbox.remove(connection, old_ids)
        kind, details = IssueActivityType.SET_RESOLVED_BY_AGE, {"age": hours[project_id]}
        _record(connection, old_ids, kind, details, HistoryStatus.AUTO_RESOLVED, at)
    return project_id - 1 if len(issue_ids) == BATCH else project_id


def set_ongoing_by_age(connection: Connection, at: datetime) -> bool:
    """Set a batch of open issues to ongoing that became active seven days before. Return True if there may be more.

    They stay in the inbox, which they leave by their age there.
    """
    active_by = at - timedelta(days=ONGOING_AFTER_DAYS)
    issue_ids = old_issues.not_ongoing(connection, active_by, limit=BATCH)
    if not issue_ids:
        return False

    def is_old(issue: Issue) -> bool:
        return issue.substatus is not Substatus.ONGOING and issue.active_at <= active_by

    changed = states.set_ongoing(connection, _lock_those(connection, issue_ids, is_old))
    if changed:
        kind, details = IssueActivityType.AUTO_SET_ONGOING, {"after_days": ONGOING_AFTER_DAYS}
        _record(connection, changed, kind, details, HistoryStatus.ONGOING, at)
    return len(issue_ids) == BATCH


def _lock_those(
    connection: Connection, issue_ids: Collection[int], is_old: Callable[[Issue], bool]
) -> list[int]:
    """Lock issues, and return those that are still old: one may have been seen since it was read."""
    locked = issues.lock_whole(connection, issue_ids).values()
    return [issue.id for issue in locked if is_old(issue)]


def _record(
    connection: Connection,
    issue_ids: Collection[int],
    kind: IssueActivityType,
    details: Mapping[str, object],
    history: HistoryStatus,
    at: datetime,
) -> None:
    """Record what no user did."""
    users: dict[int, int | None] = dict.fromkeys(issue_ids)
    activity.add_plain(connection, kind, users, at, dict(details))
    activity.add_history(connection, history, users, None, at)
