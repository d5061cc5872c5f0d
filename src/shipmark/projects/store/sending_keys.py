"""What the endpoints for SDKs know of a key, by one statement: its project, and the limits of both."""

import json

import sqlalchemy as sa

from shipmark.projects.model import RateLimit, SendingKey
from shipmark.projects.options import OPTIONS, RATE_LIMIT
from shipmark.projects.store.keys import keys
from shipmark.projects.store.options import options
from shipmark.projects.store.projects import IS_VISIBLE, PROJECT, projects

_LIMIT_OF_PROJECT = sa.and_(
    options.c.project_id == projects.c.id, options.c.key == OPTIONS[RATE_LIMIT].key
)
_BY_KEY = (
    PROJECT.select(keys.c.rate_limit_count, keys.c.rate_limit_window, options.c.value)
    .join(keys, keys.c.project_id == projects.c.id)
    .outerjoin(options, _LIMIT_OF_PROJECT)
    .where(keys.c.public_key == sa.bindparam("public_key"), keys.c.is_active, IS_VISIBLE)
)


def by_key(connection: sa.Connection, public_key: str) -> SendingKey | None:
    """Return the active key with its project, or None."""
    row = connection.execute(_BY_KEY, {"public_key": public_key}).first()
    if row is None:
        return None
    count, window, of_project = row[-3:]
    return SendingKey(
        public_key=public_key,
        project=PROJECT(row),
        limit=RateLimit(count, window) if count and window else None,
        project_limit=_project_limit(of_project),
    )


def _project_limit(value: str | None) -> RateLimit | None:
    sent = json.loads(value) if value else None
    return RateLimit(sent["count"], sent["window"]) if sent else None
