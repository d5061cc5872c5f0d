"""What must hold after a release went out? Thresholds of projects, and whether one is kept (releases.md 2.22)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shipmark.projects.model import Environment
from shipmark.releases.model import Release

#: Thresholds of one project; a report looks at all of them.
THRESHOLDS_MAX = 100
#: What numbers may be: the reference keeps them in 32 bits.
NUMBER_MAX = 2**31 - 1
_END = datetime.max.replace(tzinfo=UTC)


class ThresholdType(StrEnum):
    """What is measured. Only errors and new issues can be: the others need sessions, and are never kept."""

    ERRORS = "total_error_count"
    NEW_ISSUES = "new_issue_count"
    UNHANDLED_ISSUES = "unhandled_issue_count"
    REGRESSED_ISSUES = "regressed_issue_count"
    FAILURE_RATE = "failure_rate"
    CRASH_FREE_SESSIONS = "crash_free_session_rate"
    CRASH_FREE_USERS = "crash_free_user_rate"


class Trigger(StrEnum):
    """On which side of its value a threshold is broken."""

    OVER = "over"
    UNDER = "under"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewThreshold:
    """What a threshold is made with."""

    type: ThresholdType
    trigger: Trigger
    value: int
    window_seconds: int
    environment: Environment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What must hold for a while after each release of a project, in one environment or all."""

    id: int
    project_id: int
    type: ThresholdType
    trigger: Trigger
    value: int
    window_seconds: int
    environment: Environment | None
    created_at: datetime

    def is_kept(self, metric: int | None) -> bool:
        """Does it hold? What could not be measured is never said to be well."""
        if metric is None:
            return False
        return metric <= self.value if self.trigger is Trigger.OVER else metric >= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A release watched by a threshold of one of its projects, for the threshold's window from a moment on."""

    release: Release
    threshold: Threshold
    begins_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When the window ends: at the end of time, where a deploy was finished in a year that has no end."""
        length = timedelta(seconds=self.threshold.window_seconds)
        return self.begins_at + min(length, _END - self.begins_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a watch came to; a null metric could not be measured."""

    watch: Watch
    metric: int | None

    @property
    def is_healthy(self) -> bool:
        """Is the threshold kept?"""
        return self.watch.threshold.is_kept(self.metric)
