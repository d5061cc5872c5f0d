"""The kinds of deploys and what became of changes: failed or not, and recovered by what (verdict.md 4.1, 4.2). Pure.

Nothing of it is stored: a deploy that is dated back changes what all later ones are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipmark.delivery.model import (
    ClassifiedDeploy,
    DeployKind,
    Failure,
    FailureReason,
    LaneDeploy,
    LaneHistory,
    Outcome,
    ShippedCommit,
)
from shipmark.infrastructure.groups import grouped
from shipmark.verdicts.judgement import VerdictStatus

#: A change that is replaced by a rollback so much later at most failed.
ROLLBACK_MAX = timedelta(days=7)
#: A change that is fixed within this time failed. One that is current for less is pending.
SETTLED_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Step:
    """A deploy of the walk; ``replacement`` is the next deploy of another release."""

    position: int
    deploy: LaneDeploy
    kind: DeployKind
    replacement: "Step | None"


def steps_of(history: LaneHistory) -> Sequence[Step]:
    """Return the deploys by the time at which they were finished, with their kinds."""
    ordered = sorted(history.deploys, key=lambda deploy: (deploy.finished_at, deploy.id))
    kinds, current = list[DeployKind](), history.previous
    for deploy in ordered:
        kinds.append(_kind(deploy, current))
        current = deploy
    steps, replacement = list[Step](), None
    for position in reversed(range(len(ordered))):
        step = Step(position, ordered[position], kinds[position], replacement)
        steps.append(step)
        if step.kind != DeployKind.REDEPLOY:
            replacement = step
    return steps[::-1]


def _kind(deploy: LaneDeploy, current: LaneDeploy | None) -> DeployKind:
    if current is None:
        return DeployKind.CHANGE
    if deploy.release_id == current.release_id:
        return DeployKind.REDEPLOY
    is_older = (deploy.first_at, deploy.first_id) < (current.first_at, current.first_id)
    was_there = not deploy.is_first_of_release
    return DeployKind.ROLLBACK if was_there and is_older else DeployKind.CHANGE


def classify(history: LaneHistory, at: datetime) -> list[ClassifiedDeploy]:
    """Return all deploys with their kinds and outcomes, the earliest first, as they are at a moment."""
    return _Classification(history, at).deploys()


class _Classification:
    """The deploys of a history in their order, with the failures of changes by the positions of these."""

    def __init__(self, history: LaneHistory, at: datetime) -> None:
        self._history = history
        self._at = at
        self._steps = steps_of(history)
        self._new_commits = [self._commits_of(step) for step in self._steps]
        # By issue, so that no failed change looks through all later deploys.
        self._fixed_at = grouped(
            (issue_id, step.position)
            for step in self._steps
            for issue_id in self._issues_fixed_by(step)
        )
        self._failures = {
            step.position: failure
            for step in self._steps
            if step.kind == DeployKind.CHANGE and (failure := self._failure(step))
        }

    def deploys(self) -> list[ClassifiedDeploy]:
        fixes = {fix for failed in self._failures for fix in self._fixes_of(self._steps[failed])}
        result = []
        for step in self._steps:
            failure = self._failures.get(step.position)
            lead_times, clock_error_count = self._lead_times(step)
            result.append(
                ClassifiedDeploy(
                    deploy=step.deploy,
                    kind=step.kind,
                    outcome=self._outcome(step, failure),
                    failure=failure,
                    recovered_by=self._recovery(step) if failure else None,
                    is_fix=step.position in fixes,
                    lead_times=lead_times,
                    clock_error_count=clock_error_count,
                    regressed_at=self._regressed_at(step),
                )
            )
        return result

    def _commits_of(self, step: Step) -> list[ShippedCommit]:
        """Return the commits that a change puts into the environment first."""
        if step.kind != DeployKind.CHANGE or not step.deploy.is_first_of_release:
            return []
        commits = self._history.commits.get(step.deploy.release_id, ())
        return [commit for commit in commits if commit.first_at == step.deploy.finished_at]

    def _issues_fixed_by(self, step: Step) -> frozenset[int]:
        fixed = self._history.fixed
        return frozenset().union(
            *(fixed.get(commit.id, ()) for commit in self._new_commits[step.position])
        )

    def _fixes_of(self, failed: Step) -> list[int]:
        """Return the positions of later changes that fix an issue which this one brought or reopened, in order."""
        broken = self._history.broken.get(failed.deploy.release_id, ())
        positions = {each for issue_id in broken for each in self._fixed_at.get(issue_id, ())}
        return sorted(each for each in positions if each > failed.position)

    def _failure(self, step: Step) -> Failure | None:
        deploy, replacement = step.deploy, step.replacement
        verdict = self._history.verdicts.get(deploy.release_id)
        if verdict and verdict.marked:
            is_failed = verdict.marked == VerdictStatus.REGRESSED
            return Failure(FailureReason.MARKED, deploy.finished_at) if is_failed else None
        if replacement and replacement.kind == DeployKind.ROLLBACK:
            replaced_at = replacement.deploy.finished_at
            if replaced_at - deploy.finished_at <= ROLLBACK_MAX:
                return Failure(FailureReason.ROLLED_BACK, replaced_at)
        if regressed_at := self._regressed_at(step):
            return Failure(FailureReason.REGRESSED, regressed_at)
        if fixes := self._fixes_of(step):
            fixed_at = self._steps[fixes[0]].deploy.finished_at
            if fixed_at - deploy.finished_at <= SETTLED_AFTER:
                return Failure(FailureReason.FIXED, fixed_at)
        return None

    def _regressed_at(self, step: Step) -> datetime | None:
        """Return when the verdict became regressed, if the change was current then."""
        verdict, deploy = self._history.verdicts.get(step.deploy.release_id), step.deploy
        if step.kind != DeployKind.CHANGE or verdict is None or verdict.regressed_at is None:
            return None
        at = verdict.regressed_at
        if deploy.is_first_of_release:
            # The first sessions come before the rollout has finished.
            at = max(at, deploy.finished_at)
        until = step.replacement.deploy.finished_at if step.replacement else None
        return at if deploy.finished_at <= at and (until is None or at < until) else None

    def _outcome(self, step: Step, failure: Failure | None) -> Outcome | None:
        if step.kind != DeployKind.CHANGE:
            return None
        if failure:
            return Outcome.FAILED
        verdict = self._history.verdicts.get(step.deploy.release_id)
        is_marked = verdict is not None and verdict.marked is not None
        is_young = self._at - step.deploy.finished_at < SETTLED_AFTER
        is_pending = step.replacement is None and is_young and not is_marked
        return Outcome.PENDING if is_pending else Outcome.SUCCEEDED

    def _recovery(self, failed: Step) -> LaneDeploy | None:
        """Return the first later deploy of another release that recovers the failed change."""
        fixes = set(self._fixes_of(failed))
        for position in range(failed.position + 1, len(self._steps)):
            step = self._steps[position]
            if step.deploy.release_id == failed.deploy.release_id:
                continue
            if step.kind == DeployKind.ROLLBACK or position in fixes or self._is_sound(step):
                return step.deploy
        return None

    def _is_sound(self, step: Step) -> bool:
        """Return True for a change that is healthy, or that had not failed a day later."""
        if step.kind != DeployKind.CHANGE:
            return False
        verdict = self._history.verdicts.get(step.deploy.release_id)
        if verdict and verdict.effective == VerdictStatus.HEALTHY:
            return True
        settled_at = step.deploy.finished_at + SETTLED_AFTER
        failure = self._failures.get(step.position)
        return settled_at <= self._at and (failure is None or failure.at > settled_at)

    def _lead_times(self, step: Step) -> tuple[dict[int, timedelta], int]:
        """Return the lead times of the commits that are new, and how many of these are dated after the deploy."""
        if step.position == 0 and self._history.previous is None:
            # The first deploy of all ships the whole history.
            return {}, 0
        finished_at = step.deploy.finished_at
        times = {
            commit.id: finished_at - commit.created_at
            for commit in self._new_commits[step.position]
        }
        sound = {commit_id: time for commit_id, time in times.items() if time >= timedelta()}
        return sound, len(times) - len(sound)
