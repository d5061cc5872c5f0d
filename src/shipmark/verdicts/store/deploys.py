"""The deploys to an environment of a project, which say what release is current there."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from shipmark.deploys.store.deploys import deploys
from shipmark.infrastructure import database as db
from shipmark.releases.store.environments import release_environments
from shipmark.verdicts.model import Stream

#: The deploys before a release that are read, and how old they may be: counts are not kept for longer.
DEPLOYS_MAX = 200
_AGE_MAX = timedelta(days=90)

_ENVIRONMENT = sa.bindparam("environment_id", type_=db.Id)
_PROJECT = sa.bindparam("project_id", type_=db.Id)
# Other projects may deploy to an environment of the same name.
_of_project = sa.exists().where(
    release_environments.c.release_id == deploys.c.release_id,
    release_environments.c.project_id == _PROJECT,
    release_environments.c.environment_id == deploys.c.environment_id,
    release_environments.c.last_deploy_id.is_not(None),
)
_BEFORE = (
    sa.select(deploys.c.release_id, deploys.c.finished_at)
    .where(
        deploys.c.environment_id == _ENVIRONMENT,
        deploys.c.finished_at <= sa.bindparam("before", type_=db.UtcDateTime()),
        deploys.c.finished_at > sa.bindparam("after", type_=db.UtcDateTime()),
        _of_project,
    )
    .order_by(deploys.c.finished_at.desc(), deploys.c.id.desc())
    .limit(DEPLOYS_MAX)
)
_STREAMS = db.json_rows(
    "streams",
    number=sa.Integer(),
    project_id=db.Id,
    environment_id=db.Id,
    release_id=db.Id,
    start=db.UtcDateTime(),
)
_own = deploys.alias("own")
_first_own = (
    sa.select(_own.c.finished_at)
    .where(
        _own.c.release_id == _STREAMS.c.release_id,
        _own.c.environment_id == _STREAMS.c.environment_id,
    )
    .order_by(_own.c.finished_at, _own.c.id)
    .limit(1)
    .correlate(_STREAMS)
    .scalar_subquery()
)
_since = sa.case(
    (_first_own > _STREAMS.c.start, _first_own),
    else_=_STREAMS.c.start,
)
_replaced_at = (
    sa.select(deploys.c.finished_at)
    .where(
        deploys.c.environment_id == _STREAMS.c.environment_id,
        deploys.c.finished_at > _since,
        deploys.c.release_id != _STREAMS.c.release_id,
        sa.exists().where(
            release_environments.c.release_id == deploys.c.release_id,
            release_environments.c.project_id == _STREAMS.c.project_id,
            release_environments.c.environment_id == deploys.c.environment_id,
            release_environments.c.last_deploy_id.is_not(None),
        ),
    )
    .order_by(deploys.c.finished_at, deploys.c.id)
    .limit(1)
    .correlate(_STREAMS)
    .scalar_subquery()
)
_is_deployed = (
    sa.select(release_environments.c.release_id)
    .where(
        release_environments.c.project_id == _STREAMS.c.project_id,
        release_environments.c.environment_id == _STREAMS.c.environment_id,
        release_environments.c.last_deploy_id.is_not(None),
    )
    .limit(1)
    .correlate(_STREAMS)
    .scalar_subquery()
)
_REPLACED = sa.select(
    _STREAMS.c.number, _is_deployed, sa.type_coerce(_replaced_at, db.UtcDateTime())
)


def before(
    connection: sa.Connection, lane: tuple[int, int], moment: datetime
) -> list[tuple[int, datetime]]:
    """Return the releases that were deployed to an environment of a project up to a moment, and when, newest first."""
    parameters = {
        "project_id": lane[0],
        "environment_id": lane[1],
        "before": moment,
        "after": moment - _AGE_MAX,
    }
    rows = connection.execute(_BEFORE, parameters)
    return [(release_id, finished_at) for release_id, finished_at in rows]


def replacements(
    connection: sa.Connection, streams: Collection[Stream]
) -> list[tuple[bool, datetime | None]]:
    """Return for each stream whether releases are deployed there, and when another one replaced it."""
    rows = (
        (number, *stream.lane, stream.release_id, stream.started_at)
        for number, stream in enumerate(streams)
    )
    result = connection.execute(_REPLACED, db.rows_param("streams", rows))
    by_number = {
        number: (deployed is not None, replaced_at) for number, deployed, replaced_at in result
    }
    return [by_number[number] for number in range(len(streams))]
