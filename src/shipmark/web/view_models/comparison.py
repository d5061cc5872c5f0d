"""The view model of the comparison of two releases: their differences, their health, and the fields that pick them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.groups import grouped
from shipmark.issues.store.release_issue_lists import IssueSelection
from shipmark.publishing.comparison import ComparedRelease, Comparison, compare
from shipmark.releases import actions as releases
from shipmark.releases import versions
from shipmark.releases.lineage import in_order
from shipmark.releases.model import Release, ReleaseFilter, ReleaseSort
from shipmark.releases.store import lineage, list_query, release_repositories
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store.comparison import ChangedInAll
from shipmark.releases.store.version_lookup import by_versions
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Commit, Repository
from shipmark.verdicts.judgement import VerdictStatus
from shipmark.verdicts.store import verdicts
from shipmark.web.repository_links import commit_url, range_url
from shipmark.web.request_context import Workspace
from shipmark.web.template_filters import package, short_version
from shipmark.web.view_models.compared_shares import ComparedShare, compared_shares
from shipmark.web.view_models.health_lines import health_lines
from shipmark.web.view_models.issue_lines import IssueLine, issue_lines
from shipmark.web.view_models.issue_tabs import IssueTabs, issue_tabs
from shipmark.web.view_models.people import Person, people

#: What a release is called for its verdicts in several environments: the first of these that one of them has.
_ORDER = (VerdictStatus.REGRESSED, VerdictStatus.HEALTHY, VerdictStatus.UNDECIDED)
#: The most releases that the fields suggest, and find by their short versions alone.
KNOWN_MAX = 100


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OverallVerdict:
    """The verdict on a release, and the environments that it is from."""

    status: VerdictStatus
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedHealth:
    """The shares and verdicts of the base and of the release; a verdict is None before the first one."""

    shares: tuple[ComparedShare, ...]
    base_verdict: OverallVerdict | None
    head_verdict: OverallVerdict | None


def compared_health(
    connection: Connection, workspace: Workspace, base: Release, head: Release, at: datetime
) -> ComparedHealth | None:
    """Return the health of both in their visible projects, or None if neither has had sessions lately."""
    attached = release_projects.of_releases(connection, [base.id, head.id])
    visible = set(workspace.project_ids)
    project_ids = {
        release.id: [row.project_id for row in attached[release.id] if row.project_id in visible]
        for release in (base, head)
    }
    lines = health_lines(connection, project_ids, at)
    if all(line.crash_free_sessions is None for line in lines.values()):
        return None
    before, after = lines[base.id], lines[head.id]
    overall = _overall_verdicts(connection, project_ids)
    head_verdict = overall.get(head.id)
    is_worse = head_verdict is not None and head_verdict.status is VerdictStatus.REGRESSED
    return ComparedHealth(
        shares=compared_shares(before, after, is_worse=is_worse),
        base_verdict=overall.get(base.id),
        head_verdict=head_verdict,
    )


def _overall_verdicts(
    connection: Connection, project_ids: Mapping[int, Collection[int]]
) -> dict[int, OverallVerdict]:
    """Return the verdict on each release: regressed in one environment is regressed."""
    result = dict[int, OverallVerdict]()
    for release_id, ids in project_ids.items():
        known = verdicts.of_release(connection, release_id, ids)
        by_status = grouped((each.effective, each.stream.environment) for each in known)
        status = next((status for status in _ORDER if status in by_status), None)
        if status is not None:
            names = sorted({name for name in by_status[status] if name})
            result[release_id] = OverallVerdict(status=status, environments=tuple(names))
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """A field with its text; ``problem`` is the message if it names no release."""

    text: str
    release: Release | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPage:
    """The fields, the suggested releases, and the difference if both fields name a release.

    ``health`` is None unless one of these has had sessions.
    """

    path_release: Release
    base: Picker
    head: Picker
    known: tuple[Release, ...]
    difference: Difference | None
    health: ComparedHealth | None

    @property
    def is_unknown(self) -> bool:
        """Return True if a field names a release that does not exist."""
        return bool(self.base.problem or self.head.problem)


def comparison_page(
    connection: Connection,
    workspace: Workspace,
    version: str,
    texts: tuple[str, str],
    selection: IssueSelection,
    at: datetime,
) -> ComparisonPage:
    """Return the comparison of the release of the path; ``texts`` are those of the fields for base and head.

    An empty base is the previous release, an empty head that of the path. Raise `NotFound` if the path's is unknown.
    """
    release, attached = releases.find_attached(
        connection, workspace.organization.id, version, workspace.project_ids
    )
    known = _known(connection, workspace)
    head = _picker(connection, workspace, texts[1] or version, known, near=release)
    if texts[0]:
        base = _picker(connection, workspace, texts[0], known, near=head.release or release)
    else:
        previous = lineage.previous(connection, release, set(attached) & set(workspace.project_ids))
        base = Picker(text=previous.version if previous else "", release=previous)
    shown, health = None, None
    if base.release is not None and head.release is not None:
        shown = difference(connection, workspace, base.release, head.release, selection)
        health = compared_health(connection, workspace, base.release, head.release, at)
    return ComparisonPage(
        path_release=release,
        base=base,
        head=head,
        known=tuple(known),
        difference=shown,
        health=health,
    )


def _known(connection: Connection, workspace: Workspace) -> list[Release]:
    release_filter = ReleaseFilter(
        organization_id=workspace.organization.id, project_ids=workspace.project_ids
    )
    rows = list_query.page(connection, release_filter, ReleaseSort.EFFECTIVE_DATE, limit=KNOWN_MAX)
    return [row.release for row in rows]


def _picker(
    connection: Connection,
    workspace: Workspace,
    text: str,
    known: Sequence[Release],
    *,
    near: Release,
) -> Picker:
    """Return the field with the release of this version, or of this short version: first one of the same package."""
    slugs = [project.slug for project in workspace.projects]
    packages = [package(near.version), *slugs]
    candidates = [text, *(f"{name}@{text}" for name in packages if name)]
    by_version = by_versions(
        connection, workspace.organization.id, candidates, workspace.project_ids
    )
    named = [by_version[version] for version in candidates if version in by_version]
    named += [release for release in known if short_version(release.version) == text]
    if not named:
        return Picker(text=text, problem=f"No release {text}")
    exact = [release for release in named if release.version == text]
    same = [release for release in named if _package(release) == _package(near)]
    release = (exact or same or named)[0]
    return Picker(text=release.version, release=release)


def _package(release: Release) -> str | None:
    name = versions.parse(release.version)
    return name.package if name else None
