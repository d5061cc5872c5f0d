"""Which projects a release is attached to."""

from collections.abc import Collection, Mapping

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    Table,
    TypedColumns,
    bindparam,
    literal_column,
    select,
    update,
)

from shipmark.ground.database import WANTED, Id, listed, metadata, rows, upsert, wanted
from shipmark.releases.model import ReleasedProject


class ReleaseProjectColumns(TypedColumns):
    """A release in a project, with the number of issues first seen in it there."""

    release_id = Column(Id, ForeignKey("releases.id", ondelete="CASCADE"), primary_key=True)
    project_id = Column(
        Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    new_issue_count = Column(Integer, nullable=False)


release_projects = Table("release_projects", metadata, ReleaseProjectColumns)


_ATTACH = (
    upsert(release_projects)
    .from_select(
        ["release_id", "project_id", "new_issue_count"],
        select(bindparam("release_id", type_=Id), WANTED.c.id, literal_column("0")).order_by(
            WANTED.c.id
        ),
    )
    .on_conflict_do_nothing()
    .returning(release_projects.c.project_id)
)
_OF_RELEASES = (
    select(
        release_projects.c.release_id,
        release_projects.c.project_id,
        release_projects.c.new_issue_count,
    )
    .join(WANTED, WANTED.c.id == release_projects.c.release_id)
    .order_by(release_projects.c.release_id, release_projects.c.project_id)
)

_BROUGHT = listed("brought", release_id=Id, project_id=Id, number=Integer())
_COUNT_BROUGHT = (
    update(release_projects)
    .where(
        release_projects.c.release_id == _BROUGHT.c.release_id,
        release_projects.c.project_id == _BROUGHT.c.project_id,
    )
    .values(new_issue_count=release_projects.c.new_issue_count + _BROUGHT.c.number)
)


def attach(connection: Connection, release_id: int, project_ids: Collection[int]) -> set[int]:
    """Attach the release to the projects; says to which it was not attached before."""
    if not project_ids:
        return set()
    parameters = wanted(project_ids) | {"release_id": release_id}
    return set(connection.execute(_ATTACH, parameters).scalars())


def of_releases(
    connection: Connection, release_ids: Collection[int]
) -> dict[int, list[ReleasedProject]]:
    """The projects of each release, the oldest first."""
    if not release_ids:
        return {}
    found: dict[int, list[ReleasedProject]] = {}
    for release_id, project_id, count in connection.execute(_OF_RELEASES, wanted(release_ids)):
        released = ReleasedProject(project_id=project_id, new_issue_count=count)
        found.setdefault(release_id, []).append(released)
    return found


def count_new_issue(connection: Connection, release_id: int, project_id: int) -> None:
    """Count an issue that was first seen in the release."""
    connection.execute(
        update(release_projects)
        .where(
            release_projects.c.release_id == release_id, release_projects.c.project_id == project_id
        )
        .values(new_issue_count=release_projects.c.new_issue_count + 1)
    )


def count_new_issues(connection: Connection, numbers: Mapping[tuple[int, int], int]) -> None:
    """Count issues that count as first seen in other releases now: how many, by (release, project)."""
    if numbers:
        given = ((*place, number) for place, number in sorted(numbers.items()))
        connection.execute(_COUNT_BROUGHT, rows("brought", given))
