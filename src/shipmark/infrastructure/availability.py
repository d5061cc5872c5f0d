"""Detection of database outages: each is logged when it begins and when it ends, and answered with 503."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shipmark.infrastructure.errors import Unavailable
from shipmark.infrastructure.telemetry import log

AWAY = "The database does not answer. Try again in a few seconds."
READ_ONLY = "The database takes no changes at the moment. Try again in a few seconds."
NO_CONNECTION = "All connections to the database are in use. Try again in a few seconds."
#: SQLSTATEs of a server that stops, has stopped or is starting; class 08 is a broken connection.
_AWAY_STATES = {"57P01", "57P02", "57P03", "57P05"}
_CONNECTION_CLASS = "08"
#: SQLSTATEs of a server that takes no changes, as a standby: of a statement, and of a transaction that may write.
READ_ONLY_STATES = {"25006", "0A000"}
#: The server accepts no more connections: in all, or of this user or database.
_TOO_MANY_CONNECTIONS = "53300"
_SHORTAGE_WORDS = ("too many clients", "too many connections", "connection slots are reserved")
#: With too few connections, or without changes, some requests succeed and some fail: it is logged once in this time.
PARTIAL_LOG_SECONDS = 60.0
_SHORTAGE = "There are too few connections to the database"
_NO_CHANGES = "The database takes no changes"


class Availability:
    """The state of the database as one process sees it. A unit of work that began before an outage does not end it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outages = 0
        self._is_away = False
        self._partial_logged_at: dict[str, float] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Run a unit of work.

        Raise `Unavailable` if the database cannot be reached, has no connection left, or takes no changes.
        """
        outages = self._outages
        try:
            yield
        except PoolTimeoutError as error:
            self._note_partial(_SHORTAGE, str(error))
            raise Unavailable(NO_CONNECTION) from error
        except DBAPIError as error:
            if is_shortage(error):
                self._note_partial(_SHORTAGE, _reason(error))
                raise Unavailable(NO_CONNECTION) from error
            if is_read_only(error):
                self._note_partial(_NO_CHANGES, _reason(error))
                raise Unavailable(READ_ONLY) from error
            if is_away(error):
                self._note_outage(_reason(error))
                raise Unavailable(AWAY) from error
            raise
        if self._is_away:
            self._note_recovery(outages)

    def _note_outage(self, reason: str) -> None:
        with self._lock:
            has_changed, self._is_away = not self._is_away, True
            self._outages += has_changed
        if has_changed:
            log.error("The database is away", reason=reason)

    def _note_recovery(self, outages: int) -> None:
        with self._lock:
            has_changed = self._is_away and outages == self._outages
            self._is_away = self._is_away and not has_changed
        if has_changed:
            log.warning("The database is back")

    def _note_partial(self, message: str, reason: str) -> None:
        now = time.monotonic()
        with self._lock:
            last = self._partial_logged_at.get(message)
            has_changed = last is None or now - last > PARTIAL_LOG_SECONDS
            if has_changed:
                self._partial_logged_at[message] = now
        if has_changed:
            log.error(message, reason=reason)


def is_shortage(error: DBAPIError) -> bool:
    """Return True if the server has no connection left. While connecting it reports that only in its message."""
    message = str(error.orig) if error.statement is None else ""
    is_in_message = any(words in message for words in _SHORTAGE_WORDS)
    return _state(error) == _TOO_MANY_CONNECTIONS or is_in_message


def is_read_only(error: DBAPIError) -> bool:
    """Return True if the server refuses changes, so that the engine has closed the connection (`postgresql_engine`)."""
    return error.connection_invalidated and _state(error) in READ_ONLY_STATES


def is_away(error: DBAPIError) -> bool:
    """Return True if the error means that the database cannot be reached, rather than that a statement is wrong."""
    state = _state(error)
    if error.connection_invalidated or state in _AWAY_STATES:
        return True
    if state is not None:
        return state.startswith(_CONNECTION_CLASS)
    # Without a statement, connecting, BEGIN or COMMIT failed.
    return isinstance(error, OperationalError) and error.statement is None


def _state(error: DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def _reason(error: DBAPIError) -> str:
    return str(error.orig).strip().partition("\n")[0]
