"""The conditions of lists of issues on their texts, as SQL.

No index has texts: issues are read along the index of a list until there are enough.
"""

import json

import sqlalchemy as sa

from shipmark.infrastructure.text_search import is_like
from shipmark.issues.priorities import Priority
from shipmark.issues.store.issues import issues
from shipmark.issues.store.priorities import has_priority
from shipmark.issues.text_search import ANY_TEXT, IssueText, TextCondition

_CATEGORY = "error"
_COLUMNS: dict[IssueText, tuple[sa.ColumnElement[str], ...]] = {
    IssueText.LEVEL: (issues.c.level,),
    IssueText.PLATFORM: (issues.c.platform,),
    IssueText.TITLE: (issues.c.title,),
    IssueText.CULPRIT: (issues.c.culprit,),
    IssueText.LOCATION: (issues.c.location,),
    IssueText.MESSAGE: (issues.c.title, issues.c.message),
    IssueText.EVENT_TYPE: (issues.c.type,),
    IssueText.CATEGORY: (sa.literal(_CATEGORY),),
}


def has_text(condition: TextCondition) -> sa.ColumnElement[bool]:
    """Return the condition that an issue has one of the values, or, negated, none of them."""
    if condition.text is IssueText.PRIORITY:
        return _has_priority(condition)
    if condition.text is IssueText.ERROR_TYPE:
        parts = [_has_error_type(value) for value in condition.values]
    else:
        columns = _COLUMNS[condition.text]
        parts = [_is(column, value) for column in columns for value in condition.values]
    is_any = sa.or_(*parts)
    # A column may be NULL. Only where it has to: PostgreSQL knows nothing of how many rows have a computed value.
    return sa.not_(sa.func.coalesce(is_any, sa.false())) if condition.is_negated else is_any


def _is(column: sa.ColumnElement[str], value: str) -> sa.ColumnElement[bool]:
    """Return a comparison: of whole values with their case, of patterns without."""
    if not value:
        return sa.func.coalesce(column, "") == value
    return is_like(column, value) if ANY_TEXT in value else column == value


def _has_priority(condition: TextCondition) -> sa.ColumnElement[bool]:
    """Return the condition that an issue has one of the priorities: negated, one of the others."""
    named = {Priority(value) for value in condition.values}
    priorities = [each for each in Priority if (each in named) is not condition.is_negated]
    return sa.or_(sa.false(), *map(has_priority, priorities))


def _has_error_type(value: str) -> sa.ColumnElement[bool]:
    """Return the condition that the details of an issue, which are JSON, have this type, or none if it is empty.

    Quotes within texts are escaped there, so that the key with its value occurs nowhere else. What it is replaced in is
    another text, on both databases with its case.
    """
    member = f'"type": {json.dumps(value)}' if value else '"type": "'
    without = sa.func.replace(issues.c.details, member, "")
    return without != issues.c.details if value else without == issues.c.details
