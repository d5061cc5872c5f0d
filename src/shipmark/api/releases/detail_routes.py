"""``organizations/{org}/releases/{version}/…``: what a release holds (releases.md 2.7 to 2.11)."""

from litestar import Response, Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.commits.responses import (
    ChangedFileJson,
    CommitJson,
    NobodyJson,
    changed_file_json,
    commit_json,
)
from shipmark.api.issues.responses import IssueJson
from shipmark.api.issues.routes import shown_issues
from shipmark.api.query_parameters import PAGE, PROJECTS, REPOSITORY_FILTER
from shipmark.api.releases import loading
from shipmark.api.releases.responses import ReleaseJson, ReleaseMetaJson, release_meta_json
from shipmark.api.releases.routes import seen_release, shown_release
from shipmark.api.scopes import ORGANIZATION_READ, RELEASE_READ
from shipmark.artifacts.store import archives, release_listing
from shipmark.http.pagination.offset import FIRST, paginate, paginate_backward, paginate_forward
from shipmark.http.request_context import GivenVisit, Visit
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
    visit: GivenVisit, organization: FromPath[str], version: FromPath[str]
) -> ReleaseMetaJson:
    """Show the numbers of a release."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        release = seen_release(visit, connection, access, version)
        nested = loading.to_releases(connection, access.organization.id, [release])
        changed = release_commits.changed_file_count(connection, release.id)
        project_ids = releases.project_ids(connection, release)
        bundled = archives.bundled_count(
            connection, access.organization.id, release.version, project_ids
        )
        single = release_listing.counts_of(connection, [release.id]).get(release.id, 0)
    return release_meta_json(
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
    visit: GivenVisit, organization: FromPath[str], version: FromPath[str]
) -> Response[list[CommitJson]]:
    """List the commits of a release, the newest first."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        release = seen_release(visit, connection, access, version)
        return commits_answer(visit, connection, access, release)


@get(
    "/commitfiles/",
    scopes=RELEASE_READ,
    asks=(*REPOSITORY_FILTER, *PROJECTS, *PAGE),
    sync_to_thread=True,
)
def list_changed_files(
    visit: GivenVisit, organization: FromPath[str], version: FromPath[str]
) -> Response[list[ChangedFileJson]]:
    """List what the commits of a release changed, by file name."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        release = seen_release(visit, connection, access, version)
        page = visit.page()
        rows = release_commits.changed_files_of(
            connection,
            release.id,
            limit=page.limit,
            offset=page.skipped,
            repository_id=_repository(visit, connection, access),
        )
        files, links = paginate(rows, page)
        found = repositories.commits_by_ids(connection, {file.commit_id for file in files})
        nested = loading.to_commits(connection, access.organization.id, list(found.values()))
    shown = [changed_file_json(file, access.organization.id, nested) for file in files]
    return visit.listed(shown, links)


@get("/previous-with-commits/", scopes=RELEASE_READ, asks=PROJECTS, sync_to_thread=True)
def get_previous_with_commits(
    visit: GivenVisit, organization: FromPath[str], version: FromPath[str]
) -> Response[ReleaseJson | NobodyJson]:
    """Show the newest release with commits up to this one, or an empty object."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        release = seen_release(visit, connection, access, version)
        previous = release_store.previous_with_commits(connection, release)
        if previous is None:
            return Response(NobodyJson())
        return Response(shown_release(connection, previous))


@get("/resolved/", scopes=ORGANIZATION_READ, asks=PROJECTS, sync_to_thread=True)
def list_resolved_issues(
    visit: GivenVisit, organization: FromPath[str], version: FromPath[str]
) -> list[IssueJson]:
    """List the issues that a release resolves."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        release = release_store.by_version(connection, access.organization.id, version)
        if release is None:
            raise NotFound
        ids = [project.id for project in visit.allowed_projects(connection, access)]
        found = resolutions.resolved_by(connection, release.id, ids, limit=RESOLVED_MAX)
        return shown_issues(visit, connection, access, found)


def commits_answer(
    visit: Visit, connection: Connection, access: Access, release: Release
) -> Response[list[CommitJson]]:
    """A page of a release's commits."""
    page = visit.page()
    cursor = page.cursor or FIRST
    position = min(cursor.value, _POSITION_MAX)
    repository_id = _repository(visit, connection, access)
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
    nested = loading.to_commits(connection, access.organization.id, commits)
    return visit.listed([commit_json(commit, nested) for commit in commits], links)


def _repository(visit: Visit, connection: Connection, access: Access) -> int | None:
    """The repository that ``repo_id`` or ``repo_name`` filters by; an unknown one is not found."""
    organization_id = access.organization.id
    if given := visit.parameter("repo_id"):
        repository_id = id_of(given)
        if repository_id is None:
            raise NotFound
        if not repositories.in_organization(connection, organization_id, repository_id):
            raise NotFound
        return repository_id
    name = visit.parameter("repo_name")
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
