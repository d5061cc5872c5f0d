"""How do we reach the database? The only lines that know which database it is.

Units of work are opened by `Database` alone: rooms get a ``Connection`` and never open, commit or roll back anything
themselves. ``engines.py`` runs them, ``availability.py`` watches whether the database answers.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Subquery,
    Table,
    Text,
    bindparam,
    literal_column,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from shipmark.infrastructure.availability import Availability
from shipmark.infrastructure.engines import (
    POSTGRESQL_OPTIONS,
    UNIT,
    Unit,
    postgresql_engine,
    sqlite_engine,
)
from shipmark.infrastructure.errors import Conflict, NotFound, StorageFull
from shipmark.infrastructure.telemetry import log
from shipmark.infrastructure.write_lock import FileWriteLock, NullWriteLock, WriteLock

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: The type of every id: 64 bits, and on SQLite the form that it keys tables by.
Id: TypeEngine[int] = BigInteger().with_variant(Integer, "sqlite")

#: A text that sorts byte by byte, whatever the language of the database.
BinaryText: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")

STORAGE_FULL = (
    "There is no room left in the database. Nothing was changed. Tell who runs this server."
)
BUSY = "Someone else is changing the same data. Nothing was changed; please try again."

#: What PostgreSQL says when a lock is not free in time, when it ends a deadlock, and when its disk is full.
_LOCKED = {"55P03", "40P01"}
_DISK_FULL = "53100"
#: What it says of a row that refers to one that is not there.
_NO_REFERENCE = "23503"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. A naive one is a bug and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; SQLite has no zones, so there the zone is left out."""
        if value is None:
            return None
        assert value.tzinfo is not None, "moments are aware"
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """Give the zone back."""
        return None if value is None else value.astimezone(UTC)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """SQLite's moments are texts: lists hold so many that they are read in one step."""
        if dialect.name == "sqlite":
            return _parse_sqlite_datetime
        return super().result_processor(dialect, coltype)


def _parse_sqlite_datetime(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


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

    Writing in a unit that only reads fails, except in ``autocommit_read`` on PostgreSQL, where refusing it would cost a
    statement. A unit holds a connection until it ends, so none is opened within another, or for as long as a client or
    a server elsewhere takes.

    Each kind raises `Unavailable` while PostgreSQL cannot be reached, or when none of the ``connections`` that this
    process may have is free in time. The next unit after it has come back is served. ``lock_wait_seconds`` is how long
    a unit waits for a connection, and a writer for another one before it is refused with `Conflict`.
    """

    def __init__(self, url: str, *, lock_wait_seconds: float = 10.0, connections: int = 5) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
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
        path = make_url(url).database if self.is_sqlite else None
        self._writers: WriteLock = FileWriteLock(path) if path else NullWriteLock()
        self._availability = Availability()

    @contextmanager
    def transaction(self, *, busy: str = BUSY) -> Iterator[Connection]:
        """Open a unit of work that may write: committed at the end of the block, undone if it raises.

        Raise `Conflict` with the words of ``busy`` when a lock that it needs is not free in time, `StorageFull` when
        the disk is full, and `NotFound` when a row is written that refers to one which was deleted since it was read.
        After `Unavailable` it may be committed all the same, if the connection broke at that moment.
        """
        if not self._writers.acquire(timeout=self._lock_wait_seconds):
            raise Conflict(busy)
        try:
            with (
                self._watched(),
                _translate_errors(busy),
                self._engines[Unit.TRANSACTION].begin() as connection,
            ):
                yield connection
        finally:
            self._writers.release()

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a unit of work that only reads, and sees one state of the database throughout."""
        with self._watched(), self._engines[Unit.SNAPSHOT].connect() as connection:
            yield connection

    @contextmanager
    def autocommit_read(self) -> Iterator[Connection]:
        """Open a unit of work that only reads, each statement by itself: for looking up who is there."""
        with self._watched(), self._engines[Unit.AUTOCOMMIT_READ].connect() as connection:
            yield connection

    def _watched(self) -> AbstractContextManager[None]:
        return nullcontext() if self.is_sqlite else self._availability.watched()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
        self._writers.close()


def upsert(table: Table) -> postgresql.Insert:
    """An INSERT that can have ``on_conflict_do_nothing`` or ``on_conflict_do_update``; SQLite reads the same."""
    return postgresql.insert(table)


def json_rows(name: str, /, **columns: TypeEngine[Any]) -> Subquery:
    """Rows of ours as a relation that statements can select from and join; `rows_param` gives them at execution.

    All rows travel as one parameter, so a statement stays one statement, whatever their number, and can be composed
    once. An INSERT … SELECT from it needs an ORDER BY: without one SQLite reads the ON of ON CONFLICT as part of a
    join, and with one concurrent writers take PostgreSQL's row locks in the same order.
    """
    source = _JsonRows(bindparam(name, type_=Text)).table_valued("value", name=f"{name}_rows")
    items = [
        _JsonItem(source.c.value, literal_column(str(index)), type_=kind).label(column)
        for index, (column, kind) in enumerate(columns.items())
    ]
    return select(*items).subquery(name)


def rows_param(name: str, given: Iterable[Sequence[object]]) -> dict[str, str]:
    """The parameter that holds the rows of the relation `json_rows` under that name, in the order of its columns."""
    return {name: json.dumps(list(given), default=_json_default)}


#: Ids that something is wanted of.
IDS_NAME = "wanted_ids"


def ids_param(ids: Iterable[int]) -> dict[str, str]:
    """The parameter that holds the ids of `IDS`."""
    return rows_param(IDS_NAME, ([each] for each in sorted(ids)))


def in_binary_order(column: ColumnElement[str]) -> ColumnElement[str]:
    """Return the text to order by, byte by byte on both databases, whatever the collation of PostgreSQL's database.

    Columns of the type `BinaryText` are so by themselves.
    """
    return _InBinaryOrder(column)


class _InBinaryOrder(FunctionElement[str]):
    """A text that is ordered byte by byte."""

    inherit_cache = True
    name = "in_bytes"
    type = Text(collation="C")


@compiles(_InBinaryOrder, "sqlite")
def _in_binary_order_on_sqlite(
    element: _InBinaryOrder, compiler: SQLCompiler, **options: Any
) -> str:
    return compiler.process(next(iter(element.clauses)), **options)


@compiles(_InBinaryOrder, "postgresql")
def _in_binary_order_on_postgresql(
    element: _InBinaryOrder, compiler: SQLCompiler, **options: Any
) -> str:
    return f'{compiler.process(next(iter(element.clauses)), **options)} COLLATE "C"'


def matches(column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    """Is a text like the pattern, in which ``*`` stands for any text? Case counts, on SQLite too."""
    return _Matches(column, bindparam(None, pattern, type_=_Wildcards(), unique=True))


class _Wildcards(TypeDecorator[str]):
    """A pattern with ``*``, in the form that the database takes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        assert value is not None
        if dialect.name == "sqlite":
            return re.sub(r"[\[?]", r"[\g<0>]", value)
        return re.sub(r"[\\%_]", r"\\\g<0>", value).replace("*", "%")


class _Matches(FunctionElement[bool]):
    """A comparison with a pattern."""

    inherit_cache = True
    name = "matches"
    type = Boolean()


@compiles(_Matches, "sqlite")
def _matches_on_sqlite(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} GLOB {pattern})"


@compiles(_Matches, "postgresql")
def _matches_on_postgresql(element: _Matches, compiler: SQLCompiler, **options: Any) -> str:
    column, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} LIKE {pattern})"


class _JsonRows(FunctionElement[Any]):
    """The items of a JSON list, as rows."""

    inherit_cache = True
    name = "json_rows"


class _JsonItem(FunctionElement[Any]):
    """An item of a JSON list by its place, in the type of the element."""

    inherit_cache = True
    name = "json_item"

    def __init__(self, *clauses: ColumnElement[Any], type_: TypeEngine[Any]) -> None:
        self.type = type_
        super().__init__(*clauses)


@compiles(_JsonRows, "sqlite")
def _json_rows_on_sqlite(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_JsonRows, "postgresql")
def _json_rows_on_postgresql(element: _JsonRows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_array_elements(CAST({compiler.process(element.clauses, **options)} AS JSON))"


@compiles(_JsonItem, "sqlite")
def _json_item_on_sqlite(element: _JsonItem, compiler: SQLCompiler, **options: Any) -> str:
    value, index = (compiler.process(each, **options) for each in element.clauses)
    return f"json_extract({value}, '$[{index}]')"


@compiles(_JsonItem, "postgresql")
def _json_item_on_postgresql(element: _JsonItem, compiler: SQLCompiler, **options: Any) -> str:
    value, index = (compiler.process(each, **options) for each in element.clauses)
    kind = compiler.dialect.type_compiler_instance.process(element.type)
    return f"CAST({value} ->> {index} AS {kind})"


def _json_default(value: object) -> str:
    assert isinstance(value, datetime)
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


IDS = json_rows(IDS_NAME, id=Id)


def is_foreign_key_violation(error: IntegrityError) -> bool:
    """Return whether a row could not be written because what it refers to was deleted since it was read."""
    is_reference = getattr(error.orig, "sqlstate", None) == _NO_REFERENCE or "FOREIGN KEY" in str(
        error.orig
    )
    return is_reference and (error.statement or "").startswith(("INSERT", "UPDATE"))


@contextmanager
def _translate_errors(busy: str) -> Iterator[None]:
    """Turn what a transaction could not do into a refusal: a lock, room on the disk, what a new row refers to."""
    try:
        yield
    except IntegrityError as error:
        if is_foreign_key_violation(error):
            raise NotFound from error
        raise
    except OperationalError as error:
        state, words = getattr(error.orig, "sqlstate", None), str(error.orig)
        if state in _LOCKED or "database is locked" in words:
            raise Conflict(busy) from error
        if state == _DISK_FULL or "disk is full" in words:
            log.error("There is no room for the database", reason=words)
            raise StorageFull(STORAGE_FULL) from error
        raise
