"""``organizations/{org}/releases/{version}/deploys/`` (releases.md 2.12)."""

from collections.abc import Sequence

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.deploys.requests import DeployListQuery, DeployRequest
from shipmark.api.deploys.responses import DeployResponse, deploy_response
from shipmark.api.releases.path_release import EditableRelease, ReleaseInProjects, VisibleRelease
from shipmark.deploys import actions, store
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.projects import store as projects


@endpoint.get("/", scopes=RELEASE_READ)
def list_deploys(
    context: RequestContext, release: VisibleRelease, query: DeployListQuery
) -> Response[list[DeployResponse]]:
    """List the deploys of a release, the last finished first."""
    page = query.page()
    with context.database.autocommit_read() as connection:
        rows = store.page_of(connection, release.release.id, **page.window)
    return context.listed(*paginate([deploy_response(deploy) for deploy in rows], page))


@endpoint.post("/", scopes=RELEASE_WRITE, step="deploy.validate")
def record_deploy(
    context: RequestContext, release: EditableRelease, body: DeployRequest
) -> DeployResponse:
    """Record the deploy of a release to an environment."""
    with context.database.transaction() as connection:
        project_ids = _deployed_projects(connection, release, body.projects)
        deploy = actions.record(
            connection, release.release, body.to_input(now()), project_ids, context.access.user_id
        )
        context.record_token_use(connection, project_ids)
    return deploy_response(deploy)


def _deployed_projects(
    connection: Connection, release: ReleaseInProjects, names: Sequence[str] | None
) -> Sequence[int]:
    """Return the ids of the named projects, or of all that the release is attached to."""
    if names is None:
        return sorted(release.attached_ids)
    by_name = {name: row for row in release.visible for name in (str(row.id), row.slug)}
    if unknown := next((name for name in names if name not in by_name), None):
        organization_id = release.release.organization_id
        exists = projects.by_slug_or_id(connection, organization_id, unknown)
        reason = "Insufficient access to project" if exists else "Invalid project"
        raise ValidationFailed({"projects": [reason]})
    named = {by_name[name].id: by_name[name].slug for name in names}
    if others := sorted(slug for id_, slug in named.items() if id_ not in release.attached_ids):
        message = f"Invalid projects ({', '.join(others)}) for release {release.release.version}"
        raise BadRequest(message, code="parameter-validation-error")
    return sorted(named)


router = endpoint.router(
    "/api/0/organizations/{organization:str}/releases/{version:str}/deploys", __name__
)
