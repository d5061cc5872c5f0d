"""The tokens that sign the addresses of release webhooks."""

from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, String, Table, TypedColumns, select

from shipmark.infrastructure.database import Id, UtcDateTime, metadata, upsert


class ReleaseTokenColumns(TypedColumns):
    """A project's token, stored in clear: it is the key of signatures, which a digest could not be.

    Users must also be able to read their address again. A reader of this table gains no more than creating releases, as
    with DSN keys, and a new token revokes that.
    """

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    token = Column(String(32), nullable=False)
    created_at = Column(UtcDateTime, nullable=False)


tokens = Table("release_tokens", metadata, ReleaseTokenColumns)


def ensure(connection: Connection, project_id: int, fresh: str, at: datetime) -> str:
    """Return the project's token; store the fresh one if it has none."""
    row = {"project_id": project_id, "token": fresh, "created_at": at}
    connection.execute(upsert(tokens).values(row).on_conflict_do_nothing())
    known = of_project(connection, project_id)
    assert known is not None
    return known


def replace(connection: Connection, project_id: int, fresh: str, at: datetime) -> None:
    """Replace the project's token; signatures of the old one become invalid."""
    statement = upsert(tokens).values(project_id=project_id, token=fresh, created_at=at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["project_id"],
            set_={
                "token": statement.excluded.token,
                "created_at": statement.excluded.created_at,
            },
        )
    )


def of_project(connection: Connection, project_id: int) -> str | None:
    """Return the project's token, or None."""
    query = select(tokens.c.token).where(tokens.c.project_id == project_id)
    return connection.execute(query).scalar_one_or_none()
