"""Deploys to an environment of a project, and what became of them (verdict.md 4.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shipmark.verdicts.judgement import VerdictStatus


class DeployKind(StrEnum):
    """What a deploy does: it changes what is live, goes back to an older release, or repeats the current one."""

    CHANGE = "change"
    ROLLBACK = "rollback"
    REDEPLOY = "redeploy"


class Outcome(StrEnum):
    """What became of a change. A pending one is current, and too young to tell."""

    FAILED = "failed"
    PENDING = "pending"
    SUCCEEDED = "succeeded"


class FailureReason(StrEnum):
    """Why a change failed; the first that applies, in this order."""

    MARKED = "marked"
    ROLLED_BACK = "rolled back"
    REGRESSED = "regressed"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneDeploy:
    """A deploy to an environment of a project, with the first one of its release there.

    ``commit_count`` is that of the release.
    """

    id: int
    project_id: int
    release_id: int
    version: str
    commit_count: int
    finished_at: datetime
    first_id: int
    first_at: datetime

    @property
    def is_first_of_release(self) -> bool:
        """Return True if the release was not deployed there before."""
        return self.id == self.first_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedCommit:
    """A commit of a release; ``first_at`` is when a release with it was first deployed to the environment."""

    id: int
    created_at: datetime
    first_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployVerdict:
    """The verdict on a release in an environment, as far as it says what became of its deploys."""

    status: VerdictStatus
    regressed_at: datetime | None = None
    marked: VerdictStatus | None = None

    @property
    def effective(self) -> VerdictStatus:
        """Return what a person marked it as, or else the verdict."""
        return self.marked or self.status


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneHistory:
    """What is known of the deploys to an environment of a project in some time. The mappings are by release.

    ``previous`` is the last deploy before, ``broken`` the issues that a release brought or reopened, and ``fixed``
    those that commits resolve, by the ids of the commits.
    """

    deploys: Sequence[LaneDeploy]
    previous: LaneDeploy | None = None
    commits: Mapping[int, Sequence[ShippedCommit]] = field(default_factory=dict)
    verdicts: Mapping[int, DeployVerdict] = field(default_factory=dict)
    broken: Mapping[int, frozenset[int]] = field(default_factory=dict)
    fixed: Mapping[int, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a change failed, and from when on that was known."""

    reason: FailureReason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifiedDeploy:
    """A deploy with its kind and, if it is a change, what became of it.

    ``lead_times`` are those of the commits that it put into the environment first, by id; a commit that is dated
    after the deploy is a clock error. ``is_fix`` if it fixes an issue of an earlier change that failed.
    """

    deploy: LaneDeploy
    kind: DeployKind
    outcome: Outcome | None = None
    failure: Failure | None = None
    recovered_by: LaneDeploy | None = None
    is_fix: bool = False
    lead_times: Mapping[int, timedelta] = field(default_factory=dict)
    clock_error_count: int = 0
    #: When its verdict became regressed while it was current.
    regressed_at: datetime | None = None

    @property
    def time_to_recover(self) -> timedelta | None:
        """Return how long it took until a later deploy recovered the failed change, None if none has."""
        return (
            self.recovered_by.finished_at - self.deploy.finished_at if self.recovered_by else None
        )

    @property
    def time_to_detect(self) -> timedelta | None:
        """Return how long after the deploy the verdict of a failed change became regressed, or None."""
        if self.failure is None or self.regressed_at is None:
            return None
        return self.regressed_at - self.deploy.finished_at
