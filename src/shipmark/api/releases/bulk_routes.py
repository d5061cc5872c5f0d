"""``organizations/{org}/bulk-releases/``: many releases at once, by what a list of them is asked for by.

What changes is what ``releases/`` lists with the same parameters, the oldest first, a thousand a request. Nothing does
unless the request says ``dryRun=0``. Where more match, the answer has a cursor for the next request, which goes past
those that can't be changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.api.projects.path_project import VisibleProjects
from shipmark.api.releases.queries import BulkDeleteReleaseQuery, BulkReleaseQuery
from shipmark.api.releases.requests import BulkReleaseUpdateRequest
from shipmark.api.responses import Wire
from shipmark.deletion import release_deletion
from shipmark.deletion.release_deletion import Hold
from shipmark.http import endpoint
from shipmark.http.pagination import offset, release_cursor
from shipmark.http.pagination.offset import Cursor
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_DELETE, RELEASE_WRITE
from shipmark.projects.model import Project
from shipmark.publishing import auditing
from shipmark.publishing.model import BUSY
from shipmark.releases import actions as releases
from shipmark.releases.model import Release, ReleaseSort
from shipmark.releases.store import list_query
from shipmark.releases.store import projects as release_projects

BASE_PATH = "/api/0/organizations/{organization:str}/bulk-releases"
#: Versions that are named of those that were, or would be, changed.
NAMED_MAX = 100
#: Releases that one request changes.
BULK_MAX = 1000


class KeptResponse(Wire):
    """A release that stays as it is, and why."""

    version: str
    reason: str


class BulkResponse(Wire):
    """``count`` releases were changed, or would be; the oldest are named.

    ``has_more``: more match; send ``next_cursor`` as ``cursor`` for them, with the same other parameters.
    """

    is_dry_run: bool
    count: int
    versions: list[str]
    kept: list[KeptResponse]
    has_more: bool
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matched:
    """The releases that match, the oldest first; ``kept`` says why some of them stay as they are.

    ``next`` is where the releases begin that this request doesn't reach; None where it reaches all.
    """

    releases: list[Release]
    kept: dict[str, str]
    next: Cursor | None


@endpoint.put("/", scopes=RELEASE_WRITE, step="release.validate")
def change_releases(
    context: RequestContext,
    visible: VisibleProjects,
    query: BulkReleaseQuery,
    body: BulkReleaseUpdateRequest,
) -> BulkResponse:
    """Archive or reopen many releases."""
    with context.database.transaction(busy=BUSY) as connection:
        matched = _match(context, connection, visible, query)
        changing = [row for row in matched.releases if row.status is not body.status]
        if not query.dry_run:
            releases.set_status_of(connection, changing, body.status)
            auditing.record_status(connection, changing, body.status, context.publish_context())
    return _response(query, matched, changing)


@endpoint.delete("/", status_code=200, scopes=RELEASE_DELETE)
def delete_releases(
    context: RequestContext, visible: VisibleProjects, query: BulkDeleteReleaseQuery
) -> BulkResponse:
    """Delete many releases; those with issues first seen in them, or with sessions, stay unless it is forced."""
    context.require_owner(is_forced=query.force)
    with context.database.transaction(busy=BUSY) as connection:
        matched = _match(context, connection, visible, query)
        around = context.publish_context()
        held: Mapping[int, Hold] = {}
        if not query.force:
            held = release_deletion.holds(connection, matched.releases, around.now)
        deleting = [row for row in matched.releases if row.id not in held]
        if not query.dry_run:
            release_deletion.delete_releases(connection, deleting, around, is_forced=query.force)
    for release in matched.releases:
        if release.id in held:
            matched.kept[release.version] = held[release.id]
    return _response(query, matched, deleting)


def _match(
    context: RequestContext,
    connection: Connection,
    visible: Sequence[Project],
    query: BulkReleaseQuery,
) -> _Matched:
    query.require_filter()
    selected = query.select_listed(connection, context.access)
    conditions = query.release_filter(context, connection, selected)
    page = offset.parse_page(None, query.cursor, is_counted=False)
    position = release_cursor.position_of(page, ReleaseSort.DATE, per_project=False)
    sort, limit = ReleaseSort.DATE, BULK_MAX + 1
    rows = list_query.page(
        connection, conditions, sort, limit=limit, after=position, is_backwards=True
    )
    matching = [row.release for row in rows[:BULK_MAX]]
    visible_ids = {project.id for project in visible}
    attached = release_projects.of_releases(connection, [release.id for release in matching])
    hidden = {
        release_id
        for release_id, projects in attached.items()
        if any(row.project_id not in visible_ids for row in projects)
    }
    has_more = len(rows) > BULK_MAX
    return _Matched(
        releases=[row for row in matching if row.id not in hidden],
        kept={row.version: releases.IN_HIDDEN_PROJECTS for row in matching if row.id in hidden},
        next=release_cursor.cursor_of(rows[BULK_MAX - 1].position, sort) if has_more else None,
    )


def _response(
    query: BulkReleaseQuery, matched: _Matched, changed: Sequence[Release]
) -> BulkResponse:
    return BulkResponse(
        is_dry_run=query.dry_run,
        count=len(changed),
        versions=[release.version for release in changed[:NAMED_MAX]],
        kept=[KeptResponse(version=version, reason=why) for version, why in matched.kept.items()],
        has_more=matched.next is not None,
        next_cursor=str(matched.next) if matched.next else None,
    )
