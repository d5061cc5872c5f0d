"""What can be done with releases? Make and attach them, bind commits, finalize, archive, delete."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import NotFound
from shipmark.organizations import store as organizations
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases.model import (
    NewRelease,
    Release,
    ReleaseActivity,
    ReleaseActivityType,
    ReleasedProject,
    ReleaseStatus,
)
from shipmark.releases.store import activity, commits, environments, releases
from shipmark.releases.store import projects as release_projects


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundCommit:
    """A commit that is to be in a release."""

    commit_id: int
    repository_id: int
    author_id: int | None


def get_or_create(
    connection: Connection, organization_id: int, new: NewRelease
) -> tuple[Release, bool]:
    """Return the release of that version, locked, and whether this call made it."""
    return releases.ensure(connection, organization_id, new)


def attach(
    connection: Connection,
    release: Release,
    attached: Collection[Project],
    user_id: int | None,
) -> set[int]:
    """Attach a locked release to projects; says which are new to it, and tells those that it is out, if it is."""
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
    """Change what is given. The first time that it is finalized, the projects are told."""
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
    """Archive or reopen releases, whatever their number by the same few statements."""
    if changing:
        organizations.lock_organization(connection, next(iter(changing)).organization_id)
        releases.set_status_of(connection, [release.id for release in changing], status)


def bind_commits(
    connection: Connection, release: Release, bound: Sequence[BoundCommit], left_out_count: int = 0
) -> Release:
    """Let the release hold exactly these commits, newest first, and record what they come to (releases.md 3.4).

    The count is the length of the list, also where a commit is in it twice. A head commit that a repository has
    already stays.
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
    """Take all commits and head commits out of the release; the commits themselves stay (releases.md 3.6)."""
    commits.clear(connection, release.id)
    commits.clear_heads(connection, release.id)
    return releases.record_commits(connection, release, count=0, last_commit_id=None, author_ids=[])


def move_heads(connection: Connection, release: Release, heads: dict[int, int]) -> None:
    """Set the head commit of repositories (repository to commit)."""
    commits.set_heads(connection, release.id, heads)


def find(
    connection: Connection, organization_id: int, version: str, project_ids: Collection[int]
) -> Release:
    """The release of that version if it is in one of those projects; raises `NotFound` (releases.md 0.5)."""
    release = releases.by_version(connection, organization_id, version)
    if release is None:
        raise NotFound
    attached = release_projects.of_releases(connection, [release.id]).get(release.id, [])
    if not any(item.project_id in project_ids for item in attached):
        raise NotFound
    return release


def find_attached(
    connection: Connection, organization_id: int, version: str, project_ids: Collection[int]
) -> tuple[Release, Sequence[int]]:
    """Return the release of that version and the ids of its projects. Raise `NotFound` unless one is among those."""
    found = releases.by_version_with_projects(connection, organization_id, version)
    if found is None or not set(found[1]) & set(project_ids):
        raise NotFound
    return found


def attached_projects(connection: Connection, release: Release) -> list[ReleasedProject]:
    """Return the projects of the release. Raise `NotFound` if it was deleted since it was read: it always has one."""
    attached = release_projects.of_releases(connection, [release.id]).get(release.id)
    if not attached:
        raise NotFound
    return attached


def project_ids(connection: Connection, release: Release) -> set[int]:
    """The projects that the release is attached to."""
    attached = release_projects.of_releases(connection, [release.id]).get(release.id, [])
    return {item.project_id for item in attached}


def is_attached(connection: Connection, release_id: int, project_id: int) -> bool:
    """Is the release in that project?"""
    attached = release_projects.of_releases(connection, [release_id]).get(release_id, [])
    return any(item.project_id == project_id for item in attached)


def remove(
    connection: Connection, going: Sequence[Release], user_id: int | None, now: datetime
) -> None:
    """Delete releases that nothing else depends on, and keep who did it under their versions."""
    if not going:
        return
    ids = [release.id for release in going]
    attached = release_projects.of_releases(connection, ids)
    happened = [
        ReleaseActivity(
            project_id=item.project_id,
            type=ReleaseActivityType.DELETED,
            version=release.version,
            at=now,
            user_id=user_id,
        )
        for release in going
        for item in attached.get(release.id, [])
    ]
    activity.add(connection, going[0].organization_id, happened)
    commits.clear_all(connection, ids)
    releases.remove(connection, ids)


def record_event(
    connection: Connection,
    release: Release,
    project_id: int,
    environment_id: int,
    at: datetime,
) -> None:
    """Remember that an event of the release came from the project's environment.

    The release is locked, unless it is known to have a row there.
    """
    environments.record_event(connection, release, project_id, environment_id, at)


def _record_released(
    connection: Connection,
    release: Release,
    project_ids: Collection[int],
    at: datetime,
    user_id: int | None,
) -> None:
    happened = [
        ReleaseActivity(
            project_id=project_id,
            type=ReleaseActivityType.RELEASED,
            version=release.version,
            at=at,
            user_id=user_id,
        )
        for project_id in sorted(project_ids)
    ]
    activity.add(connection, release.organization_id, happened)
