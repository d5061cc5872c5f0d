"""Operations on releases: attach them, bind commits, finalize, archive, delete."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import NotFound
from shipmark.organizations import store as organizations
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases.model import (
    Release,
    ReleaseActivity,
    ReleaseActivityType,
    ReleasedProject,
    ReleaseStatus,
)
from shipmark.releases.store import activity, commits, releases
from shipmark.releases.store import projects as release_projects
from shipmark.repositories.model import StoredCommit


def attach(
    connection: Connection,
    release: Release,
    attached: Collection[Project],
    user_id: int | None,
) -> set[int]:
    """Attach a locked release to projects. Return the ids of those added; if it is finalized, they get an activity."""
    added = release_projects.attach(connection, release, {project.id for project in attached})
    if any(not project.has_releases for project in attached if project.id in added):
        projects.record_releases(connection, added)
    if added and release.released_at is not None:
        _record_released(connection, release, added, release.released_at, user_id)
    return added


def update(
    connection: Connection,
    release: Release,
    *,
    status: ReleaseStatus | None,
    ref: str | None,
    url: str | None,
    released_at: datetime | None,
    notified_project_ids: Collection[int] | None,
    user_id: int | None,
) -> Release:
    """Change the fields that are not None. The first time it is finalized, its projects get an activity."""
    changed = releases.change(
        connection, release, status=status, ref=ref, url=url, released_at=released_at
    )
    if release.released_at is None and released_at is not None:
        if notified_project_ids is None:
            kind = ReleaseActivityType.RELEASED
            activity.add_for_projects(connection, changed, kind, released_at, user_id=user_id)
        else:
            _record_released(connection, changed, notified_project_ids, released_at, user_id)
    return changed


def set_status(connection: Connection, release: Release, status: ReleaseStatus) -> Release:
    """Archive or reopen the release."""
    return (
        release if release.status is status else releases.change(connection, release, status=status)
    )


def set_status_of(
    connection: Connection, changing: Collection[Release], status: ReleaseStatus
) -> None:
    """Archive or reopen any number of releases, in a constant number of statements."""
    if changing:
        organizations.lock_organization(connection, next(iter(changing)).organization_id)
        releases.set_status_of(connection, [release.id for release in changing], status)


def bind_commits(
    connection: Connection, release: Release, bound: Sequence[StoredCommit], left_out_count: int = 0
) -> Release:
    """Replace the commits of the release, newest first, and record count, authors and last commit (releases.md 3.4).

    The count is the length of the list, duplicates included. A repository that has a head commit already keeps it.
    """
    if release.commit_count:
        commits.clear(connection, release.id)
    commits.bind(connection, release.id, [commit.commit_id for commit in bound])
    heads: dict[int, int] = {}
    for bound_commit in bound:
        heads.setdefault(bound_commit.repository_id, bound_commit.commit_id)
    commits.ensure_heads(connection, release.id, heads)
    authors = dict.fromkeys(commit.author_id for commit in bound if commit.author_id is not None)
    return releases.record_commits(
        connection,
        release,
        count=len(bound),
        last_commit_id=bound[0].commit_id if bound else None,
        author_ids=list(authors),
        left_out_count=left_out_count,
    )


def clear_commits(connection: Connection, release: Release) -> Release:
    """Unbind all commits and head commits of the release; the commits themselves stay (releases.md 3.6)."""
    commits.clear(connection, release.id)
    commits.clear_heads(connection, release.id)
    return releases.record_commits(connection, release, count=0, last_commit_id=None, author_ids=[])


def find(
    connection: Connection, organization_id: int, version: str, project_ids: Collection[int]
) -> Release:
    """Return the release with this version. Raise `NotFound` unless one of the projects has it (releases.md 0.5)."""
    release, _ = find_attached(connection, organization_id, version, project_ids)
    return release


def find_attached(
    connection: Connection, organization_id: int, version: str, project_ids: Collection[int]
) -> tuple[Release, Sequence[int]]:
    """Return the release with this version and the ids of its projects. Raise `NotFound` unless it has one of these."""
    release_and_projects = releases.by_version_with_projects(connection, organization_id, version)
    if release_and_projects is None or not set(release_and_projects[1]) & set(project_ids):
        raise NotFound
    return release_and_projects


#: Why a caller can't change a release (releases.md 0.5).
IN_HIDDEN_PROJECTS = "It is also in projects that you have no access to."


def attached_projects(connection: Connection, release: Release) -> list[ReleasedProject]:
    """Return the projects of the release. Raise `NotFound` without any: it was deleted after it was read."""
    attached = release_projects.of_releases(connection, [release.id]).get(release.id)
    if not attached:
        raise NotFound
    return attached


def is_attached(connection: Connection, release_id: int, project_id: int) -> bool:
    """Return True if the release is attached to the project."""
    attached = release_projects.of_releases(connection, [release_id]).get(release_id, [])
    return any(item.project_id == project_id for item in attached)


def remove(
    connection: Connection, deleted: Sequence[Release], user_id: int | None, now: datetime
) -> None:
    """Delete releases that nothing refers to, and record for their projects who deleted which versions."""
    if not deleted:
        return
    ids = [release.id for release in deleted]
    attached = release_projects.of_releases(connection, ids)
    activities = [
        ReleaseActivity(
            project_id=item.project_id,
            type=ReleaseActivityType.DELETED,
            version=release.version,
            at=now,
            user_id=user_id,
        )
        for release in deleted
        for item in attached.get(release.id, [])
    ]
    activity.add(connection, deleted[0].organization_id, activities)
    commits.clear_all(connection, ids)
    releases.remove(connection, ids)


def _record_released(
    connection: Connection,
    release: Release,
    project_ids: Collection[int],
    at: datetime,
    user_id: int | None,
) -> None:
    activities = [
        ReleaseActivity(
            project_id=project_id,
            type=ReleaseActivityType.RELEASED,
            version=release.version,
            at=at,
            user_id=user_id,
        )
        for project_id in sorted(project_ids)
    ]
    activity.add(connection, release.organization_id, activities)
