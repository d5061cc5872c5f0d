"""Resolution of issues by the commits that name them (releases.md 3.7), for all issues at once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import Conflict
from shipmark.issues.model import (
    HistoryStatus,
    IssueActivityType,
    IssueStatus,
    Resolution,
    SubscriptionReason,
)
from shipmark.issues.references import References
from shipmark.issues.regression import completes
from shipmark.issues.store import (
    activity,
    commit_links,
    inbox,
    issues,
    named_issues,
    resolutions,
    snoozes,
)
from shipmark.issues.store.activity import NewActivity
from shipmark.issues.store.resolutions import NamedIssue
from shipmark.organizations import store as organizations
from shipmark.releases.model import Release
from shipmark.releases.store import releases

_GONE = "An issue was merged while the release was stored."


def link(
    connection: Connection,
    organization_id: int,
    references: Mapping[int, References],
    known_commit_ids: Collection[int],
    now: datetime,
) -> None:
    """Link commits to the issues that their messages name, and delete links to issues no longer named.

    ``references`` has an entry for every commit sent with a message, and ``known_commit_ids`` are the commits stored
    before, which alone can have links. A newly named issue gets an activity, and the user of the commit's author, who
    may have been sent before, is subscribed.
    """
    named = _named_issues(connection, organization_id, references)
    if said_anew := references.keys() & set(known_commit_ids):
        commit_links.delete_others(connection, said_anew, named)
    fresh = sorted(commit_links.ensure(connection, named, now))
    if not fresh:
        return
    commit_ids = {commit_id for _, commit_id in fresh}
    users = commit_links.users_of_authors(connection, organization_id, commit_ids)
    happened, followers = [], []
    for issue_id, commit_id in fresh:
        user_id = users.get(commit_id)
        happened.append(
            NewActivity(
                issue_id=issue_id,
                type=IssueActivityType.REFERENCED_IN_COMMIT,
                user_id=user_id,
                ident=str(commit_id),
                details={"commit": commit_id},
            )
        )
        followers.append((issue_id, user_id))
    activity.add(connection, happened, now)
    activity.subscribe(connection, followers, SubscriptionReason.STATUS_CHANGE)


def in_release(
    connection: Connection,
    release: Release,
    now: datetime,
    *,
    new_in: Collection[int] = (),
    lock_too: Collection[int] = (),
    names_issues: bool = True,
) -> int:
    """Resolve the issues named by the release's commits that it has not resolved yet. Return their number.

    They leave the inbox; history, resolution and activity record the release and the user. Issues that the release
    has resolved already stay unchanged, so that publishing is idempotent.

    The release has just been attached to the projects ``new_in``: resolutions that wait for their next release are
    completed. ``lock_too`` are issues that the transaction will change later: all are locked in one order.
    Without ``names_issues`` the caller knows that the release's commits name none.
    """
    named = []
    if names_issues and release.last_commit_id is not None:
        named = resolutions.named_by_release(connection, release.id)
    pending = _completed_by(connection, release, new_in)
    locked = {named_issue.issue_id for named_issue in named} | {
        resolution.issue_id for resolution in pending
    }
    if not locked:
        return 0
    before = issues.lock(connection, locked | set(lock_too))
    if not before.keys() >= locked:
        # Its commits name the survivor now: the caller tries again.
        raise Conflict(_GONE)
    if pending:
        resolutions.complete(connection, [resolution.id for resolution in pending], release.id)
        resolved = {resolution.issue_id: resolution.id for resolution in pending}
        activity.complete(connection, resolved, release.version)
    if named:
        _resolve_named(connection, release, named, before, now)
    return len(named)


def _completed_by(
    connection: Connection, release: Release, project_ids: Collection[int]
) -> list[Resolution]:
    """Return the resolutions "in the next release" that this release of the projects completes."""
    pending = resolutions.pending_in(connection, project_ids) if project_ids else []
    since = releases.by_ids(connection, {resolution.release_id for resolution in pending})
    return [
        resolution
        for resolution in pending
        if resolution.release_id in since
        and completes(release, since[resolution.release_id], resolution.current_version)
    ]


def _resolve_named(
    connection: Connection,
    release: Release,
    named: Sequence[NamedIssue],
    before: Mapping[int, IssueStatus],
    now: datetime,
) -> None:
    addresses = {named_issue.author_email for named_issue in named if named_issue.author_email}
    members = organizations.users_by_email(connection, release.organization_id, addresses)
    users = {
        named_issue.issue_id: members.get(named_issue.author_email or "") for named_issue in named
    }
    if ignored := [issue_id for issue_id in users if before[issue_id] is IssueStatus.IGNORED]:
        snoozes.remove(connection, ignored)
    idents = resolutions.set_in_release(connection, release.id, users, now)
    issues.mark_resolved(connection, users, now)
    inbox.remove(connection, users)
    activity.add_history(connection, HistoryStatus.RESOLVED, users, None, now)
    happened = [
        NewActivity(
            issue_id=named_issue.issue_id,
            type=IssueActivityType.SET_RESOLVED_IN_RELEASE,
            user_id=users[named_issue.issue_id],
            ident=str(idents[named_issue.issue_id]),
            details={"version": release.version, "commit": named_issue.commit_id},
        )
        for named_issue in named
        if before[named_issue.issue_id] is not IssueStatus.RESOLVED
    ]
    activity.add(connection, happened, now)


def _named_issues(
    connection: Connection, organization_id: int, references: Mapping[int, References]
) -> set[tuple[int, int]]:
    """Return the (issue, commit) pairs, without issues that are not in the organization."""
    short_ids = {short_id for result in references.values() for short_id in result.short_ids}
    by_short_id = named_issues.ids_of_short_ids(connection, organization_id, short_ids)
    issue_ids = {issue_id for result in references.values() for issue_id in result.issue_ids}
    known = named_issues.ids_in_organization(connection, organization_id, issue_ids)
    pairs = {
        (by_short_id[short_id], commit_id)
        for commit_id, result in references.items()
        for short_id in result.short_ids
        if short_id in by_short_id
    }
    return pairs | {
        (known[issue_id], commit_id)
        for commit_id, result in references.items()
        for issue_id in result.issue_ids
        if issue_id in known
    }
