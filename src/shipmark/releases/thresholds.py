"""Release thresholds: limits on a metric for a time after each release of a project (releases.md 2.22)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shipmark.projects.model import Environment
from shipmark.releases.model import Release

#: Thresholds of one project; a report evaluates all of them.
THRESHOLDS_MAX = 100
#: The reference stores numbers in 32 bits.
NUMBER_MAX = 2**31 - 1
_END = datetime.max.replace(tzinfo=UTC)


class ThresholdType(StrEnum):
    """Metric of a threshold. Errors, new issues and crash-free rates are measured; the others never hold."""

    ERRORS = "total_error_count"
    NEW_ISSUES = "new_issue_count"
    UNHANDLED_ISSUES = "unhandled_issue_count"
    REGRESSED_ISSUES = "regressed_issue_count"
    FAILURE_RATE = "failure_rate"
    CRASH_FREE_SESSIONS = "crash_free_session_rate"
    CRASH_FREE_USERS = "crash_free_user_rate"


#: Metrics that are percent.
RATES = (ThresholdType.CRASH_FREE_SESSIONS, ThresholdType.CRASH_FREE_USERS)


class Trigger(StrEnum):
    """The side of its value on which a threshold is exceeded."""

    OVER = "over"
    UNDER = "under"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewThreshold:
    """Values of a new threshold."""

    type: ThresholdType
    trigger: Trigger
    value: int
    window_seconds: int
    environment: Environment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A limit on a metric for a time after each release of a project, in one environment or all."""

    id: int
    project_id: int
    type: ThresholdType
    trigger: Trigger
    value: int
    window_seconds: int
    environment: Environment | None
    created_at: datetime

    def is_kept(self, metric: float | None) -> bool:
        """Return True if the threshold holds; False for a metric that could not be measured."""
        if metric is None:
            return False
        return metric <= self.value if self.trigger is Trigger.OVER else metric >= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A release watched by a threshold of one of its projects, for the threshold's window from ``begins_at``."""

    release: Release
    threshold: Threshold
    begins_at: datetime

    @property
    def ends_at(self) -> datetime:
        """End of the window, at most the last date there is: deploys may be finished in the year 9999."""
        length = timedelta(seconds=self.threshold.window_seconds)
        return self.begins_at + min(length, _END - self.begins_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Result of a watch; the metric is None if it could not be measured. Rates are percent."""

    watch: Watch
    metric: float | None

    @property
    def is_healthy(self) -> bool:
        """Return True if the threshold holds."""
        return self.watch.threshold.is_kept(self.metric)
