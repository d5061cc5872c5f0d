"""What is set up for releases of a project, and the address that builds may release by (releases.md 2.17, 2.18)."""

from shipmark.api.projects.path_project import PathProject
from shipmark.api.responses import Wire
from shipmark.api.responses.refusal import RefusalResponse
from shipmark.deploys import store as deploys
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ, RELEASE_TOKEN
from shipmark.infrastructure.ids import token_hex
from shipmark.issues.store import issues
from shipmark.projects.model import Project
from shipmark.releases import webhook_actions
from shipmark.releases.store import project_commits
from shipmark.releases.store import webhook_tokens as store
from shipmark.repositories import store as repositories

BASE_PATH = "/api/0/projects/{organization:str}/{project:str}/releases"


class StepResponse(Wire):
    """A step of setting releases up."""

    step: str
    complete: bool


class ReleaseTokenResponse(Wire):
    """What signs the address, and the address."""

    token: str
    webhook_url: str


@endpoint.get("/completion/", scopes=RELEASE_READ)
def get_completion(context: RequestContext, project: PathProject) -> list[StepResponse]:
    """List what has been set up: events with a release, repositories, commits, deploys."""
    has_releases = project.has_releases
    with context.database.snapshot() as connection:
        steps = {
            "tag": has_releases and issues.is_any_released(connection, project.id),
            "repo": repositories.is_any(connection, context.organization_id),
            "commit": has_releases and project_commits.is_any(connection, project.id),
            "deploy": has_releases and deploys.is_any(connection, project.id),
        }
    return [StepResponse(step=step, complete=is_done) for step, is_done in steps.items()]


@endpoint.get("/token/", scopes=RELEASE_TOKEN, responses={409: RefusalResponse})
def get_token(context: RequestContext, project: PathProject) -> ReleaseTokenResponse:
    """Show the token and the URL of the webhook, which the first request creates."""
    with context.database.autocommit_read() as connection:
        known = store.of_project(connection, project.id)
    if known is None:
        fresh = token_hex()
        with context.database.transaction() as connection:
            known = webhook_actions.ensure(connection, context.action_context(), project, fresh)
    return _token_response(context.address, project, known)


@endpoint.post("/token/", scopes=RELEASE_TOKEN)
def replace_token(context: RequestContext, project: PathProject) -> ReleaseTokenResponse:
    """Replace the token: the old URL stops working."""
    fresh = token_hex()
    with context.database.transaction() as connection:
        webhook_actions.replace(connection, context.action_context(), project, fresh)
    return _token_response(context.address, project, fresh)


def _token_response(address: str, project: Project, token: str) -> ReleaseTokenResponse:
    path = webhook_actions.webhook_path(project, token)
    return ReleaseTokenResponse(token=token, webhook_url=f"{address}{path}")
