"""What two releases differ in. The reference has no such object; its parts are written as everywhere."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from shipmark.api.commits.responses import AuthorJson, CommitJson, author_json, commit_json
from shipmark.api.deploys.responses import DeployJson, deploy_json
from shipmark.api.issues.responses import IssueJson
from shipmark.api.members.user_responses import UserJson
from shipmark.api.releases.loading import Related
from shipmark.api.responses import Wire
from shipmark.issues.store.release_issues import IssueSummary
from shipmark.publishing.comparison import ComparedRelease, Comparison
from shipmark.releases.model import Release
from shipmark.releases.store.comparison import ChangedInAll


class ComparedReleaseJson(Wire):
    """A release in short, with the true numbers of what it holds itself."""

    version: str
    short_version: str
    status: str
    ref: str | None
    url: str | None
    date_released: datetime | None
    date_created: datetime
    commit_count: int
    deploy_count: int


class ChangesJson(msgspec.Struct):
    """How many commits added, modified and deleted a file."""

    A: int
    M: int
    D: int


class ComparedFileJson(Wire):
    """A file that commits changed; ``type`` is what the changes come to."""

    filename: str
    repo_name: str
    changes: ChangesJson
    type: str
    commit_count: int


class ComparedDeploysJson(Wire):
    """The newest deploys of each release."""

    base: list[DeployJson]
    head: list[DeployJson]


class ReleaseIssuesJson(Wire):
    """What a release did to issues; each list ends somewhere, the numbers are true."""

    new: list[IssueJson]
    new_count: int
    resolved: list[IssueJson]
    resolved_count: int
    regressed: list[IssueJson]
    regressed_count: int


class ComparedIssuesJson(Wire):
    """The issues of each release."""

    base: ReleaseIssuesJson
    head: ReleaseIssuesJson


class ComparisonJson(Wire):
    """What is in the head and not in the base, and the reverse.

    ``between_count`` releases between them count too. ``notice`` says why none can where the two have no project, or no
    package, in common; else it is null.
    """

    base: ComparedReleaseJson
    head: ComparedReleaseJson
    notice: str | None
    between_count: int
    commits: list[CommitJson]
    commit_count: int
    removed_commits: list[CommitJson]
    removed_commit_count: int
    authors: list[UserJson | AuthorJson]
    author_count: int
    files: list[ComparedFileJson]
    file_count: int
    deploys: ComparedDeploysJson
    issues: ComparedIssuesJson


def comparison_json(
    found: Comparison, related: Related, issues: Mapping[int, IssueJson]
) -> ComparisonJson:
    """A comparison as the API shows it; ``issues`` are all that it names, by their id."""
    return ComparisonJson(
        base=_release(found.base.release),
        head=_release(found.head.release),
        notice=found.notice,
        between_count=found.between_count,
        commits=[commit_json(commit, related) for commit in found.commits],
        commit_count=found.commit_count,
        removed_commits=[commit_json(commit, related) for commit in found.removed_commits],
        removed_commit_count=found.removed_commit_count,
        authors=[author_json(related.authors[it], related) for it in found.author_ids],
        author_count=found.author_count,
        files=[_file(it, related) for it in found.files],
        file_count=found.file_count,
        deploys=ComparedDeploysJson(
            base=[deploy_json(it) for it in found.base.deploys],
            head=[deploy_json(it) for it in found.head.deploys],
        ),
        issues=ComparedIssuesJson(
            base=_issues(found.base, issues), head=_issues(found.head, issues)
        ),
    )


def _release(release: Release) -> ComparedReleaseJson:
    return ComparedReleaseJson(
        version=release.version,
        short_version=release.version,
        status=release.status.value,
        ref=release.ref,
        url=release.url,
        date_released=release.released_at,
        date_created=release.created_at,
        commit_count=release.commit_count,
        deploy_count=release.deploy_count,
    )


def _file(it: ChangedInAll, related: Related) -> ComparedFileJson:
    return ComparedFileJson(
        filename=it.filename,
        repo_name=related.repositories[it.repository_id].name,
        changes=ChangesJson(A=it.added, M=it.modified, D=it.deleted),
        type=it.change.value,
        commit_count=it.commit_count,
    )


def _issues(side: ComparedRelease, issues: Mapping[int, IssueJson]) -> ReleaseIssuesJson:
    return ReleaseIssuesJson(
        new=_shown(side.new, issues),
        new_count=side.new.count,
        resolved=_shown(side.resolved, issues),
        resolved_count=side.resolved.count,
        regressed=_shown(side.regressed, issues),
        regressed_count=side.regressed.count,
    )


def _shown(some: IssueSummary, issues: Mapping[int, IssueJson]) -> list[IssueJson]:
    return [issues[it.id] for it in some.issues]
