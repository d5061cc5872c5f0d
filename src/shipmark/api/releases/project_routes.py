"""``projects/{org}/{project}/releases/``: the same releases, seen from one project (releases.md 2.15, 2.16)."""

from dataclasses import replace

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.commits.responses import CommitResponse
from shipmark.api.issues.loading import serialize_issues
from shipmark.api.issues.responses import IssueResponse
from shipmark.api.projects.path_project import PathProject
from shipmark.api.releases import health_loading, loading
from shipmark.api.releases.detail_routes import RESOLVED_MAX, commits_response
from shipmark.api.releases.path_release import EditableProjectRelease, VisibleProjectRelease
from shipmark.api.releases.queries import (
    ForceQuery,
    HealthQuery,
    ProjectReleaseCommitsQuery,
    ProjectReleaseListQuery,
)
from shipmark.api.releases.requests import ProjectReleaseRequest, ProjectReleaseUpdateRequest
from shipmark.api.releases.responses import ReleaseResponse, load_release_response, release_response
from shipmark.api.releases.routes import PUBLISHED, delete, fetch_page, publish
from shipmark.api.repositories.responses import RepositoryResponse, repository_response
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext, require_row
from shipmark.http.scopes import PROJECT_READ, RELEASE_DELETE, RELEASE_READ, RELEASE_WRITE
from shipmark.issues.store import resolutions
from shipmark.projects import store as projects
from shipmark.publishing import actions as publishing
from shipmark.publishing.model import BUSY
from shipmark.releases.model import ListRow, ReleaseFilter, ReleaseSort
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories

BASE_PATH = "/api/0/projects/{organization:str}/{project:str}/releases"
_VALIDATE = "release.validate"


@endpoint.get("/", scopes=RELEASE_READ)
def list_project_releases(
    context: RequestContext, project: PathProject, query: ProjectReleaseListQuery
) -> Response[list[ReleaseResponse]]:
    """List the project's open releases, the newest shipped first."""
    organization_id = context.organization_id
    shape = replace(query.shape(by_environment=bool(query.environment)), project_id=project.id)
    page = query.page(is_counted=False)
    with context.database.autocommit_read() as connection:
        if shape.has_health:
            health_loading.wait_for_standings(connection, [project])
        conditions = ReleaseFilter(
            organization_id=organization_id,
            project_ids=(project.id,),
            search=query.search(),
            environment_ids=_environment_ids(connection, organization_id, query.environment),
        )
        rows, links = fetch_page(connection, conditions, ReleaseSort.EFFECTIVE_DATE, page)
        listed = [row.release for row in rows]
        nested = loading.prefetch_for_releases(
            connection, organization_id, listed, conditions.environment_ids
        )
        request = query.health_request(conditions.environment_ids)
        health_loading.add_health(connection, nested, rows, shape, request)
    return context.listed([release_response(row.release, nested, shape) for row in rows], links)


@endpoint.post("/", scopes=RELEASE_WRITE, responses=PUBLISHED, step=_VALIDATE)
def publish_project_release(
    context: RequestContext, project: PathProject, body: ProjectReleaseRequest
) -> Response[ReleaseResponse]:
    """Publish a release of the project: 201 if it is new there, 208 if it was there."""
    return publish(context, (project,), body)


@endpoint.get("/{version:str}/", scopes=RELEASE_READ)
def get_project_release(
    context: RequestContext, release: VisibleProjectRelease, query: HealthQuery
) -> ReleaseResponse:
    """Show one release of the project."""
    shape = query.shape()
    shape = replace(shape, project_id=release.project.id, only_selected=shape.has_health)
    with context.database.autocommit_read() as connection:
        if shape.has_health:
            health_loading.wait_for_standings(connection, [release.project])
        nested = loading.prefetch_for_releases(
            connection, context.organization_id, [release.release]
        )
        row = ListRow(release.release, release.release.created_at)
        health_loading.add_health(connection, nested, [row], shape, query.health_request(None))
    return release_response(release.release, nested, shape)


@endpoint.put("/{version:str}/", scopes=RELEASE_WRITE, step=_VALIDATE)
def update_project_release(
    context: RequestContext, release: EditableProjectRelease, body: ProjectReleaseUpdateRequest
) -> ReleaseResponse:
    """Change a release of the project; finalizing it adds an activity to this project only."""
    project_id = release.project.id
    with context.database.transaction(busy=BUSY) as connection:
        updated = publishing.update(
            connection, release.release, body.to_input(), context.publish_context(), [project_id]
        )
        context.record_token_use(connection, [project_id])
        return load_release_response(connection, updated)


@endpoint.delete("/{version:str}/", scopes=RELEASE_DELETE)
def delete_project_release(
    context: RequestContext, release: EditableProjectRelease, query: ForceQuery
) -> None:
    """Delete the whole release, for all of its projects; an owner may force it."""
    delete(context, release.release, query)


@endpoint.get("/{version:str}/commits/", scopes=RELEASE_READ)
def list_project_release_commits(
    context: RequestContext, release: VisibleProjectRelease, query: ProjectReleaseCommitsQuery
) -> Response[list[CommitResponse]]:
    """List the commits of a release, the newest first."""
    return commits_response(context, release.release, query)


@endpoint.get("/{version:str}/repositories/", scopes=RELEASE_READ)
def list_project_release_repositories(
    context: RequestContext, release: VisibleProjectRelease
) -> list[RepositoryResponse]:
    """List the repositories that own commits of a release, by name."""
    with context.database.snapshot() as connection:
        ids = release_commits.repository_ids_of(connection, release.release.id)
        known = repositories.by_ids(connection, ids)
    return [repository_response(known[repository_id]) for repository_id in ids]


@endpoint.get("/{version:str}/resolved/", scopes=PROJECT_READ)
def list_project_release_resolved_issues(
    context: RequestContext, project: PathProject, version: str
) -> list[IssueResponse]:
    """List the project's issues that a release resolves."""
    with context.database.snapshot() as connection:
        release = require_row(
            release_store.by_version(connection, context.organization_id, version)
        )
        resolved = resolutions.resolved_by(connection, release.id, [project.id], limit=RESOLVED_MAX)
        return serialize_issues(context, connection, resolved)


def _environment_ids(
    connection: Connection, organization_id: int, name: str | None
) -> tuple[int, ...] | None:
    """Return the environment that the list is filtered by; an unknown one has nothing."""
    if not name:
        return None
    known = projects.environments_named(connection, organization_id, [name])
    return tuple(environment.id for environment in known)
