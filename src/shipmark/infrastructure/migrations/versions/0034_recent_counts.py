"""The numbers of each issue's events in the last hours and days (issues/recent_counts.py).

They are counted from the events of the last 30 days, a batch of issues at a time. A node of the release before it does
not add to them: until it is replaced, its events are missing in them.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_BATCH = 500
_HOURS, _DAYS = 24, 30
_MOMENT = sa.DateTime(timezone=True)

_issues = sa.table("issues", sa.column("id"), sa.column("recent_counts"))
_events = sa.table("events", sa.column("issue_id"), sa.column("happened_at", _MOMENT))
_thinned = sa.table(
    "thinned_event_counts",
    sa.column("issue_id"),
    sa.column("minute", _MOMENT),
    sa.column("event_count"),
)


def upgrade() -> None:
    """Take the step."""
    op.add_column("issues", sa.Column("recent_counts", sa.Text()))
    connection = op.get_bind()
    begin = datetime.now(UTC) - timedelta(days=_DAYS)
    last_id: int | None = 0
    while last_id is not None:
        ids = sa.select(_issues.c.id).where(_issues.c.id > last_id).order_by(_issues.c.id)
        batch = list(connection.execute(ids.limit(_BATCH)).scalars())
        if batch:
            _fill(connection, batch[0], batch[-1], begin)
        last_id = batch[-1] if batch else None


def _fill(connection: sa.Connection, first_id: int, last_id: int, begin: datetime) -> None:
    hours: dict[int, Counter[int]] = {}
    days: dict[int, Counter[int]] = {}
    for table, moment, number in (
        (_events, _events.c.happened_at, sa.literal(1)),
        (_thinned, _thinned.c.minute, _thinned.c.event_count),
    ):
        query = sa.select(table.c.issue_id, moment, number).where(
            table.c.issue_id.between(first_id, last_id), moment >= begin
        )
        for issue_id, at, count in connection.execute(query):
            # SQLite's moments have no zone.
            seconds = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
            hours.setdefault(issue_id, Counter())[seconds // 3600] += count
            days.setdefault(issue_id, Counter())[seconds // 86_400] += count
    rows = [
        {
            "of_issue": issue_id,
            "text": json.dumps([*_series(hours[issue_id], _HOURS), *_series(days[issue_id], _DAYS)]),
        }
        for issue_id in sorted(hours)
    ]
    if rows:
        statement = sa.update(_issues).where(_issues.c.id == sa.bindparam("of_issue"))
        connection.execute(statement.values(recent_counts=sa.bindparam("text")), rows)


def _series(counts: Mapping[int, int], most: int) -> tuple[int, list[int]]:
    """Return the last interval with an event, and the numbers of it and those before it."""
    last = max(counts)
    oldest = min(interval for interval in counts if interval > last - most)
    return last, [counts.get(interval, 0) for interval in range(last, oldest - 1, -1)]


def downgrade() -> None:
    """Take it back."""
    op.drop_column("issues", "recent_counts")
