"""Pages of releases in the order of their sessions, or of their adoption; those without any follow, the newest first.

The ranked ones come from an index of standings. A cursor is a number of rows, across both parts (releases.md 2.4, 5.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import Id
from shipmark.release_health.model import ALL_RELEASES
from shipmark.release_health.standings import ALL_ENVIRONMENTS
from shipmark.release_health.store.standing_store import standings
from shipmark.releases.model import ListRow, ReleaseFilter, ReleaseStatus
from shipmark.releases.store.environments import release_environments, seen_in
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases
from shipmark.releases.store.search_conditions import conditions_of

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
    parameters = _parameters(release_filter)
    ranked = _ranked(release_filter, ranking)
    rows = connection.execute(ranked.limit(limit).offset(offset), parameters).all()
    result = list(map(_list_row, rows))
    if len(result) == limit:
        return result
    before = offset + len(result)
    if not result and offset:
        number = sa.select(sa.func.count()).select_from(ranked.order_by(None).subquery())
        before = connection.execute(number, parameters).scalar_one()
    rest = _unranked(release_filter, ranking).limit(limit - len(result))
    rows = connection.execute(rest.offset(max(0, offset - before)), parameters).all()
    return result + list(map(_list_row, rows))


def _list_row(row: Sequence[Any]) -> ListRow:
    release = release_of(row)
    return ListRow(release, release.created_at, row[len(RELEASE)])


def _ranked(release_filter: ReleaseFilter, ranking: Ranking) -> sa.Select[Any]:
    source = _ranks(release_filter, ranking).subquery("ranks")
    return (
        sa.select(*RELEASE, source.c.project_id)
        .join(source, source.c.release_id == releases.c.id)
        .where(*_conditions(release_filter))
        .order_by(source.c.rank.desc(), source.c.release_id.desc(), source.c.project_id.desc())
    )


def _ranks(release_filter: ReleaseFilter, ranking: Ranking) -> sa.Select[Any]:
    """Return the releases with a rank, and it."""
    if ranking.column is RankColumn.ADOPTION:
        return _adopted(release_filter)
    return _standing(release_filter, ranking)


def _standing(release_filter: ReleaseFilter, ranking: Ranking) -> sa.Select[Any]:
    """Return the pairs with sessions; with several environments, by their sums."""
    column = standings.c[ranking.column.value]
    environment_ids = release_filter.environment_ids
    scopes = [ALL_ENVIRONMENTS] if environment_ids is None else list(environment_ids)
    conditions = [
        standings.c.organization_id == release_filter.organization_id,
        standings.c.hours == ranking.hours,
        standings.c.release_id != ALL_RELEASES,
        standings.c.project_id.in_(sa.bindparam("project_ids", type_=Id, expanding=True)),
    ]
    if ranking.is_per_release and len(scopes) == 1:
        conditions += [standings.c.environment_id == scopes[0], column.is_not(None)]
        largest = [_PAIR[0], sa.null().label("project_id"), sa.func.max(column).label("rank")]
        return sa.select(*largest).where(*conditions).group_by(standings.c.release_id)
    if len(scopes) == 1:
        conditions += [standings.c.environment_id == scopes[0], column.is_not(None)]
        return sa.select(*_PAIR, column.label("rank")).where(*conditions)
    pooled: sa.ColumnElement[Any] = sa.func.sum(column)
    if ranking.column is RankColumn.CRASH_RATE_SESSIONS:
        pooled = _rate(standings.c.crashed, standings.c.sessions)
    elif ranking.column is RankColumn.CRASH_RATE_USERS:
        pooled = _rate(standings.c.users_crashed, standings.c.users)
    return (
        sa.select(*_PAIR, pooled.label("rank"))
        .where(standings.c.environment_id.in_(scopes), *conditions)
        .group_by(*_PAIR)
        .having(pooled.is_not(None))
    )


def _rate(bad: sa.ColumnElement[int], number: sa.ColumnElement[int]) -> sa.ColumnElement[Any]:
    return sa.func.sum(bad) * 1.0 / sa.func.nullif(sa.func.sum(number), 0)


def _adopted(release_filter: ReleaseFilter) -> sa.Select[Any]:
    """Return the releases that were adopted, each by its newest moment; per project if the list is."""
    c = release_environments.c
    project: sa.ColumnElement[Any] = c.project_id if release_filter.per_project else sa.null()
    columns = [c.release_id, project.label("project_id"), sa.func.max(c.adopted_at).label("rank")]
    query = sa.select(*columns).where(
        c.adopted_at.is_not(None),
        c.project_id.in_(sa.bindparam("project_ids", type_=Id, expanding=True)),
    )
    if release_filter.environment_ids is not None:
        query = query.where(c.environment_id.in_(list(release_filter.environment_ids)))
    keys = [c.release_id, c.project_id] if release_filter.per_project else [c.release_id]
    return query.group_by(*keys)


def _unranked(release_filter: ReleaseFilter, ranking: Ranking) -> sa.Select[Any]:
    """Return the releases without a rank, the newest first."""
    projects = sa.bindparam("project_ids", type_=Id, expanding=True)
    per_project = ranking.column is RankColumn.ADOPTION and release_filter.per_project
    attached = sa.and_(
        release_projects.c.release_id == releases.c.id, release_projects.c.project_id.in_(projects)
    )
    source: sa.FromClause = releases.join(release_projects, attached) if per_project else releases
    project = release_projects.c.project_id if per_project else sa.null()
    rank = _ranks(release_filter, ranking).subquery("ranks")
    is_ranked = [rank.c.release_id == releases.c.id]
    if per_project:
        is_ranked.append(rank.c.project_id == release_projects.c.project_id)
    query = (
        sa.select(*RELEASE, project.label("project_id"))
        .select_from(source)
        .where(*_conditions(release_filter), ~sa.exists().where(*is_ranked))
        .order_by(releases.c.created_at.desc(), releases.c.id.desc())
    )
    if per_project:
        return query.order_by(release_projects.c.project_id)
    return query.where(sa.exists().where(attached))


def _conditions(release_filter: ReleaseFilter) -> list[sa.ColumnElement[bool]]:
    statuses: Sequence[ReleaseStatus] = list(ReleaseStatus)
    if release_filter.status is not None:
        statuses = [release_filter.status]
    conditions = [
        releases.c.organization_id == release_filter.organization_id,
        releases.c.status.in_([status.value for status in statuses]),
        *conditions_of(release_filter.search, is_by_version=False).columns,
    ]
    if release_filter.created_from is not None:
        conditions.append(releases.c.created_at >= release_filter.created_from)
    if release_filter.created_to is not None:
        conditions.append(releases.c.created_at <= release_filter.created_to)
    if release_filter.shipped_from is not None:
        conditions.append(releases.c.shipped_at >= release_filter.shipped_from)
    if release_filter.environment_ids is not None:
        ids = [
            sa.bindparam(name, type_=Id, expanding=True)
            for name in ("project_ids", "environment_ids")
        ]
        conditions.append(seen_in(releases.c.id, ids[0], ids[1]))
    return conditions


def _parameters(release_filter: ReleaseFilter) -> dict[str, object]:
    parameters: dict[str, object] = {"project_ids": list(release_filter.project_ids)}
    if release_filter.environment_ids is not None:
        parameters["environment_ids"] = list(release_filter.environment_ids)
    return parameters
