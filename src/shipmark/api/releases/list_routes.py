"""``organizations/{org}/releases/``: lists, and one release with what is around it (releases.md 2.4 to 2.6)."""

from collections.abc import Sequence
from dataclasses import replace

from litestar import Response, Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.query_parameters import (
    AROUND_SORT,
    CURSOR,
    ENVIRONMENT,
    FLATTEN,
    PAGE,
    PER_PAGE,
    PROJECTS,
    RANGE,
    RELEASE_QUERY,
    SHAPE,
    SORT,
    STATUS,
    VERSION_QUERY,
)
from shipmark.api.releases import loading, release_query, routes
from shipmark.api.releases.responses import (
    ProjectMetaResponse,
    ReleaseResponse,
    ReleaseVersionResponse,
    ReleaseView,
    release_response,
)
from shipmark.api.releases.routes import get_visible_release
from shipmark.api.scopes import RELEASE_READ
from shipmark.http.pagination import release_cursor
from shipmark.http.pagination.offset import Links, PageRequest
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.errors import BadRequest
from shipmark.organizations.model import Access
from shipmark.releases.actions import attached_projects
from shipmark.releases.model import (
    ListRow,
    Position,
    Release,
    ReleaseFilter,
    ReleaseSort,
    ReleaseStatus,
)
from shipmark.releases.search import Search, unquoted
from shipmark.releases.store import list_query

#: The list for charts has so little of each release that it may have many.
STATS_PER_PAGE_MAX = 1000
_MANY = replace(
    PER_PAGE,
    about=f"How many a page holds, {STATS_PER_PAGE_MAX} at most.",
    schema={
        "type": "integer",
        "minimum": 0,
        "maximum": STATS_PER_PAGE_MAX,
        "default": STATS_PER_PAGE_MAX,
    },
)


@get(
    "/",
    scopes=RELEASE_READ,
    asks=(RELEASE_QUERY, STATUS, SORT, FLATTEN, ENVIRONMENT, *PROJECTS, *RANGE, *SHAPE, *PAGE),
    sync_to_thread=True,
)
def list_releases(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[list[ReleaseResponse]]:
    """List the releases of the organization."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        order, shape = release_query.order(context), release_query.shape(context)
        page = context.page(is_counted=False)
        shown = context.selected_projects(connection, access)
        if not shown:
            return context.listed([], None)
        wanted = release_query.releases(
            context, connection, access, shown, per_project=order.per_project
        )
        rows, links = fetch_page(connection, wanted, order.sort, page)
        nested = loading.prefetch_for_releases(
            connection,
            access.organization.id,
            [row.release for row in rows],
            wanted.environment_ids,
            shown,
        )
    return context.listed(
        [release_response(row.release, nested, _flat(shape, row)) for row in rows], links
    )


@get(
    "/stats/",
    scopes=RELEASE_READ,
    asks=(RELEASE_QUERY, STATUS, ENVIRONMENT, *PROJECTS, *RANGE, _MANY, CURSOR),
    sync_to_thread=True,
)
def list_versions(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[list[ReleaseVersionResponse]]:
    """List versions and their dates, as many as charts need; archived ones too."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        page = context.page(most=STATS_PER_PAGE_MAX, is_counted=False)
        shown = context.selected_projects(connection, access)
        if not shown:
            return context.listed([], None)
        wanted = release_query.releases(context, connection, access, shown)
        rows, links = fetch_page(connection, replace(wanted, status=None), ReleaseSort.DATE, page)
    return context.listed(
        [
            ReleaseVersionResponse(version=r.release.version, date=r.release.created_at)
            for r in rows
        ],
        links,
    )


@get(
    "/{version:str}/",
    scopes=RELEASE_READ,
    asks=(*PROJECTS, ENVIRONMENT, VERSION_QUERY, STATUS, AROUND_SORT, *SHAPE),
    sync_to_thread=True,
)
def get_release(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> ReleaseResponse:
    """Show one release, and with ``project`` what is around it there."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        release = get_visible_release(context, connection, access, version)
        shape = release_query.shape(context)
        environment_ids = release_query.environments(context, connection, access)
        project_id = _project(context, connection, access, release)
        meta = None
        if project_id is not None:
            meta = _around(context, connection, release, project_id, environment_ids)
            shape = replace(shape, project_id=project_id, only_selected=shape.has_health)
        nested = loading.prefetch_for_releases(
            connection, access.organization.id, [release], environment_ids
        )
    return release_response(release, nested, shape, meta)


def fetch_page(
    connection: Connection, wanted: ReleaseFilter, sort: ReleaseSort, page: PageRequest
) -> tuple[Sequence[ListRow], Links]:
    """A page of the releases that pass a filter, and the links to those around it."""
    is_back = page.cursor is not None and page.cursor.is_previous
    beyond = release_cursor.position_of(page, sort, per_project=wanted.per_project)
    rows = list_query.page(
        connection, wanted, sort, limit=page.limit, after=beyond, is_backwards=is_back
    )
    return release_cursor.links(rows, page, sort)


def _flat(shape: ReleaseView, row: ListRow) -> ReleaseView:
    if row.project_id is None:
        return shape
    return replace(shape, project_id=row.project_id, only_selected=True)


def _project(
    context: RequestContext, connection: Connection, access: Access, release: Release
) -> int | None:
    """The one project that a release is asked for in; ``-1`` stands for the caller's first that has it."""
    names = context.parameters("project")
    if not names:
        return None
    if names[-1] == "-1" and context.parameter("health") == "1":
        raise BadRequest("Invalid project")
    attached = attached_projects(connection, release)
    named = {project.id for project in context.selectable_projects(connection, access)}
    return next(it.project_id for it in attached if it.project_id in named)


def _around(
    context: RequestContext,
    connection: Connection,
    release: Release,
    project_id: int,
    environment_ids: tuple[int, ...] | None,
) -> ProjectMetaResponse:
    """The releases before and after this one, and the first and last of the project (releases.md 2.6)."""
    if (context.parameter("sort") or "date") != "date":
        raise BadRequest("invalid sort")
    everything = ReleaseFilter(
        organization_id=release.organization_id,
        project_ids=(project_id,),
        status=None,
        environment_ids=environment_ids,
    )
    text = unquoted((context.parameter("query") or "").strip())
    near = replace(
        everything,
        status=release_query.status(context, default=ReleaseStatus.OPEN),
        search=Search(texts=(text,) if text else ()),
    )
    place = Position(key=release.created_at, created_at=release.created_at, release_id=release.id)
    return ProjectMetaResponse(
        next_release_version=_one(connection, near, place, is_backwards=True),
        prev_release_version=_one(connection, near, place, is_backwards=False),
        first_release_version=_one(connection, everything, None, is_backwards=True),
        last_release_version=_one(connection, everything, None, is_backwards=False),
    )


def _one(
    connection: Connection, wanted: ReleaseFilter, beyond: Position | None, *, is_backwards: bool
) -> str | None:
    rows = list_query.page(
        connection, wanted, ReleaseSort.DATE, limit=1, after=beyond, is_backwards=is_backwards
    )
    return rows[0].release.version if rows else None


router = Router(
    "/api/0/organizations/{organization:str}/releases",
    route_handlers=[
        list_releases,
        list_versions,
        get_release,
        *routes.HANDLERS,
    ],
)
