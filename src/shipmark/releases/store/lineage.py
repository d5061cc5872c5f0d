"""Queries for releases before, after and between others of their lineage (see `releases.lineage`).

Each kind of lineage has an index of ``release_projects`` that begins with project and status and continues with the
lineage's order. A list of both statuses would have to be sorted: the nearest release is looked up in each.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    select,
    tuple_,
    union_all,
)

from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, json_rows, rows_param
from shipmark.releases.lineage import Lineage, lineage_of, position_of
from shipmark.releases.model import Release, ReleaseStatus
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, by_ids, release_of, releases

_IN = release_projects.c
_STATUSES = tuple(ReleaseStatus)
_ORDER: dict[bool, tuple[ColumnElement[Any], ...]] = {
    True: (_IN.version_key, _IN.created_at, _IN.release_id),
    False: (_IN.shipped_at, _IN.created_at, _IN.release_id),
}
_STARTS = json_rows("places", project_id=Id, start_id=Id)
_LEFT_OUT = json_rows("left_out", id=Id)
_start = releases.alias("start")
_START_ORDER: dict[bool, tuple[ColumnElement[Any], ...]] = {
    True: (_start.c.version_key, _start.c.created_at, _start.c.id),
    False: (_start.c.shipped_at, _start.c.created_at, _start.c.id),
}


def between(
    connection: Connection, earlier: Release, later: Release, project_ids: Collection[int]
) -> list[int]:
    """Return the ids of the releases of these projects that lie between two and that the later one contains."""
    lineage = lineage_of(later)
    if not project_ids or lineage_of(earlier) != lineage:
        return []
    columns = _ORDER[lineage.is_by_version]
    query = (
        select(_IN.release_id)
        .distinct()
        .where(
            _IN.project_id.in_(select(IDS.c.id)),
            _IN.status.in_(_STATUSES),
            tuple_(*columns) > _position(earlier),
            tuple_(*columns) < _position(later),
            _IN.shipped_at <= later.shipped_at,
        )
        .order_by(_IN.release_id)
    )
    result = connection.execute(_of_lineage(query, lineage), ids_param(project_ids))
    return list(result.scalars())


def before(
    connection: Connection, release: Release, project_id: int, *, limit: int
) -> list[Release]:
    """Return the releases of a project that the release contains, nearest first."""
    lineage = lineage_of(release)
    columns = _ORDER[lineage.is_by_version]
    nearest = [column.desc() for column in columns]
    branches = [
        select(
            _of_lineage(
                select(*(column.label(f"order_{at}") for at, column in enumerate(columns))).where(
                    _IN.project_id == project_id,
                    _IN.status == status,
                    tuple_(*columns) < _position(release),
                    _IN.shipped_at <= release.shipped_at,
                ),
                lineage,
            )
            .order_by(*nearest)
            .limit(limit)
            .subquery()
        )
        for status in _STATUSES
    ]
    page = union_all(*branches).subquery("page")
    query = (
        select(*RELEASE)
        .join(page, page.c.order_2 == releases.c.id)
        .order_by(*(column.desc() for column in page.c))
        .limit(limit)
    )
    return [release_of(row) for row in connection.execute(query)]


def previous(
    connection: Connection, release: Release, project_ids: Collection[int]
) -> Release | None:
    """Return the nearest release before this one, in any of these projects, that it contains, or None."""
    if not project_ids:
        return None
    result = _nearest(
        connection, [(project_id, release) for project_id in project_ids], is_after=False
    )
    candidates = [nearest for nearest in result.values() if nearest is not None]
    return max(candidates, key=position_of, default=None)


def next_after(
    connection: Connection, places: Collection[tuple[int, Release]], *, without: Collection[int]
) -> dict[tuple[int, int], Release]:
    """Return the next release that contains each release of a project, by (project, release); none of ``without``."""
    return _nearest(connection, places, is_after=True, without=without)


def _nearest(
    connection: Connection,
    places: Collection[tuple[int, Release]],
    *,
    is_after: bool,
    without: Collection[int] = (),
) -> dict[tuple[int, int], Release]:
    ids: dict[tuple[int, int], list[int]] = {}
    for is_by_version in (True, False):
        of_kind = sorted(
            (project_id, release.id)
            for project_id, release in places
            if lineage_of(release).is_by_version is is_by_version
        )
        if of_kind:
            parameters = rows_param("places", of_kind) | rows_param(
                "left_out", ([item] for item in sorted(without))
            )
            statement = _NEAREST[is_by_version, is_after]
            for project_id, start_id, *nearest in connection.execute(statement, parameters):
                ids[project_id, start_id] = [item for item in nearest if item is not None]
    known = by_ids(connection, {release_id for nearest in ids.values() for release_id in nearest})
    choose = min if is_after else max
    return {
        key: choose((known[release_id] for release_id in nearest), key=position_of)
        for key, nearest in ids.items()
        if nearest
    }


def _statement(*, is_by_version: bool, is_after: bool) -> Select[Any]:
    """Return the statement that selects, for each project and start, the nearest release of either status."""
    nearest = [
        _nearest_of(status, is_by_version=is_by_version, is_after=is_after) for status in _STATUSES
    ]
    return (
        select(_STARTS.c.project_id, _STARTS.c.start_id, *nearest)
        .select_from(_STARTS)
        .join(_start, _start.c.id == _STARTS.c.start_id)
    )


def _nearest_of(status: ReleaseStatus, *, is_by_version: bool, is_after: bool) -> ScalarSelect[int]:
    columns, start = _ORDER[is_by_version], tuple_(*_START_ORDER[is_by_version])
    position = tuple_(*columns)
    query = (
        select(_IN.release_id)
        .where(
            _IN.project_id == _STARTS.c.project_id,
            _IN.status == status.value,
            position > start if is_after else position < start,
            _IN.shipped_at >= _start.c.shipped_at
            if is_after
            else _IN.shipped_at <= _start.c.shipped_at,
            _IN.release_id.not_in(select(_LEFT_OUT.c.id)),
        )
        .order_by(*(column.asc() if is_after else column.desc() for column in columns))
        .limit(1)
    )
    if is_by_version:
        query = query.join(releases, releases.c.id == _IN.release_id).where(
            releases.c.package == _start.c.package
        )
    else:
        query = query.where(_IN.version_key == "")
    return query.correlate(_STARTS, _start).scalar_subquery()


_NEAREST = {
    (is_by_version, is_after): _statement(is_by_version=is_by_version, is_after=is_after)
    for is_by_version in (True, False)
    for is_after in (True, False)
}


def _of_lineage(query: Select[Any], lineage: Lineage) -> Select[Any]:
    """Limit a query over ``release_projects`` to a lineage."""
    if not lineage.is_by_version:
        return query.where(_IN.version_key == "")
    return query.join(releases, releases.c.id == _IN.release_id).where(
        releases.c.package == lineage.package
    )


def _position(release: Release) -> ColumnElement[Any]:
    key, created_at, release_id = position_of(release)
    kind = Text() if isinstance(key, str) else UtcDateTime()
    return tuple_(
        bindparam(None, key, type_=kind, unique=True),
        bindparam(None, created_at, type_=UtcDateTime(), unique=True),
        bindparam(None, release_id, type_=Id, unique=True),
    )
