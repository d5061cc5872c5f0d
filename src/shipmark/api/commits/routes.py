"""``projects/{org}/{project}/commits/``: the commits of all its releases (releases.md 2.19)."""

from litestar import Response, Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.commits.responses import CommitJson, commit_json
from shipmark.api.query_parameters import COMMIT_QUERY, PAGE
from shipmark.api.releases import loading
from shipmark.api.scopes import RELEASE_READ
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.pagination.offset import Links, paginate
from shipmark.http.request_context import GivenVisit, Visit
from shipmark.organizations.model import Access
from shipmark.projects import actions as projects
from shipmark.projects.model import Project
from shipmark.releases.store import project_commits
from shipmark.repositories.model import SHA_MAX, Commit


@get("/", scopes=RELEASE_READ, asks=(COMMIT_QUERY, *PAGE), sync_to_thread=True)
def list_commits(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str]
) -> Response[list[CommitJson]]:
    """List the commits of the project's releases, each once, the newest first; or by key those that begin so."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        it = projects.require_project(connection, access, project)
        prefix = (visit.parameter("query") or "").strip()[: SHA_MAX + 1]
        page = _by_prefix if prefix else _by_moment
        commits, links = page(visit, connection, access, it, prefix)
        nested = loading.to_commits(connection, access.organization.id, commits)
    return visit.listed([commit_json(commit, nested) for commit in commits], links)


Page = tuple[list[Commit], Links]


def _by_moment(
    visit: Visit, connection: Connection, access: Access, project: Project, _: str
) -> Page:
    page = visit.dated_page()
    rows = project_commits.page_of(
        connection, access.organization.id, project.id, page.place, limit=page.limit
    )
    found, links = paginate_by_keyset(rows, page)
    return list(found), links


def _by_prefix(
    visit: Visit, connection: Connection, access: Access, project: Project, prefix: str
) -> Page:
    page = visit.page()
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
