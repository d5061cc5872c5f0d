"""Issues that a condition finds, where there are few of them: a list begins at them, and else looks up each issue."""

from collections.abc import Mapping

import sqlalchemy as sa

_FEW = 1000


def ids_if_few(
    connection: sa.Connection,
    query: sa.Select[int],
    parameters: Mapping[str, object] | None = None,
    *,
    most: int = _FEW,
) -> set[int] | None:
    """Return the ids of issues that a query finds, or None if it finds more rows than the most. No more are read."""
    found = connection.execute(query.limit(most + 1), parameters).scalars().all()
    return set(found) if len(found) <= most else None
