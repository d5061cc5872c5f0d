"""The walk through the deploys to an environment of a project, which tells their kinds (verdict.md 4.1). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from shipmark.delivery.model import DeployKind, LaneDeploy, LaneHistory


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
