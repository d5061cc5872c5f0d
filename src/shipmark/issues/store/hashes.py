"""The hashes that map events of a project to issues, and those whose events are discarded."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.schema import parent, table
from shipmark.issues.model import Issue


class IssueHashColumns(sa.TypedColumns):
    """A hash that maps events of a project to an issue."""

    project_id = parent("projects", primary_key=True)
    hash = sa.Column(sa.String(32), primary_key=True)
    issue_id = parent("issues", index=True)


class DiscardedHashColumns(sa.TypedColumns):
    """A hash whose events are discarded. It is so for an issue, too, that has got the hash since."""

    project_id = parent("projects", primary_key=True)
    hash = sa.Column(sa.String(32), primary_key=True)
    discarded_issue_id = parent("discarded_issues", index=True)


hashes = table("issue_hashes", IssueHashColumns)
discarded_hashes = table("discarded_hashes", DiscardedHashColumns)

#: A hash of a project.
HashKey = tuple[int, str]
_HASHES = db.json_rows("hashed", project_id=db.Id, hash=sa.Text())

# One statement: issue and hashes are discarded in one transaction, which it sees all of or nothing.
_TARGETS = (
    sa.select(
        _HASHES.c.project_id,
        _HASHES.c.hash,
        hashes.c.issue_id,
        discarded_hashes.c.discarded_issue_id,
    )
    .outerjoin(
        hashes,
        sa.and_(hashes.c.project_id == _HASHES.c.project_id, hashes.c.hash == _HASHES.c.hash),
    )
    .outerjoin(
        discarded_hashes,
        sa.and_(
            discarded_hashes.c.project_id == _HASHES.c.project_id,
            discarded_hashes.c.hash == _HASHES.c.hash,
        ),
    )
)


def targets(connection: sa.Connection, hashed: Collection[HashKey]) -> dict[HashKey, int | None]:
    """Return the id of the issue of each hash, or None if its events are discarded; unknown ones are left out."""
    rows = connection.execute(_TARGETS, db.rows_param("hashed", sorted(hashed)))
    return {
        (project_id, event_hash): issue_id if discarded_id is None else None
        for project_id, event_hash, issue_id, discarded_id in rows
        if issue_id is not None or discarded_id is not None
    }


def of_issue(connection: sa.Connection, issue_id: int, *, limit: int, offset: int) -> list[str]:
    """Return hashes of the issue, in order."""
    query = sa.select(hashes.c.hash).where(hashes.c.issue_id == issue_id)
    query = query.order_by(db.in_binary_order(hashes.c.hash)).limit(limit).offset(offset)
    return list(connection.execute(query).scalars())


def add(connection: sa.Connection, issue: Issue, event_hashes: Sequence[str]) -> None:
    """Map these hashes to the issue, unless they are mapped already."""
    shared: dict[str, object] = {"project_id": issue.project_id, "issue_id": issue.id}
    rows = [shared | {"hash": event_hash} for event_hash in event_hashes]
    connection.execute(db.upsert(hashes).values(rows).on_conflict_do_nothing())
