"""Let issues outlive releases that are deleted. Everything is done for all issues at once."""

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


def reassign(connection: Connection, gone: Collection[Release]) -> int:
    """Let nothing of the issues depend on releases that are about to be deleted; says how many it touched.

    An issue that was first seen in one counts as first seen in the release that it was seen in next, or in none. One
    that was resolved in one counts as resolved in the next release of its lineage that holds the fix. Where there is
    none its resolution goes with the release, and it stays resolved: the release's version and date are kept with it,
    so that events of older releases don't reopen it and those of newer ones do.

    The releases are locked, so that no event of theirs can come in between, and the organization's turn was taken, so
    that the releases which come after them can be locked too. For the order of locks see ``releases/store/locks.py``:
    counts of projects come after issues here, which is safe as only events, of issues that no other transaction sees
    yet, take them as well.
    """
    gone_ids = {release.id for release in gone}
    first_seen = release_references.first_seen(connection, gone_ids)
    brought = release_references.introduced(connection, gone_ids)
    tied = release_references.tied_resolutions(connection, gone_ids)
    touched = {it.issue_id for it in [*first_seen, *brought]} | {it.issue_id for it in tied}
    if not touched:
        return 0
    heirs = {it.release_id for it in [*first_seen, *brought] if it.release_id is not None}
    locks.lock_several(connection, heirs)
    _count_brought(connection, brought)
    issues.lock(connection, touched)
    if first_seen:
        release_references.move_first_seen(connection, first_seen)
    if brought:
        release_references.move_introduced(connection, brought)
    _count_first_seen(connection, first_seen)
    if tied:
        _move_resolutions(connection, gone, tied)
    return len(touched)


def _count_brought(connection: Connection, moves: Sequence[ReassignedIssue]) -> None:
    numbers = Counter(
        (it.release_id, it.project_id, it.environment_id)
        for it in moves
        if it.release_id is not None and it.environment_id is not None
    )
    release_environments.count_new_issues(connection, numbers)


def _count_first_seen(connection: Connection, moves: Sequence[ReassignedIssue]) -> None:
    numbers = Counter((it.release_id, it.project_id) for it in moves if it.release_id is not None)
    release_projects.count_new_issues(connection, numbers)


def _move_resolutions(
    connection: Connection, gone: Collection[Release], tied: Sequence[TiedResolution]
) -> None:
    """Resolve in the next release that holds the fix, or keep what is known of the one that goes.

    The fix has shipped, so a commit that is left in no release must not count as one that is still to come
    (releases.md 4.3).
    """
    by_id = {release.id: release for release in gone}
    places = {(it.project_id, it.release_id) for it in tied}
    heirs = lineage.next_after(
        connection,
        [(project_id, by_id[release_id]) for project_id, release_id in places],
        without=by_id,
    )
    moved = [
        (it, heir.id)
        for it in tied
        if (heir := heirs.get((it.project_id, it.release_id))) is not None
    ]
    if moved:
        release_references.move_resolutions(connection, moved)
    left = [it for it in tied if (it.project_id, it.release_id) not in heirs]
    if left:
        states.save_fixes(connection, {it.issue_id: _fix(it, by_id) for it in left})
    release_references.drop_links(connection, {it.issue_id for it in tied}, by_id)


def _fix(it: TiedResolution, gone: Mapping[int, Release]) -> DeletedFix:
    release = gone[it.release_id]
    return DeletedFix(
        version=release.version,
        shipped_at=release.shipped_at,
        is_pending=it.is_pending,
        current_version=it.current_version,
    )
