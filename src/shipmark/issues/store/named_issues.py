"""The issues that people and commits name by their ids or short ids."""

from collections.abc import Collection

import sqlalchemy as sa

from shipmark.events.merged_issues import merged_issues, survivor_of
from shipmark.infrastructure import database as db
from shipmark.issues.short_ids import ShortId
from shipmark.issues.store.issues import IS_VISIBLE, issues
from shipmark.projects.store import projects, redirects

_SHORT_IDS = db.json_rows("short_ids", slug=sa.Text(), number=db.Id)


# Subqueries, not joins: from the project or organization on, SQLite would compare each issue with the parameter's rows.
def _project_id_in(
    table: sa.TableClause, project_id: sa.ColumnElement[int]
) -> sa.ScalarSelect[int]:
    """Return the project that a table names by the organization and the slug of a short id."""
    return (
        sa.select(project_id)
        .where(
            table.c.organization_id == sa.bindparam("organization_id"),
            table.c.slug == _SHORT_IDS.c.slug,
        )
        .correlate(_SHORT_IDS)
        .scalar_subquery()
    )


_project_id = sa.func.coalesce(
    _project_id_in(projects, projects.c.id), _project_id_in(redirects, redirects.c.project_id)
)
_issue_id = (
    sa.select(issues.c.id)
    .where(issues.c.project_id == _project_id, issues.c.number == _SHORT_IDS.c.number, IS_VISIBLE)
    .correlate(_SHORT_IDS)
    .scalar_subquery()
)
_survivor_id = (
    sa.select(merged_issues.c.issue_id)
    .join(issues, issues.c.id == merged_issues.c.issue_id)
    .where(
        merged_issues.c.project_id == _project_id,
        merged_issues.c.number == _SHORT_IDS.c.number,
        IS_VISIBLE,
    )
    .correlate(_SHORT_IDS)
    .scalar_subquery()
)
_BY_SHORT_IDS = sa.select(
    _SHORT_IDS.c.slug, _SHORT_IDS.c.number, sa.func.coalesce(_survivor_id, _issue_id)
)
_known_id = (
    sa.select(issues.c.id)
    .where(
        issues.c.id == survivor_of(db.IDS.c.id),
        issues.c.organization_id == sa.bindparam("organization_id"),
        IS_VISIBLE,
    )
    .correlate(db.IDS)
    .scalar_subquery()
)
_IN_ORGANIZATION = sa.select(db.IDS.c.id, _known_id)


def ids_of_short_ids(
    connection: sa.Connection, organization_id: int, short_ids: Collection[ShortId]
) -> dict[ShortId, int]:
    """Return the issue's id of each short id by one statement; unknown ones are left out.

    The short id of a merged issue is as good as that of the survivor, and a former slug of the project as the current
    one (groups-api.md 7.3).
    """
    if not short_ids:
        return {}
    pairs = sorted({(short_id.project_slug, short_id.number) for short_id in short_ids})
    rows = db.rows_param("short_ids", pairs)
    result = connection.execute(_BY_SHORT_IDS, rows | {"organization_id": organization_id})
    return {
        ShortId(project_slug=slug, number=number): issue_id
        for slug, number, issue_id in result
        if issue_id is not None
    }


def ids_in_organization(
    connection: sa.Connection, organization_id: int, issue_ids: Collection[int]
) -> dict[int, int]:
    """Return the id of the issue that each of the ids leads to; those of other organizations are left out."""
    if not issue_ids:
        return {}
    parameters = db.ids_param(issue_ids) | {"organization_id": organization_id}
    rows = connection.execute(_IN_ORGANIZATION, parameters)
    return {named_id: issue_id for named_id, issue_id in rows if issue_id is not None}
