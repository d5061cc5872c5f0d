"""``organizations/{org}/releases/{version}/deploys/`` (releases.md 2.12)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from litestar import Response
from pydantic import Field
from sqlalchemy import Connection

from shipmark.api.deploys.responses import DeployResponse, deploy_response
from shipmark.api.queries import PageQuery, ProjectQuery
from shipmark.api.releases.path_release import EditableRelease, ReleaseInProjects, VisibleRelease
from shipmark.deploys import actions, store
from shipmark.deploys.model import NAME_MAX, URL_MAX, NewDeploy
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.http.validation import (
    DateTime,
    Items,
    Omittable,
    RequestModel,
    Text,
    TrimmedText,
    Url,
    optional,
    require,
)
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.projects import store as projects
from shipmark.projects.model import ENVIRONMENT_MAX, is_environment_name

BASE_PATH = "/api/0/organizations/{organization:str}/releases/{version:str}/deploys"
_Environment = Annotated[
    str,
    Text(max_length=ENVIRONMENT_MAX),
    require(is_environment_name, "Invalid value for environment"),
]
# The bundler plugins document both dates as numbers or texts, and their command line passes numbers on as texts.
_DeployDate = Annotated[datetime, DateTime(unix_texts=True, unix_numbers=True)]


class DeployListQuery(PageQuery, ProjectQuery):
    """A page of the deploys of a release."""


class DeployRequest(RequestModel):
    """A deploy of a release."""

    environment: _Environment = Field(description="Name of the environment.")
    name: Annotated[str, Text(max_length=NAME_MAX, blank=True)] | None = optional(
        "Name of the deploy."
    )
    url: Annotated[str, Url(max_length=URL_MAX)] | None = optional("Link to more about the deploy.")
    date_started: _DeployDate | None = optional("Time at which the deploy began.")
    date_finished: _DeployDate | None = optional(
        "Time at which the deploy ended; by default the time of the request."
    )
    projects: Omittable[Annotated[list[TrimmedText], Items(empty=False)]] = optional(
        "Slugs or ids of the deployed projects; by default all of the release."
    )

    def to_input(self, now: datetime) -> NewDeploy:
        """Return the deploy for the domain; one without an end ends now."""
        return NewDeploy(
            environment=self.environment,
            name=self.name,
            url=self.url,
            started_at=self.date_started,
            finished_at=self.date_finished or now,
        )


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
            connection,
            release.release,
            body.to_input(now()),
            project_ids,
            context.access.user_id,
            token_id=context.access.token_id,
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
