"""What the endpoints for SDKs know of a key, by one statement: its project, the limits of both, and its origins."""

import json

import sqlalchemy as sa

from shipmark.projects.model import RateLimit, SendingKey
from shipmark.projects.options import ALLOWED_DOMAINS, OPTIONS, RATE_LIMIT
from shipmark.projects.store.keys import keys
from shipmark.projects.store.options import options
from shipmark.projects.store.projects import IS_VISIBLE, PROJECT, projects

_limits, _origins = options.alias("limits"), options.alias("origins")


def _of_project(table: sa.FromClause, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.project_id == projects.c.id, table.c.key == OPTIONS[name].key)


_BY_KEY = (
    PROJECT.select(
        keys.c.rate_limit_count, keys.c.rate_limit_window, _limits.c.value, _origins.c.value
    )
    .join(keys, keys.c.project_id == projects.c.id)
    .outerjoin(_limits, _of_project(_limits, RATE_LIMIT))
    .outerjoin(_origins, _of_project(_origins, ALLOWED_DOMAINS))
    .where(keys.c.public_key == sa.bindparam("public_key"), keys.c.is_active, IS_VISIBLE)
)


def by_key(connection: sa.Connection, public_key: str) -> SendingKey | None:
    """Return the active key with its project, or None."""
    row = connection.execute(_BY_KEY, {"public_key": public_key}).first()
    if row is None:
        return None
    count, window, of_project, domains = row[-4:]
    return SendingKey(
        public_key=public_key,
        project=PROJECT(row),
        limit=RateLimit(count, window) if count and window else None,
        project_limit=_project_limit(of_project),
        allowed_domains=tuple(map(str, json.loads(domains))) if domains else (),
    )


def _project_limit(value: str | None) -> RateLimit | None:
    sent = json.loads(value) if value else None
    return RateLimit(sent["count"], sent["window"]) if sent else None
