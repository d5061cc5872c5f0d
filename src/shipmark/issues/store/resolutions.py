"""In which release an issue was resolved, and which issues the commits of a release resolve."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    TypedColumns,
    and_,
    bindparam,
    delete,
    exists,
    literal,
    select,
)

from shipmark.ground.database import WANTED, Id, Moment, listed, metadata, rows, upsert, wanted
from shipmark.issues.model import Issue, IssueStatus, Resolution, ResolutionType
from shipmark.issues.store.issues import ISSUE, issue_of, issues
from shipmark.issues.store.links import commit_links
from shipmark.releases.store.commits import release_commits
from shipmark.releases.store.projects import release_projects
from shipmark.repositories.store import authors, commits


class ResolutionColumns(TypedColumns):
    """The resolution of an issue: at most one. It goes when the issue regresses or its release is deleted."""

    id = Column(Id, primary_key=True)
    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False, unique=True)
    release_id = Column(
        Id, ForeignKey("releases.id", ondelete="CASCADE"), nullable=False, index=True
    )
    type = Column(String(16), nullable=False)
    user_id = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    resolved_at = Column(Moment, nullable=False)


resolutions = Table("resolutions", metadata, ResolutionColumns, sqlite_autoincrement=True)


_OF_ISSUES = select(
    resolutions.c.id,
    resolutions.c.issue_id,
    resolutions.c.release_id,
    resolutions.c.type,
    resolutions.c.user_id,
    resolutions.c.resolved_at,
).join(WANTED, WANTED.c.id == resolutions.c.issue_id)

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

_USERS = listed("users", issue_id=Id, user_id=Id)
_GIVEN = upsert(resolutions).from_select(
    ["issue_id", "release_id", "type", "user_id", "resolved_at"],
    select(
        _USERS.c.issue_id,
        bindparam("release_id", type_=Id),
        literal(ResolutionType.IN_RELEASE.value),
        _USERS.c.user_id,
        bindparam("at", type_=Moment()),
    ).order_by(_USERS.c.issue_id),
)
_SET_IN_RELEASE = _GIVEN.on_conflict_do_update(
    index_elements=["issue_id"],
    set_={
        "release_id": _GIVEN.excluded.release_id,
        "type": _GIVEN.excluded.type,
        "user_id": _GIVEN.excluded.user_id,
        "resolved_at": _GIVEN.excluded.resolved_at,
    },
).returning(resolutions.c.issue_id, resolutions.c.id)


_RELEASE_ID = bindparam("release_id", type_=Id)
# Begins at the release, not at the projects' issues: the cost follows what it resolves, not how many issues there are.
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
    .where(issues.c.project_id.in_(select(WANTED.c.id)))
    .order_by(issues.c.id)
    .limit(bindparam("most", type_=Integer))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An issue that a commit of a release names, with the address of the commit's author."""

    issue_id: int
    commit_id: int
    author_email: str | None


def named_by_release(connection: Connection, release_id: int) -> list[Named]:
    """The issues that the release's commits resolve and it has not resolved yet, with the newest such commit each.

    Only issues of the release's own projects: one of another stays open until the commit ships there.
    """
    newest: dict[int, Named] = {}
    for issue_id, commit_id, email in connection.execute(_NAMED, {"release_id": release_id}):
        named = Named(issue_id=issue_id, commit_id=commit_id, author_email=email)
        newest.setdefault(issue_id, named)
    return list(newest.values())


def set_in_release(
    connection: Connection, release_id: int, users: dict[int, int | None], at: datetime
) -> dict[int, int]:
    """Resolve issues in the release, each by a user or nobody; says the resolution's id of each issue."""
    parameters = {"release_id": release_id, "at": at}
    found = connection.execute(_SET_IN_RELEASE, rows("users", sorted(users.items())) | parameters)
    return {issue_id: resolution_id for issue_id, resolution_id in found}


def of_issues(connection: Connection, issue_ids: Collection[int]) -> dict[int, Resolution]:
    """The resolution of each issue that has one."""
    if not issue_ids:
        return {}
    found = connection.execute(_OF_ISSUES, wanted(issue_ids))
    return {
        issue_id: Resolution(
            id=resolution_id,
            issue_id=issue_id,
            release_id=release_id,
            type=ResolutionType(kind),
            user_id=user_id,
            at=at,
        )
        for resolution_id, issue_id, release_id, kind, user_id, at in found
    }


def drop(connection: Connection, issue_id: int) -> None:
    """Forget the resolution of an issue."""
    connection.execute(delete(resolutions).where(resolutions.c.issue_id == issue_id))


def is_unshipped(connection: Connection, issue_id: int) -> bool:
    """Is the newest commit that resolves the issue in no release yet? (releases.md 4.3)"""
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
    parameters = wanted(project_ids) | {"release_id": release_id, "most": limit}
    return [issue_of(row) for row in connection.execute(_RESOLVED_BY, parameters)]
