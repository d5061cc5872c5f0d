"""The table of single files of releases, and its queries (files-and-avatars.md 8.1)."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from shipmark.artifacts.model import ReleaseFile, ident_of
from shipmark.files.model import File
from shipmark.files.store import files as file_store
from shipmark.infrastructure import database as db
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases


class ReleaseFileColumns(sa.TypedColumns):
    """A file of a release; ``ident`` is a digest of name and dist. Its file must be deleted with it."""

    id = sa.Column(db.Id, primary_key=True)
    release_id = sa.Column(db.Id, sa.ForeignKey("releases.id"), nullable=False)
    file_id = sa.Column(db.Id, sa.ForeignKey("files.id"), nullable=False, index=True)
    ident = sa.Column(sa.String(40), nullable=False)
    name = sa.Column(sa.Text, nullable=False)
    dist = sa.Column(sa.String(64))
    created_at = sa.Column(db.UtcDateTime, nullable=False, index=True)


release_files = sa.Table(
    "release_files",
    db.metadata,
    ReleaseFileColumns,
    sa.UniqueConstraint("release_id", "ident"),
    sqlite_autoincrement=True,
)

#: By name; of a name the file without a dist is first: by itself SQLite has null first, and PostgreSQL last.
LIST_ORDER = (
    db.in_binary_order(release_files.c.name),
    db.in_binary_order(release_files.c.dist).nulls_first(),
    release_files.c.id,
)
_ROW = (
    release_files.c.id,
    release_files.c.release_id,
    release_files.c.name,
    release_files.c.dist,
    release_files.c.file_id,
)


def add(
    connection: sa.Connection, release_id: int, name: str, dist: str | None, file: File
) -> ReleaseFile | None:
    """Insert a file of a release. Return None if there is one with this name and dist."""
    row: dict[str, object] = {"release_id": release_id, "file_id": file.id, "name": name}
    row |= {"dist": dist, "ident": ident_of(name, dist), "created_at": file.created_at}
    statement = db.upsert(release_files).values(row).on_conflict_do_nothing()
    result = connection.execute(statement.returning(release_files.c.id)).scalar_one_or_none()
    if result is None:
        return None
    return ReleaseFile(id=result, release_id=release_id, name=name, dist=dist, file=file)


def replace(
    connection: sa.Connection, release_id: int, name: str, dist: str | None, new: File
) -> int | None:
    """Replace the content of a release's file. Return the id of the previous file, or None."""
    file = release_files.c
    where = (file.release_id == release_id, file.ident == ident_of(name, dist))
    query = sa.select(file.file_id).where(*where).with_for_update()
    before = connection.execute(query).scalar_one_or_none()
    values = {"file_id": new.id, "created_at": new.created_at}
    connection.execute(sa.update(release_files).where(*where).values(values))
    return before


def by_id(connection: sa.Connection, release_id: int, release_file_id: int) -> ReleaseFile | None:
    """Return the file of the release with this id, or None."""
    query = sa.select(*_ROW).where(
        release_files.c.id == release_file_id, release_files.c.release_id == release_id
    )
    files = _with_files(connection, connection.execute(query).all())
    return files[0] if files else None


def by_ids(connection: sa.Connection, ids: Collection[int]) -> list[ReleaseFile]:
    """Return the files with these ids, of any release."""
    query = sa.select(*_ROW).where(db.in_ids(release_files.c.id))
    return _with_files(connection, connection.execute(query, db.ids_param(ids)).all())


def rename(connection: sa.Connection, release_file: ReleaseFile, name: str) -> bool:
    """Rename a file. Return False if the name is taken."""
    values = {"name": name, "ident": ident_of(name, release_file.dist)}
    statement = sa.update(release_files).where(release_files.c.id == release_file.id)
    try:
        with connection.begin_nested():
            connection.execute(statement.values(values))
    except IntegrityError:
        return False
    return True


def remove(connection: sa.Connection, ids: Collection[int]) -> list[int]:
    """Delete single files of releases. Return the ids of their files."""
    return _removed(connection, db.in_ids(release_files.c.id), ids)


def remove_of(connection: sa.Connection, release_ids: Collection[int]) -> list[int]:
    """Delete all single files of these releases. Return the ids of their files."""
    condition = db.in_ids(release_files.c.release_id)
    return _removed(connection, condition, release_ids)


def remove_of_organization(connection: sa.Connection, organization_id: int) -> list[int]:
    """Delete all single files of an organization's releases. Return the ids of their files."""
    of_organization = sa.select(releases.c.id).where(releases.c.organization_id == organization_id)
    return _removed(connection, release_files.c.release_id.in_(of_organization))


def _removed(
    connection: sa.Connection, condition: sa.ColumnElement[bool], ids: Collection[int] = ()
) -> list[int]:
    statement = sa.delete(release_files).where(condition).returning(release_files.c.file_id)
    return list(connection.execute(statement, db.ids_param(ids)).scalars())


def remove_older(
    connection: sa.Connection, before: datetime, project_id: int | None = None, *, most: int
) -> list[int]:
    """Delete the oldest single files from before that moment. Return the ids of their files. See `older`."""
    oldest = older(before, project_id).order_by(release_files.c.created_at).limit(most)
    return remove(connection, [id_ for id_, _ in connection.execute(oldest)])


def older(before: datetime, project_id: int | None = None) -> sa.Select[int, int]:
    """Return the query for the ids and files of older single files: of all releases, or of one project's alone.

    Files of releases shipped or seen since then are left out: the use of single files is not recorded.
    """
    query = (
        sa.select(release_files.c.id, release_files.c.file_id)
        .join(releases, releases.c.id == release_files.c.release_id)
        .where(release_files.c.created_at < before, *_is_over(before))
    )
    if project_id is None:
        return query
    attached = sa.exists().where(release_projects.c.release_id == releases.c.id)
    is_in = attached.where(release_projects.c.project_id == project_id)
    is_elsewhere = attached.where(release_projects.c.project_id != project_id)
    return query.where(is_in, ~is_elsewhere)


def has_older(connection: sa.Connection, before: datetime) -> bool:
    """Return True if any single file is older."""
    query = sa.select(release_files.c.id).where(release_files.c.created_at < before).limit(1)
    return connection.execute(query).first() is not None


def _is_over(before: datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that the release was neither shipped nor seen in an event since."""
    seen = release_environments.c
    is_seen = sa.exists().where(seen.release_id == releases.c.id, seen.last_seen_at >= before)
    return [sa.func.coalesce(releases.c.shipped_at, releases.c.created_at) < before, ~is_seen]


def _with_files(
    connection: sa.Connection, rows: Sequence[tuple[int, int, str, str | None, int]]
) -> list[ReleaseFile]:
    files = file_store.by_ids(connection, {row[4] for row in rows})
    return [ReleaseFile(*row[:4], file=files[row[4]]) for row in rows]
