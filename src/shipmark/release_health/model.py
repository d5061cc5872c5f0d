"""Counts of sessions in buckets of time, and what is derived from them (ingest.md 7.3, verdict.md 2.2)."""

from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from enum import IntEnum, StrEnum

#: The release of the series that count all releases of a project: distinct users are a union over them.
ALL_RELEASES = 0
DAY = 86_400


class BucketWidth(IntEnum):
    """The seconds of a bucket: sessions are counted by ten minutes, older ones by hours and days."""

    TEN_MINUTES = 600
    HOUR = 3600
    DAY = DAY


class SketchKind(StrEnum):
    """What a sketch of a bucket holds: distinct users by outcome, ids of sessions with errors, or durations."""

    ALL = "all"
    ERRORED = "errored"
    CRASHED = "crashed"
    ABNORMAL = "abnormal"
    ANR = "anr"
    ANR_FOREGROUND = "anr_foreground"
    #: Users with an event of an issue that the release is the first to have in the environment.
    NEW_ISSUE = "new_issue"
    ERRORED_SESSIONS = "sids"
    DURATIONS = "durations"


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """Numbers of sessions, as they are stored: buckets of one series may be added.

    ``errored_preaggregated`` and ``errored_sids`` include crashed and abnormal sessions: what is shown leaves them out.
    """

    sessions: int = 0
    errored_preaggregated: int = 0
    errored_sids: int = 0
    crashed: int = 0
    abnormal: int = 0
    unhandled: int = 0

    def __add__(self, other: "SessionCounts") -> "SessionCounts":
        """Return the sum."""
        return SessionCounts(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    @property
    def errored(self) -> int:
        """Return the sessions with errors that neither crashed nor were abnormal."""
        return max(0, self._errored_all - self.crashed - self.abnormal)

    @property
    def healthy(self) -> int:
        """Return the sessions without errors, among them those that still run."""
        return max(0, self.sessions - self._errored_all)

    @property
    def _errored_all(self) -> int:
        return self.errored_preaggregated + self.errored_sids


@dataclass(frozen=True, slots=True)
class UserCounts:
    """Numbers of distinct users of a bucket or of a union of buckets: they may not be added."""

    all: int = 0
    errored_all: int = 0
    crashed: int = 0
    abnormal: int = 0
    anr: int = 0
    anr_foreground: int = 0

    @property
    def errored(self) -> int:
        """Return the users with errors, without those whose sessions crashed or were abnormal."""
        return max(0, self.errored_all - self.crashed - self.abnormal)

    @property
    def healthy(self) -> int:
        """Return the users without errors."""
        return max(0, self.all - self.errored_all)


def crash_free(crashed: int, number: int) -> float | None:
    """Return the percent that did not crash, from 0, or None without any.

    Crashes count without the beginning of their session, so that there may be more of them than sessions.
    """
    return max(0.0, 100 - crashed / number * 100) if number else None


def bucket_start(epoch: float, width: BucketWidth) -> int:
    """Return the beginning of the bucket that a moment is in, in seconds since 1970."""
    return int(epoch // width) * width


def hour_moment(epoch: int) -> datetime:
    """Return the hour that a moment is in."""
    return datetime.fromtimestamp(bucket_start(epoch, BucketWidth.HOUR), UTC)
