"""Counts of attempts to sign in, by the rules of `sign_in_limits`.

An attempt counts as failed from its start, in a transaction of its own: otherwise all concurrent attempts would pass.
The failure of one that succeeds is removed.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts import attempt_store, sign_in_limits
from shipmark.accounts.sign_in_limits import AttemptLimit
from shipmark.infrastructure.telemetry import log


def check(connection: Connection, limits: Sequence[AttemptLimit], at: datetime) -> None:
    """Raise `TooManyAttempts` if an attempt must wait. Only reads: a refusal must not cost a write."""
    counts = attempt_store.by_keys(connection, [limit.key for limit in limits])
    if wait := max((attempts.wait_seconds(at) for attempts in counts.values()), default=0):
        raise sign_in_limits.too_many(wait)


def begin(
    connection: Connection, limits: Sequence[AttemptLimit], address: str | None, at: datetime
) -> None:
    """Count an attempt as failed. Raise `TooManyAttempts`, without counting it, if it must wait."""
    before = {limit.key: attempt_store.lock(connection, limit.key, at) for limit in limits}
    if wait := max(attempts.wait_seconds(at) for attempts in before.values()):
        raise sign_in_limits.too_many(wait)
    for limit in limits:
        after = sign_in_limits.after_failure(limit, before[limit.key], at)
        attempt_store.save(connection, limit.key, after)
        if pause := after.wait_seconds(at):
            fields: dict[str, object] = {
                "sign_in.limit": limit.kind,
                "sign_in.failures": after.failures,
            }
            fields |= {"sign_in.pause_seconds": pause, "client.address": address or ""}
            log.warning("Too many failed attempts to sign in", **fields)


def succeed(connection: Connection, limits: Sequence[AttemptLimit], at: datetime) -> None:
    """Remove the failure of an attempt that succeeded, and all others of the account, but not those of the address."""
    for limit in limits:
        if limit.kind == "account":
            attempt_store.remove(connection, limit.key)
        else:
            before = attempt_store.lock(connection, limit.key, at)
            after = sign_in_limits.without_failure(limit, before)
            attempt_store.save(connection, limit.key, after)
