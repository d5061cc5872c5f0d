"""How many releases were made, by stretches of time and by project."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Integer, and_, bindparam, exists, func, select

from shipmark.ground.database import WANTED, Id, Moment, listed, rows, wanted
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases

_STEPS = listed("steps", number=Integer(), begins_at=Moment(), ends_at=Moment())

_MADE = (
    select(_STEPS.c.number, func.count(releases.c.id))
    .join(
        releases,
        and_(
            releases.c.organization_id == bindparam("organization_id", type_=Id),
            releases.c.created_at >= _STEPS.c.begins_at,
            releases.c.created_at < _STEPS.c.ends_at,
        ),
    )
    .where(
        exists().where(
            release_projects.c.release_id == releases.c.id,
            release_projects.c.project_id.in_(select(WANTED.c.id)),
        )
    )
    .group_by(_STEPS.c.number)
)
_OF_PROJECTS = (
    select(release_projects.c.project_id, func.count(releases.c.id))
    .join(releases, releases.c.id == release_projects.c.release_id)
    .where(
        releases.c.organization_id == bindparam("organization_id", type_=Id),
        releases.c.created_at >= bindparam("since", type_=Moment()),
        releases.c.created_at <= bindparam("until", type_=Moment()),
        release_projects.c.project_id.in_(select(WANTED.c.id)),
    )
    .group_by(release_projects.c.project_id)
)

Step = tuple[datetime, datetime]


def by_step(
    connection: Connection,
    organization_id: int,
    project_ids: Collection[int],
    steps: Sequence[Step],
) -> list[int]:
    """How many releases of these projects were made in each step; one of several projects counts once."""
    given = rows("steps", ((number, *step) for number, step in enumerate(steps)))
    parameters = given | wanted(project_ids) | {"organization_id": organization_id}
    found = {number: many for number, many in connection.execute(_MADE, parameters)}
    return [found.get(number, 0) for number in range(len(steps))]


def by_project(
    connection: Connection, organization_id: int, project_ids: Collection[int], between: Step
) -> dict[int, int]:
    """How many releases of each project were made between two moments; a project without one is left out."""
    more = {"organization_id": organization_id, "since": between[0], "until": between[1]}
    parameters = wanted(project_ids) | more
    return {project_id: many for project_id, many in connection.execute(_OF_PROJECTS, parameters)}
