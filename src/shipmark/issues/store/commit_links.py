"""Links between issues and the commits that name them, or that users resolved them in."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.schema import parent, table
from shipmark.releases.store.commits import release_commits
from shipmark.repositories.store import authors, commits
from shipmark.repositories.store.authors import AUTHOR_MEMBERS


class CommitLinkColumns(sa.TypedColumns):
    """A commit that resolves an issue. The row stays when the commit is removed from a release.

    With ``is_by_user`` a user resolved the issue in the commit, whatever its message names.
    """

    issue_id = parent("issues", primary_key=True)
    commit_id = parent("commits", primary_key=True, index=True)
    linked_at = sa.Column(db.UtcDateTime, nullable=False)
    is_by_user = sa.Column(sa.Boolean, nullable=False, server_default=sa.false())


commit_links = table("issue_commits", CommitLinkColumns)

Pair = tuple[int, int]

_PAIRS = db.json_rows("pairs", issue_id=db.Id, commit_id=db.Id)
_ENSURE = (
    insert_rows(
        commit_links,
        "pairs",
        ("issue_id", "commit_id"),
        shared=("linked_at",),
        order_by=("issue_id", "commit_id"),
    )
    .on_conflict_do_nothing()
    .returning(commit_links.c.issue_id, commit_links.c.commit_id)
)
_LINKED = insert_rows(
    commit_links, "linked", ("issue_id",), shared=("commit_id", "linked_at", "is_by_user")
)
_SAVE_OF_USER = _LINKED.on_conflict_do_update(
    index_elements=["issue_id", "commit_id"],
    set_={name: _LINKED.excluded[name] for name in ("linked_at", "is_by_user")},
)
_DROP_OTHERS = sa.delete(commit_links).where(
    db.in_ids(commit_links.c.commit_id),
    ~commit_links.c.is_by_user,
    ~sa.exists().where(
        _PAIRS.c.issue_id == commit_links.c.issue_id,
        _PAIRS.c.commit_id == commit_links.c.commit_id,
    ),
)


_ISSUES = (
    sa.select(commit_links.c.commit_id, commit_links.c.issue_id)
    .join(db.IDS, db.IDS.c.id == commit_links.c.commit_id)
    .order_by(commit_links.c.commit_id, commit_links.c.issue_id)
)
_AUTHORS_IN_RELEASE = (
    sa.select(
        commit_links.c.issue_id,
        sa.func.coalesce(sa.func.nullif(authors.c.name, ""), authors.c.email),
    )
    .join(db.IDS, db.IDS.c.id == commit_links.c.issue_id)
    .join(release_commits, release_commits.c.commit_id == commit_links.c.commit_id)
    .join(commits, commits.c.id == commit_links.c.commit_id)
    .join(authors, authors.c.id == commits.c.author_id)
    .where(release_commits.c.release_id == sa.bindparam("release_id", type_=db.Id))
    .order_by(release_commits.c.position.desc())
)


_USERS_OF_AUTHORS = (
    sa.select(commits.c.id, AUTHOR_MEMBERS.c.user_id)
    .join(db.IDS, db.IDS.c.id == commits.c.id)
    .join(authors, authors.c.id == commits.c.author_id)
    .join(AUTHOR_MEMBERS, AUTHOR_MEMBERS.c.email == authors.c.email)
)


def issues_of(connection: sa.Connection, commit_ids: Collection[int]) -> dict[int, list[int]]:
    """Return by commit the issues that are linked to it."""
    rows = connection.execute(_ISSUES, db.ids_param(commit_ids))
    return grouped((commit_id, issue_id) for commit_id, issue_id in rows)


def users_of_authors(
    connection: sa.Connection, organization_id: int, commit_ids: Collection[int]
) -> dict[int, int]:
    """Return by commit the active member who has verified the address of its author, in one statement."""
    parameters = db.ids_param(commit_ids) | {"organization_id": organization_id}
    result = connection.execute(_USERS_OF_AUTHORS, parameters)
    return {commit_id: user_id for commit_id, user_id in result}


def author_names(
    connection: sa.Connection, release_id: int, issue_ids: Collection[int]
) -> dict[int, str]:
    """Return the name, or else the address, of the author of the release's newest commit that names each issue."""
    result = connection.execute(
        _AUTHORS_IN_RELEASE, db.ids_param(issue_ids) | {"release_id": release_id}
    )
    return {issue_id: name for issue_id, name in result}


def ensure(connection: sa.Connection, pairs: Collection[Pair], at: datetime) -> set[Pair]:
    """Link (issue, commit) pairs. Return those that were not linked before."""
    if not pairs:
        return set()
    result = connection.execute(_ENSURE, db.rows_param("pairs", sorted(pairs)) | {"linked_at": at})
    return {(issue_id, commit_id) for issue_id, commit_id in result}


def save_of_user(
    connection: sa.Connection, issue_ids: Collection[int], commit_id: int, at: datetime
) -> None:
    """Link issues to the commit that a user resolved them in: it is their newest one, also if it was linked before."""
    rows = db.values_param("linked", issue_ids)
    shared = {"commit_id": commit_id, "linked_at": at, "is_by_user": True}
    connection.execute(_SAVE_OF_USER, {**rows, **shared})


def delete_others(
    connection: sa.Connection, commit_ids: Collection[int], except_pairs: Collection[Pair]
) -> None:
    """Delete the links of these commits except these pairs: their messages no longer name the other issues.

    Links of users stay.
    """
    connection.execute(
        _DROP_OTHERS, db.ids_param(commit_ids) | db.rows_param("pairs", sorted(except_pairs))
    )
