"""What sessions add to the counts and sketches of buckets (ingest.md 7.3), and how wide buckets of an age are.

Many updates become what each bucket gains: sums of numbers, and members of sets (verdict.md 2.2).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TypeVar

from shipmark.release_health.model import BucketWidth, SessionCounts, SketchKind
from shipmark.release_health.periods import RETENTION_SECONDS
from shipmark.release_health.sessions import (
    AbnormalMechanism,
    SessionAggregate,
    SessionStatus,
    SessionUpdate,
)
from shipmark.release_health.sketches import DistinctValues, Durations

#: Buckets of ten minutes become hours after this time.
TEN_MINUTES_KEPT = timedelta(hours=48)
#: Sketches of hours become those of days; the counts of hours stay.
HOUR_SKETCHES_KEPT = timedelta(days=14)
#: The sets of sessions with errors become numbers: none of their sessions is updated any more.
ERRORED_SESSIONS_KEPT = timedelta(days=5)
#: All counts and sketches are deleted.
KEPT = timedelta(seconds=RETENTION_SECONDS)

NO_SESSIONS = SessionCounts()
Key = TypeVar("Key")
_NUMBERS = tuple(each.name for each in fields(SessionCounts))


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthUpdate:
    """What a session, or an event, adds to the bucket of its moment, by the names of its release and environment.

    ``members`` are the sets that gain a value, given by its hash. ``is_session`` is False for an event, which adds
    users of new issues only.
    """

    release: str
    environment: str
    started: datetime
    counts: SessionCounts = NO_SESSIONS
    members: tuple[tuple[SketchKind, int], ...] = ()
    duration: float | None = None
    is_session: bool = True


@dataclass(frozen=True, slots=True)
class Hasher:
    """Hashes ids of users and sessions, by the key of an organization: what is stored does not tell whom it counts."""

    key: bytes

    def hash(self, value: str) -> int:
        """Return 64 bits."""
        digest = blake2b(value.encode(errors="replace"), digest_size=8, key=self.key).digest()
        return int.from_bytes(digest, "big")


def hasher_of(secret: bytes, organization_id: int) -> Hasher:
    """Return the hasher of an organization, whose key is made from the secret of the server."""
    name = f"release health of organization {organization_id}".encode()
    return Hasher(blake2b(name, digest_size=32, key=blake2b(secret).digest()).digest())


def of_update(update: SessionUpdate, hasher: Hasher) -> HealthUpdate:
    """Return what an accepted update adds.

    Only the first update of a session adds to the total. Crashes are counted by update, errors by session.
    """
    status = update.status
    is_errored = update.errors > 0 or status not in {SessionStatus.OK, SessionStatus.EXITED}
    members = []
    if is_errored:
        members.append((SketchKind.ERRORED_SESSIONS, hasher.hash(update.sid)))
    if update.did is not None:
        user = hasher.hash(update.did)
        members += [(kind, user) for kind in _user_kinds(update, is_errored=is_errored)]
    return HealthUpdate(
        release=update.attributes.release,
        environment=update.attributes.environment,
        started=update.started,
        counts=SessionCounts(
            sessions=int(update.is_init),
            crashed=int(status is SessionStatus.CRASHED),
            abnormal=int(status is SessionStatus.ABNORMAL),
            unhandled=int(status is SessionStatus.UNHANDLED),
        ),
        members=tuple(members),
        duration=update.duration if status is SessionStatus.EXITED else None,
    )


def of_aggregate(aggregate: SessionAggregate, hasher: Hasher) -> HealthUpdate:
    """Return what an accepted aggregate adds."""
    each = aggregate
    errored = each.errored + each.crashed + each.abnormal + each.unhandled
    kinds = {
        SketchKind.ALL: each.exited + errored,
        SketchKind.ERRORED: errored,
        SketchKind.CRASHED: each.crashed,
        SketchKind.ABNORMAL: each.abnormal,
    }
    user = None if each.did is None else hasher.hash(each.did)
    return HealthUpdate(
        release=each.attributes.release,
        environment=each.attributes.environment,
        started=each.started,
        counts=SessionCounts(
            sessions=each.exited + errored,
            errored_preaggregated=errored,
            crashed=each.crashed,
            abnormal=each.abnormal,
            unhandled=each.unhandled,
        ),
        members=()
        if user is None
        else tuple((kind, user) for kind, number in kinds.items() if number),
    )


def _user_kinds(update: SessionUpdate, *, is_errored: bool) -> list[SketchKind]:
    """Return the sets that the user of an update belongs to; the set of all has the users of every status."""
    kinds = [SketchKind.ALL]
    if is_errored:
        kinds.append(SketchKind.ERRORED)
    if update.status is SessionStatus.CRASHED:
        kinds.append(SketchKind.CRASHED)
    if update.status is SessionStatus.ABNORMAL:
        kinds.append(SketchKind.ABNORMAL)
        if update.mechanism is not AbnormalMechanism.NONE:
            kinds.append(SketchKind.ANR)
        if update.mechanism is AbnormalMechanism.ANR_FOREGROUND:
            kinds.append(SketchKind.ANR_FOREGROUND)
    return kinds


def width_at(started: datetime, at: datetime) -> BucketWidth:
    """Return the width of the bucket that a session of this age is counted in."""
    return BucketWidth.TEN_MINUTES if at - started < TEN_MINUTES_KEPT else BucketWidth.HOUR


@dataclass(slots=True)
class Gain:
    """What a bucket gains."""

    numbers: Counter[str] = field(default_factory=Counter)
    members: dict[SketchKind, set[int]] = field(default_factory=dict)
    durations: list[float] = field(default_factory=list)

    def add(self, update: HealthUpdate) -> None:
        """Add an update."""
        for name in _NUMBERS:
            if number := getattr(update.counts, name):
                self.numbers[name] += number
        for kind, hash_ in update.members:
            self.members.setdefault(kind, set()).add(hash_)
        if update.duration is not None:
            self.durations.append(update.duration)

    @property
    def kinds(self) -> list[SketchKind]:
        """Return the sketches that it changes."""
        return [*self.members, *([SketchKind.DURATIONS] if self.durations else [])]


def gains_of(updates: Iterable[tuple[Key, HealthUpdate]]) -> dict[Key, Gain]:
    """Return what each bucket gains by updates, which are given with their buckets."""
    gains: dict[Key, Gain] = {}
    for key, update in updates:
        gains.setdefault(key, Gain()).add(update)
    return gains


@dataclass(frozen=True, slots=True)
class Grown:
    """A sketch after it has gained, and the difference of its size."""

    encoded: bytes
    difference: int


def grown(gain: Gain, kind: SketchKind, before: bytes) -> Grown:
    """Return a sketch of a bucket with what it gains; ``before`` is empty for a new one."""
    if kind is SketchKind.DURATIONS:
        durations = Durations(before)
        for seconds in gain.durations:
            durations.add(seconds)
        return Grown(durations.encode(), len(gain.durations))
    values = DistinctValues(before)
    size = len(values)
    for hash_ in gain.members[kind]:
        values.add(hash_)
    return Grown(values.encode(), len(values) - size)


def united(kind: SketchKind, before: bytes, others: Iterable[bytes]) -> Grown:
    """Return the union of sketches of one kind, and its difference to the first."""
    if kind is SketchKind.DURATIONS:
        durations = Durations(before)
        number = durations.number
        for other in others:
            durations.update(Durations(other))
        return Grown(durations.encode(), durations.number - number)
    values = DistinctValues(before)
    size = len(values)
    for other in others:
        values.update(DistinctValues(other))
    return Grown(values.encode(), len(values) - size)
