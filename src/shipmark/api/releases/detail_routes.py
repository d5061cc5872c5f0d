"""``organizations/{org}/releases/{version}/…``: what a release holds (releases.md 2.7 to 2.11)."""

from litestar import Response, Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.commits.responses import (
    ChangedFileResponse,
    CommitResponse,
    NobodyResponse,
    changed_file_response,
    commit_response,
)
from shipmark.api.issues.responses import IssueResponse
from shipmark.api.issues.routes import serialize_issues
from shipmark.api.query_parameters import PAGE, PROJECTS, REPOSITORY_FILTER
from shipmark.api.releases import loading
from shipmark.api.releases.responses import (
    ReleaseMetaResponse,
    ReleaseResponse,
    release_meta_response,
)
from shipmark.api.releases.routes import get_visible_release, serialize_release
from shipmark.api.scopes import ORGANIZATION_READ, RELEASE_READ
from shipmark.artifacts.store import archives, release_listing
from shipmark.http.pagination.offset import FIRST, paginate, paginate_backward, paginate_forward
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.issues.store import resolutions
from shipmark.organizations.model import Access
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories

#: The list of resolved issues has no pages (releases.md 2.11), so it has an end.
RESOLVED_MAX = 1000

#: No commit has a position behind it: as big as the databases keep them.
_POSITION_MAX = 2**31 - 1


@get("/meta/", scopes=RELEASE_READ, asks=PROJECTS, sync_to_thread=True)
def get_meta(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> ReleaseMetaResponse:
    """Show the numbers of a release."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        release = get_visible_release(context, connection, access, version)
        nested = loading.prefetch_for_releases(connection, access.organization.id, [release])
        changed = release_commits.changed_file_count(connection, release.id)
        project_ids = releases.project_ids(connection, release)
        bundled = archives.bundled_count(
            connection, access.organization.id, release.version, project_ids
        )
        single = release_listing.counts_of(connection, [release.id]).get(release.id, 0)
    return release_meta_response(
        release,
        nested,
        changed,
        file_count=single if bundled is None else bundled,
        is_artifact_bundle=bundled is not None,
    )


@get(
    "/commits/",
    scopes=RELEASE_READ,
    asks=(*REPOSITORY_FILTER, *PROJECTS, *PAGE),
    sync_to_thread=True,
)
def list_release_commits(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> Response[list[CommitResponse]]:
    """List the commits of a release, the newest first."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        release = get_visible_release(context, connection, access, version)
        return commits_answer(context, connection, access, release)


@get(
    "/commitfiles/",
    scopes=RELEASE_READ,
    asks=(*REPOSITORY_FILTER, *PROJECTS, *PAGE),
    sync_to_thread=True,
)
def list_changed_files(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> Response[list[ChangedFileResponse]]:
    """List what the commits of a release changed, by file name."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        release = get_visible_release(context, connection, access, version)
        page = context.page()
        rows = release_commits.changed_files_of(
            connection,
            release.id,
            limit=page.limit,
            offset=page.skipped,
            repository_id=_repository(context, connection, access),
        )
        files, links = paginate(rows, page)
        found = repositories.commits_by_ids(connection, {file.commit_id for file in files})
        nested = loading.prefetch_for_commits(
            connection, access.organization.id, list(found.values())
        )
    shown = [changed_file_response(file, access.organization.id, nested) for file in files]
    return context.listed(shown, links)


@get("/previous-with-commits/", scopes=RELEASE_READ, asks=PROJECTS, sync_to_thread=True)
def get_previous_with_commits(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> Response[ReleaseResponse | NobodyResponse]:
    """Show the newest release with commits up to this one, or an empty object."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        release = get_visible_release(context, connection, access, version)
        previous = release_store.previous_with_commits(connection, release)
        if previous is None:
            return Response(NobodyResponse())
        return Response(serialize_release(connection, previous))


@get("/resolved/", scopes=ORGANIZATION_READ, asks=PROJECTS, sync_to_thread=True)
def list_resolved_issues(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> list[IssueResponse]:
    """List the issues that a release resolves."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        release = release_store.by_version(connection, access.organization.id, version)
        if release is None:
            raise NotFound
        ids = [project.id for project in context.selectable_projects(connection, access)]
        found = resolutions.resolved_by(connection, release.id, ids, limit=RESOLVED_MAX)
        return serialize_issues(context, connection, access, found)


def commits_answer(
    context: RequestContext, connection: Connection, access: Access, release: Release
) -> Response[list[CommitResponse]]:
    """A page of a release's commits."""
    page = context.page()
    cursor = page.cursor or FIRST
    position = min(cursor.value, _POSITION_MAX)
    repository_id = _repository(context, connection, access)
    if cursor.is_previous:
        rows = release_commits.page_before(
            connection,
            release.id,
            limit=page.limit,
            position=position,
            repository_id=repository_id,
        )
        commits, links = paginate_backward(rows, page)
    else:
        rows = release_commits.page_of(
            connection,
            release.id,
            limit=page.limit,
            offset=cursor.offset,
            from_position=position,
            repository_id=repository_id,
        )
        commits, links = paginate_forward(rows, page)
    nested = loading.prefetch_for_commits(connection, access.organization.id, commits)
    return context.listed([commit_response(commit, nested) for commit in commits], links)


def _repository(context: RequestContext, connection: Connection, access: Access) -> int | None:
    """The repository that ``repo_id`` or ``repo_name`` filters by; an unknown one is not found."""
    organization_id = access.organization.id
    if given := context.parameter("repo_id"):
        repository_id = id_of(given)
        if repository_id is None:
            raise NotFound
        if not repositories.in_organization(connection, organization_id, repository_id):
            raise NotFound
        return repository_id
    name = context.parameter("repo_name")
    if not name:
        return None
    known = repositories.ids_by_name(connection, organization_id, [name])
    if name not in known:
        raise NotFound
    return known[name]


router = Router(
    "/api/0/organizations/{organization:str}/releases/{version:str}",
    route_handlers=[
        get_meta,
        list_release_commits,
        list_changed_files,
        get_previous_with_commits,
        list_resolved_issues,
    ],
)
