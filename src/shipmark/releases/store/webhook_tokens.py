"""The tokens that addresses for releasing are signed with."""

from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, String, Table, TypedColumns, select

from shipmark.infrastructure.database import Id, UtcDateTime, metadata, upsert


class ReleaseTokenColumns(TypedColumns):
    """A project's token, kept in clear: it is the key that signatures are made with, which no digest of it could be.

    People must also be able to read their address again. Whoever reads this table gains no more than releasing, as
    with the DSN keys beside it, and a new token takes it from them.
    """

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    token = Column(String(32), nullable=False)
    created_at = Column(UtcDateTime, nullable=False)


tokens = Table("release_tokens", metadata, ReleaseTokenColumns)


def ensure(connection: Connection, project_id: int, fresh: str, at: datetime) -> str:
    """The project's token; the fresh one if it had none."""
    row = {"project_id": project_id, "token": fresh, "created_at": at}
    connection.execute(upsert(tokens).values(row).on_conflict_do_nothing())
    known = of_project(connection, project_id)
    assert known is not None
    return known


def replace(connection: Connection, project_id: int, fresh: str, at: datetime) -> None:
    """Let the project have a fresh token; what the old one signed counts no more."""
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
    """The project's token, if it has one."""
    query = select(tokens.c.token).where(tokens.c.project_id == project_id)
    return connection.execute(query).scalar_one_or_none()
