"""The tokens that sign the addresses of release webhooks."""

from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure.database import UtcDateTime, upsert
from shipmark.infrastructure.inserts import insert_missing
from shipmark.infrastructure.schema import parent, table


class ReleaseTokenColumns(sa.TypedColumns):
    """A project's token, stored in clear: it is the key of signatures, which a digest could not be.

    Users must also be able to read their address again. A reader of this table gains no more than creating releases, as
    with DSN keys, and a new token revokes that.
    """

    project_id = parent("projects", primary_key=True)
    token = sa.Column(sa.String(32), nullable=False)
    created_at = sa.Column(UtcDateTime, nullable=False)


tokens = table("release_tokens", ReleaseTokenColumns)


def ensure(connection: sa.Connection, project_id: int, fresh: str, at: datetime) -> str:
    """Return the project's token; store the fresh one if it has none."""
    row = {"project_id": project_id, "token": fresh, "created_at": at}
    insert_missing(connection, tokens, row)
    token = of_project(connection, project_id)
    assert token is not None
    return token


def replace(connection: sa.Connection, project_id: int, fresh: str, at: datetime) -> None:
    """Replace the project's token; signatures of the old one become invalid."""
    row = {"token": fresh, "created_at": at}
    statement = upsert(tokens).values({"project_id": project_id} | row)
    connection.execute(statement.on_conflict_do_update(index_elements=["project_id"], set_=row))


def of_project(connection: sa.Connection, project_id: int) -> str | None:
    """Return the project's token, or None."""
    query = sa.select(tokens.c.token).where(tokens.c.project_id == project_id)
    return connection.execute(query).scalar_one_or_none()
