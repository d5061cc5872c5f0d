"""The suspect commit on the page of an issue."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.infrastructure.errors import NotFound
from shipmark.issues.actions.suspect_commits import suspects_of
from shipmark.issues.model import Issue
from shipmark.releases.model import Release
from shipmark.releases.store import releases
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Commit, Repository
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.people import Person, people

_FRAMES = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectCommit:
    """The most suspicious commit, with its author, its release, and its file in the stack."""

    commit: Commit
    author: Person | None
    repository: Repository | None
    release: Release | None
    filename: str


def suspect_commit(
    connection: Connection, place: Workspace, issue: Issue, payload: Mapping[str, object]
) -> SuspectCommit | None:
    """Return the commit that most likely introduced the issue, or None."""
    try:
        committers = suspects_of(connection, issue, payload, frames_max=_FRAMES)
    except NotFound:
        return None
    if not committers:
        return None
    first = committers[0].suspects[0]
    commit = repositories.commits_by_ids(connection, [first.commit_id])[first.commit_id]
    author_ids = [commit.author_id] if commit.author_id is not None else []
    return SuspectCommit(
        commit=commit,
        author=people(connection, place.organization.id, author_ids).get(commit.author_id or 0),
        repository=repositories.by_ids(connection, [commit.repository_id]).get(
            commit.repository_id
        ),
        release=releases.by_ids(connection, [first.release_id]).get(first.release_id),
        filename=first.filename,
    )
