"""The commit object, and who wrote it (releases.md 2.1)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.api.members.user_responses import UserResponse, user_response
from shipmark.api.releases import loading
from shipmark.api.releases.loading import Related
from shipmark.api.repositories.responses import RepositoryResponse, repository_response
from shipmark.api.responses import Wire
from shipmark.releases.model import Release, ReleaseRef
from shipmark.repositories.model import Author, ChangedFile, Commit


class AuthorResponse(Wire):
    """An author who is no member."""

    name: str | None
    email: str


class NobodyResponse(Wire):
    """The empty object, where there is no release, user or other object to show."""


AnyAuthorResponse = UserResponse | AuthorResponse | NobodyResponse


class ReleaseOfCommitResponse(Wire):
    """A release that holds a commit."""

    version: str
    short_version: str
    ref: str | None
    url: str | None
    date_released: datetime | None
    date_created: datetime


class CommitResponse(Wire):
    """A commit. Its id is the key, as in git."""

    id: str
    message: str | None
    date_created: datetime
    repository: RepositoryResponse | NobodyResponse
    author: AnyAuthorResponse
    releases: list[ReleaseOfCommitResponse]
    pull_request: None = None
    suspect_commit_type: str = ""


class ChangedFileResponse(Wire):
    """A file that a commit of a release changed."""

    id: str
    org_id: int
    author: AnyAuthorResponse
    commit_message: str | None
    filename: str
    type: str
    repo_name: str


def commit_response(commit: Commit, related: Related) -> CommitResponse:
    """Return a commit with its author, repository and the releases that hold it."""
    repository = related.repositories.get(commit.repository_id)
    releases = related.releases_of_commits.get(commit.id, [])
    return CommitResponse(
        id=commit.sha,
        message=commit.message,
        date_created=commit.created_at,
        repository=repository_response(repository) if repository else NobodyResponse(),
        author=_author_of(commit, related),
        releases=[_release_of_commit(release) for release in releases],
    )


def serialize_commits(
    connection: Connection, organization_id: int, commits: Sequence[Commit]
) -> list[CommitResponse]:
    """Return commits as the API shows them."""
    nested = loading.prefetch_for_commits(connection, organization_id, commits)
    return [commit_response(commit, nested) for commit in commits]


def changed_file_response(
    file: ChangedFile, organization_id: int, related: Related
) -> ChangedFileResponse:
    """Return a changed file with its commit's author and message."""
    commit = related.commits[file.commit_id]
    return ChangedFileResponse(
        id=str(file.id),
        org_id=organization_id,
        author=_author_of(commit, related),
        commit_message=commit.message,
        filename=file.filename,
        type=file.change.value,
        repo_name=related.repositories[commit.repository_id].name,
    )


def author_response(author: Author, related: Related) -> UserResponse | AuthorResponse:
    """Return the member that an author is, or else the author's name and address."""
    user = related.users.get(related.members.get(author.email, 0))
    return user_response(user) if user else AuthorResponse(name=author.name, email=author.email)


def _author_of(commit: Commit, related: Related) -> AnyAuthorResponse:
    author = related.authors.get(commit.author_id or 0)
    return author_response(author, related) if author else NobodyResponse()


def _release_of_commit(release: ReleaseRef | Release) -> ReleaseOfCommitResponse:
    return ReleaseOfCommitResponse(
        version=release.version,
        short_version=release.version,
        ref=release.ref,
        url=release.url,
        date_released=release.released_at,
        date_created=release.created_at,
    )
