"""The verdict on a release as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from shipmark.api.issues.responses import IssueResponse
from shipmark.api.responses import Wire
from shipmark.api.verdict_criteria import VerdictCriteriaResponse, verdict_criteria_response
from shipmark.release_health.model import BucketWidth
from shipmark.verdicts import explanations
from shipmark.verdicts.judgement import UnitCount, VerdictReason, VerdictStatus
from shipmark.verdicts.model import (
    BaseRelease,
    Evaluation,
    MeasureResult,
    ReleaseVerdict,
)


class UnitCountResponse(msgspec.Struct):
    """The units of a measure, and how many of them are bad."""

    bad: float
    n: float


class MeasureResponse(Wire):
    """A measure of a release compared with that of its base."""

    name: str
    verdict: str
    reason: str
    base: UnitCountResponse
    new: UnitCountResponse
    spread: float
    floor: float
    log_regressed: float
    log_healthy: float
    smallest_regression: float | None
    compared_hours: float | None


class BaseReleaseResponse(Wire):
    """A release of which hours are in the base."""

    version: str
    start: datetime
    end: datetime


class ProjectVerdictResponse(Wire):
    """The verdict on a release in an environment of a project."""

    verdict: str
    reason: str
    reasons: list[str]
    release: str
    environment: str
    project: str | None
    base: str | None
    base_start: datetime | None
    base_end: datetime | None
    base_releases: list[BaseReleaseResponse]
    compare: str | None
    start: datetime | None
    end: datetime | None
    since: datetime | None
    regressed_at: datetime | None
    concurrent: bool
    final: bool
    measures: list[MeasureResponse]
    criteria: VerdictCriteriaResponse | None
    marked: str | None
    marked_at: datetime | None
    rollback: str | None


class VerdictResponse(ProjectVerdictResponse):
    """The verdict on a release in an environment: that of the worst project, with those of all."""

    projects: list[ProjectVerdictResponse]
    new_issues: list[IssueResponse]
    new_issue_count: int
    regressed_issues: list[IssueResponse]
    regressed_issue_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedProject:
    """The verdict of a project, evaluated by its stream's criteria. ``rollback`` is the version to go back to."""

    slug: str
    verdict: ReleaseVerdict
    evaluation: Evaluation
    is_default: bool
    rollback: str | None

    @property
    def status(self) -> VerdictStatus:
        """Return the status now; by other criteria than the project's what is stored does not count."""
        if self.is_default:
            return self.verdict.status_now(self.evaluation)
        return self.verdict.marked or self.evaluation.status

    @property
    def reason(self) -> str:
        """Return the reason in a word or two."""
        if self.verdict.marked:
            return "marked"
        if self.status == VerdictStatus.REGRESSED and self.evaluation.status != self.status:
            return self.verdict.reason
        return self.evaluation.reason


def project_response(judged: JudgedProject, at: datetime) -> ProjectVerdictResponse:
    """Return the verdict of a project."""
    verdict, evaluation = judged.verdict, judged.evaluation
    base = verdict.base
    first = base.releases[0] if base.releases else None
    return ProjectVerdictResponse(
        verdict=judged.status,
        reason=judged.reason,
        reasons=[reason.text for reason in explanations.reasons(verdict, evaluation)],
        release=verdict.stream.version,
        environment=verdict.stream.environment,
        project=judged.slug,
        base=first.version if first else None,
        base_start=_moment(min(each.start for each in base.releases)) if first else None,
        base_end=_moment(max(each.end for each in base.releases)) if first else None,
        base_releases=[_base_release(each) for each in base.releases],
        compare=base.compare,
        start=verdict.stream.started_at,
        end=_moment(verdict.end(at)),
        since=verdict.since,
        regressed_at=verdict.regressed_at,
        concurrent=evaluation.is_concurrent,
        final=verdict.ended_at is not None,
        measures=[_measure(result) for result in evaluation.results],
        criteria=verdict_criteria_response(verdict.stream.criteria),
        marked=verdict.marked,
        marked_at=verdict.marked_at,
        rollback=judged.rollback if judged.status == VerdictStatus.REGRESSED else None,
    )


def unknown_response(version: str, environment: str) -> ProjectVerdictResponse:
    """Return the verdict on a release without sessions in the environment."""
    return ProjectVerdictResponse(
        verdict=VerdictStatus.UNDECIDED,
        reason=VerdictReason.NO_SESSIONS,
        reasons=[reason.text for reason in explanations.no_sessions()],
        release=version,
        environment=environment,
        project=None,
        base=None,
        base_start=None,
        base_end=None,
        base_releases=[],
        compare=None,
        start=None,
        end=None,
        since=None,
        regressed_at=None,
        concurrent=False,
        final=False,
        measures=[],
        criteria=None,
        marked=None,
        marked_at=None,
        rollback=None,
    )


def verdict_response(
    worst: ProjectVerdictResponse,
    projects: Sequence[ProjectVerdictResponse],
    new: tuple[Sequence[IssueResponse], int],
    regressed: tuple[Sequence[IssueResponse], int],
) -> VerdictResponse:
    """Return the verdict of the worst project with all of them, and with issues and their numbers."""
    return VerdictResponse(
        **{name: getattr(worst, name) for name in ProjectVerdictResponse.__struct_fields__},
        projects=list(projects),
        new_issues=list(new[0]),
        new_issue_count=new[1],
        regressed_issues=list(regressed[0]),
        regressed_issue_count=regressed[1],
    )


def _measure(result: MeasureResult) -> MeasureResponse:
    judgement, seconds = result.judgement, result.compared_seconds
    return MeasureResponse(
        name=result.measure,
        verdict=judgement.status,
        reason=judgement.reason,
        base=_count(result.base),
        new=_count(result.new),
        spread=round(result.spread, 3),
        floor=result.comparison.floor,
        log_regressed=round(judgement.log_regressed, 4),
        log_healthy=round(judgement.log_healthy, 4),
        smallest_regression=result.smallest_regression,
        compared_hours=None if seconds is None else round(seconds / BucketWidth.HOUR, 2),
    )


def _count(count: UnitCount) -> UnitCountResponse:
    return UnitCountResponse(bad=count.bad, n=count.units)


def _base_release(release: BaseRelease) -> BaseReleaseResponse:
    return BaseReleaseResponse(
        version=release.version, start=_moment(release.start), end=_moment(release.end)
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
