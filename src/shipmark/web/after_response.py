"""What pages record after their response, so that none of them waits for the write lock."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import TTLCache
from litestar.concurrency import sync_to_thread

from shipmark.accounts import actions as accounts
from shipmark.accounts.actions import USE_PERIOD
from shipmark.http import AnyRequest
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Refusal
from shipmark.issues.model import Issue
from shipmark.issues.store import states, views

_NOTED_SESSION = "session_to_record"
#: Requests of one page come together: a process records the use of a session once, however many of them there are.
_recorded_sessions: TTLCache[str, bool] = TTLCache(
    maxsize=10_000, ttl=USE_PERIOD.total_seconds() / 2
)
#: The moment at which a user has seen an issue is exact to this time.
VIEW_PERIOD = timedelta(hours=1)
_NOTED_VIEW = "issue_view_to_record"


async def record_noted(request: AnyRequest) -> None:
    """Record what was noted while the page was made: that a session is in use, and that an issue was seen."""
    await _record_session(request)
    await _record_view(request)


def note_session(request: AnyRequest, secret: str, last_used_at: datetime | None) -> None:
    """Have the use of the session with this cookie recorded after the response, if that is due."""
    if accounts.is_use_due(last_used_at, now()):
        request.scope["state"][_NOTED_SESSION] = secret


async def _record_session(request: AnyRequest) -> None:
    """Record the use that was noted, if any. While the database is busy or away, a later request tries again."""
    secret = request.scope["state"].get(_NOTED_SESSION)
    if isinstance(secret, str) and secret not in _recorded_sessions:
        _recorded_sessions[secret] = True
        await sync_to_thread(_write_session, request.app.state.database, secret)


def _write_session(database: Database, secret: str) -> None:
    with suppress(Refusal), database.transaction() as connection:
        accounts.record_use(connection, secret, now())


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    organization_id: int
    issue_id: int
    user_id: int


#: Pages of one issue may be opened at once: a process records one of them.
_recorded_views: TTLCache[_View, bool] = TTLCache(
    maxsize=10_000, ttl=VIEW_PERIOD.total_seconds() / 2
)


def note_view(request: AnyRequest, issue: Issue, user_id: int, seen_at: datetime | None) -> None:
    """Have it recorded after the response that the user has seen the issue, if that is due."""
    if seen_at is None or now() - seen_at >= VIEW_PERIOD:
        request.scope["state"][_NOTED_VIEW] = _View(
            organization_id=issue.organization_id, issue_id=issue.id, user_id=user_id
        )


async def _record_view(request: AnyRequest) -> None:
    """Record what was noted, if anything. While the database is busy or away, a later request tries again."""
    view = request.scope["state"].get(_NOTED_VIEW)
    if isinstance(view, _View) and view not in _recorded_views:
        _recorded_views[view] = True
        if not await sync_to_thread(_write_view, request.app.state.database, view):
            _recorded_views.pop(view, None)


def _write_view(database: Database, view: _View) -> bool:
    """Return False if it could not be recorded. A deleted issue has no views."""
    with suppress(Refusal), database.transaction() as connection:
        locked = states.locked(connection, view.organization_id, [view.issue_id])
        if locked:
            views.put(connection, [view.issue_id], view.user_id, now())
        return True
    return False
