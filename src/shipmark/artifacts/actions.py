"""What can be done with artifacts? Keep them, remove them, let those go that nobody uses any more."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.artifacts.model import AssembleKind, NewBundle, ReleaseFile
from shipmark.artifacts.store import assemblies, bundles, release_files
from shipmark.files import actions as files
from shipmark.files.model import File, NewFile, StagedFile
from shipmark.files.store import files as file_store
from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind

#: So many bundles, and so many single files, are deleted in one unit of work.
BATCH = 200
#: The least that an operator can set.
RETENTION_MIN = timedelta(days=1)


def upsert_bundle(
    connection: Connection, new: NewBundle, file: NewFile, content: StagedFile, at: datetime
) -> None:
    """Keep a bundle, for all that it is for. One that is uploaded again takes the place of the one before (5.4)."""
    known = bundles.by_bundle_id(connection, new.organization_id, new.bundle_id)
    if known is not None and _has_content(connection, known.file_id, content):
        bundles.associate(connection, known.id, new, at)
        bundles.touch(connection, [known.id], at, older_than=at)
        return
    stored = files.create(connection, file, content, at)
    bundle, before = bundles.upsert_bundle(connection, new, stored.id, at)
    bundles.associate(connection, bundle, new, at)
    if new.release_id is not None and new.association is not None:
        bundles.replace_bundle(connection, bundle, new.release_id, new.association.dist)
    if before is not None:
        remove_files(connection, [before], at)


def upsert_release_file(
    connection: Connection,
    release_id: int,
    name: str,
    dist: str | None,
    file: File,
    at: datetime,
) -> None:
    """Give a release a file, in place of the one that it has under that name and dist."""
    if release_files.add(connection, release_id, name, dist, file) is None:
        before = release_files.replace(connection, release_id, name, dist, file)
        if before is not None:
            remove_files(connection, [before], at)


def remove_bundles(connection: Connection, ids: Collection[int], at: datetime) -> None:
    """Delete bundles, whoever uses them."""
    if ids:
        remove_files(connection, bundles.remove(connection, ids), at)


def remove_from_project(
    connection: Connection, ids: Collection[int], project_id: int, at: datetime
) -> None:
    """Take bundles from a project; those that no other project has are deleted (files-and-avatars.md 7.1)."""
    remove_bundles(connection, bundles.detach_project(connection, ids, project_id), at)


def remove_release_files(
    connection: Connection, organization_id: int, found: Collection[ReleaseFile], at: datetime
) -> None:
    """Delete single files of releases. Bundles that they came from may be sent again at once."""
    assemblies.delete_all(connection, AssembleKind.RELEASE_BUNDLE, organization_id)
    removed = release_files.remove(connection, [release_file.id for release_file in found])
    remove_files(connection, removed, at)


def remove_of_releases(
    connection: Connection, organization_id: int, release_ids: Collection[int], at: datetime
) -> None:
    """Delete all files of releases: single ones, and the bundles that the releases themselves got."""
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
    """Take some bundles from a project that is deleted. Return whether there were any."""
    batch = bundles.of_project(connection, project_id, limit=limit)
    remove_from_project(connection, batch, project_id, at)
    return bool(batch)


def remove_unused(
    connection: Connection, at: datetime, kept: timedelta, project_id: int | None = None
) -> int:
    """Delete some of the bundles and single files that nobody has used for that long; says how many.

    Of one project, or of all. What other projects have too stays theirs.
    """
    before = at - kept
    old = bundles.unused(connection, before, project_id, most=BATCH)
    if project_id is None:
        remove_bundles(connection, old, at)
    else:
        remove_from_project(connection, old, project_id, at)
    removed = release_files.remove_older(connection, before, project_id, most=BATCH)
    remove_files(connection, removed, at)
    return len(old) + len(removed)


def schedule_pruning(connection: Connection, at: datetime) -> None:
    """Have what nobody uses let go, if there is anything that may be that old."""
    before = at - RETENTION_MIN
    if bundles.unused(connection, before, most=1) or release_files.has_older(connection, before):
        jobs.enqueue(connection, JobKind.PRUNE_ARTIFACTS, {}, now=at, key=JobKind.PRUNE_ARTIFACTS)


def remove_files(connection: Connection, file_ids: Collection[int], at: datetime) -> None:
    """Delete files, and what was said of assembling them."""
    if file_ids:
        removed = file_store.by_ids(connection, file_ids)
        assemblies.delete_of_files(connection, {file.sha1 for file in removed.values()})
        files.remove(connection, file_ids, at)


def _has_content(connection: Connection, file_id: int, content: StagedFile) -> bool:
    return file_store.by_ids(connection, [file_id])[file_id].sha1 == content.sha1
