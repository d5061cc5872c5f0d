"""Tables and queries of artifact bundles, with their projects and versions."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.artifacts.model import ArtifactBundle, Association, NewBundle
from shipmark.artifacts.store import entries
from shipmark.infrastructure import database as db


class ArtifactBundleColumns(sa.TypedColumns):
    """A bundle; its id is unique within the organization. Its file must be deleted with it."""

    id = sa.Column(db.Id, primary_key=True)
    organization_id = sa.Column(
        db.Id, sa.ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False
    )
    bundle_id = sa.Column(sa.String(36), nullable=False)
    file_id = sa.Column(db.Id, sa.ForeignKey("files.id"), nullable=False, index=True)
    file_count = sa.Column(sa.Integer, nullable=False)
    uploaded_at = sa.Column(db.UtcDateTime, nullable=False)
    used_at = sa.Column(db.UtcDateTime, nullable=False, index=True)
    changed_at = sa.Column(db.UtcDateTime, nullable=False)


class BundleProjectColumns(sa.TypedColumns):
    """A project of a bundle, with the bundle's moments, by which lists are ordered."""

    bundle_id = sa.Column(
        db.Id, sa.ForeignKey("artifact_bundles.id", ondelete="CASCADE"), primary_key=True
    )
    project_id = sa.Column(
        db.Id, sa.ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    used_at = sa.Column(db.UtcDateTime, nullable=False)
    changed_at = sa.Column(db.UtcDateTime, nullable=False)


class BundleReleaseColumns(sa.TypedColumns):
    """A version of a bundle; ``dist`` is "" for none. Only bundles for a release itself have its id."""

    bundle_id = sa.Column(
        db.Id, sa.ForeignKey("artifact_bundles.id", ondelete="CASCADE"), primary_key=True
    )
    version = sa.Column(sa.String(250), primary_key=True)
    dist = sa.Column(sa.String(64), primary_key=True)
    organization_id = sa.Column(
        db.Id, sa.ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False
    )
    release_id = sa.Column(db.Id, sa.ForeignKey("releases.id"), index=True)


artifact_bundles = sa.Table(
    "artifact_bundles",
    db.metadata,
    ArtifactBundleColumns,
    sa.UniqueConstraint("organization_id", "bundle_id"),
    sqlite_autoincrement=True,
)
bundle_projects = sa.Table(
    "bundle_projects",
    db.metadata,
    BundleProjectColumns,
    sa.Index("ix_bundle_projects_project_id_used_at", "project_id", "used_at", "bundle_id"),
    sa.Index("ix_bundle_projects_project_id_changed_at", "project_id", "changed_at", "bundle_id"),
)
bundle_releases = sa.Table(
    "bundle_releases",
    db.metadata,
    BundleReleaseColumns,
    sa.Index("ix_bundle_releases_version", "organization_id", "version", "dist", "bundle_id"),
)


def upsert_bundle(
    connection: sa.Connection, new: NewBundle, file_id: int, at: datetime
) -> tuple[int, int | None]:
    """Insert the bundle, or replace its file. Return the row's id, and the previous file's id if it differs."""
    row: dict[str, object] = {"organization_id": new.organization_id, "bundle_id": new.bundle_id}
    row |= {"file_id": file_id, "file_count": len(new.entries)}
    row |= {"uploaded_at": at, "used_at": at, "changed_at": at}
    statement = db.upsert(artifact_bundles).values(row).on_conflict_do_nothing()
    new_id = connection.execute(statement.returning(artifact_bundles.c.id)).scalar_one_or_none()
    before = None
    if new_id is None:
        new_id, before = _replace(connection, new, file_id, at)
    entries.add(connection, new_id, new.entries)
    return new_id, before


def _replace(
    connection: sa.Connection, new: NewBundle, file_id: int, at: datetime
) -> tuple[int, int]:
    existing = (
        sa.select(artifact_bundles.c.id, artifact_bundles.c.file_id)
        .where(
            artifact_bundles.c.organization_id == new.organization_id,
            artifact_bundles.c.bundle_id == new.bundle_id,
        )
        .with_for_update()
    )
    existing_id, before = connection.execute(existing).one()
    values = {"file_id": file_id, "file_count": len(new.entries), "used_at": at, "changed_at": at}
    connection.execute(
        sa.update(artifact_bundles).where(artifact_bundles.c.id == existing_id).values(values)
    )
    entries.clear(connection, existing_id)
    return existing_id, before


def associate(connection: sa.Connection, bundle_row_id: int, new: NewBundle, at: datetime) -> None:
    """Link a bundle to its projects and version; existing links get the new moments."""
    moments = {"used_at": at, "changed_at": at}
    tied = [
        {"bundle_id": bundle_row_id, "project_id": project_id} | moments
        for project_id in sorted(new.project_ids)
    ]
    connection.execute(
        db.upsert(bundle_projects)
        .values(tied)
        .on_conflict_do_update(
            index_elements=[bundle_projects.c.bundle_id, bundle_projects.c.project_id], set_=moments
        )
    )
    if new.association is None:
        return
    row: dict[str, object] = {"bundle_id": bundle_row_id, "organization_id": new.organization_id}
    row |= {"version": new.association.version, "dist": new.association.dist or ""}
    row |= {"release_id": new.release_id}
    statement = db.upsert(bundle_releases).values(row)
    if new.release_id is None:
        statement = statement.on_conflict_do_nothing()
    else:
        keys, values = ("bundle_id", "version", "dist"), {"release_id": new.release_id}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=values)
    connection.execute(statement)


def replace_bundle(
    connection: sa.Connection, bundle_row_id: int, release_id: int, dist: str | None
) -> None:
    """Delete the newest bundle's URLs from the release's other bundles (files-and-avatars.md 6.3)."""
    others = sa.select(bundle_releases.c.bundle_id).where(
        bundle_releases.c.release_id == release_id,
        bundle_releases.c.dist == (dist or ""),
        bundle_releases.c.bundle_id != bundle_row_id,
    )
    new = entries.bundle_entries.alias()
    urls = sa.select(new.c.url_key).where(new.c.bundle_id == bundle_row_id)
    connection.execute(
        sa.delete(entries.bundle_entries).where(
            entries.bundle_entries.c.bundle_id.in_(others),
            entries.bundle_entries.c.url_key.in_(urls),
        )
    )


def by_bundle_id(
    connection: sa.Connection, organization_id: int, bundle_id: str
) -> ArtifactBundle | None:
    """Return the organization's bundle with this id, or None."""
    query = sa.select(artifact_bundles).where(
        artifact_bundles.c.organization_id == organization_id,
        artifact_bundles.c.bundle_id == bundle_id,
    )
    row = connection.execute(query).first()
    return ArtifactBundle(*row) if row else None


def by_ids(connection: sa.Connection, ids: Collection[int]) -> dict[int, ArtifactBundle]:
    """Return the bundles with these ids."""
    query = sa.select(artifact_bundles).where(db.in_ids(artifact_bundles.c.id))
    return {row[0]: ArtifactBundle(*row) for row in connection.execute(query, db.ids_param(ids))}


def associations_of(
    connection: sa.Connection, ids: Collection[int]
) -> dict[int, list[Association]]:
    """Return the associations of each bundle, in order."""
    versions = bundle_releases.c
    query = (
        sa.select(versions.bundle_id, versions.version, versions.dist)
        .where(db.in_ids(versions.bundle_id))
        .order_by(db.in_binary_order(versions.version), db.in_binary_order(versions.dist))
    )
    associations: dict[int, list[Association]] = {id_: [] for id_ in ids}
    for id_, version, dist in connection.execute(query, db.ids_param(ids)):
        associations[id_].append(Association(version=version, dist=dist or None))
    return associations


def is_linked(connection: sa.Connection, bundle_row_id: int, project_id: int) -> bool:
    """Return True if the bundle is linked to the project."""
    query = sa.select(bundle_projects.c.bundle_id).where(
        bundle_projects.c.bundle_id == bundle_row_id, bundle_projects.c.project_id == project_id
    )
    return connection.execute(query).first() is not None


def touch(
    connection: sa.Connection, ids: Collection[int], at: datetime, older_than: datetime
) -> None:
    """Record the use of the bundles whose last use is older than ``older_than``."""
    for table, key in (
        (artifact_bundles, artifact_bundles.c.id),
        (bundle_projects, bundle_projects.c.bundle_id),
    ):
        statement = sa.update(table).where(db.in_ids(key), table.c.used_at < older_than)
        connection.execute(statement.values(used_at=at), db.ids_param(ids))


def unused(
    connection: sa.Connection, before: datetime, project_id: int | None = None, *, most: int
) -> list[int]:
    """Return the ids of bundles, of a project or of all, unused since then; the longest unused first."""
    query = (
        sa.select(artifact_bundles.c.id)
        .where(artifact_bundles.c.used_at < before)
        .order_by(artifact_bundles.c.used_at)
    )
    if project_id is not None:
        tied = bundle_projects.c
        query = (
            sa.select(tied.bundle_id)
            .where(tied.project_id == project_id, tied.used_at < before)
            .order_by(tied.used_at)
        )
    return list(connection.execute(query.limit(most)).scalars())


def of_project(connection: sa.Connection, project_id: int, *, limit: int) -> list[int]:
    """Return the ids of some bundles of the project."""
    query = sa.select(bundle_projects.c.bundle_id).where(bundle_projects.c.project_id == project_id)
    return list(connection.execute(query.limit(limit)).scalars())


def of_releases(connection: sa.Connection, release_ids: Collection[int]) -> set[int]:
    """Return the ids of bundles for the releases themselves."""
    query = sa.select(bundle_releases.c.bundle_id).where(db.in_ids(bundle_releases.c.release_id))
    return set(connection.execute(query, db.ids_param(release_ids)).scalars())


def remove(connection: sa.Connection, ids: Collection[int]) -> list[int]:
    """Delete bundles with their dependent rows. Return the ids of their files."""
    statement = sa.delete(artifact_bundles).where(db.in_ids(artifact_bundles.c.id))
    result = connection.execute(statement.returning(artifact_bundles.c.file_id), db.ids_param(ids))
    return list(result.scalars())


def remove_of_organization(connection: sa.Connection, organization_id: int) -> list[int]:
    """Delete all bundles of an organization. Return the ids of their files."""
    statement = sa.delete(artifact_bundles).where(
        artifact_bundles.c.organization_id == organization_id
    )
    return list(connection.execute(statement.returning(artifact_bundles.c.file_id)).scalars())


def detach_project(connection: sa.Connection, ids: Collection[int], project_id: int) -> set[int]:
    """Unlink bundles from a project. Return those that are in no other project."""
    connection.execute(
        sa.delete(bundle_projects).where(
            db.in_ids(bundle_projects.c.bundle_id), bundle_projects.c.project_id == project_id
        ),
        db.ids_param(ids),
    )
    others = sa.select(bundle_projects.c.bundle_id).where(db.in_ids(bundle_projects.c.bundle_id))
    return set(ids) - set(connection.execute(others, db.ids_param(ids)).scalars())


def is_any(connection: sa.Connection, project_id: int) -> bool:
    """Return True if the project has a bundle."""
    query = sa.select(bundle_projects.c.bundle_id).where(bundle_projects.c.project_id == project_id)
    return connection.execute(query.limit(1)).first() is not None
