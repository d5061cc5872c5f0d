"""Operations on repositories: store commits with their authors and changed files; add and look up repositories."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.repositories import store
from shipmark.repositories.model import (
    GIT_ORIGIN,
    CommitInput,
    Repository,
    RepositoryStatus,
    StoredCommit,
)


def default_repository(organization_id: int) -> str:
    """Return the name of the repository of commits that name none (releases.md 3.4)."""
    return f"organization-{organization_id}"


def repository_name(name: str | None, organization_id: int) -> str:
    """Return the name of the repository that a client names.

    ``sentry-cli`` sends the name of the git remote with commits of a local checkout: "origin" counts as no name.
    """
    return default_repository(organization_id) if name in {None, "", GIT_ORIGIN} else str(name)


def upsert_commits(
    connection: Connection, organization_id: int, commits: Sequence[CommitInput], now: datetime
) -> list[StoredCommit]:
    """Insert or update commits with repositories, authors and changed files. Return their rows, in the same order.

    Takes at most eight statements, whatever the number of commits. Of a duplicate commit, the last one counts.
    """
    if not commits:
        return []
    names = [repository_name(commit.repository, organization_id) for commit in commits]
    repositories = store.ensure_named(connection, organization_id, set(names), now)
    authors = [commit.author for commit in commits]
    # The first name of an address counts: lists are newest first.
    names_by_email: dict[str, str | None] = {}
    for author in authors:
        if author is not None and not names_by_email.get(author[0]):
            names_by_email[author[0]] = author[1]
    author_ids = store.ensure_authors(connection, organization_id, names_by_email)
    keys = [(repositories[name], commit.sha) for name, commit in zip(names, commits, strict=True)]
    rows: dict[tuple[int, str], store.GivenRow] = {
        key: (*key, author_ids[author[0]] if author else None, commit.message, commit.at)
        for key, author, commit in zip(keys, authors, commits, strict=True)
    }
    stored_by_key = store.ensure_commits(connection, organization_id, list(rows.values()), now)
    stored_commits = [stored_by_key[key] for key in keys]
    _insert_changes(connection, commits, stored_commits)
    return stored_commits


def ensure_repositories(
    connection: Connection, organization_id: int, requested: Sequence[str], now: datetime
) -> dict[str, int]:
    """Return the repository id of each name. Unknown ones are created, as those of commits are."""
    names = {name: repository_name(name, organization_id) for name in requested}
    known = store.ids_by_name(connection, organization_id, set(names.values()))
    if not known.keys() >= set(names.values()):
        known = store.ensure_named(connection, organization_id, set(names.values()), now)
    return {requested_name: known[name] for requested_name, name in names.items()}


def upsert_heads(
    connection: Connection, organization_id: int, heads: dict[int, str], now: datetime
) -> dict[int, int]:
    """Insert or update head commits of which only the hash is known. Return the commit id of each repository."""
    rows: list[store.GivenRow] = [
        (repository_id, key, None, None, None) for repository_id, key in heads.items()
    ]
    stored_commits = store.ensure_commits(connection, organization_id, rows, now)
    return {
        repository_id: stored_commits[repository_id, key].commit_id
        for repository_id, key in heads.items()
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
    """Mark a repository for deletion, which frees its name."""
    status = RepositoryStatus.PENDING_DELETION.value
    changed = store.change(connection, repository.id, {"status": status})
    assert changed is not None, "names of inactive repositories are not unique"
    return changed


def _insert_changes(
    connection: Connection, commits: Sequence[CommitInput], stored_commits: Sequence[StoredCommit]
) -> None:
    rows = [
        (stored_commit.commit_id, filename, change.value)
        for commit, stored_commit in zip(commits, stored_commits, strict=True)
        for filename, change in commit.changes or ()
    ]
    store.add_changes(connection, rows)
