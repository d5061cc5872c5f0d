"""Which commits name which issues."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Table,
    TypedColumns,
    delete,
    exists,
    literal,
    select,
)

from shipmark.ground.database import Id, Moment, listed, metadata, upsert


class CommitLinkColumns(TypedColumns):
    """A commit that says it resolves an issue. It stays when the commit leaves a release."""

    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True)
    commit_id = Column(
        Id, ForeignKey("commits.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    linked_at = Column(Moment, nullable=False)


commit_links = Table("issue_commits", metadata, CommitLinkColumns)

Pair = tuple[int, int]


def ensure(connection: Connection, given: Collection[Pair], at: datetime) -> set[Pair]:
    """Link (issue, commit) pairs; says which were not linked before."""
    if not given:
        return set()
    pairs = listed(connection, "given", {"issue_id": Id, "commit_id": Id}, sorted(given))
    rows = select(pairs.c.issue_id, pairs.c.commit_id, literal(at, Moment))
    statement = (
        upsert(connection, commit_links)
        .from_select(
            ["issue_id", "commit_id", "linked_at"],
            rows.order_by(pairs.c.issue_id, pairs.c.commit_id),
        )
        .on_conflict_do_nothing()
        .returning(commit_links.c.issue_id, commit_links.c.commit_id)
    )
    return {(issue_id, commit_id) for issue_id, commit_id in connection.execute(statement)}


def drop_others(
    connection: Connection, commit_ids: Collection[int], kept: Collection[Pair]
) -> None:
    """Drop the links of these commits to all but the kept pairs: their messages name those issues no more."""
    these = listed(connection, "these", {"id": Id}, [[i] for i in sorted(commit_ids)])
    pairs = listed(connection, "kept", {"issue_id": Id, "commit_id": Id}, sorted(kept))
    is_kept = exists().where(
        pairs.c.issue_id == commit_links.c.issue_id, pairs.c.commit_id == commit_links.c.commit_id
    )
    connection.execute(
        delete(commit_links).where(commit_links.c.commit_id.in_(select(these.c.id)), ~is_kept)
    )
