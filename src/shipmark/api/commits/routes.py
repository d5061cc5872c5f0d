"""``projects/{org}/{project}/commits/``: the commits of all its releases (releases.md 2.19)."""

from collections.abc import Sequence

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.commits.responses import CommitResponse, serialize_commits
from shipmark.api.projects.path_project import PathProject
from shipmark.api.queries import PageQuery
from shipmark.http import endpoint
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.pagination.offset import Links, paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ
from shipmark.http.validation import optional
from shipmark.releases.store import project_commits
from shipmark.repositories.model import SHA_MAX, Commit


class CommitListQuery(PageQuery):
    """A page of the commits of a project."""

    query: str | None = optional(
        "The first characters of the hashes of commits; by default all.", example="a1b2"
    )

    @property
    def prefix(self) -> str:
        """The first characters of the hashes, blank for all."""
        return (self.query or "").strip()[: SHA_MAX + 1]


@endpoint.get("/", scopes=RELEASE_READ)
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


router = endpoint.router("/api/0/projects/{organization:str}/{project:str}/commits", __name__)
