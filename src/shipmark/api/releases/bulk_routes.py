"""``organizations/{org}/bulk-releases/``: many releases at once, by what a list of them is asked for by.

What changes is what ``releases/`` lists with the same parameters, the oldest first, a thousand a request. Nothing does
unless the request says ``dryRun=0``. Where more match, the answer has a cursor for the next request, which goes past
those that can't be changed.
"""

from dataclasses import dataclass

from litestar import Router, delete, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.query_parameters import (
    CURSOR,
    DRY_RUN,
    ENVIRONMENT,
    FORCE,
    PROJECTS,
    RANGE,
    RELEASE_QUERY,
    STATUS,
)
from shipmark.api.releases import release_query, requests
from shipmark.api.releases.bulk_responses import BulkResponse, bulk_response
from shipmark.api.scopes import RELEASE_DELETE, RELEASE_WRITE
from shipmark.deletion import release_deletion
from shipmark.http.pagination import offset, release_cursor
from shipmark.http.pagination.offset import Cursor
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.errors import BadRequest
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.publishing import auditing
from shipmark.publishing.model import BUSY
from shipmark.releases import actions as releases
from shipmark.releases.model import Release, ReleaseSort
from shipmark.releases.store import list_query
from shipmark.releases.store import projects as release_projects

#: Releases that one request changes.
BULK_MAX = 1000

_FILTERS = ("query", "environment", "start", "statsPeriod")
_HIDDEN = "It is also in projects that you have no access to."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matched:
    """The releases that match, the oldest first; ``kept`` says why some of them stay as they are.

    ``next`` is where the releases begin that this request doesn't reach; None where it reaches all.
    """

    releases: list[Release]
    kept: dict[str, str]
    next: Cursor | None


@put(
    "/",
    scopes=RELEASE_WRITE,
    asks=(DRY_RUN, RELEASE_QUERY, STATUS, ENVIRONMENT, *PROJECTS, *RANGE, CURSOR),
    takes=requests.CHANGED_RELEASES,
    sync_to_thread=True,
)
def change_releases(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> BulkResponse:
    """Archive or reopen many releases."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
    fields = context.body(body, requests.CHANGED_RELEASES)
    is_dry_run = _is_dry_run(context)
    with context.database.transaction(busy=BUSY) as connection:
        matched = _matched(context, connection, access)
        going = [it for it in matched.releases if it.status is not fields["status"]]
        if not is_dry_run:
            releases.set_status_of(connection, going, fields["status"])
            around = context.publish_context(access)
            auditing.record_status(connection, going, fields["status"], around)
    return bulk_response(going, matched.kept, is_dry_run=is_dry_run, next_cursor=matched.next)


@delete(
    "/",
    status_code=200,
    scopes=RELEASE_DELETE,
    asks=(DRY_RUN, FORCE, RELEASE_QUERY, STATUS, ENVIRONMENT, *PROJECTS, *RANGE, CURSOR),
    sync_to_thread=True,
)
def delete_releases(context: InjectedRequest, organization: FromPath[str]) -> BulkResponse:
    """Delete many releases; those that an issue was first seen in stay, unless it is forced."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
    is_dry_run, is_forced = _is_dry_run(context), context.require_force(access)
    with context.database.transaction(busy=BUSY) as connection:
        matched = _matched(context, connection, access)
        held = (
            set()
            if is_forced
            else release_deletion.referenced_by_issues(connection, matched.releases)
        )
        going = [it for it in matched.releases if it.id not in held]
        kept = {it.version: release_deletion.REFERENCED for it in matched.releases if it.id in held}
        if not is_dry_run:
            around = context.publish_context(access)
            release_deletion.delete_releases(connection, going, around, is_forced=is_forced)
    return bulk_response(
        going, matched.kept | kept, is_dry_run=is_dry_run, next_cursor=matched.next
    )


def _is_dry_run(context: RequestContext) -> bool:
    return context.parameter("dryRun") is None or context.flag("dryRun")


def _matched(context: RequestContext, connection: Connection, access: Access) -> _Matched:
    if not any((context.parameter(name) or "").strip() for name in _FILTERS):
        detail = "Say which releases: by query, environment, statsPeriod, or start and end."
        raise BadRequest(detail)
    shown = context.selected_projects(connection, access)
    wanted = release_query.releases(context, connection, access, shown)
    page = offset.parse_page(None, context.parameter("cursor"), is_counted=False)
    position = release_cursor.position_of(page, ReleaseSort.DATE, per_project=False)
    rows = list_query.page(
        connection,
        wanted,
        ReleaseSort.DATE,
        limit=BULK_MAX + 1,
        after=position,
        is_backwards=True,
    )
    found = [row.release for row in rows[:BULK_MAX]]
    visible = {project.id for project in projects.accessible(connection, access)}
    attached = release_projects.of_releases(connection, [release.id for release in found])
    hidden = {
        release_id
        for release_id, each in attached.items()
        if any(it.project_id not in visible for it in each)
    }
    return _Matched(
        releases=[it for it in found if it.id not in hidden],
        kept={it.version: _HIDDEN for it in found if it.id in hidden},
        next=(
            release_cursor.cursor_of(rows[BULK_MAX - 1].position, ReleaseSort.DATE)
            if len(rows) > BULK_MAX
            else None
        ),
    )


router = Router(
    "/api/0/organizations/{organization:str}/bulk-releases",
    route_handlers=[change_releases, delete_releases],
)
