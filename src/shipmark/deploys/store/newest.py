"""What is new in organizations, in short: what pages that follow them compare."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from shipmark.artifacts.store.bundles import bundle_projects
from shipmark.deploys.store.deploys import deploys
from shipmark.infrastructure import database as db
from shipmark.projects.store import projects
from shipmark.releases.store.releases import releases

#: How many ids are summed up. Rows are committed in another order than they take their ids in, so that the highest id
#: alone would miss some: they are missed only if this many later ones are committed before them.
_NEWEST = 50


def _sum_of_newest(
    row_id: sa.Column[int], owner: sa.Column[int], summed: sa.Column[int]
) -> sa.ScalarSelect[int]:
    """Return the sum of a column of the newest rows of each organization."""
    newest = (
        sa.select(summed.label("summed"))
        .where(owner == db.IDS.c.id)
        .order_by(row_id.desc())
        .limit(_NEWEST)
        .correlate(db.IDS)
        .subquery("found")
    )
    total = sa.func.coalesce(sa.func.sum(newest.c.summed), 0)
    return sa.select(total).correlate(db.IDS).scalar_subquery()


def _project_count(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.count())
        .select_from(projects)
        .where(projects.c.organization_id == db.IDS.c.id, condition)
        .correlate(db.IDS)
        .scalar_subquery()
    )


_has_bundle = sa.exists().where(bundle_projects.c.project_id == projects.c.id)
_MARKS: sa.Select[Any] = sa.select(
    db.IDS.c.id,
    _sum_of_newest(releases.c.id, releases.c.organization_id, releases.c.id),
    _sum_of_newest(deploys.c.id, deploys.c.organization_id, deploys.c.id),
    _sum_of_newest(releases.c.id, releases.c.organization_id, releases.c.commit_count),
    _project_count(projects.c.first_event_at.is_not(None)),
    _project_count(_has_bundle),
)


def marks_of(connection: sa.Connection, organization_ids: Collection[int]) -> dict[int, str]:
    """Return a text for each organization that changes when a release or a deploy of it comes or goes.

    It also changes when commits come to one of its newest releases, and with the first event and the first source maps
    of a project. An index has the newest ids of an organization, so that the cost does not grow with the tables.
    """
    if not organization_ids:
        return {}
    rows = connection.execute(_MARKS, db.ids_param(organization_ids))
    return {row_id: "-".join(map(str, numbers)) for row_id, *numbers in rows}
