"""The conditions of lists of issues on the users who have bookmarked them, or are subscribed to them, as SQL.

A user may have bookmarked few issues, and be subscribed to most of an organization, as by resolving many at once.
"""

import sqlalchemy as sa

from shipmark.issues.people import UserCondition
from shipmark.issues.store.activity import subscriptions
from shipmark.issues.store.bookmarks import bookmarks
from shipmark.issues.store.issues import issues


def bookmarked_by(condition: UserCondition) -> sa.Select[int]:
    """Return the query for the ids of the issues that the users have bookmarked: a row for each bookmark."""
    return sa.select(bookmarks.c.issue_id).where(*_bookmarks_of(condition))


def subscribed_to(condition: UserCondition) -> sa.Select[int]:
    """Return the query for the ids of the issues that the users are subscribed to: a row for each subscription."""
    return sa.select(subscriptions.c.issue_id).where(*_subscriptions_of(condition))


def is_bookmarked(condition: UserCondition) -> sa.ColumnElement[bool]:
    """Return the condition that an issue is bookmarked by one of the users, or, negated, by none."""
    of_issue = sa.select(sa.true()).where(
        bookmarks.c.issue_id == issues.c.id, *_bookmarks_of(condition)
    )
    return _looked_up(of_issue, condition)


def is_subscribed(condition: UserCondition) -> sa.ColumnElement[bool]:
    """Return the condition that one of the users is subscribed to an issue, or, negated, none."""
    of_issue = sa.select(sa.true()).where(
        subscriptions.c.issue_id == issues.c.id, *_subscriptions_of(condition)
    )
    return _looked_up(of_issue, condition)


def _looked_up(of_issue: sa.Select[bool], condition: UserCondition) -> sa.ColumnElement[bool]:
    """Return a value and not EXISTS: see `assignment_conditions.lookups`."""
    if len(condition.user_ids) > 1:
        of_issue = of_issue.limit(1)
    is_found = sa.func.coalesce(of_issue.correlate(issues).scalar_subquery(), sa.false())
    return sa.not_(is_found) if condition.is_negated else is_found


def _bookmarks_of(condition: UserCondition) -> list[sa.ColumnElement[bool]]:
    return [bookmarks.c.user_id.in_(condition.user_ids)]


def _subscriptions_of(condition: UserCondition) -> list[sa.ColumnElement[bool]]:
    return [subscriptions.c.user_id.in_(condition.user_ids), subscriptions.c.is_active]
