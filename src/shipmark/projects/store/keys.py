"""The table of DSN keys of projects."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    TypedColumns,
    delete,
    select,
    text,
    update,
)

from shipmark.infrastructure.database import Id, UtcDateTime, metadata, upsert
from shipmark.projects.model import ProjectKey


class ProjectKeyColumns(TypedColumns):
    """A DSN key. Both halves are 32 hexadecimal digits; ``details`` is JSON of the loader's settings."""

    id = Column(Id, primary_key=True)
    project_id = Column(
        Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False, index=True
    )
    public_key = Column(String(32), nullable=False, unique=True)
    secret_key = Column(String(32), nullable=False)
    label = Column(String(64), nullable=False)
    is_active = Column(Boolean, nullable=False)
    created_at = Column(UtcDateTime, nullable=False)
    rate_limit_count = Column(Integer)
    rate_limit_window = Column(Integer)
    details = Column(Text, nullable=False, server_default=text("'{}'"))


keys = Table("project_keys", metadata, ProjectKeyColumns, sqlite_autoincrement=True)

_KEY = (
    keys.c.project_id,
    keys.c.public_key,
    keys.c.secret_key,
    keys.c.label,
    keys.c.is_active,
    keys.c.created_at,
    keys.c.rate_limit_count,
    keys.c.rate_limit_window,
    keys.c.details,
)


def add_key(connection: Connection, key: ProjectKey, at: datetime) -> bool:
    """Insert a DSN key. Return False if another one has its public half."""
    row: dict[str, object] = {"project_id": key.project_id, "public_key": key.public_key}
    row |= {"secret_key": key.secret_key, "label": key.label, "is_active": key.is_active}
    count, window = key.rate_limit or (None, None)
    row |= {"rate_limit_count": count, "rate_limit_window": window}
    row |= {"details": json.dumps(dict(key.details)), "created_at": at}
    statement = upsert(keys).values(row).on_conflict_do_nothing().returning(keys.c.id)
    return connection.execute(statement).first() is not None


def keys_of(connection: Connection, project_id: int) -> list[ProjectKey]:
    """Return the project's keys, newest first."""
    query = select(*_KEY).where(keys.c.project_id == project_id).order_by(keys.c.id.desc())
    return [_key(*row) for row in connection.execute(query)]


def key_of(connection: Connection, project_id: int, public_key: str) -> ProjectKey | None:
    """Return the project's key with this public half, or None."""
    query = select(*_KEY).where(keys.c.project_id == project_id, keys.c.public_key == public_key)
    row = connection.execute(query).first()
    return _key(*row) if row else None


def change_key(connection: Connection, public_key: str, values: Mapping[str, Any]) -> None:
    """Change columns of a key."""
    connection.execute(update(keys).where(keys.c.public_key == public_key).values(**values))


def remove_key(connection: Connection, public_key: str) -> None:
    """Delete a key; SDKs that use it are refused from now on."""
    connection.execute(delete(keys).where(keys.c.public_key == public_key))


def _key(
    project_id: int,
    public_key: str,
    secret_key: str,
    label: str,
    is_active: bool,
    created_at: datetime,
    count: int | None,
    window: int | None,
    details: str,
) -> ProjectKey:
    return ProjectKey(
        project_id=project_id,
        public_key=public_key,
        secret_key=secret_key,
        label=label,
        is_active=is_active,
        created_at=created_at,
        rate_limit=None if count is None or window is None else (count, window),
        details=json.loads(details),
    )
