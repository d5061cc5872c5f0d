"""The committers who may have caused an issue (groups-api.md 7.4)."""

from collections.abc import Sequence
from datetime import datetime

from shipmark.api.commits.responses import AuthorResponse, NobodyResponse, author_response
from shipmark.api.members.user_responses import UserResponse
from shipmark.api.releases.loading import Related
from shipmark.api.repositories.responses import RepositoryResponse, repository_response
from shipmark.api.responses import Wire
from shipmark.issues.suspects import Committer, Suspect


class SuspectCommitResponse(Wire, kw_only=True):
    """A commit, and how well its changed files match the stack."""

    id: str
    message: str | None
    date_created: datetime
    score: int
    suspect_commit_type: str = "via commit in release"
    repository: RepositoryResponse | NobodyResponse
    pull_request: None = None


class CommitterResponse(Wire):
    """A user or author with their suspect commits."""

    author: UserResponse | AuthorResponse
    commits: list[SuspectCommitResponse]


class CommittersResponse(Wire):
    """The most suspicious first."""

    committers: list[CommitterResponse]


def committers_response(committers: Sequence[Committer], related: Related) -> CommittersResponse:
    """Return committers as the API shows them, without commits of unknown authors."""
    return CommittersResponse(
        committers=[
            CommitterResponse(
                author=author_response(related.authors[committer.author_id], related),
                commits=[_commit(suspect, related) for suspect in committer.suspects],
            )
            for committer in committers
            if committer.author_id is not None
        ]
    )


def _commit(suspect: Suspect, related: Related) -> SuspectCommitResponse:
    commit = related.commits[suspect.commit_id]
    repository = related.repositories.get(commit.repository_id)
    return SuspectCommitResponse(
        id=commit.sha,
        message=commit.message,
        date_created=commit.created_at,
        score=suspect.score,
        repository=repository_response(repository) if repository else NobodyResponse(),
    )
