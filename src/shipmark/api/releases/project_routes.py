"""``projects/{org}/{project}/releases/``: the same releases, seen from one project (releases.md 2.15, 2.16)."""

from dataclasses import replace

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.commits.responses import CommitJson
from shipmark.api.issues.responses import IssueJson
from shipmark.api.issues.routes import shown_issues
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
from shipmark.api.releases.list_routes import found
from shipmark.api.releases.responses import ReleaseJson, release_json
from shipmark.api.releases.routes import (
    amendment,
    publication_fields,
    shown_publication,
    shown_release,
)
from shipmark.api.repositories.responses import RepositoryJson, repository_json
from shipmark.api.scopes import PROJECT_READ, RELEASE_DELETE, RELEASE_READ, RELEASE_WRITE
from shipmark.deletion.release_deletion import delete_releases
from shipmark.http.fields import Fields
from shipmark.http.request_context import GivenVisit, Visit, all_of
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
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str]
) -> Response[list[ReleaseJson]]:
    """List the project's open releases, the newest shipped first."""
    with visit.database.snapshot() as connection:
        access, it = entered(visit, connection, organization, project)
        shape = replace(release_query.shape(visit), project_id=it.id)
        page = visit.page(is_counted=False)
        text = unquoted((visit.parameter("query") or "").strip())
        wanted = ReleaseFilter(
            organization_id=access.organization.id,
            project_ids=(it.id,),
            search=Search(texts=(text,) if text else ()),
            environment_ids=_environments(visit, connection, access),
        )
        rows, links = found(connection, wanted, ReleaseSort.EFFECTIVE_DATE, page)
        nested = loading.to_releases(
            connection,
            access.organization.id,
            [row.release for row in rows],
            wanted.environment_ids,
        )
    return visit.listed([release_json(row.release, nested, shape) for row in rows], links)


@post(
    "/",
    scopes=RELEASE_WRITE,
    takes=lambda settings: requests.new_project_release(settings.commits_max),
    answers={201: ReleaseJson, 208: ReleaseJson},
    sync_to_thread=True,
)
def publish_project_release(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> Response[ReleaseJson]:
    """Publish a release of the project: 201 when it is new there, 208 when it was there."""
    with visit.database.snapshot() as connection:
        access, it = entered(visit, connection, organization, project)
    record = requests.new_project_release(visit.settings.commits_max)
    return published(visit, access, it, visit.body(body, record, lists=("commits",)))


@get("/{version:str}/", scopes=RELEASE_READ, asks=SHAPE, sync_to_thread=True)
def get_project_release(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], version: FromPath[str]
) -> ReleaseJson:
    """Show one release of the project."""
    with visit.database.snapshot() as connection:
        access, it, release = found_release(visit, connection, organization, project, version)
        asked_shape = release_query.shape(visit, by_environment=False)
        shape = replace(asked_shape, project_id=it.id, is_narrow=asked_shape.has_health)
        nested = loading.to_releases(connection, access.organization.id, [release])
    return release_json(release, nested, shape)


@put(
    "/{version:str}/",
    scopes=RELEASE_WRITE,
    takes=lambda settings: requests.amended_project_release(settings.commits_max),
    sync_to_thread=True,
)
def update_project_release(
    visit: GivenVisit,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
    body: RawBody,
) -> ReleaseJson:
    """Change a release of the project; finalizing tells this project only."""
    with visit.database.snapshot() as connection:
        found_release(visit, connection, organization, project, version)
    fields = visit.body(body, requests.amended_project_release(visit.settings.commits_max))
    with visit.database.transaction(busy=BUSY) as connection:
        access, it, release = _changeable(visit, connection, organization, project, version)
        amended = publishing.update(
            connection, release, amendment(fields), visit.circumstances(access), [it.id]
        )
        visit.note_use(connection, access, [it.id])
        return shown_release(connection, amended)


@delete(
    "/{version:str}/", status_code=204, scopes=RELEASE_DELETE, asks=(FORCE,), sync_to_thread=True
)
def delete_project_release(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], version: FromPath[str]
) -> None:
    """Delete the whole release, for all of its projects; ``force`` is as there."""
    with visit.database.transaction() as connection:
        access, _, release = _changeable(visit, connection, organization, project, version)
        is_forced = visit.forced(access)
        delete_releases(connection, [release], visit.circumstances(access), is_forced=is_forced)


@get(
    "/{version:str}/commits/",
    scopes=RELEASE_READ,
    asks=(*REPOSITORY_FILTER, *PAGE),
    sync_to_thread=True,
)
def list_project_release_commits(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], version: FromPath[str]
) -> Response[list[CommitJson]]:
    """List the commits of a release, the newest first."""
    with visit.database.snapshot() as connection:
        access, _, release = found_release(visit, connection, organization, project, version)
        return commits_answer(visit, connection, access, release)


@get("/{version:str}/repositories/", scopes=RELEASE_READ, sync_to_thread=True)
def list_project_release_repositories(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], version: FromPath[str]
) -> list[RepositoryJson]:
    """List the repositories that own commits of a release, by name."""
    with visit.database.snapshot() as connection:
        _, _, release = found_release(visit, connection, organization, project, version)
        ids = release_commits.repository_ids_of(connection, release.id)
        found = repositories.by_ids(connection, ids)
    return [repository_json(found[repository_id]) for repository_id in ids]


@get("/{version:str}/resolved/", scopes=PROJECT_READ, sync_to_thread=True)
def list_project_release_resolved_issues(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], version: FromPath[str]
) -> list[IssueJson]:
    """List the project's issues that a release resolves."""
    with visit.database.snapshot() as connection:
        access, it = entered(visit, connection, organization, project)
        release = release_store.by_version(connection, access.organization.id, version)
        if release is None:
            raise NotFound
        found = resolutions.resolved_by(connection, release.id, [it.id], limit=RESOLVED_MAX)
        return shown_issues(visit, connection, access, found)


def _environments(visit: Visit, connection: Connection, access: Access) -> tuple[int, ...] | None:
    """The environment that a project's list is filtered by; one that nobody knows has nothing."""
    name = visit.parameter("environment")
    if not name:
        return None
    known = project_store.environments_named(connection, access.organization.id, [name])
    return tuple(it.id for it in known)


def published(
    visit: Visit, access: Access, project: Project, fields: Fields
) -> Response[ReleaseJson]:
    """Publish a release of a project, and answer for it."""
    with visit.database.transaction(busy=BUSY) as connection:
        publication = ReleaseInput(
            projects=(project,), **publication_fields(visit, connection, access, fields)
        )
        done = publishing.publish(connection, publication, visit.circumstances(access))
        visit.note_use(connection, access, [project.id])
        shown = shown_publication(connection, done, publication.projects)
    return Response(shown, status_code=201 if done.created_or_attached else 208)


def entered(
    visit: Visit, connection: Connection, organization: str, project: str
) -> tuple[Access, Project]:
    """The project of the address, and what the caller may do there."""
    access = visit.enter(connection, organization)
    return access, projects.require_project(connection, access, project)


def found_release(
    visit: Visit, connection: Connection, organization: str, project: str, version: str
) -> tuple[Access, Project, Release]:
    """The release of the address, which must be attached to the project."""
    access, it = entered(visit, connection, organization, project)
    release = releases.find(connection, access.organization.id, version, [it.id])
    return access, it, release


def _changeable(
    visit: Visit, connection: Connection, organization: str, project: str, version: str
) -> tuple[Access, Project, Release]:
    access, it, release = found_release(visit, connection, organization, project, version)
    visible = [each.id for each in project_store.accessible(connection, access)]
    attached = releases.attached_projects(connection, release)
    all_of(visible, [each.project_id for each in attached])
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
