"""Lists and searches of a project's bundles (files-and-avatars.md 7)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVarTuple

import sqlalchemy as sa

from shipmark.artifacts.model import ArtifactBundle, BundleEntry
from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects, bundle_releases
from shipmark.artifacts.store.entries import ENTRY, bundle_entries, entry
from shipmark.infrastructure.database import json_rows, values_param
from shipmark.infrastructure.text_search import contains

Ts = TypeVarTuple("Ts")


class BundleSort(StrEnum):
    """The orders of bundles."""

    OLDEST_USED = "date_added"
    LAST_USED = "-date_added"
    OLDEST_CHANGED = "date_modified"
    LAST_CHANGED = "-date_modified"


_USED = (bundle_projects.c.used_at, bundle_projects.c.bundle_id)
_CHANGED = (bundle_projects.c.changed_at, bundle_projects.c.bundle_id)
_ORDERS = {
    BundleSort.OLDEST_USED: _USED,
    BundleSort.LAST_USED: [column.desc() for column in _USED],
    BundleSort.OLDEST_CHANGED: _CHANGED,
    BundleSort.LAST_CHANGED: [column.desc() for column in _CHANGED],
}
_NEWEST = (artifact_bundles.c.changed_at.desc(), artifact_bundles.c.id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleFilter:
    """Bundles of a project: of a version and dist, or of either by ``text``; by id; not used since ``unused_since``.

    ``id_text`` is a normalised id, of a bundle or of a file in it. Conditions that are None are ignored.
    """

    project_id: int
    organization_id: int
    version: str | None = None
    dist: str | None = None
    text: str | None = None
    id_text: str | None = None
    unused_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class NamedBundle:
    """A bundle requested by its id, with whether it is linked to the project."""

    id: int
    bundle_id: str
    is_linked: bool


_NAMES = json_rows("given_names", name=sa.Text())


def by_bundle_ids(
    connection: sa.Connection, organization_id: int, project_id: int, names: Collection[str]
) -> list[NamedBundle]:
    """Return the organization's bundles with these ids."""
    tie = sa.and_(
        bundle_projects.c.bundle_id == artifact_bundles.c.id,
        bundle_projects.c.project_id == project_id,
    )
    is_linked = bundle_projects.c.project_id.is_not(None)
    query = (
        sa.select(artifact_bundles.c.id, artifact_bundles.c.bundle_id, is_linked)
        .join(_NAMES, _NAMES.c.name == artifact_bundles.c.bundle_id)
        .outerjoin(bundle_projects, tie)
        .where(artifact_bundles.c.organization_id == organization_id)
    )
    parameters = values_param("given_names", names)
    return [NamedBundle(*row) for row in connection.execute(query, parameters)]


def page_of(
    connection: sa.Connection,
    bundle_filter: BundleFilter,
    sort: BundleSort,
    *,
    limit: int,
    offset: int,
) -> list[ArtifactBundle]:
    """Return a page of the matching bundles, in that order."""
    query = _filtered(sa.select(artifact_bundles), bundle_filter)
    page = query.order_by(*_ORDERS[sort]).limit(limit).offset(offset)
    return [ArtifactBundle(*row) for row in connection.execute(page)]


def ids_of(connection: sa.Connection, bundle_filter: BundleFilter, *, limit: int) -> list[int]:
    """Return the ids of the matching bundles, the longest unused first."""
    query = _filtered(sa.select(artifact_bundles.c.id), bundle_filter)
    page = query.order_by(*_ORDERS[BundleSort.OLDEST_USED]).limit(limit)
    return list(connection.execute(page).scalars())


def newest_of_debug_id(
    connection: sa.Connection, project_id: int, debug_id: str
) -> ArtifactBundle | None:
    """Return the project's bundle with the newest file of this debug id, or None."""
    holding = sa.select(bundle_entries.c.bundle_id).where(bundle_entries.c.debug_id == debug_id)
    query = (
        sa.select(artifact_bundles)
        .join(bundle_projects, bundle_projects.c.bundle_id == artifact_bundles.c.id)
        .where(bundle_projects.c.project_id == project_id, artifact_bundles.c.id.in_(holding))
        .order_by(*_NEWEST)
        .limit(1)
    )
    row = connection.execute(query).first()
    return ArtifactBundle(*row) if row else None


def newest_of_release(
    connection: sa.Connection, bundle_filter: BundleFilter, *, url: str | None = None, most: int
) -> list[ArtifactBundle]:
    """Return the newest bundles of a version and dist; with ``url``, those with files whose URL contains it."""
    query = _filtered(sa.select(artifact_bundles), bundle_filter)
    if url is not None:
        is_part = contains(bundle_entries.c.url, url)
        query = query.where(
            sa.select(bundle_entries.c.number)
            .where(bundle_entries.c.bundle_id == artifact_bundles.c.id, is_part)
            .exists()
        )
    page = query.order_by(*_NEWEST).limit(most)
    return [ArtifactBundle(*row) for row in connection.execute(page)]


def entries_page(
    connection: sa.Connection, bundle_id: int, text: str | None, *, limit: int, offset: int
) -> list[BundleEntry]:
    """Return a page of the files of a bundle whose URL or debug id contains the text."""
    query = sa.select(*ENTRY).where(bundle_entries.c.bundle_id == bundle_id)
    if text:
        searched = (bundle_entries.c.url, bundle_entries.c.debug_id)
        query = query.where(sa.or_(*(contains(column, text) for column in searched)))
    page = query.order_by(bundle_entries.c.number).limit(limit).offset(offset)
    return [entry(row) for row in connection.execute(page)]


def entry_at(connection: sa.Connection, bundle_id: int, path: str) -> BundleEntry | None:
    """Return the file of a bundle with this path, or None."""
    query = sa.select(*ENTRY).where(
        bundle_entries.c.bundle_id == bundle_id, bundle_entries.c.path == path
    )
    row = connection.execute(query.limit(1)).first()
    return entry(row) if row else None


def _filtered(query: sa.Select[*Ts], bundle_filter: BundleFilter) -> sa.Select[*Ts]:
    query = query.join(bundle_projects, bundle_projects.c.bundle_id == artifact_bundles.c.id).where(
        bundle_projects.c.project_id == bundle_filter.project_id
    )
    if bundle_filter.unused_since is not None:
        query = query.where(bundle_projects.c.used_at < bundle_filter.unused_since)
    if bundle_filter.id_text is not None:
        holding = sa.select(bundle_entries.c.bundle_id).where(
            bundle_entries.c.debug_id == bundle_filter.id_text
        )
        is_id = artifact_bundles.c.bundle_id == bundle_filter.id_text[:36]
        query = query.where(sa.or_(is_id, artifact_bundles.c.id.in_(holding)))
    versions = sa.select(bundle_releases.c.bundle_id).where(
        bundle_releases.c.organization_id == bundle_filter.organization_id
    )
    if bundle_filter.text is not None:
        either = (bundle_releases.c.version, bundle_releases.c.dist)
        is_either = sa.or_(*(column == bundle_filter.text for column in either))
        query = query.where(artifact_bundles.c.id.in_(versions.where(is_either)))
    if bundle_filter.version is not None:
        versions = versions.where(bundle_releases.c.version == bundle_filter.version)
        if bundle_filter.dist is not None:
            versions = versions.where(bundle_releases.c.dist == bundle_filter.dist)
        query = query.where(artifact_bundles.c.id.in_(versions))
    return query
