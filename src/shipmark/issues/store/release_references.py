"""References of issues to releases that are deleted, and their replacements."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.row_reader import RowReader
from shipmark.issues.store.commit_links import commit_links
from shipmark.issues.store.issues import issues
from shipmark.issues.store.occurrences import issue_environments, issue_releases
from shipmark.issues.store.resolutions import resolutions
from shipmark.releases.store.commits import release_commits


@dataclass(frozen=True, slots=True, kw_only=True)
class ReassignedIssue:
    """An issue first seen in a deleted release, and the release that it was seen in next, if any.

    With an environment, both are the first and the next release in that environment.
    """

    issue_id: int
    project_id: int
    release_id: int | None
    environment_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TiedResolution:
    """A resolution in a deleted release."""

    resolution_id: int
    issue_id: int
    project_id: int
    release_id: int
    is_pending: bool
    current_version: str | None


_GONE = db.IDS.alias("gone")


def _next_release(*, in_environment: bool) -> sa.ScalarSelect[int]:
    query = sa.select(issue_releases.c.release_id).where(
        issue_releases.c.issue_id == issues.c.id,
        issue_releases.c.release_id.not_in(sa.select(_GONE.c.id)),
    )
    if in_environment:
        # The sum keeps SQLite from reading all rows of the environment by its index.
        environment_id = issue_releases.c.environment_id + 0
        query = query.where(environment_id == issue_environments.c.environment_id)
    query = query.order_by(issue_releases.c.first_seen_at, issue_releases.c.release_id).limit(1)
    return query.correlate(issues, issue_environments).scalar_subquery()


_FIRST_SEEN = RowReader(
    ReassignedIssue, issues, issue_id=issues.c.id, release_id=_next_release(in_environment=False)
)
_OF_FIRST_SEEN = _FIRST_SEEN.select().join(db.IDS, db.IDS.c.id == issues.c.first_release_id)
_INTRODUCED = RowReader(
    ReassignedIssue,
    issues,
    issue_id=issues.c.id,
    release_id=_next_release(in_environment=True),
    environment_id=issue_environments.c.environment_id,
)
_OF_INTRODUCED = (
    _INTRODUCED.select()
    .select_from(issue_environments)
    .join(db.IDS, db.IDS.c.id == issue_environments.c.first_release_id)
    .join(issues, issues.c.id == issue_environments.c.issue_id)
)
_TIED = RowReader(
    TiedResolution,
    resolutions,
    resolution_id=resolutions.c.id,
    project_id=issues.c.project_id,
    is_pending=(lambda project_id: project_id is not None, resolutions.c.pending_project_id),
)
_OF_TIED = (
    _TIED.select()
    .select_from(resolutions)
    .join(db.IDS, db.IDS.c.id == resolutions.c.release_id)
    .join(issues, issues.c.id == resolutions.c.issue_id)
)
_MOVES = db.json_rows("moves", issue_id=db.Id, release_id=db.Id, environment_id=db.Id)
_MOVE_FIRST_SEEN = (
    sa.update(issues)
    .where(issues.c.id == _MOVES.c.issue_id)
    .values(first_release_id=_MOVES.c.release_id)
)
_MOVE_INTRODUCED = (
    sa.update(issue_environments)
    .where(
        issue_environments.c.issue_id == _MOVES.c.issue_id,
        issue_environments.c.environment_id == _MOVES.c.environment_id,
    )
    .values(first_release_id=_MOVES.c.release_id)
)
_UNTIED = db.json_rows("untied", resolution_id=db.Id, gone_id=db.Id, release_id=db.Id)
# A resolution that was set to another release meanwhile stays.
_MOVE_RESOLUTIONS = (
    sa.update(resolutions)
    .where(
        resolutions.c.id == _UNTIED.c.resolution_id, resolutions.c.release_id == _UNTIED.c.gone_id
    )
    .values(release_id=_UNTIED.c.release_id)
)
_GOING = db.json_rows("going", id=db.Id)
_elsewhere = release_commits.alias("elsewhere")
_DROP_LINKS = sa.delete(commit_links).where(
    db.in_ids(commit_links.c.issue_id),
    sa.exists().where(
        release_commits.c.commit_id == commit_links.c.commit_id,
        release_commits.c.release_id.in_(sa.select(_GOING.c.id)),
    ),
    ~sa.exists().where(
        _elsewhere.c.commit_id == commit_links.c.commit_id,
        _elsewhere.c.release_id.not_in(sa.select(_GOING.c.id)),
    ),
)


def first_seen(connection: sa.Connection, deleted_ids: Collection[int]) -> list[ReassignedIssue]:
    """Return the issues first seen in deleted releases, and the release in which each was seen next."""
    return _FIRST_SEEN.all(connection, _OF_FIRST_SEEN, db.ids_param(deleted_ids))


def introduced(connection: sa.Connection, deleted_ids: Collection[int]) -> list[ReassignedIssue]:
    """Return the issues that deleted releases introduced to environments, with the next release of each there."""
    return _INTRODUCED.all(connection, _OF_INTRODUCED, db.ids_param(deleted_ids))


def tied_resolutions(
    connection: sa.Connection, deleted_ids: Collection[int]
) -> list[TiedResolution]:
    """Return the resolutions in deleted releases."""
    return _TIED.all(connection, _OF_TIED, db.ids_param(deleted_ids))


def move_first_seen(connection: sa.Connection, moves: Collection[ReassignedIssue]) -> None:
    """Set the first releases of issues to the next ones, or to none."""
    rows = [(issue.issue_id, issue.release_id, None) for issue in moves]
    connection.execute(_MOVE_FIRST_SEEN, db.rows_param("moves", rows))


def move_introduced(connection: sa.Connection, moves: Collection[ReassignedIssue]) -> None:
    """Set the first releases of issues in environments to the next ones, or to none."""
    rows = [(issue.issue_id, issue.release_id, issue.environment_id) for issue in moves]
    connection.execute(_MOVE_INTRODUCED, db.rows_param("moves", rows))


def move_resolutions(
    connection: sa.Connection, moves: Collection[tuple[TiedResolution, int]]
) -> None:
    """Set the release of each resolution to the id paired with it."""
    rows = [
        (resolution.resolution_id, resolution.release_id, release_id)
        for resolution, release_id in moves
    ]
    connection.execute(_MOVE_RESOLUTIONS, db.rows_param("untied", rows))


def drop_links(
    connection: sa.Connection, issue_ids: Collection[int], deleted_ids: Collection[int]
) -> None:
    """Delete the links of these issues to commits that are in no other release than the deleted ones."""
    rows = db.values_param("going", deleted_ids)
    connection.execute(_DROP_LINKS, db.ids_param(issue_ids) | rows)
