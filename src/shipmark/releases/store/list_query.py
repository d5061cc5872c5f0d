"""Pages of releases that pass a filter, in an order (releases.md 2.4, 4.7, 5.4).

A page costs the same at any position of a list of any length. Each order has an index that begins with a scope (an
organization, a project, an environment of a project, a package) and the status, so that a page is the merge of a few
index ranges, each read from the position where the last page ended. Other conditions are checked row by row.
``list_statement.py`` composes the statement.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from shipmark.releases.model import (
    ListRow,
    Position,
    Release,
    ReleaseFilter,
    ReleaseSort,
    ReleaseStatus,
)
from shipmark.releases.store.list_statement import (
    DATES,
    SEPARATE,
    Place,
    Shape,
    counting_statement_of,
    package_of,
    statement_of,
)
from shipmark.releases.store.releases import RELEASE, release_of
from shipmark.releases.store.search_conditions import conditions_of

#: Index ranges that are merged at most; with more, the organization's is read and projects are checked row by row.
INDEX_RANGES_MAX = 32


def page(
    connection: Connection,
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
    shape = _shape(release_filter, sort, after, is_backwards=is_backwards)
    parameters = _parameters(shape, release_filter, after)
    parameters |= {"limit": limit, "offset": offset, "range_limit": limit + offset}
    rows = connection.execute(statement_of(shape), parameters).all()
    return [_list_row(release_of(row), row[len(RELEASE) :], release_filter, sort) for row in rows]


def count(
    connection: Connection, release_filter: ReleaseFilter, sort: ReleaseSort, *, up_to: int
) -> int:
    """Return the number of releases that pass the filter, up to a maximum; the order decides which index serves."""
    if not release_filter.project_ids:
        return 0
    shape = _shape(release_filter, sort, None, is_backwards=False)
    parameters = _parameters(shape, release_filter, None) | {"range_limit": up_to}
    number = connection.execute(counting_statement_of(shape), parameters).scalar_one()
    return min(number, up_to)


def _list_row(
    release: Release, extra_columns: Sequence[Any], release_filter: ReleaseFilter, sort: ReleaseSort
) -> ListRow:
    if not extra_columns:
        return ListRow(release, _own_key(release, sort))
    project_id = -extra_columns[-1] if release_filter.per_project else None
    key = extra_columns[0] if sort in SEPARATE else _own_key(release, sort)
    return ListRow(release, key, project_id)


def _own_key(release: Release, sort: ReleaseSort) -> datetime:
    return release.created_at if sort is ReleaseSort.DATE else release.shipped_at


def _shape(
    release_filter: ReleaseFilter, sort: ReleaseSort, after: Position | None, *, is_backwards: bool
) -> Shape:
    status_count = len(ReleaseStatus) if release_filter.status is None else 1
    place = _place(release_filter, sort, INDEX_RANGES_MAX // status_count)
    environment_ids = release_filter.environment_ids
    levels: tuple[bool, ...] = ()
    if after is not None and release_filter.per_project and place is Place.PROJECTS:
        levels = _levels(release_filter.project_ids, after, is_backwards=is_backwards)
    return Shape(
        sort=sort,
        is_backwards=is_backwards,
        per_project=release_filter.per_project,
        place=place,
        status_count=status_count,
        project_count=0 if place is Place.ORGANIZATION else len(release_filter.project_ids),
        environment_count=len(environment_ids or ()) if place is Place.ENVIRONMENTS else 0,
        in_environments=environment_ids is not None,
        dates=tuple(name for name in DATES if getattr(release_filter, name) is not None),
        has_position=after is not None,
        levels=levels,
        in_package=package_of(release_filter.search) is not None,
        search=conditions_of(release_filter.search, is_by_version=sort is ReleaseSort.SEMVER),
    )


def _levels(project_ids: Sequence[int], after: Position, *, is_backwards: bool) -> tuple[bool, ...]:
    """Return for each project whether it comes after that of the position, or before it backwards."""
    here = after.project_id
    assert here is not None, "it is of a list per project"
    return tuple(here > id_ if is_backwards else here < id_ for id_ in project_ids)


def _parameters(
    shape: Shape, release_filter: ReleaseFilter, after: Position | None
) -> dict[str, object]:
    statuses = list(ReleaseStatus) if release_filter.status is None else [release_filter.status]
    project_ids, environment_ids = release_filter.project_ids, release_filter.environment_ids or ()
    parameters: dict[str, object] = {
        "organization_id": release_filter.organization_id,
        "project_ids": project_ids,
        "environment_ids": environment_ids,
        "package": package_of(release_filter.search),
    }
    parameters |= shape.search.values
    parameters |= {name: getattr(release_filter, name) for name in shape.dates}
    parameters |= {f"status{number}": status.value for number, status in enumerate(statuses)}
    for number in range(shape.project_count):
        project_id = project_ids[number]
        parameters |= {f"project{number}": project_id, f"negated{number}": -project_id}
    for number in range(shape.environment_count):
        parameters[f"environment{number}"] = environment_ids[number]
    if after is not None:
        parameters |= {"after_key": after.key, "after_created_at": after.created_at}
        parameters |= {"after_release_id": after.release_id}
        parameters |= {"after_negated": -(after.project_id or 0)}
    return parameters


def _place(release_filter: ReleaseFilter, sort: ReleaseSort, most: int) -> Place:
    """Return the index that serves, whose ranges are no more than ``most``."""
    if _is_by_environment(release_filter, sort, most):
        return Place.ENVIRONMENTS
    if len(release_filter.project_ids) <= most and not _is_wide(release_filter):
        return Place.PROJECTS
    return Place.ORGANIZATION


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


def _is_wide(release_filter: ReleaseFilter) -> bool:
    """Return True if the organization's index is shorter: for all of its projects, and for one package."""
    if release_filter.per_project or len(release_filter.project_ids) == 1:
        return False
    return release_filter.covers_all_projects or package_of(release_filter.search) is not None
