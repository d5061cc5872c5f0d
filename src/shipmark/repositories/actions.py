"""What can be done with repositories? Keep commits, with their authors and changed files; add and find repositories."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.repositories import store
from shipmark.repositories.model import GIT_ORIGIN, CommitInput, Repository, RepositoryStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCommit:
    """Where a given commit ended up."""

    commit_id: int
    repository_id: int
    author_id: int | None
    is_new: bool


def default_repository(organization_id: int) -> str:
    """The name of the repository of commits that name none (releases.md 3.4)."""
    return f"organization-{organization_id}"


def repository_name(given: str | None, organization_id: int) -> str:
    """Return the name that a repository is known by.

    ``sentry-cli`` sends the name of the git remote with commits of a local checkout: "origin" says no more than none.
    """
    return default_repository(organization_id) if given in {None, "", GIT_ORIGIN} else str(given)


def upsert_commits(
    connection: Connection, organization_id: int, given: Sequence[CommitInput], now: datetime
) -> list[StoredCommit]:
    """Keep commits with repositories, authors and changed files; says where each ended up, in the same order.

    Eight statements at the most, whatever the number of commits. Where a commit is given twice, the last one counts.
    """
    if not given:
        return []
    names = [repository_name(commit.repository, organization_id) for commit in given]
    repositories = store.ensure_named(connection, organization_id, set(names), now)
    people = [commit.author for commit in given]
    # The first name that is said for an address counts: lists are newest first.
    named: dict[str, str | None] = {}
    for person in people:
        if person is not None and not named.get(person[0]):
            named[person[0]] = person[1]
    authors = store.ensure_authors(connection, organization_id, named)
    places = [
        (repositories[name], authors[person[0]] if person else None)
        for name, person in zip(names, people, strict=True)
    ]
    stored_commits = _upsert_commits(connection, organization_id, given, places, now)
    _insert_changes(connection, given, stored_commits)
    return stored_commits


def ensure_repositories(
    connection: Connection, organization_id: int, given: Sequence[str], now: datetime
) -> dict[str, int]:
    """Return the repository of each name; those that are unknown are made, as those of commits are."""
    names = {each: repository_name(each, organization_id) for each in given}
    known = store.ids_by_name(connection, organization_id, set(names.values()))
    if not known.keys() >= set(names.values()):
        known = store.ensure_named(connection, organization_id, set(names.values()), now)
    return {each: known[name] for each, name in names.items()}


def upsert_heads(
    connection: Connection, organization_id: int, heads: dict[int, str], now: datetime
) -> dict[int, int]:
    """Keep head commits of which only the key is known (repository to key); says the commit of each repository."""
    rows: list[store.GivenRow] = [
        (repository_id, key, None, None, None) for repository_id, key in heads.items()
    ]
    commit_rows = store.ensure_commits(connection, organization_id, rows, now)
    return {
        repository_id: commit_rows[repository_id, key].id for repository_id, key in heads.items()
    }


def update(
    connection: Connection, repository: Repository, values: dict[str, str | None]
) -> Repository:
    """Change status, name or URL. Raise `ValidationFailed` if an active repository without provider has the name."""
    changed = store.change(connection, repository.id, values) if values else repository
    if changed is None:
        field = "name" if "name" in values else "status"
        raise ValidationFailed({field: ["Another active repository has that name."]})
    return changed


def begin_deletion(connection: Connection, repository: Repository) -> Repository:
    """Let no name lead to the repository any more, so that another may have it."""
    status = RepositoryStatus.PENDING_DELETION.value
    changed = store.change(connection, repository.id, {"status": status})
    assert changed is not None, "no index keeps apart what is not active"
    return changed


def _upsert_commits(
    connection: Connection,
    organization_id: int,
    given: Sequence[CommitInput],
    places: Sequence[tuple[int, int | None]],
    now: datetime,
) -> list[StoredCommit]:
    rows: dict[tuple[int, str], store.GivenRow] = {}
    for commit, (repository_id, author_id) in zip(given, places, strict=True):
        row = (repository_id, commit.sha, author_id, commit.message, commit.at)
        rows[repository_id, commit.sha] = row
    commit_rows = store.ensure_commits(connection, organization_id, list(rows.values()), now)
    result = []
    for commit, (repository_id, _) in zip(given, places, strict=True):
        commit_row = commit_rows[repository_id, commit.sha]
        result.append(
            StoredCommit(
                commit_id=commit_row.id,
                repository_id=repository_id,
                author_id=commit_row.author_id,
                is_new=commit_row.is_new,
            )
        )
    return result


def _insert_changes(
    connection: Connection, given: Sequence[CommitInput], kept: Sequence[StoredCommit]
) -> None:
    rows = [
        (stored_commit.commit_id, filename, change.value)
        for commit, stored_commit in zip(given, kept, strict=True)
        for filename, change in commit.changes or ()
    ]
    store.add_changes(connection, rows)
