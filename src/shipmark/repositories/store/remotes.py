"""The table of remotes of repositories."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    String,
    Table,
    Text,
    TypedColumns,
    bindparam,
    delete,
    select,
)

from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, metadata, upsert
from shipmark.repositories.model import StoredRemote


class RemoteColumns(TypedColumns):
    """A remote. ``secret`` is encrypted JSON of its secrets; ``username`` is public."""

    repository_id = Column(
        Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    url = Column(Text, nullable=False)
    username = Column(String(200))
    secret = Column(LargeBinary)
    created_at = Column(UtcDateTime, nullable=False)
    updated_at = Column(UtcDateTime, nullable=False)


remotes = Table("repository_remotes", metadata, RemoteColumns)

_REMOTE = (remotes.c.repository_id, remotes.c.url, remotes.c.username, remotes.c.secret)
_OF_REPOSITORIES = select(*_REMOTE).join(IDS, IDS.c.id == remotes.c.repository_id)
_REMOVE = delete(remotes).where(remotes.c.repository_id == bindparam("repository"))


def save_remote(connection: Connection, remote: StoredRemote, at: datetime) -> None:
    """Insert or replace the remote of a repository."""
    row = {
        "repository_id": remote.repository_id,
        "url": remote.url,
        "username": remote.username,
        "secret": remote.secret,
        "created_at": at,
        "updated_at": at,
    }
    statement = upsert(remotes).values(row)
    names = ("url", "username", "secret", "updated_at")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["repository_id"],
            set_={name: statement.excluded[name] for name in names},
        )
    )


def remotes_of(connection: Connection, repository_ids: Collection[int]) -> dict[int, StoredRemote]:
    """Return the remotes of these repositories, by repository id; those without their own are left out."""
    if not repository_ids:
        return {}
    result = connection.execute(_OF_REPOSITORIES, ids_param(repository_ids))
    return {
        repository_id: StoredRemote(
            repository_id=repository_id, url=url, username=username, secret=secret
        )
        for repository_id, url, username, secret in result
    }


def remove_remote(connection: Connection, repository_id: int) -> bool:
    """Delete the remote of a repository. Return True if it had one."""
    return bool(connection.execute(_REMOVE, {"repository": repository_id}).rowcount)
