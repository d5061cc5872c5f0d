"""The locks of releases: a transaction that changes, extends or deletes one locks its row first.

Every transaction takes its locks in this order, so that none deadlocks with another
(docs/decisions/0016-one-order-of-locks.md):

1. the organization (`organizations.store.lock_organization`), where several releases are locked
2. releases, in the order of their ids
3. environments, then projects
4. rows of ``release_environments``, then of ``release_projects``
5. repositories, authors and commits
6. issues, in the order of their ids, and what belongs to them
7. rows of ``health_series``, in the order of their keys, and what is counted for them

A release is locked in one of three ways. `lock_shared` prevents its deletion and lets others change it. `lock` is for
changing it, and for adding a row that copies its status and dates: they are read again under the lock.
`lock_to_delete` waits for all.
"""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Connection, Text, and_, exists, select

from shipmark.infrastructure.database import IDS, Id, ids_param, json_rows, rows_param
from shipmark.projects.store import environments
from shipmark.releases.model import Release
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases

_BY_IDS = select(*RELEASE).join(IDS, IDS.c.id == releases.c.id).order_by(releases.c.id)
_LOCK_SEVERAL = _BY_IDS.with_for_update(key_share=True, of=releases)
_LOCK_TO_DELETE = _BY_IDS.with_for_update(of=releases)
_PLACES = json_rows("places", organization_id=Id, version=Text(), project_id=Id, environment=Text())
_is_placed = and_(
    exists().where(
        release_projects.c.release_id == releases.c.id,
        release_projects.c.project_id == _PLACES.c.project_id,
    ),
    exists()
    .where(
        release_environments.c.release_id == releases.c.id,
        release_environments.c.project_id == _PLACES.c.project_id,
        release_environments.c.environment_id == environments.c.id,
        environments.c.organization_id == _PLACES.c.organization_id,
        environments.c.name == _PLACES.c.environment,
    )
    .correlate(releases, _PLACES),
)
_LOCK_SHARED = (
    select(*_PLACES.c, _is_placed, *RELEASE)
    .join(
        _PLACES,
        and_(
            releases.c.organization_id == _PLACES.c.organization_id,
            releases.c.version == _PLACES.c.version,
        ),
    )
    .order_by(releases.c.id)
    .with_for_update(read=True, key_share=True, of=releases)
)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ReleasePlacement:
    """Where an event of a release came from: a project and the name of an environment."""

    organization_id: int
    version: str
    project_id: int
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedRelease:
    """A release that cannot be deleted. ``is_placed`` if it has rows for the project and the environment."""

    release: Release
    is_placed: bool


def lock_shared(
    connection: Connection, places: Collection[ReleasePlacement]
) -> dict[ReleasePlacement, LockedRelease]:
    """Return the releases that exist, by placement, and prevent their deletion until the transaction ends.

    Waits for a transaction that deletes one, which is then missing. A caller that has to add missing rows locks the
    release first.
    """
    rows = connection.execute(_LOCK_SHARED, rows_param("places", map(astuple, sorted(places))))
    return {
        _place_of(row): LockedRelease(release=release_of(row[5:]), is_placed=bool(row[4]))
        for row in rows
    }


def _place_of(row: Sequence[Any]) -> ReleasePlacement:
    organization_id, version, project_id, environment = row[:4]
    return ReleasePlacement(
        organization_id=organization_id,
        version=version,
        project_id=project_id,
        environment=environment,
    )


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
