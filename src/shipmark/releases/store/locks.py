"""The locks of releases: a transaction that changes, extends or deletes one locks its row first.

Every transaction takes its locks in this order, so that none deadlocks with another
(docs/decisions/0016-one-order-of-locks.md):

1. the organization (`organizations.store.lock_organization`), where several releases are locked
2. releases, in the order of their ids
3. environments, then projects
4. rows of ``release_environments``, then of ``release_projects``
5. repositories, authors and commits
6. issues, in the order of their ids, and what belongs to them

A release is locked in one of three ways. `lock_shared` prevents its deletion and lets others change it. `lock` is for
changing it, and for adding a row that copies its status and dates: they are read again under the lock.
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
_LOCK_SHARED = (
    select(*RELEASE, _is_placed)
    .where(
        releases.c.organization_id == bindparam("organization_id"),
        releases.c.version == bindparam("version"),
    )
    .with_for_update(read=True, key_share=True, of=releases)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedRelease:
    """A release that cannot be deleted. ``is_placed`` if it has rows for the project and the environment."""

    release: Release
    is_placed: bool


def lock_shared(
    connection: Connection, organization_id: int, version: str, project_id: int, environment: str
) -> LockedRelease | None:
    """Return the release, or None, and prevent its deletion until the transaction ends.

    Waits for a transaction that deletes it, and then returns None. A caller that has to add missing rows locks the
    release first.
    """
    parameters = {"organization_id": organization_id, "version": version}
    parameters |= {"project_id": project_id, "environment": environment}
    row = connection.execute(_LOCK_SHARED, parameters).first()
    return LockedRelease(release=release_of(row), is_placed=bool(row[-1])) if row else None


def lock(connection: Connection, release_id: int) -> Release | None:
    """Prevent changes to the release until the transaction ends. Return its current state, or None.

    On SQLite the transaction has the only write lock already.
    """
    query = select(*RELEASE).where(releases.c.id == release_id).with_for_update(key_share=True)
    return release_of.first(connection, query)


def lock_several(connection: Connection, release_ids: Collection[int]) -> list[Release]:
    """Lock several releases, as `lock` does. The caller has locked the organization."""
    return release_of.all(connection, _LOCK_SEVERAL, ids_param(release_ids))


def lock_to_delete(connection: Connection, release_ids: Collection[int]) -> list[Release]:
    """Wait until no transaction uses these releases, and prevent their use. Return those that still exist."""
    return release_of.all(connection, _LOCK_TO_DELETE, ids_param(release_ids))


def lock_all_to_delete(connection: Connection, organization_id: int) -> None:
    """Lock all releases of an organization, as `lock_to_delete` does."""
    query = select(releases.c.id).where(releases.c.organization_id == organization_id)
    connection.execute(query.order_by(releases.c.id).with_for_update()).all()
