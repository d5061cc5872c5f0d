"""The hashes that map events of a project to issues."""

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


hashes = table("issue_hashes", IssueHashColumns)

_HASHES = db.json_rows("hashed", project_id=db.Id, hash=sa.Text())
_BY_HASHES = sa.select(hashes.c.project_id, hashes.c.hash, hashes.c.issue_id).join(
    _HASHES,
    sa.and_(hashes.c.project_id == _HASHES.c.project_id, hashes.c.hash == _HASHES.c.hash),
)


def issue_ids(
    connection: sa.Connection, hashed: Collection[tuple[int, str]]
) -> dict[tuple[int, str], int]:
    """Return the id of the issue of each pair of a project's id and a hash; unknown ones are left out."""
    rows = connection.execute(_BY_HASHES, db.rows_param("hashed", sorted(hashed)))
    return {(project_id, event_hash): issue_id for project_id, event_hash, issue_id in rows}


def add(connection: sa.Connection, issue: Issue, event_hashes: Sequence[str]) -> None:
    """Map these hashes to the issue, unless they are mapped already."""
    shared: dict[str, object] = {"project_id": issue.project_id, "issue_id": issue.id}
    rows = [shared | {"hash": event_hash} for event_hash in event_hashes]
    connection.execute(db.upsert(hashes).values(rows).on_conflict_do_nothing())
