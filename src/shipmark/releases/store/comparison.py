"""Differences between releases: commits that some have and others don't, with their authors and changed files.

The database computes them: releases may have ten thousand commits each.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.releases.store.commits import release_commits
from shipmark.repositories.model import Change, Commit
from shipmark.repositories.store import COMMIT, changed_files, commits


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedInAll:
    """Changes of several commits to a file of a repository: how many added, modified and deleted it.

    ``change`` sums them up: deleted if the newest of them deleted it, else added if one of them did.
    """

    repository_id: int
    filename: str
    added: int
    modified: int
    deleted: int
    change: Change

    @property
    def commit_count(self) -> int:
        """Number of commits that changed the file."""
        return self.added + self.modified + self.deleted


_THESE = db.json_rows("these", id=db.Id)
_OTHERS = db.json_rows("others", id=db.Id)
_MOST = sa.bindparam("most", type_=sa.Integer)


def _held_by(rows: sa.Subquery) -> sa.Select[int]:
    return sa.select(release_commits.c.commit_id).join(
        rows, rows.c.id == release_commits.c.release_id
    )


_only_here = _held_by(_THESE).except_(_held_by(_OTHERS)).subquery()
_of_these = _only_here.c.commit_id == commits.c.id
_COMMITS = (
    sa.select(sa.func.count().over(), *COMMIT.columns)
    .select_from(_only_here)
    .join(commits, _of_these)
    .order_by(commits.c.created_at.desc(), commits.c.id.desc())
    .limit(_MOST)
)
_AUTHORS = (
    sa.select(sa.func.count().over(), commits.c.author_id)
    .select_from(_only_here)
    .join(commits, _of_these)
    .where(commits.c.author_id.is_not(None))
    .group_by(commits.c.author_id)
    .order_by(sa.func.count().desc(), commits.c.author_id)
    .limit(_MOST)
)
_changes = (
    sa.select(
        commits.c.repository_id.label("repository_id"),
        changed_files.c.filename.label("filename"),
        changed_files.c.change.label("change"),
        sa.func.row_number()
        .over(
            partition_by=[commits.c.repository_id, changed_files.c.filename],
            order_by=[commits.c.created_at.desc(), commits.c.id.desc()],
        )
        .label("age"),
    )
    .select_from(_only_here)
    .join(commits, _of_these)
    .join(changed_files, changed_files.c.commit_id == commits.c.id)
    .subquery()
)
_FILES = (
    sa.select(
        sa.func.count().over(),
        _changes.c.repository_id,
        _changes.c.filename,
        *(
            sa.func.sum(sa.case((_changes.c.change == kind.value, 1), else_=0), type_=sa.Integer())
            for kind in (Change.ADDED, Change.MODIFIED, Change.DELETED)
        ),
        sa.func.max(sa.case((_changes.c.age == 1, _changes.c.change))),
    )
    .group_by(_changes.c.repository_id, _changes.c.filename)
    .order_by(
        sa.func.count().desc(), db.in_binary_order(_changes.c.filename), _changes.c.repository_id
    )
    .limit(_MOST)
)


def commits_only_in(
    connection: sa.Connection, these: Collection[int], others: Collection[int], *, limit: int
) -> tuple[int, list[Commit]]:
    """Return the number of commits that only these releases have, and the newest of them."""
    rows = connection.execute(_COMMITS, _parameters(these, others, limit)).all()
    return _count(rows), [COMMIT(row[1:]) for row in rows]


def authors_only_in(
    connection: sa.Connection, these: Collection[int], others: Collection[int], *, limit: int
) -> tuple[int, list[int]]:
    """Return the number of authors of those commits, and the ids of those with the most."""
    rows = connection.execute(_AUTHORS, _parameters(these, others, limit)).all()
    return _count(rows), [author_id for _, author_id in rows]


def files_only_in(
    connection: sa.Connection, these: Collection[int], others: Collection[int], *, limit: int
) -> tuple[int, list[ChangedInAll]]:
    """Return the number of files that those commits changed, and the most changed ones."""
    rows = connection.execute(_FILES, _parameters(these, others, limit)).all()
    changed = [
        ChangedInAll(
            repository_id=repository_id,
            filename=filename,
            added=added,
            modified=modified,
            deleted=deleted,
            change=_came_to(Change(newest), added),
        )
        for _, repository_id, filename, added, modified, deleted, newest in rows
    ]
    return _count(rows), changed


def _came_to(newest: Change, added: int) -> Change:
    if newest is Change.DELETED:
        return newest
    return Change.ADDED if added else Change.MODIFIED


def _parameters(these: Collection[int], others: Collection[int], limit: int) -> dict[str, object]:
    return {
        **db.values_param("these", these),
        **db.values_param("others", others),
        "most": limit,
    }


def _count(rows: Sequence[Sequence[object]]) -> int:
    return int(str(rows[0][0])) if rows else 0
