"""Issues that were merged into others: their ids lead to the issue that survives.

A merged issue may still have events, which a job moves to the survivor (decision 40). What is read by an event is of
the survivor from the merge on.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.schema import parent


class MergedIssueColumns(sa.TypedColumns):
    """An issue that was merged. ``issue_id`` is that of the survivor, which is never merged itself.

    ``id`` and ``number`` are what the issue had, and no other issue gets.
    """

    id = sa.Column(db.Id, primary_key=True, autoincrement=False)
    issue_id = parent("issues", index=True)
    project_id = sa.Column(db.Id, nullable=False)
    number = sa.Column(db.Id, nullable=False)


merged_issues = sa.Table(
    "merged_issues",
    db.metadata,
    MergedIssueColumns,
    sa.UniqueConstraint("project_id", "number"),
)


_SURVIVORS = sa.select(merged_issues.c.id, merged_issues.c.issue_id).join(
    db.IDS, db.IDS.c.id == merged_issues.c.id
)


def survivor_of(issue_id: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    """Return the id of the issue that survives the one with this id: mostly the id itself."""
    survivor = sa.select(merged_issues.c.issue_id).where(merged_issues.c.id == issue_id)
    return sa.func.coalesce(survivor.scalar_subquery(), issue_id, type_=db.Id)


def survivors(connection: sa.Connection, issue_ids: Collection[int]) -> set[int]:
    """Return the ids with those of merged issues replaced by those of their survivors."""
    rows = connection.execute(_SURVIVORS, db.ids_param(issue_ids))
    led = {merged_id: issue_id for merged_id, issue_id in rows}
    return {led.get(issue_id, issue_id) for issue_id in issue_ids}
