"""The five metrics of DORA and the time to detect, over the deploys of a period (verdict.md 4.1). Pure.

They are numbers with the counts that they come from. Bands such as "elite" move every year, so there are none.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median

from shipmark.delivery.model import ClassifiedDeploy, DeployKind, Outcome

#: Fewer changes show no trend.
TREND_CHANGES_MIN = 5
_DAY = timedelta(days=1)
_KINDS = list(DeployKind)
_OUTCOMES = (Outcome.FAILED, Outcome.PENDING, Outcome.SUCCEEDED, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployFrequency:
    """How often there were changes. Days are those of UTC; the gap is the median time between two changes."""

    changes: int
    days: float
    days_with_change: int
    median_gap: timedelta | None

    @property
    def per_day(self) -> float:
        """Return the changes per day."""
        return self.changes / self.days if self.days else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTime:
    """From the commit to its first deploy, over commits. The 90th percentile is the nearest rank."""

    median: timedelta | None
    p90: timedelta | None
    commits: int
    changes_with_commits: int
    changes: int
    clock_errors: int

    @property
    def coverage(self) -> float | None:
        """Return the share of changes whose release has commits."""
        return _share(self.changes_with_commits, self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailRate:
    """Failed changes of those with a known outcome; pending ones are in neither number."""

    failed: int
    known: int
    pending: int

    @property
    def rate(self) -> float | None:
        """Return the share of failed changes."""
        return _share(self.failed, self.known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """From a failed change to what recovered it; those still open are not in the median."""

    median: timedelta | None
    recovered: int
    open: tuple[ClassifiedDeploy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rework:
    """Rollbacks and fixes of failed changes, of all changes and rollbacks."""

    rollbacks: int
    fixes: int
    changes: int

    @property
    def rate(self) -> float | None:
        """Return the share of deploys that are rework."""
        return _share(self.rollbacks + self.fixes, self.changes + self.rollbacks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """From a failed change to its verdict of being regressed."""

    median: timedelta | None
    detected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryMetrics:
    """The metrics of a period."""

    frequency: DeployFrequency
    lead_time: LeadTime
    fail_rate: FailRate
    recovery: Recovery
    rework: Rework
    detection: Detection

    @property
    def has_trend(self) -> bool:
        """Return True if there are enough changes to compare the period with another one."""
        return self.frequency.changes >= TREND_CHANGES_MIN


def in_period(
    deploys: Sequence[ClassifiedDeploy], start: datetime, end: datetime
) -> Sequence[ClassifiedDeploy]:
    """Return the deploys, in the order of time, that were finished from the start on and before the end."""
    first = bisect_left(deploys, start, key=_finished_at)
    return deploys[first : bisect_left(deploys, end, lo=first, key=_finished_at)]


def metrics(deploys: Sequence[ClassifiedDeploy], start: datetime, end: datetime) -> DeliveryMetrics:
    """Return the metrics of the deploys, in the order of time, that were finished in a period."""
    listed = in_period(deploys, start, end)
    changes = [each for each in listed if each.kind == DeployKind.CHANGE]
    failed = [each for each in changes if each.outcome == Outcome.FAILED]
    pending = sum(each.outcome == Outcome.PENDING for each in changes)
    return DeliveryMetrics(
        frequency=_frequency(changes, end - start),
        lead_time=_lead_time(changes),
        fail_rate=FailRate(failed=len(failed), known=len(changes) - pending, pending=pending),
        recovery=_recovery(failed),
        rework=Rework(
            rollbacks=sum(each.kind == DeployKind.ROLLBACK for each in listed),
            fixes=sum(each.is_fix for each in changes),
            changes=len(changes),
        ),
        detection=_detection(failed),
    )


def merged(projects: Iterable[Sequence[ClassifiedDeploy]]) -> list[ClassifiedDeploy]:
    """Return the deploys of several projects, each of them once, the earliest first.

    A deploy to several projects has the worst of its outcomes.
    """
    by_id = dict[int, ClassifiedDeploy]()
    for each in (deploy for deploys in projects for deploy in deploys):
        known = by_id.get(each.deploy.id)
        by_id[each.deploy.id] = min(known, each, key=_weight) if known else each
    return sorted(by_id.values(), key=lambda each: (each.deploy.finished_at, each.deploy.id))


def _finished_at(deploy: ClassifiedDeploy) -> datetime:
    return deploy.deploy.finished_at


def _weight(deploy: ClassifiedDeploy) -> tuple[int, int]:
    return _KINDS.index(deploy.kind), _OUTCOMES.index(deploy.outcome)


def _frequency(changes: Sequence[ClassifiedDeploy], length: timedelta) -> DeployFrequency:
    moments = sorted(each.deploy.finished_at for each in changes)
    return DeployFrequency(
        changes=len(changes),
        days=length / _DAY,
        days_with_change=len({moment.date() for moment in moments}),
        median_gap=_median([later - earlier for earlier, later in pairwise(moments)]),
    )


def _lead_time(changes: Sequence[ClassifiedDeploy]) -> LeadTime:
    # A commit that a deploy ships to several projects is one commit.
    by_commit = {key: time for each in changes for key, time in each.lead_times.items()}
    times = sorted(by_commit.values())
    return LeadTime(
        median=_median(times),
        p90=times[ceil(0.9 * len(times)) - 1] if times else None,
        commits=len(times),
        changes_with_commits=sum(each.deploy.commit_count > 0 for each in changes),
        changes=len(changes),
        clock_errors=sum(each.clock_error_count for each in changes),
    )


def _recovery(failed: Sequence[ClassifiedDeploy]) -> Recovery:
    times = [time for each in failed if (time := each.time_to_recover) is not None]
    return Recovery(
        median=_median(times),
        recovered=len(times),
        open=tuple(each for each in failed if each.recovered_by is None),
    )


def _detection(failed: Sequence[ClassifiedDeploy]) -> Detection:
    times = [time for each in failed if (time := each.time_to_detect) is not None]
    return Detection(median=_median(times), detected=len(times))


def _median(times: Sequence[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(time.total_seconds() for time in times)) if times else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
