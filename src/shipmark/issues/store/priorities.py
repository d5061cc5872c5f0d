"""Priorities of issues, which users set, and the conditions of lists on them."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.issues.priorities import ERROR_LEVELS, WARNING, Priority
from shipmark.issues.store.issues import issues

_is_error = sa.or_(issues.c.is_unhandled, issues.c.level.in_(ERROR_LEVELS))
# Conditions on columns, whose values PostgreSQL has counted: it would take a computed text for a rare one.
_BY_LEVEL = {
    Priority.HIGH: _is_error,
    Priority.MEDIUM: sa.and_(sa.not_(_is_error), issues.c.level == WARNING),
    Priority.LOW: sa.and_(sa.not_(_is_error), issues.c.level != WARNING),
}
_chosen = issues.c.chosen_priority
_CHOOSE = (
    sa.update(issues)
    .where(db.in_ids(issues.c.id))
    .values(
        chosen_priority=sa.bindparam("priority"),
        priority_locked_at=sa.bindparam("at", type_=db.UtcDateTime),
    )
)


def has_priority(priority: Priority) -> sa.ColumnElement[bool]:
    """Return the condition that an issue has the priority (`priorities.priority_of`), which is never NULL."""
    is_chosen = sa.and_(_chosen.is_not(None), _chosen == priority.value)
    return sa.or_(is_chosen, sa.and_(_chosen.is_(None), _BY_LEVEL[priority]))


def choose(
    connection: sa.Connection, issue_ids: Collection[int], priority: Priority, at: datetime
) -> None:
    """Set the priority of these issues, which are locked."""
    parameters = {**db.ids_param(issue_ids), "priority": priority.value, "at": at}
    connection.execute(_CHOOSE, parameters)
