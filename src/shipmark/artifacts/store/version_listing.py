"""Lists of the uploads for a version: bundles of some projects and of the release itself, and single files."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from shipmark.artifacts.manifests import ArtifactType
from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects, bundle_releases
from shipmark.artifacts.store.entries import bundle_entries
from shipmark.artifacts.store.release_files import LIST_ORDER, release_files
from shipmark.files.store.files import files
from shipmark.infrastructure.database import Id, ids_param, in_binary_order, in_ids

_ORGANIZATION = sa.bindparam("organization", type_=Id)
_RELEASE = sa.bindparam("release", type_=Id)
_REACHED = (
    sa.select(
        artifact_bundles.c.id,
        artifact_bundles.c.file_count,
        artifact_bundles.c.changed_at,
        bundle_releases.c.dist,
    )
    .select_from(bundle_releases)
    .join(artifact_bundles, artifact_bundles.c.id == bundle_releases.c.bundle_id)
    .where(
        bundle_releases.c.organization_id == _ORGANIZATION,
        bundle_releases.c.version == sa.bindparam("version"),
        sa.or_(
            bundle_releases.c.release_id == _RELEASE,
            sa.select(bundle_projects.c.bundle_id)
            .where(
                bundle_projects.c.bundle_id == artifact_bundles.c.id,
                in_ids(bundle_projects.c.project_id),
            )
            .exists(),
        ),
    )
    .subquery("reached")
)
_SINGLE = sa.select(sa.func.count()).where(release_files.c.release_id == _RELEASE).scalar_subquery()
_COUNTS = sa.select(
    sa.func.count(_REACHED.c.id.distinct()),
    sa.func.coalesce(sa.func.sum(_REACHED.c.file_count), 0),
    _SINGLE,
)
_BUNDLED = sa.select(sa.func.count()).select_from(
    _REACHED.join(bundle_entries, bundle_entries.c.bundle_id == _REACHED.c.id)
)
_maps = bundle_entries.alias("maps")
_UNMAPPED = (
    sa.select(sa.func.count(bundle_entries.c.debug_id.distinct()))
    .select_from(_REACHED.join(bundle_entries, bundle_entries.c.bundle_id == _REACHED.c.id))
    .where(
        bundle_entries.c.type == ArtifactType.MINIFIED_SOURCE.value,
        bundle_entries.c.debug_id.not_in(
            sa.select(_maps.c.debug_id)
            .select_from(_REACHED.join(_maps, _maps.c.bundle_id == _REACHED.c.id))
            .where(_maps.c.type == ArtifactType.SOURCE_MAP.value, _maps.c.debug_id.is_not(None))
        ),
    )
)
_BUNDLED_PAGE = (
    sa.select(
        sa.func.coalesce(bundle_entries.c.url, bundle_entries.c.path),
        sa.func.nullif(_REACHED.c.dist, ""),
        bundle_entries.c.type,
        bundle_entries.c.debug_id,
        bundle_entries.c.size,
    )
    .select_from(_REACHED)
    .join(bundle_entries, bundle_entries.c.bundle_id == _REACHED.c.id)
    .order_by(_REACHED.c.changed_at.desc(), _REACHED.c.id.desc())
    .order_by(in_binary_order(_REACHED.c.dist), bundle_entries.c.number)
)
_SINGLE_PAGE = (
    sa.select(release_files.c.name, release_files.c.dist, sa.null(), sa.null(), files.c.size)
    .join(files, files.c.id == release_files.c.file_id)
    .where(release_files.c.release_id == _RELEASE)
    .order_by(*LIST_ORDER)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionScope:
    """A version, restricted to visible projects."""

    organization_id: int
    release_id: int
    version: str
    project_ids: Collection[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The numbers of bundles, files in them, and single files."""

    bundles: int
    bundled: int
    single: int

    @property
    def files(self) -> int:
        """Return the number of all files."""
        return self.bundled + self.single


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file uploaded for the version; ``type`` is None if unknown."""

    name: str
    dist: str | None
    type: int | None
    debug_id: str | None
    size: int


def count_of(connection: sa.Connection, scope: VersionScope) -> Count:
    """Return the numbers of uploads."""
    bundles, bundled, single = connection.execute(_COUNTS, _parameters(scope)).one()
    return Count(bundles=bundles, bundled=int(bundled), single=single)


def unmapped_count(connection: sa.Connection, scope: VersionScope) -> int:
    """Return the number of minified files, by their debug ids, whose source map is in none of the bundles."""
    return connection.execute(_UNMAPPED, _parameters(scope)).scalar_one()


def page_of(
    connection: sa.Connection, scope: VersionScope, *, limit: int, offset: int
) -> list[UploadedFile]:
    """Return a page of the files of bundles, the newest bundle first, then of the single ones by name."""
    bundled = _BUNDLED_PAGE.limit(limit).offset(offset)
    rows = connection.execute(bundled, _parameters(scope)).all()
    uploaded_files = [UploadedFile(*row) for row in rows]
    if len(rows) < limit:
        before = connection.execute(_BUNDLED, _parameters(scope)).scalar_one()
        single = _SINGLE_PAGE.limit(limit - len(rows)).offset(max(offset - before, 0))
        result = connection.execute(single, {"release": scope.release_id})
        uploaded_files += [UploadedFile(*row) for row in result]
    return uploaded_files


def _parameters(scope: VersionScope) -> dict[str, object]:
    return {
        "organization": scope.organization_id,
        "release": scope.release_id,
        "version": scope.version,
        **ids_param(scope.project_ids),
    }
