"""What is set up for releases of a project, and the address that builds may release by (releases.md 2.17, 2.18)."""

from litestar import Router, get, post
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.releases.project_routes import authorize_project
from shipmark.api.responses import Wire
from shipmark.api.responses.refusal import RefusalResponse
from shipmark.api.scopes import RELEASE_READ, RELEASE_TOKEN
from shipmark.deploys import store as deploys
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.ids import token_hex
from shipmark.issues.store import issues
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Access
from shipmark.projects.model import Project
from shipmark.releases.store import project_commits
from shipmark.releases.store import webhook_tokens as store
from shipmark.releases.webhook_signature import BUILT_IN, signature
from shipmark.repositories import store as repositories


class StepResponse(Wire):
    """A step of setting releases up."""

    step: str
    complete: bool


class ReleaseTokenResponse(Wire):
    """What signs the address, and the address."""

    token: str
    webhook_url: str


@get("/completion/", scopes=RELEASE_READ, sync_to_thread=True)
def get_completion(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> list[StepResponse]:
    """Say what has been set up: events that tell their release, repositories, commits, deploys."""
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
        steps = {
            "tag": it.has_releases and issues.is_any_released(connection, it.id),
            "repo": repositories.is_any(connection, access.organization.id),
            "commit": it.has_releases and project_commits.is_any(connection, it.id),
            "deploy": it.has_releases and deploys.is_any(connection, it.id),
        }
    return [StepResponse(step=step, complete=is_done) for step, is_done in steps.items()]


@get(
    "/token/",
    scopes=RELEASE_TOKEN,
    answers={200: ReleaseTokenResponse, 409: RefusalResponse},
    sync_to_thread=True,
)
def get_token(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> ReleaseTokenResponse:
    """Show the token and the address, made when somebody asks first."""
    with context.database.autocommit_read() as connection:
        access, it = authorize_project(context, connection, organization, project)
        known = store.of_project(connection, it.id)
    if known is None:
        fresh = token_hex()
        with context.database.transaction() as connection:
            known = store.ensure(connection, it.id, fresh, now())
            if known == fresh:
                _log_token(context, connection, access, it)
    return _shown(context.settings.address, it, known)


@post("/token/", scopes=RELEASE_TOKEN, sync_to_thread=True)
def replace_token(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> ReleaseTokenResponse:
    """Make another token: the old address stops working."""
    fresh = token_hex()
    with context.database.transaction() as connection:
        access, it = authorize_project(context, connection, organization, project)
        store.replace(connection, it.id, fresh, now())
        _log_token(context, connection, access, it)
    return _shown(context.settings.address, it, fresh)


def _log_token(
    context: RequestContext, connection: Connection, access: Access, project: Project
) -> None:
    data = {"project_slug": project.slug}
    context.log_change(connection, access, AuditEvent.RELEASE_TOKEN_ADD, data, target_id=project.id)


def _shown(address: str, project: Project, token: str) -> ReleaseTokenResponse:
    signed = signature(token, BUILT_IN, project.id)
    path = f"/api/hooks/release/{BUILT_IN}/{project.id}/{signed}/"
    return ReleaseTokenResponse(token=token, webhook_url=f"{address}{path}")


router = Router(
    "/api/0/projects/{organization:str}/{project:str}/releases",
    route_handlers=[get_completion, get_token, replace_token],
)
