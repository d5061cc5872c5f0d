"""Recording that a user has seen an issue, after the response, so that no page waits for the write lock."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import TTLCache
from litestar.concurrency import sync_to_thread

from shipmark.http import AnyRequest
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Refusal
from shipmark.issues.model import Issue
from shipmark.issues.store import states, views

#: The moment at which a user has seen an issue is exact to this time.
VIEW_PERIOD = timedelta(hours=1)
_NOTED = "issue_view_to_record"


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    organization_id: int
    issue_id: int
    user_id: int


#: Pages of one issue may be opened at once: a process records one of them.
_recorded: TTLCache[_View, bool] = TTLCache(maxsize=10_000, ttl=VIEW_PERIOD.total_seconds() / 2)


def note(request: AnyRequest, issue: Issue, user_id: int, seen_at: datetime | None) -> None:
    """Have it recorded after the response that the user has seen the issue, if that is due."""
    if seen_at is None or now() - seen_at >= VIEW_PERIOD:
        request.scope["state"][_NOTED] = _View(
            organization_id=issue.organization_id, issue_id=issue.id, user_id=user_id
        )


async def record_noted(request: AnyRequest) -> None:
    """Record what was noted, if anything. While the database is busy or away, a later request tries again."""
    view = request.scope["state"].get(_NOTED)
    if isinstance(view, _View) and view not in _recorded:
        _recorded[view] = True
        if not await sync_to_thread(_record, request.app.state.database, view):
            _recorded.pop(view, None)


def _record(database: Database, view: _View) -> bool:
    """Return False if it could not be recorded. A deleted issue has no views."""
    with suppress(Refusal), database.transaction() as connection:
        locked = states.locked(connection, view.organization_id, [view.issue_id])
        if locked:
            views.put(connection, [view.issue_id], view.user_id, now())
        return True
    return False
