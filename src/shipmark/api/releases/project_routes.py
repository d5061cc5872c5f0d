"""``projects/{org}/{project}/releases/``: the same releases, seen from one project (releases.md 2.15, 2.16)."""

from dataclasses import replace

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.commits.responses import CommitResponse
from shipmark.api.issues.responses import IssueResponse
from shipmark.api.issues.routes import serialize_issues
from shipmark.api.query_parameters import (
    FORCE,
    ONE_ENVIRONMENT,
    PAGE,
    REPOSITORY_FILTER,
    SHAPE,
    VERSION_QUERY,
)
from shipmark.api.releases import loading, release_query, requests
from shipmark.api.releases.detail_routes import RESOLVED_MAX, commits_answer
from shipmark.api.releases.list_routes import fetch_page
from shipmark.api.releases.responses import ReleaseResponse, release_response
from shipmark.api.releases.routes import (
    amendment,
    publication_fields,
    serialize_published,
    serialize_release,
)
from shipmark.api.repositories.responses import RepositoryResponse, repository_response
from shipmark.api.scopes import PROJECT_READ, RELEASE_DELETE, RELEASE_READ, RELEASE_WRITE
from shipmark.deletion.release_deletion import delete_releases
from shipmark.http.fields import Fields
from shipmark.http.request_context import InjectedRequest, RequestContext, require_all_visible
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.store import resolutions
from shipmark.organizations.model import Access
from shipmark.projects import actions as projects
from shipmark.projects import store as project_store
from shipmark.projects.model import Project
from shipmark.publishing import actions as publishing
from shipmark.publishing.model import BUSY, ReleaseInput
from shipmark.releases import actions as releases
from shipmark.releases.model import Release, ReleaseFilter, ReleaseSort
from shipmark.releases.search import Search, unquoted
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories


@get(
    "/",
    scopes=RELEASE_READ,
    asks=(VERSION_QUERY, ONE_ENVIRONMENT, *SHAPE, *PAGE),
    sync_to_thread=True,
)
def list_project_releases(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[list[ReleaseResponse]]:
    """List the project's open releases, the newest shipped first."""
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
        shape = replace(release_query.shape(context), project_id=it.id)
        page = context.page(is_counted=False)
        text = unquoted((context.parameter("query") or "").strip())
        wanted = ReleaseFilter(
            organization_id=access.organization.id,
            project_ids=(it.id,),
            search=Search(texts=(text,) if text else ()),
            environment_ids=_environments(context, connection, access),
        )
        rows, links = fetch_page(connection, wanted, ReleaseSort.EFFECTIVE_DATE, page)
        nested = loading.prefetch_for_releases(
            connection,
            access.organization.id,
            [row.release for row in rows],
            wanted.environment_ids,
        )
    return context.listed([release_response(row.release, nested, shape) for row in rows], links)


@post(
    "/",
    scopes=RELEASE_WRITE,
    takes=lambda settings: requests.new_project_release(settings.commits_max),
    answers={201: ReleaseResponse, 208: ReleaseResponse},
    sync_to_thread=True,
)
def publish_project_release(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> Response[ReleaseResponse]:
    """Publish a release of the project: 201 when it is new there, 208 when it was there."""
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
    record = requests.new_project_release(context.settings.commits_max)
    return publish_response(context, access, it, context.body(body, record, lists=("commits",)))


@get("/{version:str}/", scopes=RELEASE_READ, asks=SHAPE, sync_to_thread=True)
def get_project_release(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
) -> ReleaseResponse:
    """Show one release of the project."""
    with context.database.snapshot() as connection:
        access, it, release = get_visible_release_of_project(
            context, connection, organization, project, version
        )
        asked_shape = release_query.shape(context, by_environment=False)
        shape = replace(asked_shape, project_id=it.id, only_selected=asked_shape.has_health)
        nested = loading.prefetch_for_releases(connection, access.organization.id, [release])
    return release_response(release, nested, shape)


@put(
    "/{version:str}/",
    scopes=RELEASE_WRITE,
    takes=lambda settings: requests.amended_project_release(settings.commits_max),
    sync_to_thread=True,
)
def update_project_release(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
    body: RawBody,
) -> ReleaseResponse:
    """Change a release of the project; finalizing tells this project only."""
    with context.database.snapshot() as connection:
        get_visible_release_of_project(context, connection, organization, project, version)
    fields = context.body(body, requests.amended_project_release(context.settings.commits_max))
    with context.database.transaction(busy=BUSY) as connection:
        access, it, release = _get_editable_release(
            context, connection, organization, project, version
        )
        amended = publishing.update(
            connection, release, amendment(fields), context.publish_context(access), [it.id]
        )
        context.record_token_use(connection, access, [it.id])
        return serialize_release(connection, amended)


@delete(
    "/{version:str}/", status_code=204, scopes=RELEASE_DELETE, asks=(FORCE,), sync_to_thread=True
)
def delete_project_release(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
) -> None:
    """Delete the whole release, for all of its projects; ``force`` is as there."""
    with context.database.transaction() as connection:
        access, _, release = _get_editable_release(
            context, connection, organization, project, version
        )
        is_forced = context.require_force(access)
        delete_releases(connection, [release], context.publish_context(access), is_forced=is_forced)


@get(
    "/{version:str}/commits/",
    scopes=RELEASE_READ,
    asks=(*REPOSITORY_FILTER, *PAGE),
    sync_to_thread=True,
)
def list_project_release_commits(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
) -> Response[list[CommitResponse]]:
    """List the commits of a release, the newest first."""
    with context.database.snapshot() as connection:
        access, _, release = get_visible_release_of_project(
            context, connection, organization, project, version
        )
        return commits_answer(context, connection, access, release)


@get("/{version:str}/repositories/", scopes=RELEASE_READ, sync_to_thread=True)
def list_project_release_repositories(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
) -> list[RepositoryResponse]:
    """List the repositories that own commits of a release, by name."""
    with context.database.snapshot() as connection:
        _, _, release = get_visible_release_of_project(
            context, connection, organization, project, version
        )
        ids = release_commits.repository_ids_of(connection, release.id)
        found = repositories.by_ids(connection, ids)
    return [repository_response(found[repository_id]) for repository_id in ids]


@get("/{version:str}/resolved/", scopes=PROJECT_READ, sync_to_thread=True)
def list_project_release_resolved_issues(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
) -> list[IssueResponse]:
    """List the project's issues that a release resolves."""
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
        release = release_store.by_version(connection, access.organization.id, version)
        if release is None:
            raise NotFound
        found = resolutions.resolved_by(connection, release.id, [it.id], limit=RESOLVED_MAX)
        return serialize_issues(context, connection, access, found)


def _environments(
    context: RequestContext, connection: Connection, access: Access
) -> tuple[int, ...] | None:
    """The environment that a project's list is filtered by; one that nobody knows has nothing."""
    name = context.parameter("environment")
    if not name:
        return None
    known = project_store.environments_named(connection, access.organization.id, [name])
    return tuple(it.id for it in known)


def publish_response(
    context: RequestContext, access: Access, project: Project, fields: Fields
) -> Response[ReleaseResponse]:
    """Publish a release of a project, and answer for it."""
    with context.database.transaction(busy=BUSY) as connection:
        publication = ReleaseInput(
            projects=(project,), **publication_fields(context, connection, access, fields)
        )
        done = publishing.publish(connection, publication, context.publish_context(access))
        context.record_token_use(connection, access, [project.id])
        shown = serialize_published(connection, done, publication.projects)
    return Response(shown, status_code=201 if done.created_or_attached else 208)


def authorize_project(
    context: RequestContext, connection: Connection, organization: str, project: str
) -> tuple[Access, Project]:
    """The project of the address, and what the caller may do there."""
    access = context.authorize(connection, organization)
    return access, projects.require_project(connection, access, project)


def get_visible_release_of_project(
    context: RequestContext, connection: Connection, organization: str, project: str, version: str
) -> tuple[Access, Project, Release]:
    """The release of the address, which must be attached to the project."""
    access, it = authorize_project(context, connection, organization, project)
    release = releases.find(connection, access.organization.id, version, [it.id])
    return access, it, release


def _get_editable_release(
    context: RequestContext, connection: Connection, organization: str, project: str, version: str
) -> tuple[Access, Project, Release]:
    access, it, release = get_visible_release_of_project(
        context, connection, organization, project, version
    )
    visible = [each.id for each in project_store.accessible(connection, access)]
    attached = releases.attached_projects(connection, release)
    require_all_visible(visible, [each.project_id for each in attached])
    return access, it, release


router = Router(
    "/api/0/projects/{organization:str}/{project:str}/releases",
    route_handlers=[
        list_project_releases,
        publish_project_release,
        get_project_release,
        update_project_release,
        delete_project_release,
        list_project_release_commits,
        list_project_release_repositories,
        list_project_release_resolved_issues,
    ],
)
