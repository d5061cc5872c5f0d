"""The newest releases and deploys of organizations, in short: what pages that follow them compare."""

from collections.abc import Collection

import sqlalchemy as sa

from shipmark.deploys.store.deploys import deploys
from shipmark.infrastructure import database as db
from shipmark.releases.store.releases import releases

#: How many ids are summed up. Rows are committed in another order than they take their ids in, so that the highest id
#: alone would miss some: they are missed only if this many later ones are committed before them.
_NEWEST = 50


def _sum_of_newest(row_id: sa.Column[int], owner: sa.Column[int]) -> sa.ScalarSelect[int]:
    newest = (
        sa.select(row_id.label("id"))
        .where(owner == db.IDS.c.id)
        .order_by(row_id.desc())
        .limit(_NEWEST)
        .correlate(db.IDS)
        .subquery("found")
    )
    return (
        sa.select(sa.func.coalesce(sa.func.sum(newest.c.id), 0)).correlate(db.IDS).scalar_subquery()
    )


_MARKS = sa.select(
    db.IDS.c.id,
    _sum_of_newest(releases.c.id, releases.c.organization_id),
    _sum_of_newest(deploys.c.id, deploys.c.organization_id),
)


def marks_of(connection: sa.Connection, organization_ids: Collection[int]) -> dict[int, str]:
    """Return a text for each organization that changes when a release or a deploy of it comes or goes.

    An index has the newest ids of an organization, so that the cost does not grow with the tables.
    """
    if not organization_ids:
        return {}
    rows = connection.execute(_MARKS, db.ids_param(organization_ids))
    return {row_id: f"{of_releases}-{of_deploys}" for row_id, of_releases, of_deploys in rows}
