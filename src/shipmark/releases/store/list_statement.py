"""The statement of a page of releases: a merge of index ranges, see ``list_query.py``.

Composing it takes longer than running it, so it is composed once for each `Shape`, with a parameter for every value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, UtcDateTime
from shipmark.infrastructure.search_operators import SearchOperator
from shipmark.releases.model import ReleaseSort
from shipmark.releases.search import PackageTerm, Search, VersionTerm
from shipmark.releases.store.environments import IdParameters, release_environments, seen_in
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, releases
from shipmark.releases.store.search_conditions import SearchConditions

#: Statements that are kept. Searches for other texts are the same statement.
_STATEMENTS_MAX = 128

#: The column that each order goes by. Equals are ordered by ``created_at`` and the release's id.
_KEYS = {
    ReleaseSort.DATE: "created_at",
    ReleaseSort.SEMVER: "version_key",
    ReleaseSort.BUILD: "build_number",
    ReleaseSort.EFFECTIVE_DATE: "shipped_at",
}

#: The columns that the dates of a filter are about.
DATES = {"created_from": "created_at", "created_to": "created_at", "shipped_from": "shipped_at"}

#: Orders whose key is not part of a release, and the columns that are selected beside it.
SEPARATE = (ReleaseSort.SEMVER, ReleaseSort.BUILD)
EXTRA_COLUMNS = {
    (sort, per_project): (("sort_key",) if sort in SEPARATE else ())
    + (("project_id",) if per_project else ())
    for sort in ReleaseSort
    for per_project in (False, True)
}


class Place(Enum):
    """The index whose ranges are merged."""

    ENVIRONMENTS = auto()
    PROJECTS = auto()
    ORGANIZATION = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """All that decides the text of a statement. Values are in its parameters.

    ``project_count`` and ``environment_count`` are those with index ranges of their own. ``dates`` names the dates of
    the filter that are set. ``levels`` says of each project with a range whether a release at the position is past it
    there; it is empty without a position, and unless releases are listed per project. ``in_package``: the search
    selects one package.
    """

    sort: ReleaseSort
    is_backwards: bool
    per_project: bool
    place: Place
    status_count: int
    project_count: int
    environment_count: int
    in_environments: bool
    dates: tuple[str, ...]
    has_position: bool
    levels: tuple[bool, ...]
    in_package: bool
    search: SearchConditions


@dataclass(frozen=True, slots=True, kw_only=True)
class _IndexRange:
    """A range of an index. ``columns`` has those that releases are ordered by.

    A list per project takes the row's ``project``, negated, as the oldest comes first among greatest-first columns;
    ``project_number`` is set if it is the same in the whole range.
    """

    source: sa.FromClause
    columns: sa.TypedColumns
    release_id: sa.Column[int]
    conditions: tuple[sa.ColumnElement[bool], ...]
    has_releases: bool = False
    project: sa.ColumnElement[int] | None = None
    project_number: int | None = None


@lru_cache(maxsize=_STATEMENTS_MAX)
def statement_of(shape: Shape) -> sa.Select[Any]:
    """Return the statement for releases in the order of the shape: the columns of a release, then `EXTRA_COLUMNS`.

    It is composed at the first call: of 32 index ranges in 20 ms, four times of what running it takes.
    """
    result = _merged(shape)
    order = [column.asc() if shape.is_backwards else column.desc() for column in result.c]
    # Keys that are part of the release need not be read twice.
    columns = [
        column for column in result.c if column.name in EXTRA_COLUMNS[shape.sort, shape.per_project]
    ]
    return (
        sa.select(*RELEASE, *columns)
        .join(result, releases.c.id == result.c.release_id)
        .order_by(*order)
        .limit(_number("limit"))
        .offset(_number("offset"))
    )


@lru_cache(maxsize=_STATEMENTS_MAX)
def counting_statement_of(shape: Shape) -> sa.Select[int]:
    """Return the statement for the number of releases of the shape, each index range counted up to its limit."""
    return sa.select(sa.func.count()).select_from(_merged(shape))


def _merged(shape: Shape) -> sa.Subquery:
    """Return the keys of the releases in the index ranges of the shape."""
    branches = [_branch(index_range, shape) for index_range in _index_ranges(shape)]
    if len(branches) == 1:
        return branches[0].subquery("page")
    limited = [sa.select(branch.subquery()) for branch in branches]
    # A release in several ranges is listed once, unless releases are listed per project.
    merged = sa.union_all(*limited) if shape.per_project else sa.union(*limited)
    return merged.subquery("page")


def package_of(search: Search) -> str | None:
    """Return the one package that the search selects, or None."""
    for term in search.terms:
        match term:
            case PackageTerm(packages=(package,), is_negated=False):
                return package
            case VersionTerm(package=str(package)) if term.operator is not SearchOperator.IS_NOT:
                return package
            case _:
                continue
    return None


def _number(name: str) -> sa.BindParameter[int]:
    return sa.bindparam(name, type_=sa.Integer())


def _index_ranges(shape: Shape) -> Iterator[_IndexRange]:
    for number in range(shape.status_count):
        status = sa.bindparam(f"status{number}", type_=sa.String())
        match shape.place:
            case Place.ENVIRONMENTS:
                yield from _in_environments(shape, status)
            case Place.PROJECTS:
                yield from _in_projects(shape, status)
            case Place.ORGANIZATION:
                yield _in_organization(shape, status)


def _in_environments(shape: Shape, status: sa.BindParameter[str]) -> Iterator[_IndexRange]:
    table = release_environments.c
    for environment in range(shape.environment_count):
        for project in range(shape.project_count):
            yield _IndexRange(
                source=release_environments,
                columns=table,
                release_id=table.release_id,
                conditions=(
                    table.environment_id == sa.bindparam(f"environment{environment}", type_=Id),
                    table.project_id == sa.bindparam(f"project{project}", type_=Id),
                    table.status == status,
                ),
            )


def _in_projects(shape: Shape, status: sa.BindParameter[str]) -> Iterator[_IndexRange]:
    table = release_projects.c
    for number in range(shape.project_count):
        project = sa.bindparam(f"project{number}", type_=Id)
        yield _IndexRange(
            source=release_projects,
            columns=table,
            release_id=table.release_id,
            conditions=(
                table.project_id == project,
                table.status == status,
                *_seen(shape, table.release_id, [project]),
            ),
            project=sa.bindparam(f"negated{number}", type_=Id),
            project_number=number,
        )


def _in_organization(shape: Shape, status: sa.BindParameter[str]) -> _IndexRange:
    """Return all releases of the organization, each checked for the selected projects."""
    project_ids = sa.bindparam("project_ids", type_=Id, expanding=True)
    attached = sa.and_(
        release_projects.c.release_id == releases.c.id,
        release_projects.c.project_id.in_(project_ids),
    )
    conditions = [
        releases.c.organization_id == sa.bindparam("organization_id", type_=Id),
        releases.c.status == status,
    ]
    if shape.in_package:
        conditions.append(releases.c.package == sa.bindparam("package", type_=sa.Text()))
    conditions += _seen(shape, releases.c.id, project_ids)
    if not shape.per_project:
        conditions.append(sa.exists().where(attached))
    return _IndexRange(
        source=releases.join(release_projects, attached) if shape.per_project else releases,
        columns=releases.c,
        release_id=releases.c.id,
        conditions=tuple(conditions),
        has_releases=True,
        project=-release_projects.c.project_id,
    )


def _seen(
    shape: Shape, release_id: sa.ColumnElement[int], project_ids: IdParameters
) -> list[sa.ColumnElement[bool]]:
    if not shape.in_environments:
        return []
    environment_ids = sa.bindparam("environment_ids", type_=Id, expanding=True)
    return [seen_in(release_id, project_ids, environment_ids)]


def _branch(index_range: _IndexRange, shape: Shape) -> sa.Select[Any]:
    """Return the query of a range: the columns of the order, and as many rows as the page has."""
    order = _order(index_range, shape.sort)
    selected: dict[str, sa.ColumnElement[Any]] = {"release_id": index_range.release_id}
    if shape.per_project:
        assert index_range.project is not None, "lists per project read ranges of projects"
        selected["project_id"] = index_range.project
    source = index_range.source
    checked = shape.search.columns
    if checked and not index_range.has_releases:
        source = source.join(releases, releases.c.id == index_range.release_id)
    query = sa.select(*(column.label(name) for name, column in (order | selected).items()))
    query = query.select_from(source).where(*index_range.conditions, *checked)
    if shape.sort is ReleaseSort.BUILD:
        query = query.where(index_range.columns["build_number"].is_not(None))
    query = query.where(*between(index_range.columns, shape.dates))
    columns = list((order | selected).values())
    if shape.has_position:
        query = query.where(_is_after(columns, index_range, shape))
    is_one_project = index_range.project_number is not None and shape.per_project
    varying = columns[:-1] if is_one_project else columns
    query = query.order_by(
        *(column.asc() if shape.is_backwards else column.desc() for column in varying)
    )
    return query.limit(_number("range_limit"))


def between(columns: sa.TypedColumns, dates: Sequence[str]) -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions of the dates of the filter that are set; each is the parameter of its name."""
    for name in dates:
        column: sa.ColumnElement[datetime] = columns[DATES[name]]
        date = sa.bindparam(name, type_=UtcDateTime())
        yield column <= date if name == "created_to" else column >= date


def _order(index_range: _IndexRange, sort: ReleaseSort) -> dict[str, sa.ColumnElement[Any]]:
    """Return the columns that a list is ordered by, without the ids that decide among equals."""
    order: dict[str, sa.ColumnElement[Any]] = {"sort_key": index_range.columns[_KEYS[sort]]}
    if sort is not ReleaseSort.DATE:
        order["created_at"] = index_range.columns["created_at"]
    return order


def _is_after(
    columns: Sequence[sa.ColumnElement[Any]], index_range: _IndexRange, shape: Shape
) -> sa.ColumnElement[bool]:
    """Return the condition that a row is past the position. Rows compare as tuples, so that an index range serves."""
    names = ["after_key", "after_release_id"]
    if shape.sort is not ReleaseSort.DATE:
        names.insert(1, "after_created_at")
    is_level = False
    if shape.per_project and index_range.project_number is not None:
        # The project is the same in the whole range, so it decides here about an equal row.
        is_level = shape.levels[index_range.project_number]
    elif shape.per_project:
        names.append("after_negated")
    compared = columns[: len(names)]
    row = sa.tuple_(*compared)
    position_row = sa.tuple_(
        *(sa.bindparam(name, type_=c.type) for name, c in zip(names, compared, strict=True))
    )
    if shape.is_backwards:
        return row >= position_row if is_level else row > position_row
    return row <= position_row if is_level else row < position_row
