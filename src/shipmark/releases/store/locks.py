"""The locks of releases: whoever changes, extends or deletes one takes its row first.

Every unit of work takes its locks in this order, so that none waits for another one in a circle
(docs/decisions/0016-one-order-of-locks.md):

1. the organization (`organizations.store.take_turn`), where several releases are locked
2. releases, in the order of their ids
3. environments, then projects
4. rows of ``release_environments``, then of ``release_projects``
5. repositories, authors and commits
6. issues, in the order of their ids, and what belongs to them

A release is locked in one of three ways. `lock_shared` keeps it from being deleted and lets others change it. `lock` is
for changing it, and for adding a row that repeats its status and dates: they are read again under the lock.
`lock_to_delete` waits for all.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, exists, select

from shipmark.infrastructure.database import IDS, ids_param
from shipmark.projects.store import environments
from shipmark.releases.model import Release
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases

_BY_IDS = select(*RELEASE).join(IDS, IDS.c.id == releases.c.id).order_by(releases.c.id)
_LOCK_SEVERAL = _BY_IDS.with_for_update(key_share=True, of=releases)
_LOCK_TO_DELETE = _BY_IDS.with_for_update(of=releases)

_is_placed = and_(
    exists().where(
        release_projects.c.release_id == releases.c.id,
        release_projects.c.project_id == bindparam("project_id"),
    ),
    exists()
    .where(
        release_environments.c.release_id == releases.c.id,
        release_environments.c.project_id == bindparam("project_id"),
        release_environments.c.environment_id == environments.c.id,
        environments.c.organization_id == bindparam("organization_id"),
        environments.c.name == bindparam("environment"),
    )
    .correlate(releases),
)
_HOLD = (
    select(*RELEASE, _is_placed)
    .where(
        releases.c.organization_id == bindparam("organization_id"),
        releases.c.version == bindparam("version"),
    )
    .with_for_update(read=True, key_share=True, of=releases)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedRelease:
    """A release that cannot be deleted. ``is_placed`` means that it has its rows for the project and environment."""

    release: Release
    is_placed: bool


def lock_shared(
    connection: Connection, organization_id: int, version: str, project_id: int, environment: str
) -> LockedRelease | None:
    """Return the release, or None, and keep it from being deleted until the unit of work ends.

    This waits for a transaction that deletes it, and then there is none. A caller that needs rows which are not there
    yet locks the release before adding them.
    """
    row = connection.execute(
        _HOLD,
        {
            "organization_id": organization_id,
            "version": version,
            "project_id": project_id,
            "environment": environment,
        },
    ).first()
    return LockedRelease(release=release_of(row), is_placed=bool(row[-1])) if row else None


def lock(connection: Connection, release_id: int) -> Release | None:
    """Keep others from changing the release until the unit of work ends. Return what it is now, or None.

    On SQLite the unit of work has the only writer's lock already.
    """
    query = select(*RELEASE).where(releases.c.id == release_id).with_for_update(key_share=True)
    row = connection.execute(query).first()
    return release_of(row) if row else None


def lock_several(connection: Connection, release_ids: Collection[int]) -> list[Release]:
    """Do the same for several releases. The organization's turn was taken before."""
    return [release_of(row) for row in connection.execute(_LOCK_SEVERAL, ids_param(release_ids))]


def lock_to_delete(connection: Connection, release_ids: Collection[int]) -> list[Release]:
    """Wait until these releases are not used, and keep others from using them. Return those that are still there."""
    return [release_of(row) for row in connection.execute(_LOCK_TO_DELETE, ids_param(release_ids))]


def lock_all_to_delete(connection: Connection, organization_id: int) -> None:
    """Do the same for all releases of an organization."""
    query = select(releases.c.id).where(releases.c.organization_id == organization_id)
    connection.execute(query.order_by(releases.c.id).with_for_update()).all()
