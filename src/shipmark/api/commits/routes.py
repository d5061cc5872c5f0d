"""``projects/{org}/{project}/commits/``: the commits of all its releases (releases.md 2.19)."""

from litestar import Response, Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.commits.responses import CommitResponse, commit_response
from shipmark.api.query_parameters import COMMIT_QUERY, PAGE
from shipmark.api.releases import loading
from shipmark.api.scopes import RELEASE_READ
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.pagination.offset import Links, paginate
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.organizations.model import Access
from shipmark.projects import actions as projects
from shipmark.projects.model import Project
from shipmark.releases.store import project_commits
from shipmark.repositories.model import SHA_MAX, Commit


@get("/", scopes=RELEASE_READ, asks=(COMMIT_QUERY, *PAGE), sync_to_thread=True)
def list_commits(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[list[CommitResponse]]:
    """List the commits of the project's releases, each once, the newest first; or by key those that begin so."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        it = projects.require_project(connection, access, project)
        prefix = (context.parameter("query") or "").strip()[: SHA_MAX + 1]
        page = _by_prefix if prefix else _by_moment
        commits, links = page(context, connection, access, it, prefix)
        nested = loading.prefetch_for_commits(connection, access.organization.id, commits)
    return context.listed([commit_response(commit, nested) for commit in commits], links)


Page = tuple[list[Commit], Links]


def _by_moment(
    context: RequestContext, connection: Connection, access: Access, project: Project, _: str
) -> Page:
    page = context.dated_page()
    rows = project_commits.page_of(
        connection, access.organization.id, project.id, page.place, limit=page.limit
    )
    found, links = paginate_by_keyset(rows, page)
    return list(found), links


def _by_prefix(
    context: RequestContext, connection: Connection, access: Access, project: Project, prefix: str
) -> Page:
    page = context.page()
    rows = project_commits.page_by_prefix(
        connection,
        access.organization.id,
        project.id,
        prefix,
        limit=page.limit,
        offset=page.skipped,
    )
    found, links = paginate(rows, page)
    return list(found), links


router = Router(
    "/api/0/projects/{organization:str}/{project:str}/commits",
    route_handlers=[list_commits],
)
