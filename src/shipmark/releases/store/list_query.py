"""Pages of releases that pass a filter, in an order (releases.md 2.4, 4.7, 5.4).

A page costs the same at any position of a list of any length. Each order has an index that begins with a scope (an
organization, a project, an environment of a project, a package) and the status, so that a page is the merge of a few
index ranges, each read from the position where the last page ended. Other conditions are checked row by row.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import Id
from shipmark.releases.model import (
    ListRow,
    Position,
    Release,
    ReleaseFilter,
    ReleaseSort,
    ReleaseStatus,
)
from shipmark.releases.search import PackageTerm, VersionTerm
from shipmark.releases.store.environments import release_environments, seen_in
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases
from shipmark.releases.store.search_conditions import conditions_of

#: Index ranges that are merged at most; with more, the organization's is read and projects are checked row by row.
INDEX_RANGES_MAX = 32

#: The column that each order goes by. Equals are ordered by ``created_at`` and the release's id.
_KEYS = {
    ReleaseSort.DATE: "created_at",
    ReleaseSort.SEMVER: "version_key",
    ReleaseSort.BUILD: "build_number",
    ReleaseSort.EFFECTIVE_DATE: "shipped_at",
}

#: Orders whose key is not part of a release, and the columns that are selected beside it.
_SEPARATE = (ReleaseSort.SEMVER, ReleaseSort.BUILD)
_EXTRA_COLUMNS = {
    (sort, per_project): (("sort_key",) if sort in _SEPARATE else ())
    + (("project_id",) if per_project else ())
    for sort in ReleaseSort
    for per_project in (False, True)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _IndexRange:
    """A range of an index. ``columns`` has those that releases are ordered by.

    A list per project takes the row's ``project``, negated, as the oldest comes first among greatest-first columns;
    ``project_id`` is set if it is the same in the whole range.
    """

    source: sa.FromClause
    columns: sa.TypedColumns
    release_id: sa.Column[int]
    conditions: tuple[sa.ColumnElement[bool], ...]
    has_releases: bool = False
    project: sa.ColumnElement[int] | None = None
    project_id: int | None = None


def page(
    connection: sa.Connection,
    release_filter: ReleaseFilter,
    sort: ReleaseSort,
    *,
    limit: int,
    after: Position | None = None,
    is_backwards: bool = False,
    offset: int = 0,
) -> list[ListRow]:
    """Return the releases that pass the filter and come next after a position, or first without one.

    Backwards they are those before it, or the last ones, nearest first.
    """
    if not release_filter.project_ids or limit <= 0:
        return []
    is_wide = _is_wide(release_filter, sort)
    branches = [
        _branch(index_range, release_filter, sort, after, is_backwards, limit + offset)
        for index_range in _index_ranges(release_filter, sort, is_wide=is_wide)
    ]
    if len(branches) > 1:
        limited = [sa.select(branch.subquery()) for branch in branches]
        # A release in several ranges is listed once, unless releases are listed per project.
        merged = sa.union_all(*limited) if release_filter.per_project else sa.union(*limited)
        result = merged.subquery("page")
    else:
        result = branches[0].subquery("page")
    order = [column.asc() if is_backwards else column.desc() for column in result.c]
    # Keys that are part of the release need not be read twice.
    columns = [
        column
        for column in result.c
        if column.name in _EXTRA_COLUMNS[sort, release_filter.per_project]
    ]
    query = (
        sa.select(*RELEASE, *columns)
        .join(result, releases.c.id == result.c.release_id)
        .order_by(*order)
        .limit(limit)
        .offset(offset)
    )
    rows = connection.execute(query)
    return [_list_row(release_of(row), row[len(RELEASE) :], release_filter, sort) for row in rows]


def _list_row(
    release: Release, extra_columns: Sequence[Any], release_filter: ReleaseFilter, sort: ReleaseSort
) -> ListRow:
    if not extra_columns:
        return ListRow(release, _own_key(release, sort))
    project_id = -extra_columns[-1] if release_filter.per_project else None
    key = extra_columns[0] if sort in _SEPARATE else _own_key(release, sort)
    return ListRow(release, key, project_id)


def _own_key(release: Release, sort: ReleaseSort) -> datetime:
    return release.created_at if sort is ReleaseSort.DATE else release.shipped_at


def _index_ranges(
    release_filter: ReleaseFilter, sort: ReleaseSort, *, is_wide: bool
) -> Iterator[_IndexRange]:
    statuses = list(ReleaseStatus) if release_filter.status is None else [release_filter.status]
    most = INDEX_RANGES_MAX // len(statuses)
    for status in statuses:
        if _is_by_environment(release_filter, sort, most):
            yield from _in_environments(release_filter, status)
        elif len(release_filter.project_ids) <= most and not is_wide:
            yield from _in_projects(release_filter, status)
        else:
            yield _in_organization(release_filter, status)


def _is_by_environment(release_filter: ReleaseFilter, sort: ReleaseSort, most: int) -> bool:
    if (
        release_filter.environment_ids is None
        or sort is not ReleaseSort.DATE
        or release_filter.per_project
        # The table of environments has no copy of this date.
        or release_filter.shipped_from is not None
    ):
        return False
    return 0 < len(release_filter.environment_ids) * len(release_filter.project_ids) <= most


def _is_wide(release_filter: ReleaseFilter, sort: ReleaseSort) -> bool:
    """Return True if the organization's index is shorter: for all of its projects, and for one package.

    No index has the releases of a package by shipping.
    """
    if release_filter.per_project or len(release_filter.project_ids) == 1:
        return False
    if sort is ReleaseSort.EFFECTIVE_DATE:
        return release_filter.covers_all_projects
    return release_filter.covers_all_projects or _package(release_filter) is not None


def _package(release_filter: ReleaseFilter) -> str | None:
    """Return the one package that the search selects, or None."""
    for term in release_filter.search.terms:
        match term:
            case PackageTerm(packages=(package,), is_negated=False):
                return package
            case VersionTerm(package=str(package), comparison=comparison) if comparison != "!=":
                return package
            case _:
                continue
    return None


def _in_environments(release_filter: ReleaseFilter, status: ReleaseStatus) -> Iterator[_IndexRange]:
    table = release_environments.c
    for environment_id in release_filter.environment_ids or ():
        for project_id in release_filter.project_ids:
            yield _IndexRange(
                source=release_environments,
                columns=table,
                release_id=table.release_id,
                conditions=(
                    table.environment_id == environment_id,
                    table.project_id == project_id,
                    table.status == status,
                ),
            )


def _in_projects(release_filter: ReleaseFilter, status: ReleaseStatus) -> Iterator[_IndexRange]:
    table = release_projects.c
    for project_id in release_filter.project_ids:
        seen = _seen(release_filter, table.release_id, [project_id])
        yield _IndexRange(
            source=release_projects,
            columns=table,
            release_id=table.release_id,
            conditions=(table.project_id == project_id, table.status == status, *seen),
            project=sa.literal(-project_id, Id),
            project_id=project_id,
        )


def _in_organization(release_filter: ReleaseFilter, status: ReleaseStatus) -> _IndexRange:
    """Return all releases of the organization, each checked for the selected projects."""
    attached = sa.and_(
        release_projects.c.release_id == releases.c.id,
        release_projects.c.project_id.in_(release_filter.project_ids),
    )
    conditions = [
        releases.c.organization_id == release_filter.organization_id,
        releases.c.status == status,
    ]
    if (package := _package(release_filter)) is not None:
        conditions.append(releases.c.package == package)
    conditions += _seen(release_filter, releases.c.id, release_filter.project_ids)
    if not release_filter.per_project:
        conditions.append(sa.exists().where(attached))
    return _IndexRange(
        source=releases.join(release_projects, attached)
        if release_filter.per_project
        else releases,
        columns=releases.c,
        release_id=releases.c.id,
        conditions=tuple(conditions),
        has_releases=True,
        project=-release_projects.c.project_id,
    )


def _seen(
    release_filter: ReleaseFilter, release_id: sa.ColumnElement[int], project_ids: Collection[int]
) -> list[sa.ColumnElement[bool]]:
    if release_filter.environment_ids is None:
        return []
    return [seen_in(release_id, project_ids, release_filter.environment_ids)]


def _branch(
    index_range: _IndexRange,
    release_filter: ReleaseFilter,
    sort: ReleaseSort,
    after: Position | None,
    is_backwards: bool,
    limit: int,
) -> sa.Select[Any]:
    """Return the query of a range: the columns of the order, and as many rows as the page has."""
    created_at = index_range.columns["created_at"]
    order = _order(index_range, sort)
    selected: dict[str, sa.ColumnElement[Any]] = {"release_id": index_range.release_id}
    if release_filter.per_project:
        assert index_range.project is not None, "lists per project read ranges of projects"
        selected["project_id"] = index_range.project
    source, checked = index_range.source, conditions_of(release_filter.search)
    if checked and not index_range.has_releases:
        source = source.join(releases, releases.c.id == index_range.release_id)
    query = sa.select(*(column.label(name) for name, column in (order | selected).items()))
    query = query.select_from(source).where(*index_range.conditions, *checked)
    if sort is ReleaseSort.BUILD:
        query = query.where(index_range.columns["build_number"].is_not(None))
    if release_filter.created_from is not None:
        query = query.where(created_at >= release_filter.created_from)
    if release_filter.created_to is not None:
        query = query.where(created_at <= release_filter.created_to)
    if release_filter.shipped_from is not None:
        query = query.where(index_range.columns["shipped_at"] >= release_filter.shipped_from)
    columns = list((order | selected).values())
    if after is not None:
        query = query.where(_is_after(columns, index_range, after, sort, is_backwards))
    varying = (
        columns[:-1]
        if index_range.project_id is not None and release_filter.per_project
        else columns
    )
    query = query.order_by(*(column.asc() if is_backwards else column.desc() for column in varying))
    return query.limit(limit)


def _order(index_range: _IndexRange, sort: ReleaseSort) -> dict[str, sa.ColumnElement[Any]]:
    """Return the columns that a list is ordered by, without the ids that decide among equals."""
    order: dict[str, sa.ColumnElement[Any]] = {"sort_key": index_range.columns[_KEYS[sort]]}
    if sort is not ReleaseSort.DATE:
        order["created_at"] = index_range.columns["created_at"]
    return order


def _is_after(
    columns: Sequence[sa.ColumnElement[Any]],
    index_range: _IndexRange,
    after: Position,
    sort: ReleaseSort,
    is_backwards: bool,
) -> sa.ColumnElement[bool]:
    """Return the condition that a row is past the position. Rows compare as tuples, so that an index range serves."""
    values: list[object] = [after.key]
    if sort is not ReleaseSort.DATE:
        values.append(after.created_at)
    values.append(after.release_id)
    is_level = False
    if after.project_id is not None and index_range.project_id is not None:
        # The project is the same in the whole range, so it decides here about an equal row.
        ahead = after.project_id - index_range.project_id
        is_level = ahead > 0 if is_backwards else ahead < 0
    elif after.project_id is not None:
        values.append(-after.project_id)
    compared = columns[: len(values)]
    row = sa.tuple_(*compared)
    position_row = sa.tuple_(
        *(sa.literal(v, c.type) for v, c in zip(values, compared, strict=True))
    )
    if is_backwards:
        return row >= position_row if is_level else row > position_row
    return row <= position_row if is_level else row < position_row
