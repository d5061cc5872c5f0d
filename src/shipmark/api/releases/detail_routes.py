"""``organizations/{org}/releases/{version}/…``: what a release holds (releases.md 2.7 to 2.11)."""

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.commits.responses import (
    ChangedFileResponse,
    CommitResponse,
    NobodyResponse,
    changed_file_response,
    serialize_commits,
)
from shipmark.api.issues.loading import serialize_issues
from shipmark.api.issues.responses import IssueResponse
from shipmark.api.projects.path_project import VisibleProjects
from shipmark.api.queries import ProjectQuery
from shipmark.api.releases import loading
from shipmark.api.releases.comparison_responses import ComparisonResponse, comparison_response
from shipmark.api.releases.path_release import VisibleRelease
from shipmark.api.releases.queries import (
    CompareQuery,
    ProjectReleaseCommitsQuery,
    ReleaseCommitsQuery,
    RepositoryQuery,
)
from shipmark.api.releases.responses import (
    ReleaseMetaResponse,
    ReleaseResponse,
    load_release_response,
    release_meta_response,
)
from shipmark.artifacts.store import archives, release_listing
from shipmark.http import endpoint
from shipmark.http.pagination.offset import FIRST, paginate, paginate_backward, paginate_forward
from shipmark.http.request_context import RequestContext, require_id, require_row
from shipmark.http.scopes import ORGANIZATION_READ, RELEASE_READ
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.store import resolutions
from shipmark.publishing.comparison import compare
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories

BASE_PATH = "/api/0/organizations/{organization:str}/releases/{version:str}"
#: The list of resolved issues has no pages (releases.md 2.11), so it has an end.
RESOLVED_MAX = 1000

#: No commit has a position behind it: as big as the databases keep them.
_POSITION_MAX = 2**31 - 1


@endpoint.get("/meta/", scopes=RELEASE_READ)
def get_meta(context: RequestContext, release: VisibleRelease) -> ReleaseMetaResponse:
    """Show the numbers of a release."""
    shown, organization_id = release.release, context.organization_id
    with context.database.snapshot() as connection:
        nested = loading.prefetch_for_releases(
            connection, organization_id, [shown], known=release.visible
        )
        changed = release_commits.changed_file_count(connection, shown.id)
        bundled = archives.bundled_count(
            connection, organization_id, shown.version, set(release.attached_ids)
        )
        single = release_listing.counts_of(connection, [shown.id]).get(shown.id, 0)
    return release_meta_response(
        shown,
        nested,
        changed,
        file_count=single if bundled is None else bundled,
        is_artifact_bundle=bundled is not None,
    )


@endpoint.get("/commits/", scopes=RELEASE_READ)
def list_release_commits(
    context: RequestContext, release: VisibleRelease, query: ReleaseCommitsQuery
) -> Response[list[CommitResponse]]:
    """List the commits of a release, the newest first."""
    return commits_response(context, release.release, query)


@endpoint.get("/commitfiles/", scopes=RELEASE_READ)
def list_changed_files(
    context: RequestContext, release: VisibleRelease, query: ReleaseCommitsQuery
) -> Response[list[ChangedFileResponse]]:
    """List what the commits of a release changed, by file name."""
    page, organization_id = query.page(), context.organization_id
    with context.database.snapshot() as connection:
        rows = release_commits.changed_files_of(
            connection,
            release.release.id,
            **page.window,
            repository_id=_repository_id(connection, organization_id, query),
        )
        files, links = paginate(rows, page)
        commits = repositories.commits_by_ids(connection, {file.commit_id for file in files})
        nested = loading.prefetch_for_commits(connection, organization_id, list(commits.values()))
    changed = [changed_file_response(file, organization_id, nested) for file in files]
    return context.listed(changed, links)


@endpoint.get("/previous-with-commits/", scopes=RELEASE_READ)
def get_previous_with_commits(
    context: RequestContext, release: VisibleRelease
) -> Response[ReleaseResponse | NobodyResponse]:
    """Show the newest release with commits up to this one, or an empty object."""
    with context.database.snapshot() as connection:
        previous = release_store.previous_with_commits(connection, release.release)
        if previous is None:
            return Response(NobodyResponse())
        return Response(load_release_response(connection, previous, release.visible))


@endpoint.get("/resolved/", scopes=ORGANIZATION_READ)
def list_resolved_issues(
    context: RequestContext, visible: VisibleProjects, query: ProjectQuery, version: str
) -> list[IssueResponse]:
    """List the issues that a release resolves."""
    with context.database.snapshot() as connection:
        release = require_row(
            release_store.by_version(connection, context.organization_id, version)
        )
        ids = [project.id for project in query.select(visible)]
        resolved = resolutions.resolved_by(connection, release.id, ids, limit=RESOLVED_MAX)
        return serialize_issues(context, connection, resolved)


@endpoint.get("/compare/", scopes=RELEASE_READ)
def compare_releases(
    context: RequestContext, release: VisibleRelease, query: CompareQuery
) -> ComparisonResponse:
    """Compare a release with the one that ``base`` names."""
    organization_id = context.organization_id
    ids = [project.id for project in release.selected]
    with context.database.snapshot() as connection:
        base = releases.find(connection, organization_id, query.base, ids)
        comparison = compare(connection, base, release.release, ids)
        nested = loading.prefetch_for_comparison(connection, organization_id, comparison)
        named = {
            issue.id: issue
            for side in (comparison.base, comparison.head)
            for listed in (side.new, side.resolved, side.regressed)
            for issue in listed.issues
        }
        issues = serialize_issues(context, connection, list(named.values()))
    return comparison_response(comparison, nested, dict(zip(named, issues, strict=True)))


def commits_response(
    context: RequestContext,
    release: Release,
    query: ProjectReleaseCommitsQuery | ReleaseCommitsQuery,
) -> Response[list[CommitResponse]]:
    """Return a page of a release's commits."""
    page, organization_id = query.page(), context.organization_id
    cursor = page.cursor or FIRST
    position = min(cursor.value, _POSITION_MAX)
    with context.database.snapshot() as connection:
        repository_id = _repository_id(connection, organization_id, query)
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
        return context.listed(serialize_commits(connection, organization_id, commits), links)


def _repository_id(
    connection: Connection, organization_id: int, query: RepositoryQuery
) -> int | None:
    """Return the repository that the query filters by, or None. Raise `NotFound` for an unknown one."""
    if query.repo_id:
        repository_id = require_id(query.repo_id)
        if not repositories.in_organization(connection, organization_id, repository_id):
            raise NotFound
        return repository_id
    if not query.repo_name:
        return None
    known = repositories.ids_by_name(connection, organization_id, [query.repo_name])
    return require_row(known.get(query.repo_name))
