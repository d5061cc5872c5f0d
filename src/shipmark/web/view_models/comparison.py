"""The view model of the comparison of two releases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.issues.store.release_issues import IssueSummary
from shipmark.publishing.comparison import ComparedRelease, Comparison, compare
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.releases.store import lineage
from shipmark.releases.store.comparison import ChangedInAll
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Commit, Repository
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.issue_lines import IssueLine, issue_lines
from shipmark.web.view_models.people import Person, people


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCommit:
    """A commit with its author and repository."""

    commit: Commit
    author: Person | None
    repository: Repository | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFile:
    """A file with its repository."""

    file: ChangedInAll
    repository: Repository | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueList:
    """The first issues of a list, and the number of all."""

    count: int
    lines: tuple[IssueLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedSide:
    """The new, resolved and regressed issues of one of the releases."""

    side: ComparedRelease
    new: IssueList
    resolved: IssueList
    regressed: IssueList


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPage:
    """Two releases with their differences."""

    head: Release
    base: Release
    comparison: Comparison
    commits: tuple[ComparedCommit, ...]
    removed: tuple[ComparedCommit, ...]
    authors: tuple[Person, ...]
    files: tuple[ComparedFile, ...]
    of_head: ComparedSide
    of_base: ComparedSide


def previous_release(
    connection: Connection, workspace: Workspace, release: Release
) -> Release | None:
    """Return the release before this one in its lineage, in the user's projects that it is in."""
    attached = releases.project_ids(connection, release) & set(workspace.project_ids)
    return lineage.previous(connection, release, attached)


def comparison_page(
    connection: Connection, workspace: Workspace, version: str, base_version: str
) -> ComparisonPage | None:
    """Return the comparison with the base version, by default the previous release, or None without one.

    Raise `NotFound` for releases that the user can't see.
    """
    organization_id, ids = workspace.organization.id, workspace.project_ids
    head = releases.find(connection, organization_id, version, ids)
    if base_version:
        base: Release | None = releases.find(connection, organization_id, base_version, ids)
    else:
        base = previous_release(connection, workspace, head)
    return _page(connection, workspace, compare(connection, base, head, ids)) if base else None


def _page(connection: Connection, workspace: Workspace, comparison: Comparison) -> ComparisonPage:
    commits = [*comparison.commits, *comparison.removed_commits]
    repository_ids = {commit.repository_id for commit in commits}
    repository_ids |= {file.repository_id for file in comparison.files}
    repositories_by_id = repositories.by_ids(connection, repository_ids)
    author_ids = {commit.author_id for commit in commits} | set(comparison.author_ids)
    authors = people(connection, workspace.organization.id, author_ids)
    return ComparisonPage(
        head=comparison.head.release,
        base=comparison.base.release,
        comparison=comparison,
        commits=_commits(comparison.commits, authors, repositories_by_id),
        removed=_commits(comparison.removed_commits, authors, repositories_by_id),
        authors=tuple(authors[id_] for id_ in comparison.author_ids if id_ in authors),
        files=tuple(
            ComparedFile(file=file, repository=repositories_by_id.get(file.repository_id))
            for file in comparison.files
        ),
        of_head=_side(comparison.head, workspace),
        of_base=_side(comparison.base, workspace),
    )


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
        )
        for commit in commits
    )


def _side(side: ComparedRelease, workspace: Workspace) -> ComparedSide:
    return ComparedSide(
        side=side,
        new=_issues(side.new, workspace),
        resolved=_issues(side.resolved, workspace),
        regressed=_issues(side.regressed, workspace),
    )


def _issues(issue_summary: IssueSummary, workspace: Workspace) -> IssueList:
    return IssueList(count=issue_summary.count, lines=issue_lines(issue_summary.issues, workspace))
