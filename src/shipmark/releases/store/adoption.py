"""Adoption of releases in environments of projects: when each was adopted, and when others took its place."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.row_reader import RowReader
from shipmark.releases.search import Stage
from shipmark.releases.store.environments import release_environments

_c = release_environments.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """When a release was adopted in an environment, and when it was no longer."""

    adopted_at: datetime | None
    unadopted_at: datetime | None

    @property
    def stage(self) -> Stage:
        """Return the stage (releases.md 1.7)."""
        if self.adopted_at is None:
            return Stage.LOW_ADOPTION
        return Stage.ADOPTED if self.unadopted_at is None else Stage.REPLACED


#: A release in an environment: the ids of release, project and environment.
ReleaseEnvironmentKey = tuple[int, int, int]

_ADOPTION = RowReader(Adoption, release_environments)
_OF_RELEASES = (
    _ADOPTION.select(_c.release_id, _c.project_id)
    .join(db.IDS, db.IDS.c.id == _c.release_id)
    # Of several environments the one where the release was first seen last counts: its row is read last.
    .order_by(_c.release_id, _c.project_id, _c.first_seen_at.asc().nulls_first(), _c.environment_id)
)
_OF_RELEASES_SOMEWHERE = _OF_RELEASES.where(
    _c.environment_id.in_(sa.bindparam("environment_ids", type_=db.Id, expanding=True))
)
_KEYS = db.json_rows("adopted", release_id=db.Id, project_id=db.Id, environment_id=db.Id)
_IS_KEY = sa.tuple_(_c.release_id, _c.project_id, _c.environment_id).in_(
    sa.select(_KEYS.c.release_id, _KEYS.c.project_id, _KEYS.c.environment_id)
)
_AT = sa.bindparam("at", type_=db.UtcDateTime())
_ADOPT = (
    sa.update(release_environments)
    .where(_IS_KEY)
    .where(sa.or_(_c.adopted_at.is_(None), _c.unadopted_at.is_not(None)))
    # The first time stays; being adopted again only ends that it was not.
    .values(adopted_at=sa.func.coalesce(_c.adopted_at, _AT), unadopted_at=None)
)
_END_OTHERS = (
    sa.update(release_environments)
    .where(
        db.in_ids(_c.project_id),
        _c.adopted_at.is_not(None),
        _c.unadopted_at.is_(None),
        ~_IS_KEY,
    )
    .values(unadopted_at=_AT)
)


def in_stage(columns: sa.TypedColumns, stage: Stage) -> sa.ColumnElement[bool]:
    """Return the condition that the release of a row of the table, or of an alias of it, is in a stage."""
    if stage is Stage.LOW_ADOPTION:
        return columns.adopted_at.is_(None)
    is_current = columns.unadopted_at.is_(None)
    return sa.and_(
        columns.adopted_at.is_not(None), is_current if stage is Stage.ADOPTED else ~is_current
    )


def of_releases(
    connection: sa.Connection,
    release_ids: Collection[int],
    environment_ids: Collection[int] | None = None,
) -> dict[tuple[int, int], Adoption]:
    """Return the adoption of releases by release and project, in one of these environments or in any."""
    if not release_ids:
        return {}
    query, parameters = _OF_RELEASES, dict[str, object](db.ids_param(release_ids))
    if environment_ids is not None:
        query = _OF_RELEASES_SOMEWHERE
        parameters["environment_ids"] = list(environment_ids)
    rows = connection.execute(query, parameters).all()
    return {(row[-2], row[-1]): _ADOPTION(row) for row in rows}


def update(
    connection: sa.Connection,
    adopted: Collection[ReleaseEnvironmentKey],
    project_ids: Collection[int],
    at: datetime,
) -> None:
    """Record the releases that are adopted now, and that others of these projects are so no longer."""
    keys = db.rows_param("adopted", sorted(adopted)) | {"at": at}
    if adopted:
        connection.execute(_ADOPT, keys)
    connection.execute(_END_OTHERS, keys | db.ids_param(project_ids))
