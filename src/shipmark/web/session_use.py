"""Recording that a session is in use, after the response, so that no page waits for the write lock."""

from contextlib import suppress
from datetime import datetime

from cachetools import TTLCache
from litestar.concurrency import sync_to_thread

from shipmark.accounts import actions as accounts
from shipmark.accounts.actions import USE_PERIOD
from shipmark.http import AnyRequest
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Refusal

_NOTED = "session_to_record"
#: Requests of one page come together: a process records the use of a session once, however many of them there are.
_recorded: TTLCache[str, bool] = TTLCache(maxsize=10_000, ttl=USE_PERIOD.total_seconds() / 2)


def note(request: AnyRequest, secret: str, last_used_at: datetime | None) -> None:
    """Have the use of the session with this cookie recorded after the response, if that is due."""
    if accounts.is_use_due(last_used_at, now()):
        request.scope["state"][_NOTED] = secret


async def record_noted(request: AnyRequest) -> None:
    """Record the use that was noted, if any. While the database is busy or away, a later request tries again."""
    secret = request.scope["state"].get(_NOTED)
    if isinstance(secret, str) and secret not in _recorded:
        _recorded[secret] = True
        await sync_to_thread(_record, request.app.state.database, secret)


def _record(database: Database, secret: str) -> None:
    with suppress(Refusal), database.transaction() as connection:
        accounts.record_use(connection, secret, now())
