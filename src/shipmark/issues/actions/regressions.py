"""Regressions: resolved issues that occur again after their fix (ingest.md 10)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events.parsing import Event
from shipmark.issues.model import (
    DeletedFix,
    HistoryStatus,
    InboxReason,
    Issue,
    IssueActivityType,
    IssueStatus,
    Resolution,
)
from shipmark.issues.regression import DeletedRelease, Fix, Shipped, is_before_fix
from shipmark.issues.store import activity, inbox, issues, resolutions
from shipmark.issues.store.activity import NewActivity
from shipmark.releases import versions
from shipmark.releases.model import Release
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases

#: Events this close to the last change of an issue's state are from before it could have been fixed.
REGRESSION_GUARD = timedelta(seconds=5)
#: The shortest age by which issues are resolved. An event from this time before may have waited in the log meanwhile.
_SHORTEST_AGE = timedelta(hours=1)


def may_regress(issue: Issue, event: Event) -> bool:
    """Return True if the event may reopen the issue: it is resolved, and not only just."""
    return issue.status is IssueStatus.RESOLVED and issue.active_at < _reopens_before(issue, event)


def reopen(connection: Connection, issue: Issue, event: Event, release: Release | None) -> bool:
    """Reopen a locked issue that `may_regress`, if the event is from after its fix. Return True if it was reopened."""
    fix = _fix_of(connection, issue)
    of_fix: dict[str, object] = {}
    if fix is not None:
        newest = releases.newest_versions(connection, issue.project_id, versions.SAMPLE_MAX)
        if release is None or is_before_fix(fix, release, newest):
            return False
        of_fix = {
            "follows_semver": versions.goes_by_semver(release.version, newest),
            "resolved_in_version": fix.resolved_in.version,
        }
    if resolutions.is_unshipped(connection, issue.id):
        return False
    if not issues.reopen(connection, issue.id, event.at, _reopens_before(issue, event)):
        return False
    resolutions.delete_of_issues(connection, [issue.id])
    _record_regression(connection, issue, event, release, of_fix)
    return True


def _reopens_before(issue: Issue, event: Event) -> datetime:
    """Return the moment before which the issue must have changed its state to be reopened by the event."""
    if issue.is_auto_resolved:
        return event.at + _SHORTEST_AGE
    return event.at - REGRESSION_GUARD


def _fix_of(connection: Connection, issue: Issue) -> Fix | None:
    """Return the resolution of a resolved issue with its releases, also if its release was deleted."""
    resolution = resolutions.of_issues(connection, [issue.id]).get(issue.id)
    # A release may be deleted at this moment, and its resolution with it.
    existing = releases.by_ids(connection, [resolution.release_id] if resolution else [])
    resolved_in: Shipped
    if resolution is not None and resolution.release_id in existing:
        resolved_in = existing[resolution.release_id]
        stored: Resolution | DeletedFix = resolution
    elif (deleted := issue.deleted_fix) is not None:
        resolved_in = DeletedRelease(version=deleted.version, shipped_at=deleted.shipped_at)
        stored = deleted
    else:
        return None
    version = stored.current_version
    current = releases.by_version(connection, issue.organization_id, version) if version else None
    return Fix(
        resolved_in=resolved_in,
        is_pending=stored.is_pending,
        current_version=version,
        current=current,
    )


def _record_regression(
    connection: Connection,
    issue: Issue,
    event: Event,
    release: Release | None,
    of_fix: Mapping[str, object],
) -> None:
    version = release.version if release else ""
    happened = NewActivity(
        issue_id=issue.id,
        type=IssueActivityType.SET_REGRESSION,
        user_id=None,
        ident=event.event_id,
        details={"event_id": event.event_id, "version": version, **of_fix},
    )
    activity.add(connection, [happened], event.received_at)
    release_id = release.id if release else None
    if release is not None and not activity.is_regressed_in(connection, issue.id, release.id):
        release_projects.count_regressed_issue(connection, release.id, issue.project_id)
    activity.add_history(
        connection, HistoryStatus.REGRESSED, {issue.id: None}, release_id, event.received_at
    )
    inbox.add(connection, [(issue.id, event.received_at)], InboxReason.REGRESSION)
