"""Numbers of releases created, by time interval and by project."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.releases.model import ReleaseStatus
from shipmark.releases.store.projects import release_projects

_STEPS = db.json_rows(
    "steps", number=sa.Integer(), begins_at=db.UtcDateTime(), ends_at=db.UtcDateTime()
)

# Of any status: the index by date has the status before the date.
_IS_ANY = release_projects.c.status.in_([release_status.value for release_status in ReleaseStatus])
_MADE = (
    sa.select(_STEPS.c.number, sa.func.count(release_projects.c.release_id.distinct()))
    .select_from(_STEPS)
    .join(
        release_projects,
        sa.and_(
            db.in_ids(release_projects.c.project_id),
            _IS_ANY,
            release_projects.c.created_at >= _STEPS.c.begins_at,
            release_projects.c.created_at < _STEPS.c.ends_at,
        ),
    )
    .group_by(_STEPS.c.number)
)
_OF_PROJECTS = (
    sa.select(release_projects.c.project_id, sa.func.count())
    .where(
        db.in_ids(release_projects.c.project_id),
        _IS_ANY,
        release_projects.c.created_at >= sa.bindparam("since", type_=db.UtcDateTime()),
        release_projects.c.created_at <= sa.bindparam("until", type_=db.UtcDateTime()),
    )
    .group_by(release_projects.c.project_id)
)

Step = tuple[datetime, datetime]


def by_step(
    connection: sa.Connection, project_ids: Collection[int], steps: Sequence[Step]
) -> list[int]:
    """Return the number of these projects' releases created in each step; one of several projects counts once."""
    parameters = db.rows_param("steps", ((number, *step) for number, step in enumerate(steps)))
    rows = connection.execute(_MADE, parameters | db.ids_param(project_ids))
    counts = {number: count for number, count in rows}
    return [counts.get(number, 0) for number in range(len(steps))]


def by_project(
    connection: sa.Connection, project_ids: Collection[int], between: Step
) -> dict[int, int]:
    """Return the number of releases of each project created between two dates; projects without any are left out."""
    parameters = db.ids_param(project_ids) | {"since": between[0], "until": between[1]}
    return {project_id: count for project_id, count in connection.execute(_OF_PROJECTS, parameters)}
