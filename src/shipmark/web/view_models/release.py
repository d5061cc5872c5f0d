"""The view model of the page of a release."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.artifacts.store import version_listing
from shipmark.artifacts.store.version_listing import Count
from shipmark.deploys import store as deploys
from shipmark.deploys.model import Deploy
from shipmark.issues.store import issues, release_issues, resolutions
from shipmark.releases import actions as releases
from shipmark.releases.model import Fetch, Release
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import fetches
from shipmark.repositories import store as repositories
from shipmark.repositories.model import ChangedFile, Commit, Repository
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.comparison import previous_release
from shipmark.web.view_models.issue_lines import IssueLine, issue_lines
from shipmark.web.view_models.people import Person, people
from shipmark.web.view_models.release_activity import ReleaseEvent, release_events
from shipmark.web.view_models.release_artifacts import scope_of
from shipmark.web.view_models.release_list import Visible, visible

COMMITS_PER_PAGE = 50
COMMIT_PAGES_MAX = 1000
DEPLOYS_MAX = 50
ISSUES_MAX = 100
FETCHES_MAX = 20
#: The most changed files of a commit; the number of further ones is shown.
FILES_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitLine:
    """A commit with its author, repository and changed files."""

    commit: Commit
    repository: Repository | None
    author: Person | None
    files: tuple[ChangedFile, ...]
    file_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPage:
    """A page of the release's commits, the newest first."""

    lines: tuple[CommitLine, ...]
    number: int
    has_older: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLine:
    """A pending or failed fetch of commits."""

    fetch: Fetch
    repository: Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePage:
    """A release with everything visible to the user."""

    release: Release
    visible: Visible
    deploys: tuple[Deploy, ...]
    commits: CommitPage
    resolved: tuple[IssueLine, ...]
    new: tuple[IssueLine, ...]
    regressed: tuple[IssueLine, ...]
    seen: tuple[IssueLine, ...]
    activity: tuple[ReleaseEvent, ...]
    previous: Release | None
    fetches: tuple[FetchLine, ...]
    artifacts: Count


def release_page(
    connection: Connection, workspace: Workspace, version: str, commits_page: int
) -> ReleasePage:
    """Return the release with this version; raise `NotFound` if the user can't see it."""
    ids = workspace.project_ids
    release = releases.find(connection, workspace.organization.id, version, ids)
    attached = releases.attached_projects(connection, release)
    resolved = resolutions.resolved_by(connection, release.id, ids, limit=ISSUES_MAX)
    new = issues.first_seen_among(connection, release.id, ids, limit=ISSUES_MAX)
    regressed = release_issues.regressed_in(connection, release.id, ids, limit=ISSUES_MAX).issues
    seen = release_issues.seen_in(connection, release.id, ids, limit=ISSUES_MAX)
    resolved_lines = issue_lines(resolved, workspace)
    return ReleasePage(
        release=release,
        visible=visible(attached, workspace),
        deploys=tuple(deploys.page_of(connection, release.id, limit=DEPLOYS_MAX, offset=0)),
        commits=_commit_page(connection, release, commits_page),
        resolved=resolved_lines,
        new=issue_lines(new, workspace),
        regressed=issue_lines(regressed, workspace),
        seen=issue_lines(seen, workspace),
        activity=release_events(connection, workspace, release, resolved_lines),
        previous=previous_release(connection, workspace, release),
        fetches=_fetch_lines(connection, release),
        artifacts=version_listing.count_of(connection, scope_of(workspace, release)),
    )


def _fetch_lines(connection: Connection, release: Release) -> tuple[FetchLine, ...]:
    result = fetches.open_of(connection, release.id, limit=FETCHES_MAX)
    by_id = repositories.by_ids(connection, {fetch.repository_id for fetch in result})
    return tuple(FetchLine(fetch=fetch, repository=by_id[fetch.repository_id]) for fetch in result)


def _commit_page(connection: Connection, release: Release, number: int) -> CommitPage:
    rows = release_commits.page_of(
        connection, release.id, limit=COMMITS_PER_PAGE + 1, offset=(number - 1) * COMMITS_PER_PAGE
    )
    commits = [commit for _, commit in rows[:COMMITS_PER_PAGE]]
    has_older = len(rows) > COMMITS_PER_PAGE and number < COMMIT_PAGES_MAX
    lines = _lines(connection, release.organization_id, commits)
    return CommitPage(lines=lines, number=number, has_older=has_older)


def _lines(
    connection: Connection, organization_id: int, commits: Sequence[Commit]
) -> tuple[CommitLine, ...]:
    repository_ids = {commit.repository_id for commit in commits}
    repositories_by_id = repositories.by_ids(connection, repository_ids)
    authors = people(connection, organization_id, {commit.author_id for commit in commits})
    files = repositories.changes_of(connection, [commit.id for commit in commits])
    return tuple(
        CommitLine(
            commit=commit,
            repository=repositories_by_id.get(commit.repository_id),
            author=authors.get(commit.author_id or 0),
            files=tuple(files.get(commit.id, ())[:FILES_MAX]),
            file_count=len(files.get(commit.id, ())),
        )
        for commit in commits
    )
