"""Rules that limit attempts to sign in: how many failures are free, and how long the pauses after them are.

Attempts count by account and by client address. The account is what was typed as the e-mail address, whether or not a
user has it, so that the limit does not tell which addresses have an account. Decision 20 has the reasons.
"""

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from shipmark.infrastructure.errors import Refusal

#: After so long without an attempt, failures are forgotten.
FORGET_AFTER = timedelta(hours=1)
_FIRST_PAUSE = timedelta(seconds=30)
_PAUSE_MAX = timedelta(minutes=15)
#: Doubling the first pause more often than this exceeds the longest one.
_DOUBLINGS_MAX = 10
_ADDRESS_MAX = 64
#: A client has an IPv6 network of this prefix length.
_IPV6_PREFIX = 64


class TooManyAttempts(Refusal):
    """An attempt was refused: there were too many, or too many are being checked. The client may retry later."""

    reason = "too_many_attempts"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLimit:
    """A limit: the kind and key of the count, and the number of free failures."""

    kind: str
    key: str
    free_failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """The failed attempts under one key."""

    failures: int
    last_attempt_at: datetime
    blocked_until: datetime | None

    def wait_seconds(self, at: datetime) -> int:
        """Return the seconds until the next attempt, rounded up; 0 if it need not wait."""
        if self.blocked_until is None:
            return 0
        return max(math.ceil((self.blocked_until - at).total_seconds()), 0)


def limits_of(email: str, address: str | None) -> tuple[AttemptLimit, ...]:
    """Return the limits of an attempt, in the order in which their rows are locked."""
    limits = [AttemptLimit(kind="account", key=_key("account", email.lower()), free_failures=5)]
    if address is not None:
        key = _key("address", _network(address))
        limits.append(AttemptLimit(kind="address", key=key, free_failures=20))
    return tuple(sorted(limits, key=lambda limit: limit.key))


def after_failure(limit: AttemptLimit, before: Attempts | None, at: datetime) -> Attempts:
    """Return the count with one more failure.

    The last free failure is followed by a pause, and each further one by a pause twice as long, up to 15 minutes.
    """
    is_forgotten = before is None or at - before.last_attempt_at > FORGET_AFTER
    failures = 1 if before is None or is_forgotten else before.failures + 1
    return Attempts(
        failures=failures, last_attempt_at=at, blocked_until=_blocked_until(limit, failures, at)
    )


def without_failure(limit: AttemptLimit, before: Attempts) -> Attempts:
    """Return the count without the assumed failure of an attempt that succeeded."""
    failures = max(before.failures - 1, 0)
    is_free = failures < limit.free_failures
    return Attempts(
        failures=failures,
        last_attempt_at=before.last_attempt_at,
        blocked_until=None if is_free else before.blocked_until,
    )


def too_many(wait_seconds: int) -> TooManyAttempts:
    """Return the refusal of an attempt that must wait."""
    minutes = math.ceil(wait_seconds / 60)
    if wait_seconds < 60:
        wait = "1 second" if wait_seconds == 1 else f"{wait_seconds} seconds"
    else:
        wait = "1 minute" if minutes == 1 else f"{minutes} minutes"
    return TooManyAttempts(
        f"Too many tries. Try again in {wait}.", retry_after_seconds=wait_seconds
    )


def _blocked_until(limit: AttemptLimit, failures: int, at: datetime) -> datetime | None:
    over = failures - limit.free_failures
    if over < 0:
        return None
    doubled: int = 2 ** min(over, _DOUBLINGS_MAX)
    return at + min(_FIRST_PAUSE * doubled, _PAUSE_MAX)


def _key(kind: str, text: str) -> str:
    return sha256(f"{kind}:{text}".encode()).hexdigest()


def _network(address: str) -> str:
    """Return the IPv4 address, or the IPv6 network of one client."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:_ADDRESS_MAX]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))
