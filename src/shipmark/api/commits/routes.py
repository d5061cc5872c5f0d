"""Commits of a project's releases, unreleased commits of members, release counts of teams (releases.md 2.19, 2.23)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from litestar import Response
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.api.commits.responses import CommitResponse, serialize_commits
from shipmark.api.projects.path_project import PathProject, VisibleProjects
from shipmark.api.queries import PageQuery, TimeRangeQuery
from shipmark.api.repositories.responses import RepositoryResponse, repository_response
from shipmark.api.responses import Wire
from shipmark.http import endpoint, time_range
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.pagination.offset import Links, paginate
from shipmark.http.request_context import RequestContext, require_id, require_row
from shipmark.http.scopes import MEMBER_READ, RELEASE_READ, TEAM_READ
from shipmark.http.validation import optional
from shipmark.infrastructure.clock import now
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases import repository_access
from shipmark.releases.store import project_commits, statistics
from shipmark.repositories import store as repositories
from shipmark.repositories.model import SHA_MAX, Commit


class CommitListQuery(PageQuery):
    """A page of the commits of a project."""

    query: str | None = optional(
        "The first characters of the hashes of commits; by default all.", example="a1b2"
    )

    @property
    def prefix(self) -> str:
        """Return the first characters of the hashes, blank for all."""
        return (self.query or "").strip()[: SHA_MAX + 1]


@endpoint.get("/projects/{organization:str}/{project:str}/commits/", scopes=RELEASE_READ)
def list_commits(
    context: RequestContext, project: PathProject, query: CommitListQuery
) -> Response[list[CommitResponse]]:
    """List the commits of the project's releases, each once, the newest first; with ``query``, by hash."""
    organization_id = context.organization_id
    with context.database.snapshot() as connection:
        fetch = _by_prefix if query.prefix else _by_time
        commits, links = fetch(connection, organization_id, project.id, query)
        return context.listed(serialize_commits(connection, organization_id, commits), links)


def _by_time(
    connection: Connection, organization_id: int, project_id: int, query: CommitListQuery
) -> tuple[Sequence[Commit], Links]:
    page = query.dated_page()
    rows = project_commits.page_of(
        connection, organization_id, project_id, page.position, limit=page.limit
    )
    return paginate_by_keyset(rows, page)


def _by_prefix(
    connection: Connection, organization_id: int, project_id: int, query: CommitListQuery
) -> tuple[Sequence[Commit], Links]:
    page = query.page()
    rows = project_commits.page_by_prefix(
        connection, organization_id, [project_id], query.prefix, **page.window
    )
    return paginate(rows, page)


COMMITS_MAX = 100

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LENGTH = timedelta(days=90)


class UnreleasedCommitResponse(Wire):
    """A commit that is in no release yet."""

    id: str
    message: str | None
    date_created: datetime
    repository_id: str = msgspec.field(name="repositoryID")


class MissingResponse(msgspec.Struct):
    """Why nothing was found. The reference writes the key in snake case."""

    missing_emails: bool


class UnreleasedResponse(Wire):
    """A member's commits that are in no release yet."""

    commits: list[UnreleasedCommitResponse]
    repositories: dict[str, RepositoryResponse]
    errors: MissingResponse | msgspec.UnsetType = msgspec.UNSET


class ReleaseCountsResponse(msgspec.Struct):
    """How many releases a team's projects had. The reference writes these keys in snake case."""

    release_counts: dict[str, int]
    project_avgs: dict[str, float]
    last_week_totals: dict[str, int]


@endpoint.get(
    "/organizations/{organization:str}/members/{member:str}/unreleased-commits/", scopes=MEMBER_READ
)
def list_unreleased_commits(context: RequestContext, member: str) -> UnreleasedResponse:
    """List the newest commits by a member's verified addresses that came after their repository's last release."""
    access = context.access
    with context.database.snapshot() as connection:
        user = accounts.by_id(connection, _user_id(connection, access, member))
        assert user is not None, "a member is a user"
        addresses = {email.email for email in user.emails if email.is_verified}
        if not addresses:
            return UnreleasedResponse(
                commits=[], repositories={}, errors=MissingResponse(missing_emails=True)
            )
        commits = project_commits.unreleased_of(
            connection,
            access.organization.id,
            addresses,
            visible=repository_access.condition(access),
            limit=COMMITS_MAX,
        )
        known = repositories.by_ids(connection, {commit.repository_id for commit in commits})
    return UnreleasedResponse(
        commits=[_commit_response(commit) for commit in commits],
        repositories={str(row.id): repository_response(row) for row in known.values()},
    )


@endpoint.get("/teams/{organization:str}/{team:str}/release-count/", scopes=TEAM_READ)
def get_release_count(
    context: RequestContext, visible: VisibleProjects, query: TimeRangeQuery, team: str
) -> ReleaseCountsResponse:
    """Count the releases of a team's projects: by day, by week and project, and of the last week."""
    at = now()
    period = query.time_range_or(_LENGTH, at)
    days = time_range.steps(period, None, _DAY)
    with context.database.snapshot() as connection:
        ids = _project_ids(connection, context.access, visible, team)
        by_day = statistics.by_step(connection, ids, [(day, day + _DAY) for day in days])
        in_period = statistics.by_project(connection, ids, period)
        last_week = statistics.by_project(connection, ids, (at - _WEEK, at))
    weeks = max((period[1] - period[0]) / _WEEK, 1)
    return ReleaseCountsResponse(
        release_counts={
            f"{day.astimezone(UTC):%Y-%m-%d}": many for day, many in zip(days, by_day, strict=True)
        },
        project_avgs={str(id_): in_period.get(id_, 0) / weeks for id_ in ids},
        last_week_totals={str(id_): last_week.get(id_, 0) for id_ in ids},
    )


def _user_id(connection: Connection, access: Access, name: str) -> int:
    """Return the user who is that member; ``me`` is the caller."""
    if name == "me":
        return require_row(access.user_id)
    organization_id, member_id = access.organization.id, require_id(name)
    return require_row(organizations.user_of_member(connection, organization_id, member_id))


def _project_ids(
    connection: Connection, access: Access, visible: Sequence[Project], name: str
) -> list[int]:
    """Return the team's projects that the caller may see."""
    team = require_row(organizations.team_by_slug_or_id(connection, access.organization.id, name))
    team_ids = projects.ids_of_team(connection, team.id)
    return sorted({project.id for project in visible} & team_ids)


def _commit_response(commit: Commit) -> UnreleasedCommitResponse:
    return UnreleasedCommitResponse(
        id=commit.sha,
        message=commit.message,
        date_created=commit.created_at,
        repository_id=str(commit.repository_id),
    )
