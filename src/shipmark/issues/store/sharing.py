"""Issues that are public, by the ids that are in their addresses."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.issues.model import Issue
from shipmark.issues.store.issues import ISSUE, issues

_SHARES = db.json_rows("shares", issue_id=db.Id, share_id=sa.Text())
_SHARE = (
    sa.update(issues).where(issues.c.id == _SHARES.c.issue_id).values(share_id=_SHARES.c.share_id)
)
_UNSHARE = sa.update(issues).where(db.in_ids(issues.c.id)).values(share_id=None)


def by_share_id(connection: sa.Connection, share_id: str) -> Issue | None:
    """Return the issue that is public by this id, or None."""
    query = ISSUE.select().where(issues.c.share_id == share_id, issues.c.share_id.is_not(None))
    return ISSUE.first(connection, query)


def share(connection: sa.Connection, share_ids: Mapping[int, str]) -> None:
    """Make issues, which are locked, public by these ids."""
    connection.execute(_SHARE, db.rows_param("shares", sorted(share_ids.items())))


def unshare(connection: sa.Connection, issue_ids: Collection[int]) -> None:
    """Make these issues, which are locked, private."""
    connection.execute(_UNSHARE, db.ids_param(issue_ids))
