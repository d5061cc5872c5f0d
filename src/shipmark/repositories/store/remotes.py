"""The table of remotes of repositories."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import table
from shipmark.repositories.model import StoredRemote


class RemoteColumns(sa.TypedColumns):
    """A remote. ``secret`` is encrypted JSON of its secrets; ``username`` is public."""

    repository_id = sa.Column(
        db.Id,
        sa.ForeignKey("repositories.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    url = sa.Column(sa.Text, nullable=False)
    username = sa.Column(sa.String(200))
    secret = sa.Column(sa.LargeBinary)
    created_at = sa.Column(db.UtcDateTime, nullable=False)
    updated_at = sa.Column(db.UtcDateTime, nullable=False)


remotes = table("repository_remotes", RemoteColumns)

_REMOTE = RowReader(StoredRemote, remotes)
_OF_REPOSITORIES = _REMOTE.select().join(db.IDS, db.IDS.c.id == remotes.c.repository_id)


def save_remote(connection: sa.Connection, remote: StoredRemote, at: datetime) -> None:
    """Insert or replace the remote of a repository."""
    statement = db.upsert(remotes).values(asdict(remote) | {"created_at": at, "updated_at": at})
    changed = {
        name: statement.excluded[name] for name in ("url", "username", "secret", "updated_at")
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=["repository_id"], set_=changed)
    )


def remotes_of(
    connection: sa.Connection, repository_ids: Collection[int]
) -> dict[int, StoredRemote]:
    """Return the remotes of these repositories, by repository id; those without their own are left out."""
    if not repository_ids:
        return {}
    stored = _REMOTE.all(connection, _OF_REPOSITORIES, db.ids_param(repository_ids))
    return {remote.repository_id: remote for remote in stored}


def remove_remote(connection: sa.Connection, repository_id: int) -> bool:
    """Delete the remote of a repository. Return True if it had one."""
    statement = sa.delete(remotes).where(remotes.c.repository_id == repository_id)
    return connection.execute(statement).rowcount > 0
