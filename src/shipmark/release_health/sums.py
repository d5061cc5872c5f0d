"""Sums of buckets: sessions are added, users united, and durations put together."""

from shipmark.release_health.model import SessionCounts, SketchKind, UserCounts
from shipmark.release_health.sketches import DistinctValues, Durations

#: The kinds of sketches that hold users by their outcome.
USER_KINDS = (
    SketchKind.ALL,
    SketchKind.ERRORED,
    SketchKind.CRASHED,
    SketchKind.ABNORMAL,
    SketchKind.ANR,
    SketchKind.ANR_FOREGROUND,
)


class HealthSum:
    """What buckets come to that are added one after the other."""

    __slots__ = ("counts", "durations", "users")

    def __init__(self) -> None:
        self.counts = SessionCounts()
        self.users: dict[str, DistinctValues] = {}
        self.durations = Durations()

    def add_sketch(self, kind: str, encoded: bytes) -> None:
        """Add the users or durations of a bucket; what else sketches hold is left out."""
        if kind == SketchKind.DURATIONS:
            self.durations.update(Durations(encoded))
        elif kind in USER_KINDS:
            self.users.setdefault(kind, DistinctValues()).update(DistinctValues(encoded))

    def add(self, other: "HealthSum") -> None:
        """Add what other buckets come to."""
        self.counts += other.counts
        self.durations.update(other.durations)
        for kind, users in other.users.items():
            self.users.setdefault(kind, DistinctValues()).update(users)

    @property
    def user_counts(self) -> UserCounts:
        """Return the numbers of distinct users."""
        return UserCounts(*(len(self.users.get(kind, ())) for kind in USER_KINDS))


class IntervalSums:
    """What buckets come to as a whole, and in each interval by its start."""

    __slots__ = ("intervals", "total")

    def __init__(self) -> None:
        self.total = HealthSum()
        self.intervals: dict[int, HealthSum] = {}

    def add_counts(self, start: int, counts: SessionCounts) -> None:
        """Add the sessions of a bucket in the interval that begins then."""
        for part in self._parts(start):
            part.counts += counts

    def add_sketch(self, start: int, kind: str, encoded: bytes) -> None:
        """Add the users or durations of a bucket in the interval that begins then."""
        for part in self._parts(start):
            part.add_sketch(kind, encoded)

    def _parts(self, start: int) -> tuple[HealthSum, HealthSum]:
        return self.total, self.intervals.setdefault(start, HealthSum())
