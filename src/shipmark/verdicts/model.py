"""Verdicts on releases in environments of projects, and what they were compared with (verdict.md 1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shipmark.release_health.model import BucketWidth, bucket_start
from shipmark.verdicts.judgement import (
    MARGIN,
    THRESHOLDS,
    TOLERANCE,
    Allowance,
    Comparison,
    Judgement,
    Thresholds,
    UnitCount,
    VerdictReason,
    VerdictStatus,
    smallest_regression,
)

#: How long units of a release are compared with its base.
STREAM_MAX = timedelta(days=14)
#: Units that are younger do not count towards `healthy`: a running session has not crashed yet.
RIPE = timedelta(minutes=10)
#: How old a release must be for `healthy`.
SOAK = timedelta(minutes=10)


class Measure(StrEnum):
    """What is counted: crashed sessions, users by the hour with a crash, users by the hour with a new issue."""

    SESSIONS = "crash_free_sessions"
    USERS = "crash_free_users"
    NEW_ISSUES = "new_issues"


class Comparability(StrEnum):
    """Which hours of the base count: the last ones, or on mobile platforms the first ones after its launch."""

    RECENT = "recent"
    LAUNCH = "launch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """How much worse a release may be, what is measured, and how sure a verdict is."""

    margin: Allowance = MARGIN
    tolerance: Allowance = TOLERANCE
    measures: Sequence[Measure] = tuple(Measure)
    soak: timedelta = SOAK
    ripe: timedelta = RIPE
    thresholds: Thresholds = THRESHOLDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A release in an environment of a project, from its first session there. Times are seconds since 1970.

    ``criteria`` are the project's.
    """

    series_id: int
    organization_id: int
    project_id: int
    environment_id: int
    release_id: int
    version: str
    environment: str
    start: int
    last_start: int
    criteria: Criteria = field(default_factory=Criteria)

    @property
    def lane(self) -> tuple[int, int]:
        """Return the project and the environment, which have one current release at a time."""
        return self.project_id, self.environment_id

    @property
    def started_at(self) -> datetime:
        """Return the start as a moment."""
        return datetime.fromtimestamp(self.start, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenure:
    """A time in which a release was current in an environment of a project, in seconds since 1970."""

    release_id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRelease:
    """A release of which hours are in the base, from its first to its last hour there."""

    release_id: int
    version: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseMeasure:
    """The frozen count of a measure, and how much more it varies than independent units would."""

    count: UnitCount
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a release is compared with, frozen at its start. The first release is the one that it replaced."""

    releases: Sequence[BaseRelease] = ()
    measures: Mapping[Measure, BaseMeasure] = field(default_factory=dict)
    compare: Comparability = Comparability.RECENT
    #: Sessions without ids of users leave the measure of new issues only sessions to count.
    counts_users: bool = True
    #: The age of the release, in seconds, up to which new issues may show it as regressed: any age for None.
    new_issues_seconds: int | None = None

    def of(self, measure: Measure) -> BaseMeasure:
        """Return the measure, one without units if there is none."""
        return self.measures.get(measure, BaseMeasure(count=UnitCount(), spread=1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureResult:
    """The counts of a measure and what follows from them.

    ``compared_seconds`` is the age of the release up to which its units may show it as regressed, None for any age.
    """

    measure: Measure
    judgement: Judgement
    comparison: Comparison
    compared_seconds: int | None = None

    @property
    def base(self) -> UnitCount:
        """Return the units of the base."""
        return self.comparison.base

    @property
    def new(self) -> UnitCount:
        """Return the units of the release: those that it is regressed by if it is, else all."""
        return self.comparison.of_days if self._is_regressed else self.comparison.new

    @property
    def spread(self) -> float:
        """Return the spread of the same units."""
        return self.comparison.days_spread if self._is_regressed else self.comparison.spread

    @property
    def smallest_regression(self) -> float | None:
        """Return the smallest rate that would be regressed up to the same age, None without a base."""
        return smallest_regression(self.comparison, self.comparison.of_days.units)

    @property
    def _is_regressed(self) -> bool:
        return self.judgement.status == VerdictStatus.REGRESSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The verdict on a stream at one time. ``is_concurrent`` if most units came while the base was in use too."""

    status: VerdictStatus
    reason: VerdictReason
    measure: Measure | None
    results: Sequence[MeasureResult]
    is_concurrent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseVerdict:
    """A stored verdict. ``since`` is when it became what it is; ``regressed_at`` stays, whatever comes later."""

    stream: Stream
    base: Base
    status: VerdictStatus
    reason: VerdictReason
    measure: Measure | None
    since: datetime
    regressed_at: datetime | None = None
    ended_at: datetime | None = None
    marked: VerdictStatus | None = None
    marked_at: datetime | None = None

    @property
    def effective(self) -> VerdictStatus:
        """Return what a person marked it as, or else the verdict."""
        return self.marked or self.status

    def status_now(self, evaluation: Evaluation) -> VerdictStatus:
        """Return what is marked, or else is stored as regressed, or else is evaluated."""
        # The first `regressed` stays.
        is_regressed = self.status is VerdictStatus.REGRESSED
        return self.marked or (self.status if is_regressed else evaluation.status)

    def end(self, at: datetime) -> int:
        """Return until when units count, in seconds since 1970."""
        last = min(at, self.ended_at or at, self.stream.started_at + STREAM_MAX)
        return int(last.timestamp())


def hour_of(moment: int) -> int:
    """Return the beginning of the hour that a moment is in."""
    return bucket_start(moment, BucketWidth.HOUR)
