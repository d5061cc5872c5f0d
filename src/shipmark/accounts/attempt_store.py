"""The table of attempts to sign in. All workers and nodes share the counts."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from shipmark.accounts.sign_in_limits import Attempts
from shipmark.infrastructure.database import UtcDateTime, upsert
from shipmark.infrastructure.inserts import insert_missing
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import table


class AttemptColumns(sa.TypedColumns):
    """The failed attempts of one account or client address; ``key`` is a SHA-256 of it."""

    key = sa.Column(sa.String(64), primary_key=True)
    failures = sa.Column(sa.Integer, nullable=False)
    last_attempt_at = sa.Column(UtcDateTime, nullable=False, index=True)
    blocked_until = sa.Column(UtcDateTime)


attempts = table("sign_in_attempts", AttemptColumns)

_ATTEMPTS = RowReader(Attempts, attempts)


def by_keys(connection: sa.Connection, keys: Collection[str]) -> dict[str, Attempts]:
    """Return the counts of these keys; a key without failures is left out."""
    query = _ATTEMPTS.select(attempts.c.key).where(attempts.c.key.in_(keys))
    return {row[-1]: _ATTEMPTS(row) for row in connection.execute(query)}


def lock(connection: sa.Connection, key: str, at: datetime) -> Attempts:
    """Return the count of a key, created if missing; other attempts under it wait until the transaction ends."""
    insert_missing(connection, attempts, {"key": key, "failures": 0, "last_attempt_at": at})
    query = _ATTEMPTS.select().where(attempts.c.key == key).with_for_update()
    return _ATTEMPTS(connection.execute(query).one())


def save(connection: sa.Connection, key: str, count: Attempts) -> None:
    """Store the count of a key."""
    row = asdict(count)
    statement = upsert(attempts).values({"key": key} | row)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))


def remove(connection: sa.Connection, key: str) -> None:
    """Delete the count of a key."""
    connection.execute(sa.delete(attempts).where(attempts.c.key == key))


def remove_older(connection: sa.Connection, before: datetime) -> int:
    """Delete the counts without an attempt since this date. Return their number."""
    return connection.execute(
        sa.delete(attempts).where(attempts.c.last_attempt_at < before)
    ).rowcount
