"""``organizations/{org}/repos/`` (releases.md 2.20)."""

from litestar import Response, Router, get, post
from litestar.params import FromPath, RawBody

from shipmark.api import related
from shipmark.api.given import GivenVisit
from shipmark.api.scopes import REPOSITORY, REPOSITORY_COMMITS
from shipmark.api.wire.commit import CommitJson, commit_json
from shipmark.api.wire.repository import RepositoryJson, repository_json
from shipmark.ground.clock import now
from shipmark.ground.errors import NotFound, NotSignedIn
from shipmark.repositories import store
from shipmark.repositories.model import REPOSITORY_NAME_MAX, RepositoryStatus
from shipmark.serving.fields import Field, Fields, Record, Text, Url
from shipmark.serving.pages import counted

_NEW = Record(
    {
        "name": Field(Text(max=REPOSITORY_NAME_MAX)),
        "url": Field(Url()),
        "provider": Field(Text(is_null_ok=True, is_blank_ok=True)),
    }
)

#: What the reference calls the integrations that are asked for but not installed.
_INTEGRATIONS = {"github": "GitHub", "gitlab": "GitLab", "bitbucket": "Bitbucket"}

#: The parameter ``status`` and what it shows; other words show nothing.
_SHOWN = {"active": RepositoryStatus.ACTIVE.value, "deleted": RepositoryStatus.DISABLED.value}


@get("/", scopes=REPOSITORY, sync_to_thread=True)
def list_repositories(
    visit: GivenVisit, organization: FromPath[str]
) -> Response[list[RepositoryJson]]:
    """List the organization's repositories by name. Clients stop when this is not a list."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
        page = visit.page()
        status = visit.parameter("status")
        status = "active" if status is None else status
        if status and status not in _SHOWN:
            return visit.listed([], counted([], page)[1])
        rows = store.page_of(
            connection,
            access.organization.id,
            status=_SHOWN.get(status),
            name_part=visit.parameter("query") or "",
            limit=page.limit,
            offset=page.skipped,
        )
    found, links = counted(rows, page)
    return visit.listed([repository_json(it) for it in found], links)


@post("/", scopes=REPOSITORY, sync_to_thread=True)
def add_repository(
    visit: GivenVisit, organization: FromPath[str], body: RawBody
) -> Response[RepositoryJson | dict[str, object]]:
    """Add a repository by name and address. Without an address there must be an integration, and there are none."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
    if access.user is None:
        raise NotSignedIn
    fields = visit.body(body, _NEW, step="repository.validate")
    if refusal := _refused(fields):
        return Response(refusal, status_code=400)
    with visit.database.transaction() as connection:
        repository = store.add_named(
            connection, access.organization.id, fields["name"], fields["url"], now()
        )
    return Response(repository_json(repository))


@get("/{repository:str}/commits/", scopes=REPOSITORY_COMMITS, sync_to_thread=True)
def list_commits(
    visit: GivenVisit, organization: FromPath[str], repository: FromPath[str]
) -> Response[list[CommitJson]]:
    """List a repository's commits, the newest first."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
        if not (repository.isascii() and repository.isdigit() and len(repository) < 19):
            raise NotFound
        known = store.in_organization(connection, access.organization.id, int(repository))
        if known is None:
            raise NotFound
        page = visit.page()
        rows = store.commits_of(connection, known.id, limit=page.limit, offset=page.skipped)
        commits, links = counted(rows, page)
        nested = related.to_commits(connection, access.organization.id, commits)
    return visit.listed([commit_json(commit, nested) for commit in commits], links)


def _refused(fields: Fields) -> dict[str, object] | None:
    provider = fields.get("provider") or ""
    if provider.startswith("integrations:"):
        kind = provider.partition(":")[2]
        reason = f"{_INTEGRATIONS.get(kind, kind)} requires an integration id."
        return {"error_type": "validation", "errors": {"__all__": reason}}
    if provider or not fields.get("name") or not fields.get("url"):
        return {"error_type": "validation"}
    return None


router = Router(
    "/api/0/organizations/{organization:str}/repos",
    route_handlers=[list_repositories, add_repository, list_commits],
)
