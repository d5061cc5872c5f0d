"""The table of ProGuard mappings by version of an app, and its queries (clients.md 4.7)."""

import sqlalchemy as sa

from shipmark.debug_files.model import DebugFile
from shipmark.infrastructure.database import Id, in_binary_order, metadata, upsert


class ProguardReleaseColumns(sa.TypedColumns):
    """A version, which may not exist as a release, and the mapping that its app was built with."""

    project_id = sa.Column(Id, sa.ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    version = sa.Column(sa.String(250), primary_key=True)
    debug_id = sa.Column(sa.String(64), primary_key=True)
    debug_file_id = sa.Column(
        Id, sa.ForeignKey("debug_files.id", ondelete="CASCADE"), nullable=False, index=True
    )


proguard_releases = sa.Table("proguard_releases", metadata, ProguardReleaseColumns)


def link(connection: sa.Connection, version: str, mapping: DebugFile) -> bool:
    """Link a mapping to a version. Return False if it was linked already."""
    row: dict[str, object] = {"project_id": mapping.project_id, "version": version}
    row |= {"debug_id": mapping.object.debug_id, "debug_file_id": mapping.id}
    statement = upsert(proguard_releases).values(row).on_conflict_do_nothing()
    result = connection.execute(statement.returning(proguard_releases.c.version)).first()
    return result is not None


def versions_of(connection: sa.Connection, mapping: DebugFile, *, most: int) -> list[str]:
    """Return the versions that a mapping is linked to, in order."""
    query = (
        sa.select(proguard_releases.c.version)
        .where(proguard_releases.c.debug_file_id == mapping.id)
        .order_by(in_binary_order(proguard_releases.c.version))
        .limit(most)
    )
    return list(connection.execute(query).scalars())
