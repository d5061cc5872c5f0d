"""``organizations/{org}/releases/``: publish, list, show, change and delete releases (releases.md 2.3 to 2.6)."""

from collections.abc import Sequence
from dataclasses import replace

from litestar import Response
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.api.projects.path_project import VisibleProjects
from shipmark.api.releases import health_loading, loading
from shipmark.api.releases.path_release import EditableRelease, ReleaseInProjects, VisibleRelease
from shipmark.api.releases.queries import (
    STATISTICS_PER_PAGE_MAX,
    DeleteReleaseQuery,
    ForceQuery,
    ReleaseListQuery,
    ReleaseOrder,
    ReleaseQuery,
    ReleaseVersionsQuery,
)
from shipmark.api.releases.requests import NewReleaseRequest, ReleaseRequest, ReleaseUpdateRequest
from shipmark.api.releases.responses import (
    ProjectMetaResponse,
    ReleaseResponse,
    ReleaseVersionResponse,
    ReleaseView,
    load_release_response,
    publication_response,
    release_response,
)
from shipmark.deletion.release_deletion import delete_releases
from shipmark.http import endpoint
from shipmark.http.pagination import release_cursor
from shipmark.http.pagination.offset import Links, PageRequest, paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_DELETE, RELEASE_READ, RELEASE_WRITE
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access
from shipmark.projects import store as project_store
from shipmark.projects.model import Project
from shipmark.publishing import actions as publishing
from shipmark.publishing.model import BUSY
from shipmark.release_health.model import hour_moment
from shipmark.release_health.store import pair_buckets, ranked_list
from shipmark.releases.model import (
    ListRow,
    Position,
    Release,
    ReleaseFilter,
    ReleaseSort,
    ReleaseStatus,
)
from shipmark.releases.store import list_query
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases as release_store

BASE_PATH = "/api/0/organizations/{organization:str}/releases"
#: The responses to a publish.
PUBLISHED = {201: ReleaseResponse, 208: ReleaseResponse}

_VALIDATE = "release.validate"


@endpoint.get("/", scopes=RELEASE_READ)
def list_releases(
    context: RequestContext, query: ReleaseListQuery
) -> Response[list[ReleaseResponse]]:
    """List the releases of the organization."""
    order, shape = query.order(), query.shape(by_environment=bool(query.environment))
    page = query.page(is_counted=order.ranking is not None)
    with context.database.autocommit_read() as connection:
        selected = query.select_listed(connection, context.access)
        if not selected:
            return context.listed([], None)
        if shape.has_health or order.ranking is not None:
            health_loading.wait_for_standings(connection, selected)
        conditions = query.release_filter(
            context, connection, selected, per_project=order.per_project
        )
        rows, links = _fetch_ordered_page(connection, conditions, order, page)
        nested = loading.prefetch_for_releases(
            connection,
            context.organization_id,
            [row.release for row in rows],
            conditions.environment_ids,
            selected,
        )
        request = query.health_request(conditions.environment_ids)
        health_loading.add_health(connection, nested, rows, shape, request)
    shapes = {
        project_id: _shape_of(shape, project_id) for project_id in {r.project_id for r in rows}
    }
    return context.listed(
        [release_response(row.release, nested, shapes[row.project_id]) for row in rows], links
    )


@endpoint.get("/stats/", scopes=RELEASE_READ)
def list_versions(
    context: RequestContext, query: ReleaseVersionsQuery
) -> Response[list[ReleaseVersionResponse]]:
    """List versions and their dates, as many as charts need; archived ones too."""
    page = query.page(most=STATISTICS_PER_PAGE_MAX, is_counted=False)
    with context.database.autocommit_read() as connection:
        selected = query.select_listed(connection, context.access)
        if not selected:
            return context.listed([], None)
        conditions = replace(query.release_filter(context, connection, selected), status=None)
        rows, links = fetch_page(connection, conditions, ReleaseSort.DATE, page)
    versions = [
        ReleaseVersionResponse(version=row.release.version, date=row.release.created_at)
        for row in rows
    ]
    return context.listed(versions, links)


@endpoint.post("/", scopes=RELEASE_WRITE, responses=PUBLISHED, step=_VALIDATE)
def publish_release(
    context: RequestContext, visible: VisibleProjects, body: ReleaseRequest
) -> Response[ReleaseResponse]:
    """Publish a release: 201 if it is new or new to a project, 208 if everything was there."""
    return publish(context, _named_projects(visible, body.projects), body, visible)


@endpoint.get("/{version:str}/", scopes=RELEASE_READ)
def get_release(
    context: RequestContext, release: VisibleRelease, query: ReleaseQuery
) -> ReleaseResponse:
    """Show one release, and with ``project`` its neighbours there."""
    shape, meta = query.shape(by_environment=bool(query.environment)), None
    with context.database.autocommit_read() as connection:
        environment_ids = query.environment_ids(connection, context.access)
        if query.project:
            project_id = _shown_project(release, query)
            meta = _neighbours(connection, release.release, project_id, environment_ids, query)
            shape = replace(shape, project_id=project_id, only_selected=shape.has_health)
        if shape.has_health:
            health_loading.wait_for_standings(connection, release.visible)
        nested = loading.prefetch_for_releases(
            connection, context.organization_id, [release.release], environment_ids, release.visible
        )
        health_loading.add_health(
            connection,
            nested,
            [ListRow(release.release, release.release.created_at)],
            shape,
            query.health_request(environment_ids),
        )
    return release_response(release.release, nested, shape, meta)


@endpoint.put("/{version:str}/", scopes=RELEASE_WRITE, step=_VALIDATE)
def update_release(
    context: RequestContext, release: EditableRelease, body: ReleaseUpdateRequest
) -> ReleaseResponse:
    """Change a release: finalize it, archive or reopen it, set its commits or refs."""
    with context.database.transaction(busy=BUSY) as connection:
        updated = publishing.update(
            connection, release.release, body.to_input(), context.publish_context()
        )
        context.record_token_use(connection, release.attached_ids)
        return load_release_response(connection, updated, release.visible)


@endpoint.delete("/{version:str}/", scopes=RELEASE_DELETE)
def delete_release(
    context: RequestContext, release: EditableRelease, query: DeleteReleaseQuery
) -> None:
    """Delete a release. One that issues refer to is refused, unless an owner forces it."""
    delete(context, release.release, query)


def publish(
    context: RequestContext,
    projects: tuple[Project, ...],
    body: NewReleaseRequest,
    visible: Sequence[Project] | None = None,
) -> Response[ReleaseResponse]:
    """Publish a release in these projects, and return the response.

    If the caller may name only the ``visible`` projects, refuse a release that is in others too.
    """
    with context.database.transaction(busy=BUSY) as connection:
        owner_id = _find_owner(connection, context.access, body.owner)
        publication = body.to_publication(projects, owner_id, context.user_agent)
        if visible is not None:
            _require_all_visible(connection, context.access, publication.version, visible)
        published = publishing.publish(connection, publication, context.publish_context())
        context.record_token_use(connection, [project.id for project in projects])
        response = publication_response(connection, published, projects)
    return Response(response, status_code=201 if published.created_or_attached else 208)


def delete(context: RequestContext, release: Release, query: ForceQuery) -> None:
    """Delete a release for all of its projects; only an owner may force it."""
    context.require_owner(is_forced=query.force)
    with context.database.transaction() as connection:
        delete_releases(connection, [release], context.publish_context(), is_forced=query.force)


def fetch_page(
    connection: Connection, conditions: ReleaseFilter, sort: ReleaseSort, page: PageRequest
) -> tuple[Sequence[ListRow], Links]:
    """Return a page of the releases that pass a filter, and the links to the pages around it."""
    is_back = page.cursor is not None and page.cursor.is_previous
    after = release_cursor.position_of(page, sort, per_project=conditions.per_project)
    rows = list_query.page(
        connection, conditions, sort, limit=page.limit, after=after, is_backwards=is_back
    )
    return release_cursor.links(rows, page, sort)


def _fetch_ordered_page(
    connection: Connection, conditions: ReleaseFilter, order: ReleaseOrder, page: PageRequest
) -> tuple[Sequence[ListRow], Links]:
    """Return a page in an order by columns of releases, or by sessions, whose cursors are numbers of rows."""
    if order.ranking is None:
        return fetch_page(connection, conditions, order.sort, page)
    ranked = ranked_list.page(connection, conditions, order.ranking, **page.window)
    return paginate(ranked, page)


def _find_owner(connection: Connection, access: Access, name: str | None) -> int | None:
    """Return the user of that id or email address. Raise `ValidationFailed` unless they are a member."""
    if name is None:
        return None
    user_id = id_of(name)
    user = None if user_id is None else accounts.by_id(connection, user_id)
    user = user or accounts.by_email(connection, name)
    if user is None or not user.is_active:
        raise ValidationFailed({"owner": ["Unable to find user"]})
    known = organizations.organization_and_role(connection, access.organization.slug, user.id)
    if known is None or known[1] is None:
        raise ValidationFailed({"owner": ["User does not have access to this organization"]})
    return user.id


def _shape_of(shape: ReleaseView, project_id: int | None) -> ReleaseView:
    if project_id is None:
        return shape
    return replace(shape, project_id=project_id, only_selected=True)


def _shown_project(release: ReleaseInProjects, query: ReleaseQuery) -> int:
    """Return the project that the release is shown in; ``-1`` stands for the caller's first that has it."""
    if query.project[-1] == "-1" and query.health == "1":
        raise BadRequest("Invalid project")
    return release.first_selected.id


def _neighbours(
    connection: Connection,
    release: Release,
    project_id: int,
    environment_ids: tuple[int, ...] | None,
    query: ReleaseQuery,
) -> ProjectMetaResponse:
    """Return the releases before and after this one, and the first and last of the project (releases.md 2.6)."""
    if (query.sort or "date") != "date":
        raise BadRequest("invalid sort")
    of_project = ReleaseFilter(
        organization_id=release.organization_id,
        project_ids=(project_id,),
        status=None,
        environment_ids=environment_ids,
    )
    status = query.release_status(default=ReleaseStatus.OPEN)
    near = replace(of_project, status=status, search=query.search())
    here = Position(key=release.created_at, created_at=release.created_at, release_id=release.id)
    bounds = pair_buckets.bounds_of(connection, [(project_id, release.id)]).get(
        (project_id, release.id)
    )
    return ProjectMetaResponse(
        sessions_lower_bound=hour_moment(bounds.first) if bounds else None,
        sessions_upper_bound=hour_moment(bounds.last) if bounds else None,
        next_release_version=_first_version(connection, near, here, is_backwards=True),
        prev_release_version=_first_version(connection, near, here, is_backwards=False),
        first_release_version=_first_version(connection, of_project, None, is_backwards=True),
        last_release_version=_first_version(connection, of_project, None, is_backwards=False),
    )


def _first_version(
    connection: Connection, conditions: ReleaseFilter, after: Position | None, *, is_backwards: bool
) -> str | None:
    rows = list_query.page(
        connection, conditions, ReleaseSort.DATE, limit=1, after=after, is_backwards=is_backwards
    )
    return rows[0].release.version if rows else None


def _named_projects(visible: Sequence[Project], names: Sequence[str]) -> tuple[Project, ...]:
    by_name = {name: row for row in visible for name in (str(row.id), row.slug)}
    if any(name not in by_name for name in names):
        raise ValidationFailed({"projects": ["Invalid project slugs"]})
    return tuple(by_name[name] for name in names)


def _require_all_visible(
    connection: Connection, access: Access, version: str, visible: Sequence[Project]
) -> None:
    """Refuse to extend a release that is also in projects the caller can't see (releases.md 2.3.2, newer)."""
    if access.reaches_all or access.organization.is_open:
        return
    release = release_store.by_version(connection, access.organization.id, version)
    if release is None:
        return
    attached = release_projects.of_releases(connection, [release.id]).get(release.id, [])
    hidden = {row.project_id for row in attached} - {project.id for project in visible}
    if hidden:
        slugs = sorted(row.slug for row in project_store.by_ids(connection, hidden).values())
        message = f"You do not have permission to one of the projects: {', '.join(slugs)}"
        raise ValidationFailed({"projects": [message]})
