"""The table of DSN keys of projects."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure.database import (
    IDS,
    Id,
    UtcDateTime,
    ids_param,
    json_rows,
    values_param,
)
from shipmark.infrastructure.inserts import insert_missing
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.model import ProjectKey


class ProjectKeyColumns(sa.TypedColumns):
    """A DSN key. Both halves are 32 hexadecimal digits; ``details`` is JSON of the loader's settings."""

    id = sa.Column(Id, primary_key=True)
    project_id = parent("projects", index=True)
    public_key = sa.Column(sa.String(32), nullable=False, unique=True)
    secret_key = sa.Column(sa.String(32), nullable=False)
    label = sa.Column(sa.String(64), nullable=False)
    is_active = sa.Column(sa.Boolean, nullable=False)
    created_at = sa.Column(UtcDateTime, nullable=False)
    rate_limit_count = sa.Column(sa.Integer)
    rate_limit_window = sa.Column(sa.Integer)
    details = sa.Column(sa.Text, nullable=False, server_default=sa.text("'{}'"))


keys = table("project_keys", ProjectKeyColumns)
_PUBLIC_KEYS = json_rows("public_keys", public_key=sa.Text())


def _rate_limit(count: int | None, window: int | None) -> tuple[int, int] | None:
    return None if count is None or window is None else (count, window)


_KEY = RowReader(
    ProjectKey,
    keys,
    rate_limit=(_rate_limit, keys.c.rate_limit_count, keys.c.rate_limit_window),
    details=json.loads,
)


def add_key(connection: sa.Connection, key: ProjectKey, at: datetime) -> bool:
    """Insert a DSN key. Return False if another one has its public half."""
    row = asdict(key) | {"details": json.dumps(dict(key.details)), "created_at": at}
    del row["rate_limit"]
    row["rate_limit_count"], row["rate_limit_window"] = key.rate_limit or (None, None)
    return insert_missing(connection, keys, row)


def keys_of(connection: sa.Connection, project_id: int) -> list[ProjectKey]:
    """Return the project's keys, newest first."""
    query = _KEY.select().where(keys.c.project_id == project_id).order_by(keys.c.id.desc())
    return _KEY.all(connection, query)


def first_keys(connection: sa.Connection, project_ids: Collection[int]) -> dict[int, ProjectKey]:
    """Return the oldest active key of each project that has one, by project id."""
    if not project_ids:
        return {}
    first = (
        sa.select(sa.func.min(keys.c.id))
        .join(IDS, IDS.c.id == keys.c.project_id)
        .where(keys.c.is_active)
        .group_by(keys.c.project_id)
    )
    listed = _KEY.all(connection, _KEY.select().where(keys.c.id.in_(first)), ids_param(project_ids))
    return {key.project_id: key for key in listed}


def key_of(connection: sa.Connection, project_id: int, public_key: str) -> ProjectKey | None:
    """Return the project's key with this public half, or None."""
    query = _KEY.select().where(keys.c.project_id == project_id, keys.c.public_key == public_key)
    return _KEY.first(connection, query)


def projects_of_keys(connection: sa.Connection, public_keys: Collection[str]) -> dict[str, int]:
    """Return the ids of the projects of these keys, by the public half."""
    query = sa.select(keys.c.public_key, keys.c.project_id).where(
        keys.c.public_key.in_(sa.select(_PUBLIC_KEYS.c.public_key))
    )
    rows = connection.execute(query, values_param("public_keys", public_keys))
    return {public_key: project_id for public_key, project_id in rows}


def change_key(connection: sa.Connection, public_key: str, values: Mapping[str, object]) -> None:
    """Change columns of a key."""
    connection.execute(sa.update(keys).where(keys.c.public_key == public_key).values(**values))


def remove_key(connection: sa.Connection, public_key: str) -> None:
    """Delete a key; SDKs that use it are refused from now on."""
    connection.execute(sa.delete(keys).where(keys.c.public_key == public_key))
