"""What two releases differ in. The reference has no such object; its parts are written as everywhere."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from shipmark.api.commits.responses import (
    AuthorResponse,
    CommitResponse,
    author_response,
    commit_response,
)
from shipmark.api.deploys.responses import DeployResponse, deploy_response
from shipmark.api.issues.responses import IssueResponse
from shipmark.api.members.user_responses import UserResponse
from shipmark.api.releases.loading import Related
from shipmark.api.responses import Wire
from shipmark.publishing.comparison import ComparedRelease, Comparison
from shipmark.releases.model import Release
from shipmark.releases.store.comparison import ChangedInAll


class ComparedReleaseResponse(Wire):
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


class ChangesResponse(msgspec.Struct):
    """How many commits added, modified and deleted a file."""

    A: int
    M: int
    D: int


class ComparedFileResponse(Wire):
    """A file that commits changed; ``type`` is what the changes come to."""

    filename: str
    repo_name: str
    changes: ChangesResponse
    type: str
    commit_count: int


class ComparedDeploysResponse(Wire):
    """The newest deploys of each release."""

    base: list[DeployResponse]
    head: list[DeployResponse]


class ReleaseIssuesResponse(Wire):
    """What a release did to issues; each list ends somewhere, the numbers are true."""

    new: list[IssueResponse]
    new_count: int
    resolved: list[IssueResponse]
    resolved_count: int
    regressed: list[IssueResponse]
    regressed_count: int


class ComparedIssuesResponse(Wire):
    """The issues of each release."""

    base: ReleaseIssuesResponse
    head: ReleaseIssuesResponse


class ComparisonResponse(Wire):
    """What is in the head and not in the base, and the reverse.

    ``between_count`` releases between them count too. ``notice`` says why none can where the two have no project, or no
    package, in common; else it is null.
    """

    base: ComparedReleaseResponse
    head: ComparedReleaseResponse
    notice: str | None
    between_count: int
    commits: list[CommitResponse]
    commit_count: int
    removed_commits: list[CommitResponse]
    removed_commit_count: int
    authors: list[UserResponse | AuthorResponse]
    author_count: int
    files: list[ComparedFileResponse]
    file_count: int
    deploys: ComparedDeploysResponse
    issues: ComparedIssuesResponse


def comparison_response(
    comparison: Comparison, related: Related, issues: Mapping[int, IssueResponse]
) -> ComparisonResponse:
    """Return a comparison as the API shows it; ``issues`` are all that it names, by their id."""
    return ComparisonResponse(
        base=_release(comparison.base.release),
        head=_release(comparison.head.release),
        notice=comparison.notice,
        between_count=comparison.between_count,
        commits=[commit_response(commit, related) for commit in comparison.commits],
        commit_count=comparison.commit_count,
        removed_commits=[commit_response(commit, related) for commit in comparison.removed_commits],
        removed_commit_count=comparison.removed_commit_count,
        authors=[author_response(related.authors[id_], related) for id_ in comparison.author_ids],
        author_count=comparison.author_count,
        files=[_file(file, related) for file in comparison.files],
        file_count=comparison.file_count,
        deploys=ComparedDeploysResponse(
            base=[deploy_response(deploy) for deploy in comparison.base.deploys],
            head=[deploy_response(deploy) for deploy in comparison.head.deploys],
        ),
        issues=ComparedIssuesResponse(
            base=_issues(comparison.base, issues), head=_issues(comparison.head, issues)
        ),
    )


def _release(release: Release) -> ComparedReleaseResponse:
    return ComparedReleaseResponse(
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


def _file(file: ChangedInAll, related: Related) -> ComparedFileResponse:
    return ComparedFileResponse(
        filename=file.filename,
        repo_name=related.repositories[file.repository_id].name,
        changes=ChangesResponse(A=file.added, M=file.modified, D=file.deleted),
        type=file.change.value,
        commit_count=file.commit_count,
    )


def _issues(side: ComparedRelease, issues: Mapping[int, IssueResponse]) -> ReleaseIssuesResponse:
    return ReleaseIssuesResponse(
        new=[issues[issue.id] for issue in side.new.issues],
        new_count=side.new.count,
        resolved=[issues[issue.id] for issue in side.resolved.issues],
        resolved_count=side.resolved.count,
        regressed=[issues[issue.id] for issue in side.regressed.issues],
        regressed_count=side.regressed.count,
    )
