"""Actions on artifacts: store them, delete them, delete unused ones."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.artifacts.model import ArtifactBundle, AssembleKind, NewBundle, ReleaseFile
from shipmark.artifacts.store import assemblies, bundles, release_files
from shipmark.files import actions as files
from shipmark.files.model import File, NewFile, StagedFile
from shipmark.files.store import files as file_store
from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind

#: The bundles, and the single files, that are deleted in one transaction.
BATCH = 200
#: The shortest retention that an operator can set.
RETENTION_MIN = timedelta(days=1)


def upsert_bundle(
    connection: Connection, new: NewBundle, file: NewFile, content: StagedFile, at: datetime
) -> int:
    """Store a bundle with its associations. A repeated upload replaces the bundle before (5.4). Return its row's id."""
    existing = bundles.by_bundle_id(connection, new.organization_id, new.bundle_id)
    if existing and _file(connection, existing).sha1 == content.sha1:
        bundles.associate(connection, existing.id, new, at)
        bundles.touch(connection, [existing.id], at, older_than=at)
        return existing.id
    stored = files.create(connection, file, content, at)
    bundle, before = bundles.upsert_bundle(connection, new, stored.id, at)
    bundles.associate(connection, bundle, new, at)
    if new.release_id is not None and new.association is not None:
        bundles.replace_bundle(connection, bundle, new.release_id, new.association.dist)
    if before is not None:
        remove_files(connection, [before], at)
    return bundle


def upsert_release_file(
    connection: Connection, release_id: int, name: str, dist: str | None, file: File, at: datetime
) -> None:
    """Insert a file of a release, or replace the one with this name and dist."""
    if release_files.add(connection, release_id, name, dist, file) is None:
        before = release_files.replace(connection, release_id, name, dist, file)
        if before is not None:
            remove_files(connection, [before], at)


def remove_bundles(connection: Connection, ids: Collection[int], at: datetime) -> None:
    """Delete bundles from all projects."""
    if ids:
        remove_files(connection, bundles.remove(connection, ids), at)


def remove_from_project(
    connection: Connection, ids: Collection[int], project_id: int, at: datetime
) -> None:
    """Detach bundles from a project; delete those that are in no other project (files-and-avatars.md 7.1)."""
    remove_bundles(connection, bundles.detach_project(connection, ids, project_id), at)


def remove_release_files(
    connection: Connection, organization_id: int, targets: Collection[ReleaseFile], at: datetime
) -> None:
    """Delete single files of releases. Their bundles may be uploaded again at once."""
    assemblies.delete_all(connection, AssembleKind.RELEASE_BUNDLE, organization_id)
    removed = release_files.remove(connection, [release_file.id for release_file in targets])
    remove_files(connection, removed, at)


def remove_of_releases(
    connection: Connection, organization_id: int, release_ids: Collection[int], at: datetime
) -> None:
    """Delete all files of releases: single ones, and the bundles uploaded for the releases themselves."""
    assemblies.delete_all(connection, AssembleKind.RELEASE_BUNDLE, organization_id)
    remove_files(connection, release_files.remove_of(connection, release_ids), at)
    remove_bundles(connection, bundles.of_releases(connection, release_ids), at)


def remove_of_organization(connection: Connection, organization_id: int, at: datetime) -> None:
    """Delete the release files and bundles of an organization that is deleted, with a constant number of statements."""
    removed = [
        *release_files.remove_of_organization(connection, organization_id),
        *bundles.remove_of_organization(connection, organization_id),
    ]
    assemblies.delete_of_organization(connection, organization_id)
    remove_files(connection, removed, at)


def remove_bundles_of_project(
    connection: Connection, project_id: int, at: datetime, *, limit: int
) -> bool:
    """Detach a batch of bundles from a deleted project. Return False if there are none."""
    batch = bundles.of_project(connection, project_id, limit=limit)
    remove_from_project(connection, batch, project_id, at)
    return bool(batch)


def remove_unused(
    connection: Connection, at: datetime, retention: timedelta, project_id: int | None = None
) -> int:
    """Delete a batch of bundles and single files unused for the retention. Return their number.

    Of one project, or of all. Files that other projects have too stay in these.
    """
    before = at - retention
    old = bundles.unused(connection, before, project_id, most=BATCH)
    if project_id is None:
        remove_bundles(connection, old, at)
    else:
        remove_from_project(connection, old, project_id, at)
    removed = release_files.remove_older(connection, before, project_id, most=BATCH)
    remove_files(connection, removed, at)
    return len(old) + len(removed)


def schedule_pruning(connection: Connection, at: datetime) -> None:
    """Schedule the deletion of unused artifacts, if any may be old enough."""
    before = at - RETENTION_MIN
    if bundles.unused(connection, before, most=1) or release_files.has_older(connection, before):
        jobs.enqueue(connection, JobKind.PRUNE_ARTIFACTS, {}, now=at, key=JobKind.PRUNE_ARTIFACTS)


def remove_files(connection: Connection, file_ids: Collection[int], at: datetime) -> None:
    """Delete files, and the states of their assembling."""
    if file_ids:
        removed = file_store.by_ids(connection, file_ids)
        assemblies.delete_of_files(connection, {file.sha1 for file in removed.values()})
        files.remove(connection, file_ids, at)


def _file(connection: Connection, bundle: ArtifactBundle) -> File:
    return file_store.by_ids(connection, [bundle.file_id])[bundle.file_id]
