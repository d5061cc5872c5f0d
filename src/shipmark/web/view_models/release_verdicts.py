"""The verdicts on a release as its page shows them: a banner for each environment."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.verdicts import actions, explanations
from shipmark.verdicts.explanations import Reason
from shipmark.verdicts.judgement import VerdictStatus
from shipmark.verdicts.model import Evaluation, Measure, ReleaseVerdict
from shipmark.verdicts.store import verdicts
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.environment_order import is_production

#: Banners of a page. Those of other environments are counted only.
BANNERS_MAX = 3
_WORDS = {
    VerdictStatus.REGRESSED: "Regressed",
    VerdictStatus.HEALTHY: "Healthy",
    VerdictStatus.UNDECIDED: "Not enough data",
}
_KINDS = {VerdictStatus.REGRESSED: "bad", VerdictStatus.HEALTHY: "good"}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictBanner:
    """The verdict on a release in an environment of a project, named if the release has several.

    ``rollback`` is the version to go back to, of a regressed release. ``is_final`` if no more sessions count.
    """

    environment: str
    project: str
    status: VerdictStatus
    reasons: tuple[Reason, ...]
    base: str
    since: datetime
    sessions: int
    rollback: str
    is_marked: bool
    is_final: bool

    @property
    def word(self) -> str:
        """Return the verdict in words."""
        return _WORDS[self.status]

    @property
    def deciding(self) -> tuple[Reason, ...]:
        """Return the reasons of the measure that the verdict is by, and those that are about none."""
        return tuple(reason for reason in self.reasons if reason.decides)

    @property
    def others(self) -> tuple[Reason, ...]:
        """Return the reasons of the other measures."""
        return tuple(reason for reason in self.reasons if not reason.decides)

    @property
    def marks(self) -> tuple[str, ...]:
        """Return what a person may mark the release as, or `none` if it is marked."""
        if self.is_marked:
            return ("none",)
        offered = (VerdictStatus.HEALTHY, VerdictStatus.REGRESSED)
        return tuple(status.value for status in offered if status is not self.status)

    @property
    def kind(self) -> str:
        """Return the class of the banner."""
        return _KINDS.get(self.status, "")


def verdict_banners(
    connection: Connection,
    workspace: Workspace,
    release_id: int,
    project_ids: Collection[int],
    at: datetime,
) -> Sequence[VerdictBanner]:
    """Return the verdicts as they are now, production first, then the worst.

    By at most five statements, and some for each environment that no job has judged yet.
    """
    known = actions.of_release(connection, release_id, project_ids, at)
    if not known:
        return ()
    known.sort(key=_importance)
    shown = known[:BANNERS_MAX]
    evaluations = actions.evaluations(connection, shown, at)
    statuses = list(map(ReleaseVerdict.status_now, shown, evaluations))
    is_regressed = VerdictStatus.REGRESSED in statuses
    rollbacks = verdicts.rollbacks(connection, shown) if is_regressed else {}
    slugs = {project.id: project.slug for project in workspace.projects}
    is_several = len({verdict.stream.project_id for verdict in known}) > 1
    return tuple(
        _banner(
            verdict,
            evaluation,
            status,
            project=slugs[verdict.stream.project_id] if is_several else "",
            rollback=rollbacks.get(verdict.stream.lane, ""),
        )
        for verdict, evaluation, status in zip(shown, evaluations, statuses, strict=True)
    )


def _importance(verdict: ReleaseVerdict) -> tuple[bool, int, str]:
    order = list(VerdictStatus)
    environment = verdict.stream.environment
    return not is_production(environment), order.index(verdict.effective), environment


def _banner(
    verdict: ReleaseVerdict,
    evaluation: Evaluation,
    status: VerdictStatus,
    *,
    project: str,
    rollback: str,
) -> VerdictBanner:
    units = {result.measure: int(result.new.units) for result in evaluation.results}
    return VerdictBanner(
        environment=verdict.stream.environment,
        project=project,
        status=status,
        reasons=tuple(explanations.reasons(verdict, evaluation)),
        base=verdict.base.releases[0].version if verdict.base.releases else "",
        since=verdict.marked_at or verdict.since,
        sessions=units.get(Measure.SESSIONS, 0),
        rollback=rollback if status is VerdictStatus.REGRESSED else "",
        is_marked=verdict.marked is not None,
        is_final=verdict.ended_at is not None,
    )
