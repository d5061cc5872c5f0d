"""Rows about events that may come before the events themselves, and the issues that they get with these."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.events.merged_issues import survivor_of
from shipmark.events.store import events
from shipmark.infrastructure import database as db

#: Rows without an issue that are looked at together.
_UNLINKED_MAX = 1000
_SENT = db.json_rows("sent", project_id=db.Id, event_id=sa.Text())


class IssueLinks:
    """Ties the rows of a table to the issues of their events, which are given by project and event.

    The table has the columns ``id``, ``project_id``, ``event_id``, ``issue_id`` and ``created_at``.
    """

    def __init__(self, table: sa.Table) -> None:
        self._table = table
        self._is_of_event = sa.and_(
            events.c.project_id == table.c.project_id, events.c.event_id == table.c.event_id
        )
        survivor = sa.select(survivor_of(events.c.issue_id)).where(self._is_of_event)
        self._issue_id = survivor.scalar_subquery()
        self._of_events = sa.select(table.c.id, table.c.issue_id).join(
            _SENT,
            sa.and_(table.c.project_id == _SENT.c.project_id, table.c.event_id == _SENT.c.event_id),
        )
        self._link = (
            sa.update(table)
            .where(table.c.id.in_(sa.select(db.IDS.c.id)))
            .values(issue_id=self._issue_id)
        )

    def ids_of_events(
        self, connection: sa.Connection, event_keys: Collection[tuple[int, str]]
    ) -> list[int]:
        """Return the ids of the rows about these events."""
        rows = connection.execute(self._of_events, db.rows_param("sent", event_keys))
        return [row_id for row_id, _ in rows]

    def unlinked_of_events(
        self, connection: sa.Connection, event_keys: Collection[tuple[int, str]]
    ) -> list[int]:
        """Return the ids of those rows about these events that have no issue."""
        # They are looked up by their events, as those without an issue may be many.
        rows = connection.execute(self._of_events, db.rows_param("sent", event_keys))
        return [row_id for row_id, issue_id in rows if issue_id is None]

    def link(self, connection: sa.Connection, event_keys: Collection[tuple[int, str]]) -> None:
        """Tie the rows about these events, which are stored, to the events' issues."""
        # Few events have rows that came before them.
        if unlinked := self.unlinked_of_events(connection, event_keys):
            connection.execute(self._link, db.ids_param(unlinked))

    def link_since(self, connection: sa.Connection, since: datetime) -> int:
        """Tie rows from then on to the issues of events that are stored by now. Return the number of the former.

        On PostgreSQL a row and its event may be stored in the same moment, neither of them seeing the other.
        """
        c = self._table.c
        unlinked = (
            sa.select(c.id)
            .join(events, self._is_of_event)
            .where(c.issue_id.is_(None), c.created_at >= since)
            .limit(_UNLINKED_MAX)
        )
        statement = sa.update(self._table).where(c.id.in_(unlinked))
        return connection.execute(statement.values(issue_id=self._issue_id)).rowcount
