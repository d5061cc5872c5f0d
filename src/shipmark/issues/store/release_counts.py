"""The numbers of new and regressed issues of releases, counted anew from the issues that there are."""

from collections.abc import Collection

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.issues.model import HistoryStatus
from shipmark.issues.store.activity import history
from shipmark.issues.store.issues import IS_VISIBLE, issues
from shipmark.issues.store.occurrences import issue_environments
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects

_is_regression = history.c.status == HistoryStatus.REGRESSED
_OF_ISSUES = sa.union(
    sa.select(issues.c.first_release_id).where(db.in_ids(issues.c.id)),
    sa.select(issue_environments.c.first_release_id).where(
        db.in_ids(issue_environments.c.issue_id)
    ),
    sa.select(history.c.release_id).where(db.in_ids(history.c.issue_id), _is_regression),
)
_environments, _projects = release_environments.c, release_projects.c
_LOCK_ENVIRONMENTS = (
    sa.select(_environments.release_id)
    .where(db.in_ids(_environments.release_id))
    .order_by(_environments.release_id, _environments.project_id, _environments.environment_id)
    .with_for_update()
)
_LOCK_PROJECTS = (
    sa.select(_projects.release_id)
    .where(db.in_ids(_projects.release_id))
    .order_by(_projects.release_id, _projects.project_id)
    .with_for_update()
)
_NEW_THERE = (
    sa.select(sa.func.count())
    .select_from(issue_environments)
    .join(issues, issues.c.id == issue_environments.c.issue_id)
    .where(
        issue_environments.c.first_release_id == _environments.release_id,
        # The sum keeps SQLite from reading all rows of the environment by its index.
        issue_environments.c.environment_id + 0 == _environments.environment_id,
        issues.c.project_id + 0 == _environments.project_id,
        IS_VISIBLE,
    )
)
_NEW = (
    sa.select(sa.func.count())
    .select_from(issues)
    .where(
        issues.c.first_release_id == _projects.release_id,
        issues.c.project_id + 0 == _projects.project_id,
        IS_VISIBLE,
    )
)
_REGRESSED = (
    sa.select(sa.func.count(history.c.issue_id.distinct()))
    .select_from(history)
    .join(issues, issues.c.id == history.c.issue_id)
    .where(
        history.c.release_id == _projects.release_id,
        _is_regression,
        issues.c.project_id + 0 == _projects.project_id,
        IS_VISIBLE,
    )
)
_COUNT_ENVIRONMENTS = (
    sa.update(release_environments)
    .where(db.in_ids(_environments.release_id))
    .values(new_issue_count=_NEW_THERE.scalar_subquery())
)
_COUNT_PROJECTS = (
    sa.update(release_projects)
    .where(db.in_ids(_projects.release_id))
    .values(
        new_issue_count=_NEW.scalar_subquery(), regressed_issue_count=_REGRESSED.scalar_subquery()
    )
)


def releases_of(connection: sa.Connection, issue_ids: Collection[int]) -> list[int]:
    """Return the releases, in order, that brought these issues, somewhere or anywhere, or in which they regressed."""
    found = connection.execute(_OF_ISSUES, db.ids_param(issue_ids)).scalars()
    return sorted(release_id for release_id in found if release_id is not None)


def count(connection: sa.Connection, release_ids: Collection[int]) -> None:
    """Count the issues of these releases.

    On PostgreSQL a statement sees what was committed when it began. Who adds an issue adds to the numbers too: while
    these are locked, it either has committed both before the next statement, or waits and adds to what that stores.
    """
    parameters = db.ids_param(release_ids)
    for statement in (_LOCK_ENVIRONMENTS, _LOCK_PROJECTS, _COUNT_ENVIRONMENTS, _COUNT_PROJECTS):
        connection.execute(statement, parameters)
