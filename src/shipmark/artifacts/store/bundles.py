"""Where are artifact bundles kept, for which projects and versions, and what is in them?"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from shipmark.artifacts.model import (
    ArtifactBundle,
    Association,
    BundleEntry,
    NewBundle,
    url_key,
)
from shipmark.ground.database import (
    WANTED,
    Id,
    Moment,
    listed,
    metadata,
    rows,
    upsert,
    wanted,
)


class ArtifactBundleColumns(TypedColumns):
    """A bundle; its id is unique within the organization. Its file must be removed with it."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    bundle_id = Column(String(36), nullable=False)
    file_id = Column(Id, ForeignKey("files.id"), nullable=False, index=True)
    file_count = Column(Integer, nullable=False)
    uploaded_at = Column(Moment, nullable=False)
    used_at = Column(Moment, nullable=False, index=True)
    changed_at = Column(Moment, nullable=False)


class BundleProjectColumns(TypedColumns):
    """A project that a bundle is for, with the bundle's moments, which lists go by."""

    bundle_id = Column(Id, ForeignKey("artifact_bundles.id", ondelete="CASCADE"), primary_key=True)
    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    used_at = Column(Moment, nullable=False)
    changed_at = Column(Moment, nullable=False)


class BundleReleaseColumns(TypedColumns):
    """A version that a bundle is for; ``dist`` is "" for none. Only bundles that a release itself got have its id."""

    bundle_id = Column(Id, ForeignKey("artifact_bundles.id", ondelete="CASCADE"), primary_key=True)
    version = Column(String(250), primary_key=True)
    dist = Column(String(64), primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    release_id = Column(Id, ForeignKey("releases.id"), index=True)


class BundleEntryColumns(TypedColumns):
    """A file in a bundle. ``url_key`` is a digest of the URL, ``headers`` a JSON object."""

    bundle_id = Column(Id, ForeignKey("artifact_bundles.id", ondelete="CASCADE"), primary_key=True)
    number = Column(Integer, primary_key=True)
    path = Column(Text, nullable=False)
    url = Column(Text)
    url_key = Column(String(16))
    debug_id = Column(String(60))
    type = Column(Integer)
    size = Column(BigInteger, nullable=False)
    sha1 = Column(String(40))
    headers = Column(Text, nullable=False)


artifact_bundles = Table(
    "artifact_bundles",
    metadata,
    ArtifactBundleColumns,
    UniqueConstraint("organization_id", "bundle_id"),
    sqlite_autoincrement=True,
)
bundle_projects = Table(
    "bundle_projects",
    metadata,
    BundleProjectColumns,
    Index("ix_bundle_projects_project_id_used_at", "project_id", "used_at", "bundle_id"),
    Index("ix_bundle_projects_project_id_changed_at", "project_id", "changed_at", "bundle_id"),
)
bundle_releases = Table(
    "bundle_releases",
    metadata,
    BundleReleaseColumns,
    Index("ix_bundle_releases_version", "organization_id", "version", "dist", "bundle_id"),
)
bundle_entries = Table(
    "bundle_entries",
    metadata,
    BundleEntryColumns,
    Index("ix_bundle_entries_url_key", "bundle_id", "url_key"),
)
Index(
    "ix_bundle_entries_debug_id",
    bundle_entries.c.debug_id,
    bundle_entries.c.bundle_id,
    sqlite_where=bundle_entries.c.debug_id.is_not(None),
    postgresql_where=bundle_entries.c.debug_id.is_not(None),
)

_ENTRIES = listed(
    "given_entries",
    number=Integer(),
    path=Text(),
    url=Text(),
    url_key=Text(),
    debug_id=Text(),
    type=Integer(),
    size=BigInteger(),
    sha1=Text(),
    headers=Text(),
)
_ADD_ENTRIES = insert(bundle_entries).from_select(
    ["bundle_id", *_ENTRIES.c.keys()],
    select(bindparam("bundle", type_=Id), *_ENTRIES.c).order_by(_ENTRIES.c.number),
)
_BUNDLE = (
    artifact_bundles.c.id,
    artifact_bundles.c.organization_id,
    artifact_bundles.c.bundle_id,
    artifact_bundles.c.file_id,
    artifact_bundles.c.file_count,
    artifact_bundles.c.uploaded_at,
    artifact_bundles.c.used_at,
    artifact_bundles.c.changed_at,
)
_WANTED_IDS = select(WANTED.c.id)


def keep(
    connection: Connection, new: NewBundle, file_id: int, at: datetime
) -> tuple[int, int | None]:
    """Make the bundle, or give a known one its new file; says its id, and the file that it had before, if another."""
    row = {
        "organization_id": new.organization_id,
        "bundle_id": new.bundle_id,
        "file_id": file_id,
        "file_count": len(new.entries),
        "uploaded_at": at,
        "used_at": at,
        "changed_at": at,
    }
    made = upsert(artifact_bundles).values(row).on_conflict_do_nothing()
    bundle = connection.execute(made.returning(artifact_bundles.c.id)).scalar_one_or_none()
    before = None
    if bundle is None:
        bundle, before = _replace(connection, new, file_id, at)
    connection.execute(_ADD_ENTRIES, {"bundle": bundle} | _rows_of(new.entries))
    return bundle, before


def _replace(connection: Connection, new: NewBundle, file_id: int, at: datetime) -> tuple[int, int]:
    known = (
        select(artifact_bundles.c.id, artifact_bundles.c.file_id)
        .where(
            artifact_bundles.c.organization_id == new.organization_id,
            artifact_bundles.c.bundle_id == new.bundle_id,
        )
        .with_for_update()
    )
    bundle, before = connection.execute(known).one()
    values = {"file_id": file_id, "file_count": len(new.entries), "used_at": at, "changed_at": at}
    connection.execute(
        update(artifact_bundles).where(artifact_bundles.c.id == bundle).values(values)
    )
    connection.execute(delete(bundle_entries).where(bundle_entries.c.bundle_id == bundle))
    return bundle, before


def associate(connection: Connection, bundle: int, new: NewBundle, at: datetime) -> None:
    """Tie a bundle to the projects and to the version that it is for; what is tied already is renewed."""
    moments = {"used_at": at, "changed_at": at}
    tied = [{"bundle_id": bundle, "project_id": each} | moments for each in sorted(new.project_ids)]
    connection.execute(
        upsert(bundle_projects)
        .values(tied)
        .on_conflict_do_update(
            index_elements=[bundle_projects.c.bundle_id, bundle_projects.c.project_id], set_=moments
        )
    )
    if new.association is not None:
        row: dict[str, object] = {"bundle_id": bundle, "organization_id": new.organization_id}
        row |= {"version": new.association.version, "dist": new.association.dist or ""}
        row |= {"release_id": new.release_id}
        keys = ("bundle_id", "version", "dist")
        statement = upsert(bundle_releases).values(row)
        if new.release_id is None:
            statement = statement.on_conflict_do_nothing()
        else:
            statement = statement.on_conflict_do_update(
                index_elements=keys, set_={"release_id": new.release_id}
            )
        connection.execute(statement)


def take_over(connection: Connection, bundle: int, release_id: int, dist: str | None) -> None:
    """Let a release's newest bundle alone have the URLs that are in it (files-and-avatars.md 6.3)."""
    others = select(bundle_releases.c.bundle_id).where(
        bundle_releases.c.release_id == release_id,
        bundle_releases.c.dist == (dist or ""),
        bundle_releases.c.bundle_id != bundle,
    )
    new = bundle_entries.alias()
    urls = select(new.c.url_key).where(new.c.bundle_id == bundle)
    connection.execute(
        delete(bundle_entries).where(
            bundle_entries.c.bundle_id.in_(others), bundle_entries.c.url_key.in_(urls)
        )
    )


def by_bundle_id(
    connection: Connection, organization_id: int, bundle_id: str
) -> ArtifactBundle | None:
    """The organization's bundle of that id."""
    query = select(*_BUNDLE).where(
        artifact_bundles.c.organization_id == organization_id,
        artifact_bundles.c.bundle_id == bundle_id,
    )
    row = connection.execute(query).first()
    return _bundle(*row) if row else None


def by_ids(connection: Connection, ids: Collection[int]) -> dict[int, ArtifactBundle]:
    """Those of the bundles that there are."""
    query = select(*_BUNDLE).where(artifact_bundles.c.id.in_(_WANTED_IDS))
    return {row[0]: _bundle(*row) for row in connection.execute(query, wanted(ids))}


def associations_of(connection: Connection, ids: Collection[int]) -> dict[int, list[Association]]:
    """What each of the bundles is for, in order."""
    query = (
        select(bundle_releases.c.bundle_id, bundle_releases.c.version, bundle_releases.c.dist)
        .where(bundle_releases.c.bundle_id.in_(_WANTED_IDS))
        .order_by(bundle_releases.c.version, bundle_releases.c.dist)
    )
    found: dict[int, list[Association]] = {bundle: [] for bundle in ids}
    for bundle, version, dist in connection.execute(query, wanted(ids)):
        found[bundle].append(Association(version=version, dist=dist or None))
    return found


def project_ids_of(connection: Connection, bundle: int) -> set[int]:
    """The projects that a bundle is for."""
    query = select(bundle_projects.c.project_id).where(bundle_projects.c.bundle_id == bundle)
    return set(connection.execute(query).scalars())


def renew(connection: Connection, ids: Collection[int], at: datetime, older_than: datetime) -> None:
    """Say that the bundles were used, where that was not said lately."""
    for table, key in (
        (artifact_bundles, artifact_bundles.c.id),
        (bundle_projects, bundle_projects.c.bundle_id),
    ):
        statement = update(table).where(key.in_(_WANTED_IDS), table.c.used_at < older_than)
        connection.execute(statement.values(used_at=at), wanted(ids))


def unused(connection: Connection, before: datetime, *, most: int) -> list[int]:
    """Bundles that nobody has used since, the longest unused first."""
    query = (
        select(artifact_bundles.c.id)
        .where(artifact_bundles.c.used_at < before)
        .order_by(artifact_bundles.c.used_at)
        .limit(most)
    )
    return list(connection.execute(query).scalars())


def of_releases(connection: Connection, release_ids: Collection[int]) -> set[int]:
    """The bundles that the releases themselves got."""
    query = select(bundle_releases.c.bundle_id).where(bundle_releases.c.release_id.in_(_WANTED_IDS))
    return set(connection.execute(query, wanted(release_ids)).scalars())


def remove(connection: Connection, ids: Collection[int]) -> list[int]:
    """Delete bundles with all that is tied to them; says which files they had."""
    statement = delete(artifact_bundles).where(artifact_bundles.c.id.in_(_WANTED_IDS))
    gone = connection.execute(statement.returning(artifact_bundles.c.file_id), wanted(ids))
    return list(gone.scalars())


def untie_project(connection: Connection, ids: Collection[int], project_id: int) -> set[int]:
    """Take bundles from a project; says which of them no other project has."""
    connection.execute(
        delete(bundle_projects).where(
            bundle_projects.c.bundle_id.in_(_WANTED_IDS), bundle_projects.c.project_id == project_id
        ),
        wanted(ids),
    )
    others = select(bundle_projects.c.bundle_id).where(bundle_projects.c.bundle_id.in_(_WANTED_IDS))
    return set(ids) - set(connection.execute(others, wanted(ids)).scalars())


def entries_of(connection: Connection, bundle: int) -> list[BundleEntry]:
    """What is in a bundle, in the order of its manifest."""
    query = (
        select(
            bundle_entries.c.number,
            bundle_entries.c.path,
            bundle_entries.c.url,
            bundle_entries.c.debug_id,
            bundle_entries.c.type,
            bundle_entries.c.size,
            bundle_entries.c.sha1,
            bundle_entries.c.headers,
        )
        .where(bundle_entries.c.bundle_id == bundle)
        .order_by(bundle_entries.c.number)
    )
    return [entry(*row) for row in connection.execute(query)]


def _rows_of(entries: Sequence[BundleEntry]) -> dict[str, str]:
    return rows(
        "given_entries",
        (
            (
                it.number,
                it.path,
                it.url,
                None if it.url is None else url_key(it.url),
                it.debug_id,
                it.type,
                it.size,
                it.sha1,
                json.dumps(dict(it.headers)),
            )
            for it in entries
        ),
    )


def entry(
    number: int,
    path: str,
    url: str | None,
    debug_id: str | None,
    type_: int | None,
    size: int,
    sha1: str | None,
    headers: str,
) -> BundleEntry:
    """An entry of its columns."""
    return BundleEntry(
        number=number,
        path=path,
        url=url,
        debug_id=debug_id,
        type=type_,
        size=size,
        sha1=sha1,
        headers=json.loads(headers),
    )


def _bundle(
    bundle: int,
    organization_id: int,
    bundle_id: str,
    file_id: int,
    file_count: int,
    uploaded_at: datetime,
    used_at: datetime,
    changed_at: datetime,
) -> ArtifactBundle:
    return ArtifactBundle(
        id=bundle,
        organization_id=organization_id,
        bundle_id=bundle_id,
        file_id=file_id,
        file_count=file_count,
        uploaded_at=uploaded_at,
        used_at=used_at,
        changed_at=changed_at,
    )
