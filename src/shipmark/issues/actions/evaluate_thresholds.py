"""Evaluation of thresholds for releases, by a constant number of statements (releases.md 2.22)."""

from collections.abc import Sequence

from sqlalchemy import Connection

from shipmark.deploys import store as deploys
from shipmark.issues.store import statistics
from shipmark.release_health.store import windows
from shipmark.release_health.store.windows import Window
from shipmark.releases.model import Release
from shipmark.releases.thresholds import Finding, Threshold, ThresholdType, Watch

_COUNTS = {
    ThresholdType.ERRORS: statistics.errors,
    ThresholdType.NEW_ISSUES: statistics.new_issues,
}
_RATES = {
    ThresholdType.CRASH_FREE_SESSIONS: windows.crash_free_sessions,
    ThresholdType.CRASH_FREE_USERS: windows.crash_free_users,
}


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
    findings = []
    for kind in ThresholdType:
        some = [watch for watch in watches if watch.threshold.type is kind]
        metrics, missing = dict[int, float](), None
        if kind in _COUNTS:
            # What was not found is none.
            metrics, missing = {**_COUNTS[kind](connection, some)}, 0
        elif kind in _RATES and some:
            metrics = {**_RATES[kind](connection, list(map(_window_of, some)))}
        findings += [
            Finding(watch=watch, metric=metrics.get(number, missing))
            for number, watch in enumerate(some)
        ]
    return findings


def _window_of(watch: Watch) -> Window:
    threshold = watch.threshold
    return Window(
        project_id=threshold.project_id,
        release_id=watch.release.id,
        environment_id=threshold.environment.id if threshold.environment else 0,
        start=int(watch.begins_at.timestamp()),
        end=int(watch.ends_at.timestamp()),
    )
