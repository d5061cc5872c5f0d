"""Issues by the tags of their events."""

from collections.abc import Sequence

import sqlalchemy as sa

from shipmark.issues.store.issues import issues
from shipmark.issues.store.tag_counts import LAST_CHARACTER, issue_tags
from shipmark.issues.tags import TagCondition, TagPattern

_c = issue_tags.c


def with_tag(project_ids: Sequence[int], condition: TagCondition) -> sa.Select[int]:
    """Return the query for the ids of the projects' issues that were seen with one of the values: a row for each."""
    return sa.select(_c.issue_id).where(_c.project_id.in_(project_ids), *_values(condition))


def matches(condition: TagCondition) -> sa.ColumnElement[bool]:
    """Return the condition that an issue was seen with one of the values, or, negated, with none of them.

    It is looked up for each issue by its id.
    """
    seen = (
        sa.select(_c.issue_id)
        .where(_c.issue_id == issues.c.id, *_values(condition))
        .correlate(issues)
        .exists()
    )
    return ~seen if condition.is_negated else seen


def _values(condition: TagCondition) -> list[sa.ColumnElement[bool]]:
    keys = (condition.key, condition.hidden_key)
    is_key = _c.key.in_(keys) if condition.hidden_key else _c.key == condition.key
    if not condition.patterns:
        return [is_key]
    exact = [pattern.text for pattern in condition.patterns if not pattern.is_prefix]
    any_of = [_begins(pattern) for pattern in condition.patterns if pattern.is_prefix]
    if exact:
        any_of.append(_c.value.in_(exact))
    return [is_key, sa.or_(*any_of)]


def _begins(pattern: TagPattern) -> sa.ColumnElement[bool]:
    """Return a range of an index, which a LIKE is on neither database."""
    return sa.and_(_c.value >= pattern.text, _c.value < pattern.text + LAST_CHARACTER)
