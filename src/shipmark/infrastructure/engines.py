"""Engines for SQLite and PostgreSQL, and how each runs the three kinds of unit of work.

The docstring of `Database` is the contract. Units are cheap: on PostgreSQL a kind costs no statement of its own, and on
SQLite one pragma if the connection was last used for another kind.
"""

import select
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import InvalidatePoolError

from shipmark.infrastructure import sqlite_file
from shipmark.infrastructure.availability import READ_ONLY_STATES
from shipmark.infrastructure.connection_poolers import recognize_poolers
from shipmark.infrastructure.errors import Unavailable
from shipmark.infrastructure.units_of_work import UNIT, Unit

#: Timeouts for connecting, and for a silent server until a connection counts as broken.
_CONNECT_SECONDS = 10
_SILENCE_SECONDS = 60
#: Pools hand out the connection that was used last: its statements are prepared and its pages cached. In turn, each of
#: many connections would prepare each statement and fill a cache of its own.
_NEWEST_FIRST = True
#: The key in the info of a SQLite connection for the path and identity of its file.
_FILE = "file"
#: The function of SQLite connections that returns a text in small letters, of any alphabet.
LOWER_CASE = "lower_case"


# The server, database or user may have other defaults. The driver returns bytes for texts of a database without an
# encoding, and can't read dates in another style. Writers are made for this isolation, and have their own limit for
# waiting: one of statements would end them earlier, by an error that says nothing of locks, and long migrations. JIT
# compilation takes longer than these statements do. The cost of a random page is that of an SSD, or of memory: at the
# default of 4, that of a disk of 2001, tables of 10,000 rows were scanned for three of them.
_POSTGRESQL_SETTINGS = {
    "timezone": "utc",
    "datestyle": "iso",
    "default_transaction_isolation": "read committed",
    "statement_timeout": "0",
    "jit": "off",
    "random_page_cost": "1.1",
}


def sqlite_engine(url: str, lock_wait_seconds: float) -> Engine:
    """Return an engine that begins each unit of work as a writer, as a reader, or without a transaction."""
    engine = create_engine(
        url,
        pool_size=8,
        pool_use_lifo=_NEWEST_FIRST,
        max_overflow=32,
        connect_args={"timeout": lock_wait_seconds, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: Any) -> None:
        # The driver must not begin transactions itself: it would begin them as readers.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            # Checkpoint every 32 MiB: at the default of 4, large publishes would wait for it.
            "wal_autocheckpoint=8000",
            "foreign_keys=ON",
            "cache_size=-16000",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function(LOWER_CASE, 1, _lower_case, deterministic=True)
        record.info[_FILE] = sqlite_file.opened_file(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        _refuse_moved(connection)
        unit = connection.get_execution_options().get(UNIT)
        _set_read_only(connection, is_read_only=unit in {Unit.SNAPSHOT, Unit.AUTOCOMMIT_READ})
        # A writer takes the lock at once: upgrading a reader later can fail without waiting. An autocommit read has no
        # transaction, so that each of its statements reads what is committed by then.
        if unit != Unit.AUTOCOMMIT_READ:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if unit == Unit.TRANSACTION else "BEGIN")

    return engine


def _lower_case(text: str | None) -> str | None:
    """Return the text letter by letter in lower case, as PostgreSQL does."""
    # Of a sigma, Python looks at the letters around it; of a dotted I, it makes two characters.
    return text and text.replace("\u03a3", "\u03c3").replace("\u0130", "i").lower()


def _refuse_moved(connection: Connection) -> None:
    """Raise `Unavailable` if the file of the connection is not at its path any more.

    SQLite would continue to use it, and writes would be lost to processes that open the path. The check takes 2 µs.
    """
    opened = connection.info[_FILE]
    if opened is not None:
        path, identity = opened
        if sqlite_file.identity(path) != identity:
            raise Unavailable(sqlite_file.MOVED)


def _set_read_only(connection: Connection, *, is_read_only: bool) -> None:
    """Make the connection refuse or accept writes. The pragma takes 4 µs, and is omitted if nothing changes."""
    info = connection.info
    if info.get("is_read_only", False) is not is_read_only:
        driver = connection.connection.dbapi_connection
        assert driver is not None, "it is checked out"
        driver.execute(f"PRAGMA query_only={int(is_read_only)}")
        info["is_read_only"] = is_read_only


def postgresql_engine(url: str, lock_wait_seconds: float, connections: int) -> Engine:
    """Return an engine with at most this many connections, none of which is used after the server has closed it."""
    address = make_url(url)
    if address.drivername in {"postgresql", "postgres"}:
        address = address.set(drivername="postgresql+psycopg")
    settings = _POSTGRESQL_SETTINGS | {"lock_timeout": str(int(lock_wait_seconds * 1000))}
    # Such as a search_path: what is in the address too would be replaced.
    options = address.normalized_query.get("options", ())
    liveness = {
        "connect_timeout": _CONNECT_SECONDS,
        "keepalives_idle": _SILENCE_SECONDS // 2,
        "keepalives_interval": _SILENCE_SECONDS // 6,
        "keepalives_count": 3,
        "tcp_user_timeout": _SILENCE_SECONDS * 1000,
    }
    engine = create_engine(
        address,
        pool_size=connections,
        pool_use_lifo=_NEWEST_FIRST,
        max_overflow=0,
        pool_timeout=lock_wait_seconds,
        connect_args={
            **{name: value for name, value in liveness.items() if name not in address.query},
            "client_encoding": "utf8",
            "options": " ".join((*options, *map(_option, settings.items()))),
            # Statements are few and come again: most are composed once, when a module is loaded.
            "prepare_threshold": 2,
        },
    )
    recognize_poolers(engine, settings, address_has_options=bool(options))
    event.listen(engine, "checkout", _refuse_closed)
    event.listen(engine, "handle_error", _leave_standby)
    return engine


def _option(setting: tuple[str, str]) -> str:
    name, value = setting
    escaped = value.replace(" ", "\\ ")
    return f"-c {name}={escaped}"


def _refuse_closed(connection: Any, _record: object, _fairy: object) -> None:
    """Make the pool replace connections that the server has closed, as after a restart.

    A server sends nothing to an idle connection, so one with data to read was closed. The check takes 2 µs;
    ``pool_pre_ping`` would take a round trip for every unit of work.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise InvalidatePoolError


def _leave_standby(context: ExceptionContext) -> None:
    """Make the pool connect anew if the server of a writer takes no changes: another one may be the primary by now."""
    unit = context.connection.get_execution_options().get(UNIT) if context.connection else None
    state = getattr(context.original_exception, "sqlstate", None)
    if unit == Unit.TRANSACTION and state in READ_ONLY_STATES:
        context.is_disconnect = True


#: Options of the engines of `Database`, by kind of unit of work. The driver sends them with BEGIN.
POSTGRESQL_OPTIONS: dict[Unit, dict[str, object]] = {
    Unit.TRANSACTION: {},
    Unit.SNAPSHOT: {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    Unit.AUTOCOMMIT_READ: {"isolation_level": "AUTOCOMMIT"},
}
