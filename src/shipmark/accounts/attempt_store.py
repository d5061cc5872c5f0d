"""The table of attempts to sign in. All workers and nodes share the counts."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    String,
    Table,
    TypedColumns,
    delete,
    select,
)

from shipmark.accounts.sign_in_limits import Attempts
from shipmark.infrastructure.database import UtcDateTime, metadata, upsert


class AttemptColumns(TypedColumns):
    """The failed attempts of one account or client address; ``key`` is a SHA-256 of it."""

    key = Column(String(64), primary_key=True)
    failures = Column(Integer, nullable=False)
    last_attempt_at = Column(UtcDateTime, nullable=False, index=True)
    blocked_until = Column(UtcDateTime)


attempts = Table("sign_in_attempts", metadata, AttemptColumns)

_ATTEMPTS = (
    attempts.c.key,
    attempts.c.failures,
    attempts.c.last_attempt_at,
    attempts.c.blocked_until,
)


def by_keys(connection: Connection, keys: Collection[str]) -> dict[str, Attempts]:
    """Return the counts of these keys; a key without failures is left out."""
    query = select(*_ATTEMPTS).where(attempts.c.key.in_(keys))
    return {row[0]: _attempts(*row[1:]) for row in connection.execute(query)}


def lock(connection: Connection, key: str, at: datetime) -> Attempts:
    """Return the count of a key, created if missing; other attempts under it wait until the transaction ends."""
    row = {"key": key, "failures": 0, "last_attempt_at": at}
    connection.execute(upsert(attempts).values(row).on_conflict_do_nothing())
    query = select(*_ATTEMPTS).where(attempts.c.key == key).with_for_update()
    return _attempts(*connection.execute(query).one()[1:])


def save(connection: Connection, key: str, count: Attempts) -> None:
    """Store the count of a key."""
    row = {
        "failures": count.failures,
        "last_attempt_at": count.last_attempt_at,
        "blocked_until": count.blocked_until,
    }
    statement = upsert(attempts).values({"key": key} | row)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))


def remove(connection: Connection, key: str) -> None:
    """Delete the count of a key."""
    connection.execute(delete(attempts).where(attempts.c.key == key))


def remove_older(connection: Connection, before: datetime) -> int:
    """Delete the counts without an attempt since this date. Return their number."""
    return connection.execute(delete(attempts).where(attempts.c.last_attempt_at < before)).rowcount


def _attempts(failures: int, last_attempt_at: datetime, blocked_until: datetime | None) -> Attempts:
    return Attempts(failures=failures, last_attempt_at=last_attempt_at, blocked_until=blocked_until)
