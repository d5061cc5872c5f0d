"""Storage of repositories, commits, authors and changed files, one module for each."""

from shipmark.repositories.store.authors import (
    authors,
    authors_by_ids,
    authors_like,
    authors_with_members,
    ensure_authors,
)
from shipmark.repositories.store.commits import (
    CHANGED_FILE,
    COMMIT,
    GivenRow,
    add_changes,
    changed_files,
    changes_of,
    clear_changes,
    commits,
    commits_by_ids,
    commits_by_keys,
    commits_of,
    commits_with_repositories,
    ensure_commits,
    remove_commits,
    some_of,
)
from shipmark.repositories.store.remotes import remotes, remotes_of, remove_remote, save_remote
from shipmark.repositories.store.repositories import (
    add_named,
    by_ids,
    change,
    ensure_named,
    ids_by_name,
    in_organization,
    is_any,
    lock,
    named,
    organization_id_of,
    page_of,
    remove,
    repositories,
)
