"""Ingestion of an error event: ensure its issue, count it, and detect a regression (ingest.md 8, 10)."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from shipmark.events import store
from shipmark.events.parsing import Event
from shipmark.issues.actions import resolve
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
from shipmark.issues.store import activity, inbox, issues, occurrences, resolutions
from shipmark.issues.store.activity import NewActivity
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases import actions as release_actions
from shipmark.releases import versions
from shipmark.releases.model import NewRelease, Release
from shipmark.releases.store import environments as release_environments
from shipmark.releases.store import locks, releases
from shipmark.releases.store import projects as release_projects

#: Events this close to the last change of an issue's state are from before it could have been fixed.
REGRESSION_GUARD = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestResult:
    """The result of ingesting an event. ``issue_id`` is None for an event that was stored before."""

    issue_id: int | None
    is_new_issue: bool = False
    is_regression: bool = False


def ingest(connection: Connection, project: Project, event: Event) -> IngestResult:
    """Store an event and its consequences. The same event again changes nothing."""
    if store.exists(connection, project.id, event.event_id):
        return IngestResult(issue_id=None)
    # The release comes first: see the order of locks in releases/store/locks.py.
    release, is_attached = _release(connection, project, event)
    organization_id = project.organization_id
    environment = projects.ensure_environment(connection, organization_id, event.environment)
    projects.link_environment(connection, environment.id, [project.id])
    projects.record_event(connection, project, event.platform, event.at)
    if release is not None:
        release_actions.record_event(connection, release, project.id, environment.id, event.at)
    issue, is_new = _issue(connection, project, event, release)
    if release is not None and is_attached:
        issue = _resolve_by(connection, release, issue, event)
    is_first = store.add(
        connection,
        project_id=project.id,
        issue_id=issue.id,
        release_id=release.id if release else None,
        environment_id=environment.id,
        event=event,
    )
    if not is_first:
        return IngestResult(issue_id=None)
    _count(connection, issue, event, release, environment.id)
    if is_new:
        inbox.add(connection, issue.id, InboxReason.NEW, event.received_at)
        if release is not None:
            release_projects.count_new_issue(connection, release.id, project.id)
        return IngestResult(issue_id=issue.id, is_new_issue=True)
    is_regression = _regresses(connection, issue, event, release)
    return IngestResult(issue_id=issue.id, is_regression=is_regression)


def _release(connection: Connection, project: Project, event: Event) -> tuple[Release | None, bool]:
    """Return the event's release, created if missing and dated by the event (releases.md 3.2), and if it is new here.

    It is held, so that it is not deleted before the event is stored, and recreated if it is being deleted. It is
    locked only if a row of the project or the environment will be added, which repeats its status and dates.
    """
    if event.release is None:
        return None, False
    locked_release = locks.lock_shared(
        connection, project.organization_id, event.release, project.id, event.environment
    )
    if locked_release is not None and locked_release.is_placed:
        return locked_release.release, False
    new = NewRelease(version=event.release, created_at=event.at)
    release, _ = release_actions.get_or_create(connection, project.organization_id, new)
    added = release_actions.attach(connection, release, [project], None)
    return release, bool(added)


def _resolve_by(connection: Connection, release: Release, issue: Issue, event: Event) -> Issue:
    """Resolve the issues that a release new to the project resolves, and return the event's issue as it is now.

    Its commits may name issues of this project: they ship here now. Others may wait for the project's next release.
    """
    resolve.in_release(
        connection, release, event.received_at, new_in=[issue.project_id], lock_too=[issue.id]
    )
    changed = issues.by_id(connection, issue.organization_id, issue.id)
    assert changed is not None, "locked issues can't be deleted"
    return changed


def _issue(
    connection: Connection, project: Project, event: Event, release: Release | None
) -> tuple[Issue, bool]:
    if existing := issues.by_hashes(connection, project.id, event.hashes):
        return existing, False
    # Taking a number blocks concurrent transactions; the second one finds the issue of the first.
    number = projects.next_short_id(connection, project.id)
    if existing := issues.by_hashes(connection, project.id, event.hashes):
        return existing, False
    issue = issues.add(
        connection,
        organization_id=project.organization_id,
        project_id=project.id,
        number=number,
        event=event,
        first_release_id=release.id if release else None,
    )
    issues.map_hashes(connection, issue, event.hashes)
    return issue, True


def _count(
    connection: Connection, issue: Issue, event: Event, release: Release | None, environment_id: int
) -> None:
    user = event.user_hash
    is_new_user = user is not None and issues.record_user(connection, issue.id, user)
    issues.count(connection, issue, event, is_new_user=is_new_user)
    release_id = release.id if release else None
    is_new_there = occurrences.record_environment(
        connection, issue.id, environment_id, release_id, event.at
    )
    if release is None:
        return
    occurrences.record_release(connection, issue.id, release.id, environment_id, event.at)
    if is_new_there:
        release_environments.count_new_issue(
            connection, release.id, issue.project_id, environment_id
        )


def _regresses(connection: Connection, issue: Issue, event: Event, release: Release | None) -> bool:
    """Reopen a resolved issue that occurs again after its fix. Return True if it was reopened."""
    if issue.status is not IssueStatus.RESOLVED:
        return False
    fix = _fix_of(connection, issue)
    if fix is not None:
        newest = releases.newest_versions(connection, issue.project_id, versions.SAMPLE_MAX)
        if is_before_fix(fix, release, newest):
            return False
    if resolutions.is_unshipped(connection, issue.id):
        return False
    if not issues.reopen(connection, issue.id, event.at, event.at - REGRESSION_GUARD):
        return False
    resolutions.delete_of_issues(connection, [issue.id])
    _record_regression(connection, issue, event, release, fix)
    return True


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
    connection: Connection, issue: Issue, event: Event, release: Release | None, fix: Fix | None
) -> None:
    version = release.version if release else ""
    details: dict[str, object] = {"event_id": event.event_id, "version": version}
    if fix is not None:
        details["resolved_in_version"] = fix.resolved_in.version
    happened = NewActivity(
        issue_id=issue.id,
        type=IssueActivityType.SET_REGRESSION,
        user_id=None,
        ident=event.event_id,
        details=details,
    )
    activity.add(connection, [happened], event.received_at)
    release_id = release.id if release else None
    if release is not None and not activity.is_regressed_in(connection, issue.id, release.id):
        release_projects.count_regressed_issue(connection, release.id, issue.project_id)
    activity.add_history(
        connection, HistoryStatus.REGRESSED, {issue.id: None}, release_id, event.received_at
    )
    inbox.add(connection, issue.id, InboxReason.REGRESSION, event.received_at)
