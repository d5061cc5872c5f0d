"""Where are repositories, commits, authors and changed files kept? One module for each."""

from shipmark.repositories.store.authors import authors, authors_by_ids, ensure_authors
from shipmark.repositories.store.commits import (
    CHANGED_FILE,
    COMMIT,
    GivenRow,
    KeptCommit,
    add_changes,
    changed_file,
    changed_files,
    changes_of,
    commit_of,
    commits,
    commits_by_ids,
    commits_of,
    ensure_commits,
)
from shipmark.repositories.store.repositories import (
    add_named,
    by_ids,
    ensure_named,
    ids_by_name,
    in_organization,
    page_of,
    repositories,
)

__all__ = [
    "CHANGED_FILE",
    "COMMIT",
    "GivenRow",
    "KeptCommit",
    "add_changes",
    "add_named",
    "authors",
    "authors_by_ids",
    "by_ids",
    "changed_file",
    "changed_files",
    "changes_of",
    "commit_of",
    "commits",
    "commits_by_ids",
    "commits_of",
    "ensure_authors",
    "ensure_commits",
    "ensure_named",
    "ids_by_name",
    "in_organization",
    "page_of",
    "repositories",
]
