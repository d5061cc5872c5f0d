"""The commits of a release by repository, with links to the repositories' hosts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Connection

from shipmark.issues.store import commit_links
from shipmark.releases.model import Fetch, FetchState, Release
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import comparison, earlier_heads, fetches, release_repositories
from shipmark.releases.store.comparison import ChangedInAll
from shipmark.repositories import store as repositories
from shipmark.repositories.model import ChangedFile, Commit, Repository
from shipmark.web.repository_links import commit_url, range_url
from shipmark.web.request_context import PAGES_MAX
from shipmark.web.view_models.issue_lines import IssueLine
from shipmark.web.view_models.people import Person, people

COMMITS_PER_PAGE = 50
FETCHES_MAX = 20
#: The most changed files of a commit, and of the release; the number of further ones is shown.
FILES_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitLine:
    """A commit with its author, repository, changed files, and the issues that it resolves."""

    commit: Commit
    repository: Repository | None
    author: Person | None
    url: str | None
    files: tuple[ChangedFile, ...]
    file_count: int
    fixes: tuple[IssueLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitGroup:
    """The commits of one repository on a page; ``count`` is the number of all in the release."""

    repository: Repository | None
    count: int
    url: str | None
    lines: tuple[CommitLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPage:
    """A page of the release's commits, the newest first, by repository: the one with the most of them first."""

    groups: tuple[CommitGroup, ...]
    number: int
    has_older: bool

    @property
    def lines(self) -> tuple[CommitLine, ...]:
        """Return all commits of the page."""
        return tuple(line for group in self.groups for line in group.lines)

    @property
    def is_whole(self) -> bool:
        """Return True if the page has all commits of the release."""
        return self.number == 1 and not self.has_older


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLine:
    """A pending or failed fetch of commits."""

    fetch: Fetch
    repository: Repository

    @property
    def is_running(self) -> bool:
        """Return True while the commits are being fetched, when a retry is refused."""
        return self.fetch.state is FetchState.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSummary:
    """The number of files that the release changed, and the most changed ones.

    ``repositories`` are theirs by id if there are several, which may have files of the same name.
    """

    count: int
    files: tuple[ChangedInAll, ...]
    repositories: Mapping[int, Repository]


def fetch_lines(connection: Connection, release: Release) -> tuple[FetchLine, ...]:
    """Return the fetches of the release's commits that are pending or have failed."""
    result = fetches.open_of(connection, release.id, limit=FETCHES_MAX)
    by_id = repositories.by_ids(connection, {fetch.repository_id for fetch in result})
    return tuple(FetchLine(fetch=fetch, repository=by_id[fetch.repository_id]) for fetch in result)


def file_summary(connection: Connection, release: Release) -> FileSummary:
    """Return the files that the release's commits changed."""
    count, files = comparison.files_only_in(connection, {release.id}, (), limit=FILES_MAX)
    ids = {file.repository_id for file in files}
    by_id = repositories.by_ids(connection, ids) if len(ids) > 1 else {}
    return FileSummary(count=count, files=tuple(files), repositories=by_id)


def commit_page(
    connection: Connection,
    release: Release,
    number: int,
    project_ids: Collection[int],
    *,
    resolved: Sequence[IssueLine],
    authors: Mapping[int, Person] = MappingProxyType({}),
    limit: int = COMMITS_PER_PAGE,
) -> CommitPage:
    """Return a page of the commits; ``resolved`` are the issues that commits may be said to fix.

    ``project_ids`` are those of the release's projects; ``authors`` are those that are loaded already.
    """
    rows = release_commits.page_of(
        connection, release.id, limit=limit + 1, offset=(number - 1) * limit
    )
    commits = [commit for _, commit in rows[:limit]]
    lines = _lines(connection, release.organization_id, commits, resolved, authors)
    return CommitPage(
        groups=_groups(connection, release, lines, project_ids),
        number=number,
        has_older=len(rows) > limit and number < PAGES_MAX,
    )


def _groups(
    connection: Connection,
    release: Release,
    lines: Sequence[CommitLine],
    project_ids: Collection[int],
) -> tuple[CommitGroup, ...]:
    by_repository: dict[int, list[CommitLine]] = {}
    for line in lines:
        by_repository.setdefault(line.commit.repository_id, []).append(line)
    in_release = release_repositories.commits_by_repository(connection, release.id)
    previous = earlier_heads.previous_heads(connection, release, by_repository, project_ids)
    # A release is of the repository that most of its commits are in; the rest is what that one uses.
    by_count = sorted(
        by_repository.items(), key=lambda item: in_release[item[0]].count, reverse=True
    )
    return tuple(
        CommitGroup(
            repository=of_repository[0].repository,
            count=in_release[repository_id].count,
            url=range_url(
                of_repository[0].repository,
                previous.get(repository_id),
                in_release[repository_id].head,
            ),
            lines=tuple(of_repository),
        )
        for repository_id, of_repository in by_count
    )


def _lines(
    connection: Connection,
    organization_id: int,
    commits: Sequence[Commit],
    resolved: Sequence[IssueLine],
    known: Mapping[int, Person],
) -> tuple[CommitLine, ...]:
    repository_ids = {commit.repository_id for commit in commits}
    repositories_by_id = repositories.by_ids(connection, repository_ids)
    author_ids = {commit.author_id for commit in commits}
    authors = people(connection, organization_id, author_ids, known)
    files = repositories.changes_of(connection, [commit.id for commit in commits])
    fixes = _fixes(connection, commits, resolved)
    return tuple(
        CommitLine(
            commit=commit,
            repository=repositories_by_id.get(commit.repository_id),
            author=authors.get(commit.author_id or 0),
            url=commit_url(repositories_by_id.get(commit.repository_id), commit.sha),
            files=tuple(files.get(commit.id, ())[:FILES_MAX]),
            file_count=len(files.get(commit.id, ())),
            fixes=fixes.get(commit.id, ()),
        )
        for commit in commits
    )


def _fixes(
    connection: Connection, commits: Sequence[Commit], resolved: Sequence[IssueLine]
) -> Mapping[int, tuple[IssueLine, ...]]:
    """Return by commit the resolved issues that it is linked to."""
    if not resolved:
        return {}
    by_id = {line.issue.id: line for line in resolved}
    linked = commit_links.issues_of(connection, [commit.id for commit in commits])
    return {
        commit_id: tuple(by_id[issue_id] for issue_id in issue_ids if issue_id in by_id)
        for commit_id, issue_ids in linked.items()
    }
