"""The conditions of lists of issues on their assignees, as SQL."""

import sqlalchemy as sa

from shipmark.issues.model import IssueFilter
from shipmark.issues.people import AssignmentCondition
from shipmark.issues.store.assignments import assignments
from shipmark.issues.store.issues import issues


def sources(issue_filter: IssueFilter) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that databases begin at: only assigned issues match, which are few beside all issues."""
    of_projects = assignments.c.project_id.in_(issue_filter.project_ids)
    issue_ids = sa.select(assignments.c.issue_id)
    found: list[sa.ColumnElement[bool]] = []
    for condition in issue_filter.assignments:
        if not condition.finds_assigned_only:
            continue
        if condition.is_negated:
            to_others = [sa.not_(_is_to(condition))] if condition.names_any else []
            found.append(issues.c.id.in_(issue_ids.where(of_projects, *to_others)))
            continue
        # Each part has an index of its own.
        parts = []
        if condition.team_ids:
            to_teams = assignments.c.team_id.in_(condition.team_ids)
            parts.append(issue_ids.where(of_projects, to_teams))
        if condition.member_ids or not parts:
            parts.append(issue_ids.where(assignments.c.member_id.in_(condition.member_ids)))
        found.append(issues.c.id.in_(sa.union_all(*parts) if len(parts) > 1 else parts[0]))
    return found


def lookups(issue_filter: IssueFilter) -> list[sa.ColumnElement[bool]]:
    """Return the other conditions, for which the assignment of each issue is looked up by its id.

    A value and not EXISTS: PostgreSQL would join all issues with all assignments rather than read a page along the
    index of a list.
    """
    found: list[sa.ColumnElement[bool]] = []
    for condition in issue_filter.assignments:
        if condition.finds_assigned_only:
            continue
        of_issue = sa.select(_is_to(condition)).where(assignments.c.issue_id == issues.c.id)
        matches = sa.func.coalesce(
            of_issue.correlate(issues).scalar_subquery(), sa.literal(condition.includes_unassigned)
        )
        found.append(sa.not_(matches) if condition.is_negated else matches)
    return found


def _is_to(condition: AssignmentCondition) -> sa.ColumnElement[bool]:
    """Return a value that is never NULL, although one of the columns is."""
    parts = [
        column.in_(ids)
        for column, ids in (
            (assignments.c.member_id, condition.member_ids),
            (assignments.c.team_id, condition.team_ids),
        )
        if ids
    ]
    return sa.func.coalesce(sa.or_(*parts), sa.false()) if parts else sa.false()
