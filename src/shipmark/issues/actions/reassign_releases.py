"""Reassignment of issues whose releases are deleted, for all issues at once."""

from collections import Counter
from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from shipmark.issues.model import DeletedFix
from shipmark.issues.store import issues, release_references, states
from shipmark.issues.store.release_references import ReassignedIssue, TiedResolution
from shipmark.releases.model import Release
from shipmark.releases.store import environments as release_environments
from shipmark.releases.store import lineage, locks
from shipmark.releases.store import projects as release_projects


def reassign(connection: Connection, releases: Collection[Release]) -> int:
    """Remove all references of issues to releases that are about to be deleted. Return the number of issues changed.

    An issue first seen in such a release counts as first seen in the release that it was seen in next, or in none. One
    resolved in such a release counts as resolved in the next release of its lineage that has the fix. Without one,
    the resolution is deleted and the issue stays resolved: the release's version and date are stored with the issue,
    so that events of older releases don't reopen it and events of newer ones do.

    The releases are locked, so that no event of theirs is ingested meanwhile, and the organization is locked, so
    that later releases can be locked too. For the order of locks see ``releases/store/locks.py``:
    counts of projects come after issues here, which is safe as only events, of issues that no other transaction sees
    yet, lock them as well.
    """
    gone_ids = {release.id for release in releases}
    first_seen = release_references.first_seen(connection, gone_ids)
    introduced = release_references.introduced(connection, gone_ids)
    tied = release_references.tied_resolutions(connection, gone_ids)
    moves = (*first_seen, *introduced)
    touched = {issue.issue_id for issue in moves} | {resolution.issue_id for resolution in tied}
    if not touched:
        return 0
    heirs = {issue.release_id for issue in moves if issue.release_id is not None}
    locks.lock_several(connection, heirs)
    _count_introduced(connection, introduced)
    issues.lock(connection, touched)
    if first_seen:
        release_references.move_first_seen(connection, first_seen)
    if introduced:
        release_references.move_introduced(connection, introduced)
    _count_first_seen(connection, first_seen)
    if tied:
        _move_resolutions(connection, releases, tied)
    return len(touched)


def _count_introduced(connection: Connection, moves: Sequence[ReassignedIssue]) -> None:
    numbers = Counter(
        (issue.release_id, issue.project_id, issue.environment_id)
        for issue in moves
        if issue.release_id is not None and issue.environment_id is not None
    )
    release_environments.count_new_issues(connection, numbers)


def _count_first_seen(connection: Connection, moves: Sequence[ReassignedIssue]) -> None:
    numbers = Counter(
        (issue.release_id, issue.project_id) for issue in moves if issue.release_id is not None
    )
    release_projects.count_new_issues(connection, numbers)


def _move_resolutions(
    connection: Connection, releases: Collection[Release], tied: Sequence[TiedResolution]
) -> None:
    """Resolve in the next release that has the fix, or store the version and date of the deleted one.

    The fix has shipped, so a commit that is now in no release must not count as unshipped
    (releases.md 4.3).
    """
    by_id = {release.id: release for release in releases}
    positions = {(resolution.project_id, resolution.release_id) for resolution in tied}
    heirs = lineage.next_after(
        connection,
        [(project_id, by_id[release_id]) for project_id, release_id in positions],
        without=by_id,
    )
    moved: list[tuple[TiedResolution, int]] = []
    fixes: dict[int, DeletedFix] = {}
    for resolution in tied:
        if heir := heirs.get((resolution.project_id, resolution.release_id)):
            moved.append((resolution, heir.id))
        else:
            fixes[resolution.issue_id] = _fix(resolution, by_id[resolution.release_id])
    if moved:
        release_references.move_resolutions(connection, moved)
    if fixes:
        states.save_fixes(connection, fixes)
    issue_ids = {resolution.issue_id for resolution in tied}
    release_references.drop_links(connection, issue_ids, by_id)


def _fix(resolution: TiedResolution, release: Release) -> DeletedFix:
    return DeletedFix(
        version=release.version,
        shipped_at=release.shipped_at,
        is_pending=resolution.is_pending,
        current_version=resolution.current_version,
    )
