"""The view model of the comparison of two releases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.issues.store.release_issue_lists import IssueSelection
from shipmark.publishing.comparison import ComparedRelease, Comparison, compare
from shipmark.releases.lineage import in_order
from shipmark.releases.model import Release
from shipmark.releases.store import release_repositories
from shipmark.releases.store.comparison import ChangedInAll
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Commit, Repository
from shipmark.web.repository_links import commit_url, range_url
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.issue_lines import IssueLine, issue_lines
from shipmark.web.view_models.issue_tabs import IssueTabs, issue_tabs
from shipmark.web.view_models.people import Person, people


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCommit:
    """A commit with its author and repository."""

    commit: Commit
    author: Person | None
    repository: Repository | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFile:
    """A file with its repository."""

    file: ChangedInAll
    repository: Repository | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDiff:
    """The comparison of the two heads of a repository at its host."""

    repository: Repository
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two releases with their differences.

    ``issues`` are those of all releases that only the head contains; ``base_issues`` are the base's own.
    """

    head: Release
    base: Release
    comparison: Comparison
    commits: tuple[ComparedCommit, ...]
    removed: tuple[ComparedCommit, ...]
    authors: tuple[Person, ...]
    files: tuple[ComparedFile, ...]
    issues: IssueTabs
    base_issues: tuple[IssueLine, ...]
    diffs: tuple[HostDiff, ...]

    @property
    def is_backwards(self) -> bool:
        """Return True if the head came before the base."""
        return in_order(self.base, self.head)[0].id == self.head.id != self.base.id


def difference(
    connection: Connection,
    workspace: Workspace,
    base: Release,
    head: Release,
    selection: IssueSelection,
) -> Difference:
    """Return the differences of two releases, in the user's projects."""
    comparison = compare(connection, base, head, workspace.project_ids)
    commits = [*comparison.commits, *comparison.removed_commits]
    heads = release_repositories.heads(connection, [base.id, head.id])
    repository_ids = {commit.repository_id for commit in commits}
    repository_ids |= {file.repository_id for file in comparison.files}
    repository_ids |= {repository_id for _, repository_id in heads}
    repositories_by_id = repositories.by_ids(connection, repository_ids)
    author_ids = {commit.author_id for commit in commits} | set(comparison.author_ids)
    authors = people(connection, workspace.organization.id, author_ids)
    return Difference(
        head=head,
        base=base,
        comparison=comparison,
        commits=_commits(comparison.commits, authors, repositories_by_id),
        removed=_commits(comparison.removed_commits, authors, repositories_by_id),
        authors=tuple(authors[id_] for id_ in comparison.author_ids if id_ in authors),
        files=tuple(
            ComparedFile(file=file, repository=repositories_by_id.get(file.repository_id))
            for file in comparison.files
        ),
        issues=issue_tabs(connection, workspace, comparison.range_ids, selection),
        base_issues=_issues_of(comparison.base, workspace),
        diffs=_host_diffs((base, head), heads, repositories_by_id),
    )


def _issues_of(side: ComparedRelease, workspace: Workspace) -> tuple[IssueLine, ...]:
    """Return the regressed, new and resolved issues of a release, each once."""
    listed = (*side.regressed.issues, *side.new.issues, *side.resolved.issues)
    return issue_lines({issue.id: issue for issue in listed}.values(), workspace)


def _host_diffs(
    releases: tuple[Release, Release],
    heads: Mapping[tuple[int, int], str],
    repositories_by_id: Mapping[int, Repository],
) -> tuple[HostDiff, ...]:
    base, head = releases
    diffs = []
    for repository in sorted(repositories_by_id.values(), key=lambda each: each.name):
        ends = (heads.get((release.id, repository.id)) for release in (base, head))
        url = range_url(repository, *ends)
        if url is not None:
            diffs.append(HostDiff(repository=repository, url=url))
    return tuple(diffs)


def _commits(
    commits: Sequence[Commit],
    authors: Mapping[int, Person],
    repositories_by_id: Mapping[int, Repository],
) -> tuple[ComparedCommit, ...]:
    return tuple(
        ComparedCommit(
            commit=commit,
            author=authors.get(commit.author_id or 0),
            repository=repositories_by_id.get(commit.repository_id),
            url=commit_url(repositories_by_id.get(commit.repository_id), commit.sha),
        )
        for commit in commits
    )
