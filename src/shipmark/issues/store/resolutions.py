"""Resolutions of issues in releases, and the issues that a release's commits resolve."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    TypedColumns,
    and_,
    bindparam,
    delete,
    exists,
    literal,
    select,
    update,
)

from shipmark.infrastructure.database import (
    IDS,
    Id,
    UtcDateTime,
    ids_param,
    json_rows,
    metadata,
    rows_param,
    upsert,
)
from shipmark.issues.model import Issue, IssueStatus, Resolution, ResolutionType
from shipmark.issues.store.commit_links import commit_links
from shipmark.issues.store.issues import ISSUE, issue_of, issues
from shipmark.releases.store.commits import release_commits
from shipmark.releases.store.projects import release_projects
from shipmark.repositories.store import authors, commits


class ResolutionColumns(TypedColumns):
    """The resolution of an issue: at most one. It is deleted when the issue regresses or its release is deleted.

    ``pending_project_id`` is the project whose next release completes it, or NULL. The type is always the same: code
    of earlier versions knows no other.
    """

    id = Column(Id, primary_key=True)
    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False, unique=True)
    release_id = Column(
        Id, ForeignKey("releases.id", ondelete="CASCADE"), nullable=False, index=True
    )
    type = Column(String(16), nullable=False)
    user_id = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    resolved_at = Column(UtcDateTime, nullable=False)
    pending_project_id = Column(Id)
    current_version = Column(String(250))


resolutions = Table("resolutions", metadata, ResolutionColumns, sqlite_autoincrement=True)
_is_pending = resolutions.c.pending_project_id.is_not(None)
Index(
    "ix_resolutions_pending",
    resolutions.c.pending_project_id,
    sqlite_where=_is_pending,
    postgresql_where=_is_pending,
)


_RESOLUTION = (
    resolutions.c.id,
    resolutions.c.issue_id,
    resolutions.c.release_id,
    resolutions.c.type,
    resolutions.c.user_id,
    resolutions.c.resolved_at,
    resolutions.c.pending_project_id,
    resolutions.c.current_version,
)
_OF_ISSUES = select(*_RESOLUTION).join(IDS, IDS.c.id == resolutions.c.issue_id)
_PENDING_IN = (
    select(*_RESOLUTION)
    .join(IDS, IDS.c.id == resolutions.c.pending_project_id)
    .order_by(resolutions.c.issue_id)
)
# Another transaction may have resolved or reopened the issue since the rows were read.
_COMPLETE = (
    update(resolutions)
    .where(
        resolutions.c.id.in_(select(IDS.c.id)),
        resolutions.c.pending_project_id.is_not(None),
    )
    .values(release_id=bindparam("next_release_id", type_=Id), pending_project_id=None)
)
_DROP = delete(resolutions).where(resolutions.c.issue_id.in_(select(IDS.c.id)))

_DONE = exists().where(
    resolutions.c.issue_id == issues.c.id,
    resolutions.c.release_id == release_commits.c.release_id,
    issues.c.status == IssueStatus.RESOLVED,
)
_NAMED = (
    select(issues.c.id, commit_links.c.commit_id, authors.c.email)
    .select_from(release_commits)
    .join(commit_links, commit_links.c.commit_id == release_commits.c.commit_id)
    .join(issues, issues.c.id == commit_links.c.issue_id)
    .join(
        release_projects,
        and_(
            release_projects.c.release_id == release_commits.c.release_id,
            release_projects.c.project_id == issues.c.project_id,
        ),
    )
    .join(commits, commits.c.id == commit_links.c.commit_id)
    .outerjoin(authors, authors.c.id == commits.c.author_id)
    .where(release_commits.c.release_id == bindparam("release_id"), ~_DONE)
    .order_by(issues.c.id, release_commits.c.position)
)

_SET_ROWS = json_rows(
    "resolved",
    issue_id=Id,
    release_id=Id,
    user_id=Id,
    pending_project_id=Id,
    current_version=Text(),
)
_KEPT = ("release_id", "user_id", "pending_project_id", "current_version")
_GIVEN = upsert(resolutions).from_select(
    ["issue_id", *_KEPT, "type", "resolved_at"],
    select(
        _SET_ROWS.c.issue_id,
        *(_SET_ROWS.c[name] for name in _KEPT),
        literal(ResolutionType.IN_RELEASE.value),
        bindparam("at", type_=UtcDateTime()),
    ).order_by(_SET_ROWS.c.issue_id),
)
_SET = _GIVEN.on_conflict_do_update(
    index_elements=["issue_id"],
    set_={name: _GIVEN.excluded[name] for name in (*_KEPT, "type", "resolved_at")},
).returning(resolutions.c.issue_id, resolutions.c.id)


_RELEASE_ID = bindparam("release_id", type_=Id)
# Begins at the release, not at the projects' issues: the cost follows the number of resolved issues.
_resolved_ids = (
    select(resolutions.c.issue_id)
    .where(resolutions.c.release_id == _RELEASE_ID)
    .union(
        select(commit_links.c.issue_id)
        .join(release_commits, release_commits.c.commit_id == commit_links.c.commit_id)
        .where(release_commits.c.release_id == _RELEASE_ID)
    )
    .subquery("found")
)
_RESOLVED_BY = (
    select(*ISSUE)
    .join(_resolved_ids, _resolved_ids.c.issue_id == issues.c.id)
    .where(issues.c.project_id.in_(select(IDS.c.id)))
    .order_by(issues.c.id)
    .limit(bindparam("most", type_=Integer))
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


def named_by_release(connection: Connection, release_id: int) -> list[NamedIssue]:
    """Return the issues that the release's commits name and it has not resolved yet, each with its newest commit.

    Only issues of the release's projects: one of another stays open until the commit ships there.
    """
    newest: dict[int, NamedIssue] = {}
    for issue_id, commit_id, email in connection.execute(_NAMED, {"release_id": release_id}):
        named = NamedIssue(issue_id=issue_id, commit_id=commit_id, author_email=email)
        newest.setdefault(issue_id, named)
    return list(newest.values())


def set_in_release(
    connection: Connection, release_id: int, users: dict[int, int | None], at: datetime
) -> dict[int, int]:
    """Resolve issues in the release, each by a user or None. Return the resolution's id of each issue."""
    new_resolutions = [
        NewResolution(issue_id=issue_id, release_id=release_id, user_id=user_id)
        for issue_id, user_id in users.items()
    ]
    return put(connection, new_resolutions, at)


def put(
    connection: Connection, new_resolutions: Collection[NewResolution], at: datetime
) -> dict[int, int]:
    """Insert or replace the resolutions of issues by one statement. Return the resolution's id of each issue."""
    values = sorted(
        (
            (
                new_resolution.issue_id,
                new_resolution.release_id,
                new_resolution.user_id,
                new_resolution.pending_project_id,
                new_resolution.current_version,
            )
            for new_resolution in new_resolutions
        ),
        key=lambda row: row[0],
    )
    result = connection.execute(_SET, rows_param("resolved", values) | {"at": at})
    return {issue_id: resolution_id for issue_id, resolution_id in result}


def of_issues(connection: Connection, issue_ids: Collection[int]) -> dict[int, Resolution]:
    """Return the resolution of each issue that has one."""
    if not issue_ids:
        return {}
    result = connection.execute(_OF_ISSUES, ids_param(issue_ids))
    return {row.issue_id: row for row in map(_resolution_of, result)}


def pending_in(connection: Connection, project_ids: Collection[int]) -> list[Resolution]:
    """Return the resolutions that wait for the next release of these projects, ordered by issue."""
    return [_resolution_of(row) for row in connection.execute(_PENDING_IN, ids_param(project_ids))]


def complete(connection: Connection, resolution_ids: Collection[int], release_id: int) -> None:
    """Complete pending resolutions with this release."""
    connection.execute(_COMPLETE, ids_param(resolution_ids) | {"next_release_id": release_id})


def delete_of_issues(connection: Connection, issue_ids: Collection[int]) -> None:
    """Delete the resolutions of these issues."""
    connection.execute(_DROP, ids_param(issue_ids))


def _resolution_of(row: Sequence[Any]) -> Resolution:
    return Resolution(
        id=row[0],
        issue_id=row[1],
        release_id=row[2],
        type=ResolutionType(row[3]),
        user_id=row[4],
        at=row[5],
        is_pending=row[6] is not None,
        current_version=row[7],
    )


def is_unshipped(connection: Connection, issue_id: int) -> bool:
    """Return True if the newest commit that resolves the issue is in no release yet (releases.md 4.3)."""
    query = (
        select(commit_links.c.commit_id)
        .where(commit_links.c.issue_id == issue_id)
        .order_by(commit_links.c.linked_at.desc(), commit_links.c.commit_id.desc())
        .limit(1)
    )
    commit_id = connection.execute(query).scalar_one_or_none()
    if commit_id is None:
        return False
    shipped = select(release_commits.c.release_id).where(release_commits.c.commit_id == commit_id)
    return connection.execute(shipped.limit(1)).first() is None


def resolved_by(
    connection: Connection, release_id: int, project_ids: Collection[int], *, limit: int
) -> list[Issue]:
    """Return the issues with a resolution in the release or named by one of its commits, the oldest first."""
    parameters = ids_param(project_ids) | {"release_id": release_id, "most": limit}
    return [issue_of(row) for row in connection.execute(_RESOLVED_BY, parameters)]
