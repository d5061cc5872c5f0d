"""Issues whose deletion was requested: a job deletes their events, which no reader of events shows meanwhile."""

import sqlalchemy as sa

from shipmark.infrastructure import database as db

#: What is stored as the status of such an issue.
PENDING_DELETION = "pending_deletion"

# Issues know events, not the other way round: of their table only this is needed here.
_issues = sa.table("issues", sa.column("id", db.Id), sa.column("status", sa.String()))


def is_hidden(issue_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Return the condition that the issue with this id, which may have been merged, is to be deleted."""
    is_it = sa.and_(_issues.c.id == issue_id, _issues.c.status == PENDING_DELETION)
    return sa.select(_issues.c.id).where(is_it).exists()
