"""Lookup of the uploaded files for an event's frames, by one statement for bundles and one for single files.

Files in bundles are looked up by debug id in all bundles of the project, and by name in those of the event's version
and dist; the newest of several counts. Bundles for a release itself need no link to the project.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.artifacts.artifact_lookup import SimilarFile
from shipmark.artifacts.model import BundleEntry, EventScope, ident_of, url_key
from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects, bundle_releases
from shipmark.artifacts.store.entries import ENTRY, bundle_entries, entry
from shipmark.artifacts.store.release_files import release_files
from shipmark.artifacts.urls import basename
from shipmark.files.store.files import files
from shipmark.infrastructure import database as db
from shipmark.releases.store.releases import releases

#: The most similar files, with the same last part of their name.
SIMILAR_MAX = 20
#: The most files of one debug id and type: scripts of the same text, whose maps may differ.
SAME_DEBUG_ID_MAX = 20
_DEBUG_IDS = db.json_rows("given_debug_ids", debug_id=sa.Text())
_URL_KEYS = db.json_rows("given_url_keys", key=sa.Text())
_IDENTS = db.json_rows("given_idents", ident=sa.Text())
_BASES = db.json_rows("given_bases", name=sa.Text(), key=sa.Text())
_ORGANIZATION = sa.bindparam("organization", type_=db.Id)
_PROJECT = sa.bindparam("project", type_=db.Id)
_VERSION = sa.bindparam("version", type_=sa.String())
_DIST = sa.bindparam("dist", type_=sa.String())


Columns = Sequence[sa.ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class Match:
    """A file of a bundle for an event. ``sha1`` is that of the whole bundle."""

    entry: BundleEntry
    bundle_id: int
    bundle_name: str
    used_at: datetime
    file_id: int
    sha1: str
    resolved_with: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleMatch:
    """A single file of the event's release."""

    name: str
    file_id: int
    sha1: str
    size: int
    headers: Mapping[str, str]


_IS_TIED = sa.and_(
    bundle_projects.c.bundle_id == artifact_bundles.c.id, bundle_projects.c.project_id == _PROJECT
)
_OF_VERSION: tuple[sa.ColumnElement[bool], ...] = (
    bundle_releases.c.organization_id == _ORGANIZATION,
    bundle_releases.c.version == _VERSION,
)
_IS_RELEASE: tuple[sa.ColumnElement[bool], ...] = (
    releases.c.organization_id == _ORGANIZATION,
    releases.c.version == _VERSION,
)
_IS_REACHED = sa.or_(
    bundle_projects.c.project_id.is_not(None), bundle_releases.c.release_id.is_not(None)
)
_BUNDLE = (
    artifact_bundles.c.id.label("row_id"),
    artifact_bundles.c.bundle_id.label("bundle_name"),
    artifact_bundles.c.used_at,
    artifact_bundles.c.file_id,
    files.c.sha1.label("file_sha1"),
)
_NEWEST = (
    artifact_bundles.c.changed_at.desc(),
    artifact_bundles.c.id.desc(),
    bundle_entries.c.number,
)
_OTHER = bundle_releases.alias("other_bundles")
_IS_ONE_OF_SEVERAL = sa.exists().where(
    _OTHER.c.organization_id == _ORGANIZATION,
    _OTHER.c.version == _VERSION,
    _OTHER.c.dist == _DIST,
    _OTHER.c.bundle_id != bundle_releases.c.bundle_id,
)
_HOW = sa.case(
    (bundle_releases.c.release_id.is_not(None), "release-old"),
    (_IS_ONE_OF_SEVERAL, "index"),
    else_="release",
)


def _position(group: Columns, order: Columns) -> sa.Label[int]:
    """Return the number of a row among those of its group, in this order."""
    return sa.func.row_number().over(partition_by=group, order_by=order).label("position")


_BY_DEBUG_ID = (
    sa.select(
        *ENTRY,
        *_BUNDLE,
        sa.literal("debug-id").label("how"),
        _position((bundle_entries.c.debug_id, bundle_entries.c.type), _NEWEST),
    )
    .select_from(_DEBUG_IDS)
    .join(bundle_entries, bundle_entries.c.debug_id == _DEBUG_IDS.c.debug_id)
    .join(artifact_bundles, artifact_bundles.c.id == bundle_entries.c.bundle_id)
    .join(bundle_projects, _IS_TIED)
    .join(files, files.c.id == artifact_bundles.c.file_id)
    .where(
        bundle_entries.c.debug_id.is_not(None), artifact_bundles.c.organization_id == _ORGANIZATION
    )
)
_BY_URL = (
    sa.select(
        *ENTRY,
        *_BUNDLE,
        _HOW.label("how"),
        _position((bundle_entries.c.url,), (bundle_releases.c.release_id.is_not(None), *_NEWEST)),
    )
    .select_from(bundle_releases)
    .join(artifact_bundles, artifact_bundles.c.id == bundle_releases.c.bundle_id)
    .join(_URL_KEYS, sa.literal(value=True))
    .join(
        bundle_entries,
        sa.and_(
            bundle_entries.c.bundle_id == bundle_releases.c.bundle_id,
            bundle_entries.c.url_key == _URL_KEYS.c.key,
        ),
    )
    .join(files, files.c.id == artifact_bundles.c.file_id)
    .outerjoin(bundle_projects, _IS_TIED)
    .where(*_OF_VERSION, bundle_releases.c.dist == _DIST, _IS_REACHED)
)
_BOTH = sa.union_all(_BY_DEBUG_ID, _BY_URL).subquery("found")
_IN_BUNDLES = (
    sa.select(_BOTH)
    .where(_BOTH.c.position <= sa.case((_BOTH.c.how == "debug-id", SAME_DEBUG_ID_MAX), else_=1))
    .order_by(_BOTH.c.position)
)
_SINGLE = (
    sa.select(release_files.c.name, files.c.id, files.c.sha1, files.c.size, files.c.headers)
    .select_from(releases)
    .join(release_files, release_files.c.release_id == releases.c.id)
    .join(_IDENTS, _IDENTS.c.ident == release_files.c.ident)
    .join(files, files.c.id == release_files.c.file_id)
    .where(*_IS_RELEASE)
)
_REACHED = (
    sa.select(bundle_releases.c.bundle_id)
    .join(artifact_bundles, artifact_bundles.c.id == bundle_releases.c.bundle_id)
    .outerjoin(bundle_projects, _IS_TIED)
    .where(*_OF_VERSION, _IS_REACHED)
)
_HAS_FILES = sa.select(
    sa.or_(
        _REACHED.exists(),
        sa.select(release_files.c.id)
        .join(releases, releases.c.id == release_files.c.release_id)
        .where(*_IS_RELEASE)
        .exists(),
    )
)
_SIMILAR_IN_BUNDLES = (
    sa.select(
        bundle_entries.c.url,
        bundle_releases.c.dist,
        _position(
            (bundle_entries.c.base_key,),
            (db.in_binary_order(bundle_entries.c.url), db.in_binary_order(bundle_releases.c.dist)),
        ),
    )
    .select_from(bundle_releases)
    .join(
        bundle_entries,
        sa.and_(
            bundle_entries.c.bundle_id == bundle_releases.c.bundle_id,
            bundle_entries.c.base_key.in_(sa.select(_BASES.c.key)),
        ),
    )
    .join(artifact_bundles, artifact_bundles.c.id == bundle_releases.c.bundle_id)
    .outerjoin(bundle_projects, _IS_TIED)
    .where(*_OF_VERSION, _IS_REACHED)
)
#: The position at which a name with this ending begins its last part; PostgreSQL has no negative positions.
_START = sa.func.length(release_files.c.name) - sa.func.length(_BASES.c.name) + 1
_SIMILAR_SINGLE = (
    sa.select(
        release_files.c.name,
        sa.func.coalesce(release_files.c.dist, ""),
        _position(
            (_BASES.c.name,),
            (db.in_binary_order(release_files.c.name), db.in_binary_order(release_files.c.dist)),
        ),
    )
    .select_from(releases)
    .join(release_files, release_files.c.release_id == releases.c.id)
    .join(
        _BASES,
        sa.and_(
            sa.func.length(release_files.c.name) >= sa.func.length(_BASES.c.name),
            sa.func.substr(release_files.c.name, _START) == _BASES.c.name,
        ),
    )
    .where(*_IS_RELEASE)
)
_ALIKE = sa.union_all(_SIMILAR_IN_BUNDLES, _SIMILAR_SINGLE).subquery("found")
_SIMILAR = (
    sa.select(_ALIKE.c.url, _ALIKE.c.dist)
    .where(_ALIKE.c.position <= SIMILAR_MAX)
    .order_by(db.in_binary_order(_ALIKE.c.url), db.in_binary_order(_ALIKE.c.dist))
)


def in_bundles(
    connection: sa.Connection, scope: EventScope, debug_ids: Collection[str], urls: Collection[str]
) -> list[Match]:
    """Return the newest files of each debug id and type, the newest first, and the newest of each name."""
    parameters = db.values_param("given_debug_ids", debug_ids)
    parameters |= db.rows_param("given_url_keys", ([url_key(url)] for url in sorted(urls)))
    result = connection.execute(_IN_BUNDLES, _of(scope) | parameters)
    return [Match(entry(row[: len(ENTRY)]), *row[len(ENTRY) : -1]) for row in result]


def in_release(
    connection: sa.Connection, scope: EventScope, urls: Collection[str]
) -> list[SingleMatch]:
    """Return the single files with these names."""
    idents = ([ident_of(url, scope.dist or None)] for url in sorted(urls))
    result = connection.execute(_SINGLE, _of(scope) | db.rows_param("given_idents", idents))
    return [
        SingleMatch(name=name, file_id=id_, sha1=sha1, size=size, headers=json.loads(headers))
        for name, id_, sha1, size, headers in result
    ]


def has_files(connection: sa.Connection, scope: EventScope) -> bool:
    """Return True if there are uploads for the version, of any dist."""
    return bool(connection.execute(_HAS_FILES, _of(scope)).scalar_one())


def similar(
    connection: sa.Connection, scope: EventScope, basenames: Collection[str]
) -> dict[str, tuple[SimilarFile, ...]]:
    """Return the files of the version, of any dist, whose names end with one of these parts."""
    bases = ([basename_, url_key(basename_)] for basename_ in sorted(basenames))
    similar_files: dict[str, tuple[SimilarFile, ...]] = {}
    for url, dist in connection.execute(_SIMILAR, _of(scope) | db.rows_param("given_bases", bases)):
        known = similar_files.get(basename(url), ())
        similar_files[basename(url)] = (*known, SimilarFile(url=url, dist=dist or None))
    return similar_files


def _of(scope: EventScope) -> dict[str, object]:
    return {
        "organization": scope.organization_id,
        "project": scope.project_id,
        "version": scope.version,
        "dist": scope.dist,
    }
