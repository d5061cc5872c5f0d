"""Evaluation of thresholds for releases, by a constant number of statements (releases.md 2.22)."""

from collections.abc import Sequence

from sqlalchemy import Connection

from shipmark.deploys import store as deploys
from shipmark.issues.store import statistics
from shipmark.releases.model import Release
from shipmark.releases.thresholds import Finding, Threshold, ThresholdType, Watch


def evaluate(
    connection: Connection, shipped: Sequence[tuple[Release, int]], thresholds: Sequence[Threshold]
) -> list[Finding]:
    """Return the finding of each threshold for each release; ``shipped`` are releases, each with a project.

    A window begins at the last deploy to the threshold's environment, else when the release was created.
    """
    deployed = deploys.last_moments(connection, {release.id for release, _ in shipped})
    watches = []
    for release, project_id in shipped:
        for threshold in thresholds:
            if threshold.project_id == project_id:
                environment_id = threshold.environment.id if threshold.environment else 0
                at = deployed.get((release.id, project_id, environment_id), release.created_at)
                watches.append(Watch(release=release, threshold=threshold, begins_at=at))
    return _measured(connection, watches)


def _measured(connection: Connection, watches: Sequence[Watch]) -> list[Finding]:
    measured = {
        ThresholdType.ERRORS: statistics.errors,
        ThresholdType.NEW_ISSUES: statistics.new_issues,
    }
    findings = []
    for kind in ThresholdType:
        some = [watch for watch in watches if watch.threshold.type is kind]
        measure = measured.get(kind)
        metrics = measure(connection, some) if measure else {}
        missing = 0 if measure else None
        findings += [
            Finding(watch=watch, metric=metrics.get(number, missing))
            for number, watch in enumerate(some)
        ]
    return findings
