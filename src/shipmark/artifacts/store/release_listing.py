"""Lists of a release's files: single ones first, then those in its bundles (files-and-avatars.md 8.2)."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.artifacts.model import ListedFile, url_key
from shipmark.artifacts.store.bundles import artifact_bundles, bundle_releases
from shipmark.artifacts.store.entries import bundle_entries
from shipmark.artifacts.store.release_files import LIST_ORDER, release_files
from shipmark.files.store.files import files
from shipmark.infrastructure.database import ids_param, in_binary_order, in_ids
from shipmark.infrastructure.text_search import contains

_SINGLE = sa.select(
    release_files.c.id,
    release_files.c.name,
    release_files.c.dist,
    files.c.headers,
    files.c.size,
    files.c.sha1,
    files.c.created_at,
).join(files, files.c.id == release_files.c.file_id)
_BUNDLED = (
    sa.select(
        bundle_entries.c.url,
        bundle_releases.c.dist,
        bundle_entries.c.headers,
        bundle_entries.c.size,
        bundle_entries.c.sha1,
        artifact_bundles.c.changed_at,
    )
    .join(artifact_bundles, artifact_bundles.c.id == bundle_entries.c.bundle_id)
    .join(bundle_releases, bundle_releases.c.bundle_id == artifact_bundles.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFileFilter:
    """Files of a release whose name contains one of the texts, ignoring case, and with one of the checksums.

    Without texts, or without checksums, all match. Of files in bundles a checksum may be a part (8.2).
    """

    release_id: int
    texts: Sequence[str] = ()
    sha1s: Sequence[str] = ()


def page_of(
    connection: sa.Connection, file_filter: ReleaseFileFilter, *, limit: int, offset: int
) -> list[ListedFile]:
    """Return a page of the single files by name, then of the bundled ones: those with a dist first, by dist and URL."""
    single = _single(file_filter)
    page = connection.execute(single.order_by(*LIST_ORDER).limit(limit).offset(offset)).all()
    listed_files = [_listed(row[0], row[1:]) for row in page]
    if len(listed_files) < limit:
        count = connection.execute(sa.select(sa.func.count()).select_from(single.subquery()))
        skipped = max(offset - count.scalar_one(), 0)
        dist, url = bundle_releases.c.dist, bundle_entries.c.url
        order_of_bundled = (dist == "", in_binary_order(dist), in_binary_order(url))
        bundled = _bundled(file_filter).order_by(*order_of_bundled)
        rest = connection.execute(bundled.limit(limit - len(listed_files)).offset(skipped)).all()
        listed_files += [_listed(None, row) for row in rest]
    return listed_files


def bundled_by_name(
    connection: sa.Connection, release_id: int, dist: str | None, url: str
) -> ListedFile | None:
    """Return the file with this dist and URL in the release's bundles, or None."""
    query = _BUNDLED.where(bundle_releases.c.release_id == release_id, *_is(dist, url)).limit(1)
    row = connection.execute(query).first()
    return _listed(None, row) if row else None


def place_of(
    connection: sa.Connection, release_id: int, dist: str | None, url: str
) -> tuple[int, str] | None:
    """Return the location of the file: the id of the bundle's file, and the path in it, or None."""
    query = (
        sa.select(artifact_bundles.c.file_id, bundle_entries.c.path)
        .join(bundle_entries, bundle_entries.c.bundle_id == artifact_bundles.c.id)
        .join(bundle_releases, bundle_releases.c.bundle_id == artifact_bundles.c.id)
        .where(bundle_releases.c.release_id == release_id, *_is(dist, url))
        .limit(1)
    )
    row = connection.execute(query).first()
    return (row[0], row[1]) if row else None


def remove_bundled(connection: sa.Connection, release_id: int, dist: str | None, url: str) -> bool:
    """Remove the file from lists; the bundle stays unchanged. Return False if there is no such file."""
    of_release = sa.select(bundle_releases.c.bundle_id).where(
        bundle_releases.c.release_id == release_id, bundle_releases.c.dist == (dist or "")
    )
    statement = sa.delete(bundle_entries).where(
        bundle_entries.c.bundle_id.in_(of_release),
        bundle_entries.c.url_key == url_key(url),
        bundle_entries.c.url == url,
    )
    return bool(connection.execute(statement).rowcount)


def counts_of(connection: sa.Connection, release_ids: Collection[int]) -> dict[int, int]:
    """Return the number of files of each release; releases without files are left out."""
    single = (
        sa.select(release_files.c.release_id.label("release_id"), sa.func.count().label("many"))
        .where(in_ids(release_files.c.release_id))
        .group_by(release_files.c.release_id)
    )
    bundled = (
        sa.select(bundle_releases.c.release_id, sa.func.count())
        .join(bundle_entries, bundle_entries.c.bundle_id == bundle_releases.c.bundle_id)
        .where(in_ids(bundle_releases.c.release_id))
        .group_by(bundle_releases.c.release_id)
    )
    both = sa.union_all(single, bundled).subquery()
    query = sa.select(both.c.release_id, sa.func.sum(both.c.many)).group_by(both.c.release_id)
    return {id_: int(many) for id_, many in connection.execute(query, ids_param(release_ids))}


def _single(
    file_filter: ReleaseFileFilter,
) -> sa.Select[*tuple[int, str, str, str, int, str, datetime]]:
    query = _SINGLE.where(release_files.c.release_id == file_filter.release_id)
    if file_filter.texts:
        query = query.where(_contains(release_files.c.name, file_filter.texts))
    if file_filter.sha1s:
        query = query.where(files.c.sha1.in_(file_filter.sha1s))
    return query


def _bundled(
    file_filter: ReleaseFileFilter,
) -> sa.Select[*tuple[str, str, str, int, str, datetime]]:
    query = _BUNDLED.where(bundle_releases.c.release_id == file_filter.release_id)
    if file_filter.texts:
        query = query.where(_contains(bundle_entries.c.url, file_filter.texts))
    if file_filter.sha1s:
        query = query.where(_contains(bundle_entries.c.sha1, file_filter.sha1s))
    return query


def _contains(column: sa.ColumnElement[str], texts: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.or_(*(contains(column, text) for text in texts))


def _is(dist: str | None, url: str) -> list[sa.ColumnElement[bool]]:
    return [
        bundle_releases.c.dist == (dist or ""),
        bundle_entries.c.url_key == url_key(url),
        bundle_entries.c.url == url,
    ]


def _listed(id_: int | None, row: Sequence[Any]) -> ListedFile:
    name, dist, headers, size, sha1, at = row
    return ListedFile(id_, name or "", dist or None, json.loads(headers), size, sha1 or "", at)
