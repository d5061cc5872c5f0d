"""Reassignment of issues whose releases are deleted, for all issues at once."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

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
    brought = release_references.introduced(connection, gone_ids)
    tied = release_references.tied_resolutions(connection, gone_ids)
    touched = {reassigned_issue.issue_id for reassigned_issue in [*first_seen, *brought]} | {
        tied_resolution.issue_id for tied_resolution in tied
    }
    if not touched:
        return 0
    heirs = {
        reassigned_issue.release_id
        for reassigned_issue in [*first_seen, *brought]
        if reassigned_issue.release_id is not None
    }
    locks.lock_several(connection, heirs)
    _count_brought(connection, brought)
    issues.lock(connection, touched)
    if first_seen:
        release_references.move_first_seen(connection, first_seen)
    if brought:
        release_references.move_introduced(connection, brought)
    _count_first_seen(connection, first_seen)
    if tied:
        _move_resolutions(connection, releases, tied)
    return len(touched)


def _count_brought(connection: Connection, moves: Sequence[ReassignedIssue]) -> None:
    numbers = Counter(
        (reassigned_issue.release_id, reassigned_issue.project_id, reassigned_issue.environment_id)
        for reassigned_issue in moves
        if reassigned_issue.release_id is not None and reassigned_issue.environment_id is not None
    )
    release_environments.count_new_issues(connection, numbers)


def _count_first_seen(connection: Connection, moves: Sequence[ReassignedIssue]) -> None:
    numbers = Counter(
        (reassigned_issue.release_id, reassigned_issue.project_id)
        for reassigned_issue in moves
        if reassigned_issue.release_id is not None
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
    places = {(tied_resolution.project_id, tied_resolution.release_id) for tied_resolution in tied}
    heirs = lineage.next_after(
        connection,
        [(project_id, by_id[release_id]) for project_id, release_id in places],
        without=by_id,
    )
    moved = [
        (tied_resolution, heir.id)
        for tied_resolution in tied
        if (heir := heirs.get((tied_resolution.project_id, tied_resolution.release_id))) is not None
    ]
    if moved:
        release_references.move_resolutions(connection, moved)
    unresolved = [
        tied_resolution
        for tied_resolution in tied
        if (tied_resolution.project_id, tied_resolution.release_id) not in heirs
    ]
    if unresolved:
        states.save_fixes(
            connection,
            {
                tied_resolution.issue_id: _fix(tied_resolution, by_id)
                for tied_resolution in unresolved
            },
        )
    release_references.drop_links(
        connection, {tied_resolution.issue_id for tied_resolution in tied}, by_id
    )


def _fix(tied_resolution: TiedResolution, releases: Mapping[int, Release]) -> DeletedFix:
    release = releases[tied_resolution.release_id]
    return DeletedFix(
        version=release.version,
        shipped_at=release.shipped_at,
        is_pending=tied_resolution.is_pending,
        current_version=tied_resolution.current_version,
    )
