"""Queries for releases before, after and between others of their lineage (see `releases.lineage`).

Each kind of lineage has an index of ``release_projects`` that begins with project and status and continues with the
lineage's order. A list of both statuses would have to be sorted: the nearest release is looked up in each.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.releases.lineage import lineage_of, position_of
from shipmark.releases.model import Release, ReleaseStatus
from shipmark.releases.store.lineage_side import Side
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import by_ids, release_of, releases
from shipmark.releases.versions import semver_columns

_IN = release_projects.c
_STATUSES = tuple(ReleaseStatus)
#: The most releases after one that are looked through for those whose commits are summed up.
LATER_MAX = 100
_ORDER: dict[bool, tuple[sa.ColumnElement[Any], ...]] = {
    True: (_IN.version_key, _IN.created_at, _IN.release_id),
    False: (_IN.shipped_at, _IN.created_at, _IN.release_id),
}
_STARTS = db.json_rows("starts", project_id=db.Id, start_id=db.Id)
_LEFT_OUT = db.json_rows("left_out", id=db.Id)
_start = releases.alias("start")
_other = releases.alias("other")
_START_ORDER: dict[bool, tuple[sa.ColumnElement[Any], ...]] = {
    True: (_start.c.version_key, _start.c.created_at, _start.c.id),
    False: (_start.c.shipped_at, _start.c.created_at, _start.c.id),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitsAfter:
    """How many commits the later releases have; None if that is not known. ``is_cut``: there are more than counted."""

    count: int | None
    is_cut: bool


def between(
    connection: sa.Connection, earlier: Release, later: Release, project_ids: Collection[int]
) -> list[int]:
    """Return the ids of the releases of these projects that lie between two and that the later one contains."""
    lineage = lineage_of(later)
    if not project_ids or lineage_of(earlier) != lineage:
        return []
    columns = _ORDER[lineage.is_by_version]
    query = (
        sa.select(_IN.release_id)
        .distinct()
        .where(
            db.in_ids(_IN.project_id),
            _IN.status.in_(_STATUSES),
            sa.tuple_(*columns) > _position(earlier),
            sa.tuple_(*columns) < _position(later),
            _IN.shipped_at <= later.shipped_at,
        )
        .order_by(_IN.release_id)
    )
    result = connection.execute(_of_lineage(query, lineage.package), db.ids_param(project_ids))
    return list(result.scalars())


def before(
    connection: sa.Connection, release: Release, project_id: int, *, limit: int
) -> list[Release]:
    """Return the releases of a project that the release contains, nearest first."""
    lineage = lineage_of(release)
    columns = _ORDER[lineage.is_by_version]
    order = [column.label(f"order_{index}") for index, column in enumerate(columns)]
    query = sa.select(*order).where(
        _IN.project_id == project_id,
        sa.tuple_(*columns) < _position(release),
        _IN.shipped_at <= release.shipped_at,
    )
    nearest = _of_lineage(query, lineage.package).order_by(*(column.desc() for column in columns))
    branches = [
        sa.select(nearest.where(_IN.status == status).limit(limit).subquery())
        for status in _STATUSES
    ]
    page = sa.union_all(*branches).subquery("page")
    query = (
        release_of.select()
        .join(page, page.c.order_2 == releases.c.id)
        .order_by(*(column.desc() for column in page.c))
        .limit(limit)
    )
    return release_of.all(connection, query)


def previous(
    connection: sa.Connection, release: Release, project_ids: Collection[int]
) -> Release | None:
    """Return the nearest release before this one, in any of these projects, that it contains, or None."""
    starts = [(project_id, release) for project_id in project_ids]
    return previous_of_each(connection, starts).get(release.id)


def previous_of_each(
    connection: sa.Connection, starts: Collection[tuple[int, Release]]
) -> dict[int, Release]:
    """Return the same for many releases in projects, by the ids of those that have one; a statement for each kind."""
    candidates = dict[int, list[Release]]()
    nearest = _nearest(connection, starts, [Side.BEFORE])[Side.BEFORE]
    for (_, start_id), release in nearest.items():
        candidates.setdefault(start_id, []).append(release)
    return {start_id: max(found, key=position_of) for start_id, found in candidates.items()}


def neighbours(
    connection: sa.Connection, release: Release, project_ids: Collection[int]
) -> tuple[Release | None, Release | None]:
    """Return the same, and the nearest release after this one that contains it, by one statement."""
    starts = [(project_id, release) for project_id in project_ids]
    nearest = _nearest(connection, starts, list(Side))
    before, after = (side.nearest(nearest[side].values()) for side in Side)
    return before, after


def next_after(
    connection: sa.Connection, starts: Collection[tuple[int, Release]], *, without: Collection[int]
) -> dict[tuple[int, int], Release]:
    """Return the next release that contains each release of a project, by (project, release); none of ``without``."""
    return _nearest(connection, starts, [Side.AFTER], without=without)[Side.AFTER]


def commits_after(
    connection: sa.Connection, starts: Collection[tuple[int, int, str]]
) -> dict[tuple[int, int], CommitsAfter]:
    """Return how many commits the later releases that contain each release of a project have, by (project, release).

    ``starts`` are projects, ids and versions of releases. It is 0 without later releases, and None if none of them has
    commits. A little more than the next `LATER_MAX` releases are looked through, and if there are more, it is cut;
    archived ones are left out. It takes one statement for each kind of lineage.
    """
    counts = dict[tuple[int, int], CommitsAfter]()
    for is_by_version in (True, False):
        of_kind = sorted(
            (project_id, release_id)
            for project_id, release_id, version in starts
            if (semver_columns(version).package is not None) is is_by_version
        )
        if of_kind:
            parameters = db.rows_param("starts", of_kind)
            for project_id, start_id, count, found_count in connection.execute(
                _COMMITS_AFTER[is_by_version], parameters
            ):
                is_cut = found_count > LATER_MAX
                # Those that were found may be of other projects, and those of this one come after them.
                is_unknown = count is None or (is_cut and not count)
                counts[project_id, start_id] = CommitsAfter(
                    count=None if is_unknown else int(count), is_cut=is_cut
                )
    return counts


def _nearest(
    connection: sa.Connection,
    starts: Collection[tuple[int, Release]],
    sides: Sequence[Side],
    *,
    without: Collection[int] = (),
) -> dict[Side, dict[tuple[int, int], Release]]:
    """Return the nearest release of each start on these sides. It takes one statement for each kind of lineage."""
    ids: dict[tuple[Side, int, int], list[int]] = {}
    for is_by_version in (True, False):
        of_kind = sorted(
            (project_id, release.id)
            for project_id, release in starts
            if lineage_of(release).is_by_version is is_by_version
        )
        if not of_kind:
            continue
        parameters = db.rows_param("starts", of_kind)
        if without:
            left_out = ([release_id] for release_id in sorted(without))
            parameters |= db.rows_param("left_out", left_out)
        statement = _nearest_statement(
            is_by_version=is_by_version, sides=tuple(sides), leaves_out=bool(without)
        )
        for project_id, start_id, *nearest in connection.execute(statement, parameters):
            for (side, _), id_ in zip(product(sides, _STATUSES), nearest, strict=True):
                if id_ is not None:
                    ids.setdefault((side, project_id, start_id), []).append(id_)
    known = by_ids(connection, {release_id for nearest in ids.values() for release_id in nearest})
    result: dict[Side, dict[tuple[int, int], Release]] = {side: {} for side in sides}
    for (side, project_id, start_id), nearest in ids.items():
        release = side.nearest(known[id_] for id_ in nearest)
        if release is not None:
            result[side][project_id, start_id] = release
    return result


@lru_cache
def _nearest_statement(
    *, is_by_version: bool, sides: tuple[Side, ...], leaves_out: bool
) -> sa.Select[Any]:
    """Return the statement that selects the nearest release of each start on each side, in each status."""
    nearest_of = _nearest_of_package if is_by_version else _nearest_in_project
    nearest = [
        nearest_of(status, side, leaves_out=leaves_out) for side in sides for status in _STATUSES
    ]
    return (
        sa.select(_STARTS.c.project_id, _STARTS.c.start_id, *nearest)
        .select_from(_STARTS)
        .join(_start, _start.c.id == _STARTS.c.start_id)
    )


def _commits_after_statement(*, is_by_version: bool) -> sa.Select[Any]:
    """Return the statement that sums up the commits of the releases after each start.

    The next ones in the order of an index are read, and only then those of other projects or lineages left out: a
    condition that few rows fulfil would not end the reading.
    """
    found = (_later_of_package() if is_by_version else _later_in_project()).subquery("found")
    is_later = [found.c.shipped_at >= _start.c.shipped_at]
    if is_by_version:
        in_project = sa.select(_IN.release_id).where(
            _IN.release_id == found.c.id, _IN.project_id == _STARTS.c.project_id
        )
        is_later.append(in_project.correlate(found, _STARTS).exists())
    else:
        is_later.append(found.c.version_key == "")
    total = sa.func.nullif(sa.func.sum(found.c.commit_count), 0)
    count = (
        sa.select(sa.case((sa.func.count() == 0, 0), else_=total))
        .select_from(found)
        .where(*is_later)
        .correlate(_STARTS, _start)
    )
    ids = (_later_ids_of_package() if is_by_version else _later_positions()).subquery("found")
    found_count = sa.select(sa.func.count()).select_from(ids).correlate(_STARTS, _start)
    return (
        sa.select(
            _STARTS.c.project_id,
            _STARTS.c.start_id,
            count.scalar_subquery(),
            found_count.scalar_subquery(),
        )
        .select_from(_STARTS)
        .join(_start, _start.c.id == _STARTS.c.start_id)
    )


def _later_of_package() -> sa.Select[*tuple[Any, ...]]:
    return _later_ids_of_package().add_columns(_other.c.shipped_at, _other.c.commit_count)


def _later_ids_of_package() -> sa.Select[*tuple[Any, ...]]:
    order = (_other.c.version_key, _other.c.created_at, _other.c.id)
    return (
        sa.select(_other.c.id)
        .where(
            _other.c.organization_id == _start.c.organization_id,
            _other.c.package == _start.c.package,
            _other.c.package.is_not(None),
            _other.c.status == ReleaseStatus.OPEN.value,
            sa.tuple_(*order) > sa.tuple_(*_START_ORDER[True]),
        )
        .order_by(*order)
        .limit(LATER_MAX + 1)
        .correlate(_start)
    )


def _later_in_project() -> sa.Select[*tuple[Any, ...]]:
    positions = _later_positions().subquery("positions")
    return sa.select(positions.c.shipped_at, positions.c.version_key, _other.c.commit_count).join(
        _other, _other.c.id == positions.c.release_id
    )


def _later_positions() -> sa.Select[*tuple[Any, ...]]:
    order = _ORDER[False]
    return (
        sa.select(_IN.release_id, _IN.shipped_at, _IN.version_key)
        .where(
            _IN.project_id == _STARTS.c.project_id,
            _IN.status == ReleaseStatus.OPEN.value,
            sa.tuple_(*order) > sa.tuple_(*_START_ORDER[False]),
        )
        .order_by(*order)
        .limit(LATER_MAX + 1)
        .correlate(_STARTS, _start)
    )


def _nearest_of_package(
    status: ReleaseStatus, side: Side, *, leaves_out: bool
) -> sa.ScalarSelect[int]:
    """Return the nearest release of the package that is in the project: the package's index has them in order."""
    in_project = sa.select(_IN.release_id).where(
        _IN.release_id == _other.c.id, _IN.project_id == _STARTS.c.project_id
    )
    order = (_other.c.version_key, _other.c.created_at, _other.c.id)
    query = sa.select(_other.c.id).where(
        _other.c.organization_id == _start.c.organization_id,
        _other.c.package == _start.c.package,
        _other.c.package.is_not(None),
        _other.c.status == _constant(status),
        side.contains(_other.c.shipped_at, _start.c.shipped_at),
        side.contains(sa.tuple_(*order), sa.tuple_(*_START_ORDER[True]), is_strict=True),
        in_project.correlate(_other, _STARTS).exists(),
    )
    return _first_of(query, order, side, leaves_out=leaves_out)


def _nearest_in_project(
    status: ReleaseStatus, side: Side, *, leaves_out: bool
) -> sa.ScalarSelect[int]:
    order = _ORDER[False]
    query = sa.select(_IN.release_id).where(
        _IN.project_id == _STARTS.c.project_id,
        _IN.status == _constant(status),
        _IN.version_key == "",
        side.contains(_IN.shipped_at, _start.c.shipped_at),
        side.contains(sa.tuple_(*order), sa.tuple_(*_START_ORDER[False]), is_strict=True),
    )
    return _first_of(query, order, side, leaves_out=leaves_out)


def _first_of(
    query: sa.Select[int],
    order: tuple[sa.ColumnElement[Any], ...],
    side: Side,
    *,
    leaves_out: bool,
) -> sa.ScalarSelect[int]:
    """Return the first id of a query in the order of a side."""
    if leaves_out:
        query = query.where(order[-1].not_in(sa.select(_LEFT_OUT.c.id)))
    return (
        query.order_by(*(side.sorted(column) for column in order))
        .limit(sa.literal_column("1"))
        .correlate(_STARTS, _start)
        .scalar_subquery()
    )


def _constant(status: ReleaseStatus) -> sa.ColumnElement[str]:
    """Return a status as a part of the statement.

    PostgreSQL plans a statement once if its parameters do not matter to the plan. Status and limit as parameters
    made it plan this one each time, which took 1.5 of its 1.6 ms.
    """
    return sa.literal(status.value, literal_execute=True)


def _of_lineage(query: sa.Select[Any], package: str | sa.Column[Any] | None) -> sa.Select[Any]:
    """Limit a query over ``release_projects`` to the lineage of a package, or else to what is not semver."""
    if package is None:
        return query.where(_IN.version_key == "")
    of_release = releases.c.id == _IN.release_id
    return query.join(releases, of_release).where(releases.c.package == package)


_COMMITS_AFTER = {
    is_by_version: _commits_after_statement(is_by_version=is_by_version)
    for is_by_version in (True, False)
}


def _position(release: Release) -> sa.ColumnElement[Any]:
    key, created_at, release_id = position_of(release)
    kind = sa.Text() if isinstance(key, str) else db.UtcDateTime()
    return sa.tuple_(
        sa.bindparam(None, key, type_=kind, unique=True),
        sa.bindparam(None, created_at, type_=db.UtcDateTime(), unique=True),
        sa.bindparam(None, release_id, type_=db.Id, unique=True),
    )
