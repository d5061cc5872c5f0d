"""Resolutions of issues in releases, and the issues that a release's commits resolve."""

from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, partial_index, table
from shipmark.issues.model import Issue, IssueStatus, Resolution, ResolutionType
from shipmark.issues.store.commit_links import commit_links
from shipmark.issues.store.issues import IS_VISIBLE, ISSUE, issues
from shipmark.releases.store.commits import release_commits
from shipmark.releases.store.projects import release_projects
from shipmark.repositories.store import authors, commits


class ResolutionColumns(sa.TypedColumns):
    """The resolution of an issue: at most one. It is deleted when the issue regresses or its release is deleted.

    ``pending_project_id`` is the project whose next release completes it, or NULL. The type is always the same: code
    of earlier versions knows no other.
    """

    id = sa.Column(db.Id, primary_key=True)
    issue_id = parent("issues", unique=True)
    release_id = parent("releases", index=True)
    type = sa.Column(sa.String(16), nullable=False)
    user_id = sa.Column(db.Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    resolved_at = sa.Column(db.UtcDateTime, nullable=False)
    pending_project_id = sa.Column(db.Id)
    current_version = sa.Column(sa.String(250))


resolutions = table("resolutions", ResolutionColumns)
partial_index(
    "ix_resolutions_pending",
    resolutions.c.pending_project_id,
    where=resolutions.c.pending_project_id.is_not(None),
)


_RESOLUTION = RowReader(
    Resolution,
    resolutions,
    type=ResolutionType,
    at=resolutions.c.resolved_at,
    is_pending=(lambda project_id: project_id is not None, resolutions.c.pending_project_id),
)
_OF_ISSUES = _RESOLUTION.select().join(db.IDS, db.IDS.c.id == resolutions.c.issue_id)
_PENDING_IN = (
    _RESOLUTION.select()
    .join(db.IDS, db.IDS.c.id == resolutions.c.pending_project_id)
    .order_by(resolutions.c.issue_id)
)
# Another transaction may have resolved or reopened the issue since the rows were read.
_COMPLETE = (
    sa.update(resolutions)
    .where(db.in_ids(resolutions.c.id), resolutions.c.pending_project_id.is_not(None))
    .values(release_id=sa.bindparam("next_release_id", type_=db.Id), pending_project_id=None)
)
_DROP = sa.delete(resolutions).where(db.in_ids(resolutions.c.issue_id))
_DONE = sa.exists().where(
    resolutions.c.issue_id == issues.c.id,
    resolutions.c.release_id == release_commits.c.release_id,
    issues.c.status == IssueStatus.RESOLVED,
)
_NAMED = (
    sa.select(issues.c.id, commit_links.c.commit_id, authors.c.email)
    .select_from(release_commits)
    .join(commit_links, commit_links.c.commit_id == release_commits.c.commit_id)
    .join(issues, issues.c.id == commit_links.c.issue_id)
    .join(
        release_projects,
        sa.and_(
            release_projects.c.release_id == release_commits.c.release_id,
            release_projects.c.project_id == issues.c.project_id,
        ),
    )
    .join(commits, commits.c.id == commit_links.c.commit_id)
    .outerjoin(authors, authors.c.id == commits.c.author_id)
    .where(release_commits.c.release_id == sa.bindparam("release_id"), IS_VISIBLE, ~_DONE)
    .order_by(issues.c.id, release_commits.c.position)
)
_OF_USERS = (
    sa.select(commit_links.c.issue_id, commit_links.c.commit_id)
    .join(db.IDS, db.IDS.c.id == commit_links.c.issue_id)
    .join(issues, issues.c.id == commit_links.c.issue_id)
    .where(commit_links.c.is_by_user, commit_links.c.linked_at >= issues.c.resolved_at)
    .order_by(commit_links.c.linked_at, commit_links.c.commit_id)
)
_KEPT = ("release_id", "user_id", "pending_project_id", "current_version")
_GIVEN = insert_rows(resolutions, "resolved", ("issue_id", *_KEPT), shared=("type", "resolved_at"))
_SET = _GIVEN.on_conflict_do_update(
    index_elements=["issue_id"],
    set_={name: _GIVEN.excluded[name] for name in (*_KEPT, "type", "resolved_at")},
).returning(resolutions.c.issue_id, resolutions.c.id)
_RELEASE_ID = sa.bindparam("release_id", type_=db.Id)
#: The ids of the issues with a resolution in the release ``release_id``, or that one of its commits names.
#: A query that begins here, and not at the projects' issues, costs as much as there are resolved issues.
RESOLVED_IDS = (
    sa.select(resolutions.c.issue_id)
    .where(resolutions.c.release_id == _RELEASE_ID)
    .union(
        sa.select(commit_links.c.issue_id)
        .join(release_commits, release_commits.c.commit_id == commit_links.c.commit_id)
        .where(release_commits.c.release_id == _RELEASE_ID)
    )
    .subquery("found")
)
_RESOLVED_BY = (
    ISSUE.select()
    .join(RESOLVED_IDS, RESOLVED_IDS.c.issue_id == issues.c.id)
    .where(db.in_ids(issues.c.project_id), IS_VISIBLE)
    .order_by(issues.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewResolution:
    """A resolution to insert; see `Resolution`. ``pending_project_id`` is the project that has to release first."""

    issue_id: int
    release_id: int
    user_id: int | None
    pending_project_id: int | None = None
    current_version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedIssue:
    """An issue that a commit of a release names, with the address of the commit's author."""

    issue_id: int
    commit_id: int
    author_email: str | None


def named_by_release(connection: sa.Connection, release_id: int) -> list[NamedIssue]:
    """Return the issues that the release's commits name and it has not resolved yet, each with its newest commit.

    Only issues of the release's projects: one of another stays open until the commit ships there.
    """
    newest: dict[int, NamedIssue] = {}
    for issue_id, commit_id, email in connection.execute(_NAMED, {"release_id": release_id}):
        named = NamedIssue(issue_id=issue_id, commit_id=commit_id, author_email=email)
        newest.setdefault(issue_id, named)
    return list(newest.values())


def set_in_release(
    connection: sa.Connection, release_id: int, users: dict[int, int | None], at: datetime
) -> dict[int, int]:
    """Resolve issues in the release, each by a user or None. Return the resolution's id of each issue."""
    new_resolutions = [
        NewResolution(issue_id=issue_id, release_id=release_id, user_id=user_id)
        for issue_id, user_id in users.items()
    ]
    return put(connection, new_resolutions, at)


def put(
    connection: sa.Connection, new_resolutions: Collection[NewResolution], at: datetime
) -> dict[int, int]:
    """Insert or replace the resolutions of issues by one statement. Return the resolution's id of each issue."""
    values = sorted(map(astuple, new_resolutions), key=lambda row: row[0])
    shared = {"type": ResolutionType.IN_RELEASE, "resolved_at": at}
    result = connection.execute(_SET, {**db.rows_param("resolved", values), **shared})
    return {issue_id: resolution_id for issue_id, resolution_id in result}


def of_issues(connection: sa.Connection, issue_ids: Collection[int]) -> dict[int, Resolution]:
    """Return the resolution of each issue that has one."""
    if not issue_ids:
        return {}
    result = connection.execute(_OF_ISSUES, db.ids_param(issue_ids))
    return {resolution.issue_id: resolution for resolution in map(_RESOLUTION, result)}


def commits_of(connection: sa.Connection, issue_ids: Collection[int]) -> dict[int, int]:
    """Return the id of the commit in which a user resolved each issue, unless it was resolved otherwise since."""
    if not issue_ids:
        return {}
    result = connection.execute(_OF_USERS, db.ids_param(issue_ids))
    return {issue_id: commit_id for issue_id, commit_id in result}


def pending_in(connection: sa.Connection, project_ids: Collection[int]) -> list[Resolution]:
    """Return the resolutions that wait for the next release of these projects, ordered by issue."""
    return _RESOLUTION.all(connection, _PENDING_IN, db.ids_param(project_ids))


def complete(connection: sa.Connection, resolution_ids: Collection[int], release_id: int) -> None:
    """Complete pending resolutions with this release."""
    connection.execute(_COMPLETE, db.ids_param(resolution_ids) | {"next_release_id": release_id})


def delete_of_issues(connection: sa.Connection, issue_ids: Collection[int]) -> None:
    """Delete the resolutions of these issues."""
    connection.execute(_DROP, db.ids_param(issue_ids))


def is_unshipped(connection: sa.Connection, issue_id: int) -> bool:
    """Return True if the newest commit that resolves the issue is in no release yet (releases.md 4.3)."""
    query = (
        sa.select(commit_links.c.commit_id)
        .where(commit_links.c.issue_id == issue_id)
        .order_by(commit_links.c.linked_at.desc(), commit_links.c.commit_id.desc())
        .limit(1)
    )
    commit_id = connection.execute(query).scalar_one_or_none()
    if commit_id is None:
        return False
    shipped = sa.select(release_commits.c.release_id)
    shipped = shipped.where(release_commits.c.commit_id == commit_id).limit(1)
    return connection.execute(shipped).first() is None


def resolved_by(
    connection: sa.Connection, release_id: int, project_ids: Collection[int], *, limit: int
) -> list[Issue]:
    """Return the issues with a resolution in the release or named by one of its commits, the oldest first."""
    parameters = db.ids_param(project_ids) | {"release_id": release_id, "most": limit}
    return ISSUE.all(connection, _RESOLVED_BY, parameters)
