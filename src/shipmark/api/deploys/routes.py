"""``organizations/{org}/releases/{version}/deploys/`` (releases.md 2.12)."""

from litestar import Response, Router, get, post
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.deploys.responses import DeployResponse, deploy_response
from shipmark.api.query_parameters import PAGE, PROJECTS
from shipmark.api.releases import requests
from shipmark.api.releases.routes import get_editable_release, get_visible_release
from shipmark.api.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.deploys import actions, store
from shipmark.deploys.model import NewDeploy
from shipmark.http.fields import Fields
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.releases.actions import attached_projects
from shipmark.releases.model import Release


@get("/", scopes=RELEASE_READ, asks=(*PROJECTS, *PAGE), sync_to_thread=True)
def list_deploys(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> Response[list[DeployResponse]]:
    """List the deploys of a release, the last finished first."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        release = get_visible_release(context, connection, access, version)
        page = context.page()
        rows = store.page_of(connection, release.id, limit=page.limit, offset=page.skipped)
    deploys, links = paginate(rows, page)
    return context.listed([deploy_response(deploy) for deploy in deploys], links)


@post("/", scopes=RELEASE_WRITE, asks=PROJECTS, takes=requests.NEW_DEPLOY, sync_to_thread=True)
def record_deploy(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str], body: RawBody
) -> DeployResponse:
    """Record that a release was put into an environment."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        get_visible_release(context, connection, access, version)
    fields = context.body(body, requests.NEW_DEPLOY, lists=("projects",), step="deploy.validate")
    with context.database.transaction() as connection:
        release = get_editable_release(context, connection, access, version)
        project_ids = _projects(connection, access, release, fields.get("projects"))
        user_id = access.user.id if access.user else None
        deploy = actions.record(connection, release, _new(fields), project_ids, user_id)
        context.record_token_use(connection, access, project_ids or ())
    return deploy_response(deploy)


def _new(fields: Fields) -> NewDeploy:
    return NewDeploy(
        environment=fields["environment"],
        name=fields.get("name"),
        url=fields.get("url"),
        started_at=fields.get("dateStarted"),
        finished_at=fields.get("dateFinished") or now(),
    )


def _projects(
    connection: Connection, access: Access, release: Release, names: list[str] | None
) -> list[int]:
    attached = {it.project_id for it in attached_projects(connection, release)}
    if names is None:
        return sorted(attached)
    known = projects.accessible(connection, access)
    by_name = {str(it.id): it for it in known} | {it.slug: it for it in known}
    if hidden := next((name for name in names if name not in by_name), None):
        exists = projects.by_slug_or_id(connection, access.organization.id, hidden)
        reason = "Insufficient access to project" if exists else "Invalid project"
        raise ValidationFailed({"projects": [reason]})
    chosen = {by_name[name].id: by_name[name].slug for name in names}
    if strangers := sorted(slug for i, slug in chosen.items() if i not in attached):
        message = f"Invalid projects ({', '.join(strangers)}) for release {release.version}"
        raise BadRequest(message, code="parameter-validation-error")
    return sorted(chosen)


router = Router(
    "/api/0/organizations/{organization:str}/releases/{version:str}/deploys",
    route_handlers=[list_deploys, record_deploy],
)
