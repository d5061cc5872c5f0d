"""Who may have broken it (groups-api.md 7.4)."""

from collections.abc import Sequence
from datetime import datetime

from shipmark.api.commits.responses import AuthorJson, NobodyJson, author_json
from shipmark.api.members.user_responses import UserJson
from shipmark.api.releases.loading import Related
from shipmark.api.repositories.responses import RepositoryJson, repository_json
from shipmark.api.responses import Wire
from shipmark.issues.suspects import Committer, Suspect


class SuspectCommitJson(Wire):
    """A commit, and how well it meets the stack."""

    id: str
    message: str | None
    date_created: datetime
    score: int
    suspect_commit_type: str
    repository: RepositoryJson | NobodyJson
    pull_request: None


class CommitterJson(Wire):
    """Somebody and their suspect commits."""

    author: UserJson | AuthorJson
    commits: list[SuspectCommitJson]


class CommittersJson(Wire):
    """The most suspicious first."""

    committers: list[CommitterJson]


def committers_json(found: Sequence[Committer], related: Related) -> CommittersJson:
    """Committers as the API shows them. Commits whose author nobody knows have none to show."""
    return CommittersJson(
        committers=[
            CommitterJson(
                author=author_json(related.authors[it.author_id], related),
                commits=[_commit(suspect, related) for suspect in it.suspects],
            )
            for it in found
            if it.author_id is not None
        ]
    )


def _commit(suspect: Suspect, related: Related) -> SuspectCommitJson:
    commit = related.commits[suspect.commit_id]
    repository = related.repositories.get(commit.repository_id)
    return SuspectCommitJson(
        id=commit.sha,
        message=commit.message,
        date_created=commit.created_at,
        score=suspect.score,
        suspect_commit_type="via commit in release",
        repository=repository_json(repository) if repository else NobodyJson(),
        pull_request=None,
    )
