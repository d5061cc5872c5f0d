"""Access to the database. Only it, ``engines.py``, ``connection_poolers.py`` and ``text_search.py`` know which it is.

Only `Database` opens units of work: domain packages get a ``Connection`` and never open, commit or roll back anything
themselves. ``engines.py`` runs them, ``availability.py`` detects outages.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from shipmark.infrastructure import sqlite_file
from shipmark.infrastructure.availability import Availability
from shipmark.infrastructure.engines import (
    POSTGRESQL_OPTIONS,
    postgresql_engine,
    sqlite_engine,
)
from shipmark.infrastructure.errors import Conflict, NotFound, StorageFull, Unavailable
from shipmark.infrastructure.telemetry import log
from shipmark.infrastructure.units_of_work import UNIT, Unit
from shipmark.infrastructure.write_lock import FileWriteLock, NullWriteLock, WriteLock

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: The type of every id: 64 bits, and on SQLite the type that makes a column the key of its table.
Id: TypeEngine[int] = sa.BigInteger().with_variant(sa.Integer, "sqlite")

#: A text that sorts byte by byte, whatever the collation of the database.
BinaryText: TypeEngine[str] = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

Value = TypeVar("Value", int, str)

STORAGE_FULL = "There is no space left in the database. Nothing was changed. Contact the operator of this server."
BUSY = "Someone else is changing the same data. Nothing was changed; please try again."

#: The length of a datetime without its zone, as text.
_DATETIME_LENGTH = len("2026-01-01 00:00:00.000000")

#: PostgreSQL's SQLSTATEs when a lock is not free in time, when it ends a deadlock, and when its disk is full.
_LOCKED = {"55P03", "40P01"}
_DISK_FULL = "53100"
#: PostgreSQL's SQLSTATE for a row that refers to a missing one.
_NO_REFERENCE = "23503"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware date and time in UTC. A naive one is a bug and fails."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the value to store, in UTC; SQLite has no time zones, so there it is naive."""
        if value is None:
            return None
        assert value.tzinfo is not None, "datetimes are aware"
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, _: sa.Dialect) -> datetime | None:
        """Return the stored value, in UTC, which is mostly the zone of PostgreSQL's session."""
        return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)

    def result_processor(
        self, dialect: sa.Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """Return the conversion of a stored value. On SQLite values are texts; lists read many, so it is one step."""
        if dialect.name == "sqlite":
            return _parse_sqlite_datetime
        return super().result_processor(dialect, coltype)


def _parse_sqlite_datetime(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        # With the zone in the text it takes a fifth of the time of `replace`, and a page of releases has hundreds.
        return datetime.fromisoformat(text + "Z")
    except ValueError:  # written by hand, with an offset
        return datetime.fromisoformat(text).astimezone(UTC)


class Database:
    """One database, SQLite or PostgreSQL, and the three kinds of unit of work on it.

    ===================  =============================  ==========================================  ======
    unit of work         sees                           on PostgreSQL / on SQLite                   writes
    ===================  =============================  ==========================================  ======
    ``transaction``      its own writes; what others    READ COMMITTED / BEGIN IMMEDIATE            yes
                         commit meanwhile, on
                         PostgreSQL only
    ``snapshot``         one state, that of its first   REPEATABLE READ, READ ONLY / BEGIN with     no
                         statement                      ``query_only``
    ``autocommit_read``  for each statement, what is    autocommit / no transaction, with           no
                         committed by then              ``query_only``
    ===================  =============================  ==========================================  ======

    Writing in a read-only unit fails, except in ``autocommit_read`` on PostgreSQL, where refusing it would cost a
    statement. A unit holds a connection until it ends, so none is opened within another, or while waiting for a client
    or another server.

    Each kind raises `Unavailable` while PostgreSQL cannot be reached, or if none of the ``connections`` of this process
    is free in time; a transaction also while the server takes no changes, whereupon the next one connects anew. The
    first unit after an outage succeeds. ``lock_wait_seconds`` limits how long a unit waits for a connection, and how
    long a writer waits for another one until it is refused with `Conflict`.
    """

    def __init__(self, url: str, *, lock_wait_seconds: float = 10.0, connections: int = 5) -> None:
        self.url = url
        self.is_sqlite = sa.make_url(url).get_backend_name() == "sqlite"
        self._lock_wait_seconds = lock_wait_seconds
        self.engine = (
            sqlite_engine(url, lock_wait_seconds)
            if self.is_sqlite
            else postgresql_engine(url, lock_wait_seconds, connections)
        )
        self._engines = {
            unit: self.engine.execution_options(
                **{UNIT: unit}, **({} if self.is_sqlite else POSTGRESQL_OPTIONS[unit])
            )
            for unit in Unit
        }
        path = sa.make_url(url).database if self.is_sqlite else None
        self._write_lock: WriteLock = FileWriteLock(path) if path else NullWriteLock()
        self._availability = Availability()

    @contextmanager
    def transaction(self, *, busy: str = BUSY) -> Iterator[sa.Connection]:
        """Open a unit of work that may write: committed at the end of the block, rolled back if it raises.

        Raise `Conflict` with the message ``busy`` if a lock is not free in time, `StorageFull` if the disk is full, and
        `NotFound` if a written row refers to one that was deleted after it was read. After `Unavailable` it may have
        been committed all the same, if the connection broke during the commit.
        """
        if not self._write_lock.acquire(timeout=self._lock_wait_seconds):
            raise Conflict(busy)
        try:
            with (
                self._watched(),
                _translate_errors(busy),
                self._engines[Unit.TRANSACTION].begin() as connection,
            ):
                yield connection
        finally:
            self._write_lock.release()

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Open a read-only unit of work that sees one state of the database throughout."""
        # It ends by COMMIT: at a ROLLBACK the driver forgets all prepared statements of the connection, and PostgreSQL
        # would parse and plan each statement of the next unit again, which took half of the time of a page.
        with self._watched(), self._engines[Unit.SNAPSHOT].begin() as connection:
            yield connection

    @contextmanager
    def autocommit_read(self) -> Iterator[sa.Connection]:
        """Open a read-only unit of work of independent statements: for authentication."""
        with self._watched(), self._engines[Unit.AUTOCOMMIT_READ].connect() as connection:
            yield connection

    def _watched(self) -> AbstractContextManager[None]:
        return _file_watched() if self.is_sqlite else self._availability.watched()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        self._write_lock.close()


def upsert(table: sa.Table) -> postgresql.Insert:
    """Return an INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update``; SQLite has the same syntax."""
    return postgresql.insert(table)


def json_rows(name: str, /, **columns: TypeEngine[Any]) -> sa.Subquery:
    """Return a relation of rows that are sent with the statement, by `rows_param`, to select from and join.

    All rows are one parameter, so that a statement stays one statement, whatever their number, and is composed once.
    An INSERT … SELECT from it needs an ORDER BY: without one SQLite parses the ON of ON CONFLICT as part of a join,
    and with one concurrent writers take PostgreSQL's row locks in the same order.
    """
    source = _JsonRows(sa.bindparam(name, type_=sa.Text)).table_valued("value", name=f"{name}_rows")
    items = [
        _JsonItem(source.c.value, sa.literal_column(str(index)), type_=type_).label(column)
        for index, (column, type_) in enumerate(columns.items())
    ]
    return sa.select(*items).subquery(name)


def rows_param(name: str, rows: Iterable[Sequence[object]]) -> dict[str, str]:
    """Return the parameter with the rows of the relation `json_rows` of this name, in the order of its columns."""
    return {name: json.dumps(list(rows), default=_json_default, check_circular=False)}


def values_param(name: str, values: Iterable[Value]) -> dict[str, str]:
    """Return the parameter with the rows of a relation of one column, in order."""
    return rows_param(name, ([value] for value in sorted(values)))


#: The name of the relation `IDS`.
IDS_NAME = "wanted_ids"


def ids_param(ids: Iterable[int]) -> dict[str, str]:
    """Return the parameter with the rows of `IDS`."""
    return values_param(IDS_NAME, ids)


def in_ids(column: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a column has one of the ids in the rows of `IDS`."""
    return column.in_(sa.select(IDS.c.id))


def in_binary_order(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Return a column to order by, byte by byte on both databases, whatever the collation of PostgreSQL's database.

    Columns of the type `BinaryText` do not need it.
    """
    return _InBinaryOrder(column)


class _InBinaryOrder(FunctionElement[str]):
    """A text with binary collation."""

    inherit_cache = True
    name = "in_bytes"
    type = sa.Text(collation="C")


@compiles(_InBinaryOrder)
def _in_binary_order(element: _InBinaryOrder, compiler: SQLCompiler, **options: object) -> str:
    return f'{compiler.process(next(iter(element.clauses)), **options)} COLLATE "C"'


@compiles(_InBinaryOrder, "sqlite")
def _in_binary_order_on_sqlite(
    element: _InBinaryOrder, compiler: SQLCompiler, **options: object
) -> str:
    return compiler.process(next(iter(element.clauses)), **options)


class _JsonRows(FunctionElement[Any]):
    """The items of a JSON list, as rows."""

    inherit_cache = True
    name = "json_rows"


class _JsonItem(FunctionElement[Any]):
    """An item of a JSON list by its index, cast to the type of the element."""

    inherit_cache = True
    name = "json_item"

    def __init__(self, *clauses: sa.ColumnElement[Any], type_: TypeEngine[object]) -> None:
        self.type = type_
        super().__init__(*clauses)


@compiles(_JsonRows, "sqlite")
def _json_rows_on_sqlite(element: _JsonRows, compiler: SQLCompiler, **options: object) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_JsonRows, "postgresql")
def _json_rows_on_postgresql(element: _JsonRows, compiler: SQLCompiler, **options: object) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS JSON))"


@compiles(_JsonItem, "sqlite")
def _json_item_on_sqlite(element: _JsonItem, compiler: SQLCompiler, **options: object) -> str:
    value, index = (compiler.process(each, **options) for each in element.clauses)
    return f"json_extract({value}, '$[{index}]')"


@compiles(_JsonItem, "postgresql")
def _json_item_on_postgresql(element: _JsonItem, compiler: SQLCompiler, **options: object) -> str:
    value, index = (compiler.process(each, **options) for each in element.clauses)
    type_ = compiler.dialect.type_compiler_instance.process(element.type)
    return f"CAST({value} ->> {index} AS {type_})"


def _json_default(value: object) -> str:
    assert isinstance(value, datetime)
    # Always in UTC. Its zone is cut off, as `replace` takes longer than all the rest.
    return value.isoformat(" ", "microseconds")[:_DATETIME_LENGTH]


IDS = json_rows(IDS_NAME, id=Id)


def is_foreign_key_violation(error: IntegrityError) -> bool:
    """Return True if a row could not be written because a row that it refers to was deleted."""
    is_reference = getattr(error.orig, "sqlstate", None) == _NO_REFERENCE or "FOREIGN KEY" in str(
        error.orig
    )
    return is_reference and (error.statement or "").startswith(("INSERT", "UPDATE"))


@contextmanager
def _file_watched() -> Iterator[None]:
    """Turn the error of a connection for which the file of SQLite can't be opened into `Unavailable`.

    A connection that is open finds out by itself that its file was moved, but the next one may be new.
    """
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_CANTOPEN:
            raise Unavailable(sqlite_file.MOVED) from error
        raise


@contextmanager
def _translate_errors(busy: str) -> Iterator[None]:
    """Turn errors of a transaction into refusals: no lock, a full disk, a missing row that a new one refers to."""
    try:
        yield
    except IntegrityError as error:
        if is_foreign_key_violation(error):
            raise NotFound from error
        raise
    except OperationalError as error:
        state, message = getattr(error.orig, "sqlstate", None), str(error.orig)
        if state in _LOCKED or "database is locked" in message:
            raise Conflict(busy) from error
        if state == _DISK_FULL or "disk is full" in message:
            log.error("There is no space for the database", reason=message)
            raise StorageFull(STORAGE_FULL) from error
        raise
