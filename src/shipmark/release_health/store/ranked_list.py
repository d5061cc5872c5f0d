"""Pages of releases in the order of their sessions, or of their adoption; those without any follow, the newest first.

The ranked ones come from an index of standings. A cursor is a number of rows, across both parts (releases.md 2.4, 5.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.database import Id
from shipmark.release_health.model import ALL_RELEASES
from shipmark.release_health.standings import ALL_ENVIRONMENTS
from shipmark.release_health.store.standing_store import standings
from shipmark.release_health.store.tables import series
from shipmark.releases.model import ListRow, ReleaseFilter, ReleaseStatus
from shipmark.releases.store.environments import release_environments, seen_in
from shipmark.releases.store.list_statement import DATES, between
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases
from shipmark.releases.store.search_conditions import SearchConditions, conditions_of

#: Statements of each kind that are kept: composing one took a quarter of the time of its page.
_STATEMENTS_MAX = 64
_ORGANIZATION = sa.bindparam("organization_id", type_=Id)
_PROJECTS = sa.bindparam("project_ids", type_=Id, expanding=True)
_ENVIRONMENTS = sa.bindparam("environment_ids", type_=Id, expanding=True)
_LIMIT = sa.bindparam("limit", type_=sa.Integer())
_OFFSET = sa.bindparam("offset", type_=sa.Integer())
#: Before anything was adopted.
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
#: A release and a project, in the order of an untyped statement.
_PAIR: tuple[sa.ColumnElement[Any], ...] = (standings.c.release_id, standings.c.project_id)


class RankColumn(StrEnum):
    """What releases are ranked by, the largest first."""

    SESSIONS = "sessions"
    USERS = "users"
    CRASH_RATE_SESSIONS = "crash_rate_sessions"
    CRASH_RATE_USERS = "crash_rate_users"
    #: The moment of adoption.
    ADOPTION = "adoption"


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of a list; ``hours`` is the length of the period that sessions are counted in.

    A release with sessions in several projects comes once for each, or ``is_per_release`` once by its largest rank, in
    all environments or in one.
    """

    column: RankColumn
    hours: int = 0
    is_per_release: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """All that decides the text of a statement. Values are in its parameters.

    ``is_pooled``: the sums over several environments decide. ``dates`` names the dates of the filter that are set.
    """

    ranking: Ranking
    per_project: bool
    in_environments: bool
    is_pooled: bool
    dates: tuple[str, ...]
    search: SearchConditions


def page(
    connection: sa.Connection,
    release_filter: ReleaseFilter,
    ranking: Ranking,
    *,
    limit: int,
    offset: int,
) -> list[ListRow]:
    """Return the releases that pass a filter, from a row on, by at most three statements."""
    if not release_filter.project_ids or limit <= 0:
        return []
    shape = _shape(release_filter, ranking)
    parameters = _parameters(release_filter, ranking, shape)
    window = {"limit": limit, "offset": offset, "last_row": offset + limit - 1}
    rows = connection.execute(_ranked_page(shape), parameters | window).all()
    result = list(map(_list_row, rows))
    if len(result) == limit:
        return result
    before = offset + len(result)
    if not result and offset:
        before = connection.execute(_ranked_count(shape), parameters).scalar_one()
    window = {"limit": limit - len(result), "offset": max(0, offset - before)}
    rows = connection.execute(_unranked_page(shape), parameters | window).all()
    return result + list(map(_list_row, rows))


def _shape(release_filter: ReleaseFilter, ranking: Ranking) -> _Shape:
    environment_ids = release_filter.environment_ids
    return _Shape(
        ranking=ranking,
        per_project=release_filter.per_project,
        in_environments=environment_ids is not None,
        is_pooled=environment_ids is not None and len(environment_ids) != 1,
        dates=tuple(name for name in DATES if getattr(release_filter, name) is not None),
        search=conditions_of(release_filter.search, is_by_version=False),
    )


def _parameters(
    release_filter: ReleaseFilter, ranking: Ranking, shape: _Shape
) -> dict[str, object]:
    statuses = list(ReleaseStatus) if release_filter.status is None else [release_filter.status]
    environment_ids = release_filter.environment_ids
    parameters: dict[str, object] = {
        "organization_id": release_filter.organization_id,
        "project_ids": list(release_filter.project_ids),
        "environment_ids": list(environment_ids or ()),
        "scopes": [ALL_ENVIRONMENTS] if environment_ids is None else list(environment_ids),
        "statuses": [status.value for status in statuses],
        "hours": ranking.hours,
    }
    parameters |= {name: getattr(release_filter, name) for name in shape.dates}
    return parameters | dict(shape.search.values)


def _list_row(row: Sequence[Any]) -> ListRow:
    release = release_of(row)
    return ListRow(release, release.created_at, row[len(RELEASE)])


@lru_cache(maxsize=_STATEMENTS_MAX)
def _ranked_page(shape: _Shape) -> sa.Select[Any]:
    if shape.ranking.column is RankColumn.ADOPTION:
        source = _newest_adopted(shape).subquery("page")
    else:
        source = _standing(shape).subquery("ranks")
    return _ranked(shape, source).limit(_LIMIT).offset(_OFFSET)


@lru_cache(maxsize=_STATEMENTS_MAX)
def _ranked_count(shape: _Shape) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(
        _ranked(shape, _ranks(shape).subquery("ranks")).order_by(None).subquery()
    )


def _ranked(shape: _Shape, source: sa.Subquery) -> sa.Select[Any]:
    return (
        sa.select(*RELEASE, source.c.project_id)
        .join(source, source.c.release_id == releases.c.id)
        .where(*_conditions(shape))
        .order_by(source.c.rank.desc(), source.c.release_id.desc(), source.c.project_id.desc())
    )


def _ranks(shape: _Shape) -> sa.Select[Any]:
    """Return the releases with a rank, and it."""
    if shape.ranking.column is RankColumn.ADOPTION:
        return _adopted(shape)
    return _standing(shape)


def _standing(shape: _Shape) -> sa.Select[Any]:
    """Return the pairs with sessions; with several environments, by their sums."""
    ranking = shape.ranking
    column = standings.c[ranking.column.value]
    conditions = [
        standings.c.organization_id == _ORGANIZATION,
        standings.c.hours == sa.bindparam("hours", type_=sa.Integer()),
        standings.c.release_id != ALL_RELEASES,
        standings.c.project_id.in_(_PROJECTS),
        standings.c.environment_id.in_(sa.bindparam("scopes", type_=Id, expanding=True)),
    ]
    if not shape.is_pooled:
        conditions.append(column.is_not(None))
        if not ranking.is_per_release:
            return sa.select(*_PAIR, column.label("rank")).where(*conditions)
        largest = [_PAIR[0], sa.null().label("project_id"), sa.func.max(column).label("rank")]
        return sa.select(*largest).where(*conditions).group_by(standings.c.release_id)
    pooled: sa.ColumnElement[Any] = sa.func.sum(column)
    if ranking.column is RankColumn.CRASH_RATE_SESSIONS:
        pooled = _rate(standings.c.crashed, standings.c.sessions)
    elif ranking.column is RankColumn.CRASH_RATE_USERS:
        pooled = _rate(standings.c.users_crashed, standings.c.users)
    return (
        sa.select(*_PAIR, pooled.label("rank"))
        .where(*conditions)
        .group_by(*_PAIR)
        .having(pooled.is_not(None))
    )


def _rate(bad: sa.ColumnElement[int], number: sa.ColumnElement[int]) -> sa.ColumnElement[Any]:
    return sa.func.sum(bad) * 1.0 / sa.func.nullif(sa.func.sum(number), 0)


def _adopted(shape: _Shape) -> sa.Select[Any]:
    """Return the releases that were adopted, each by its newest moment; per project if the list is."""
    c = release_environments.c
    project: sa.ColumnElement[Any] = c.project_id if shape.per_project else sa.null()
    columns = [c.release_id, project.label("project_id"), sa.func.max(c.adopted_at).label("rank")]
    query = sa.select(*columns).where(c.adopted_at.is_not(None), c.project_id.in_(_PROJECTS))
    if shape.in_environments:
        query = query.where(c.environment_id.in_(_ENVIRONMENTS))
    keys = [c.release_id, c.project_id] if shape.per_project else [c.release_id]
    return query.group_by(*keys)


def _newest_adopted(shape: _Shape) -> sa.Select[Any]:
    """Return what `_adopted` does, without most of the releases that come after the page.

    The index has the adopted releases of each environment of a project by their moments. Those that pass the filter are
    read up to the last row of the page: as a release comes once in each range, no other can be on the page.
    """
    row, earlier = release_environments.alias("row"), release_environments.alias("earlier")
    c = earlier.c  # `_conditions` reads the table itself
    ranges = (
        sa.select(series.c.project_id, series.c.environment_id)
        # Where releases were adopted there have been sessions.
        .where(series.c.release_id == ALL_RELEASES, series.c.project_id.in_(_PROJECTS))
    )
    if shape.in_environments:
        ranges = ranges.where((series.c.environment_id + 0).in_(_ENVIRONMENTS))
    of = ranges.subquery("ranges")
    last = (
        sa.select(c.adopted_at)
        .join(releases, releases.c.id == c.release_id)
        .where(c.project_id == of.c.project_id, c.environment_id == of.c.environment_id)
        .where(c.adopted_at.is_not(None), *_conditions(shape))
        .order_by(c.adopted_at.desc(), c.release_id.desc())
        .limit(1)
        .offset(sa.bindparam("last_row", type_=sa.Integer()))
        .correlate(of)
        .scalar_subquery()
    )
    is_early = row.c.adopted_at >= sa.func.coalesce(last, sa.literal(_BEGINNING, db.UtcDateTime()))
    in_range = sa.and_(
        row.c.project_id == of.c.project_id, row.c.environment_id == of.c.environment_id
    )
    project: sa.ColumnElement[Any] = row.c.project_id if shape.per_project else sa.null()
    rank = sa.func.max(row.c.adopted_at).label("rank")
    query = sa.select(row.c.release_id, project.label("project_id"), rank).select_from(
        of.join(row, sa.and_(in_range, row.c.adopted_at.is_not(None), is_early))
    )
    keys = [row.c.release_id, row.c.project_id] if shape.per_project else [row.c.release_id]
    return query.group_by(*keys)


@lru_cache(maxsize=_STATEMENTS_MAX)
def _unranked_page(shape: _Shape) -> sa.Select[Any]:
    """Return the releases without a rank, the newest first."""
    per_project = shape.ranking.column is RankColumn.ADOPTION and shape.per_project
    attached = sa.and_(
        release_projects.c.release_id == releases.c.id, release_projects.c.project_id.in_(_PROJECTS)
    )
    source: sa.FromClause = releases.join(release_projects, attached) if per_project else releases
    project = release_projects.c.project_id if per_project else sa.null()
    is_ranked = _is_ranked(shape, release_projects.c.project_id if per_project else None)
    query = (
        sa.select(*RELEASE, project.label("project_id"))
        .select_from(source)
        .where(*_conditions(shape), ~is_ranked)
        .order_by(releases.c.created_at.desc(), releases.c.id.desc())
        .limit(_LIMIT)
        .offset(_OFFSET)
    )
    if per_project:
        return query.order_by(release_projects.c.project_id)
    return query.where(sa.exists().where(attached))


def _is_ranked(shape: _Shape, project_id: sa.ColumnElement[int] | None) -> sa.ColumnElement[bool]:
    """Return the condition that a release has a rank, in one project, or in any without one."""
    # By the key of the release. With the organization, SQLite would read all standings of a period for each release.
    if shape.ranking.column is not RankColumn.ADOPTION:
        return sa.exists().where(
            standings.c.release_id == releases.c.id,
            standings.c.project_id.in_(_PROJECTS),
            standings.c.environment_id.in_(sa.bindparam("scopes", type_=Id, expanding=True)),
            standings.c.hours == sa.bindparam("hours", type_=sa.Integer()),
            # The rate of several environments is known where that of one is.
            standings.c[shape.ranking.column.value].is_not(None),
        )
    c = release_environments.c
    conditions = [c.release_id == releases.c.id, c.adopted_at.is_not(None)]
    conditions.append(
        c.project_id.in_(_PROJECTS) if project_id is None else c.project_id == project_id
    )
    if shape.in_environments:
        conditions.append(c.environment_id.in_(_ENVIRONMENTS))
    return sa.exists().where(*conditions)


def _conditions(shape: _Shape) -> list[sa.ColumnElement[bool]]:
    conditions = [
        releases.c.organization_id == _ORGANIZATION,
        releases.c.status.in_(sa.bindparam("statuses", type_=sa.String(), expanding=True)),
        *shape.search.columns,
        *between(releases.c, shape.dates),
    ]
    if shape.in_environments:
        conditions.append(seen_in(releases.c.id, _PROJECTS, _ENVIRONMENTS))
    return conditions
