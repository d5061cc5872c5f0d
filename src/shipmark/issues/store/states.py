"""Changes of the states of issues: lock, resolve, open or ignore any number by one statement."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from shipmark.events import merged_issues
from shipmark.infrastructure import database as db
from shipmark.issues.model import DeletedFix, Issue, IssueStatus, Substatus
from shipmark.issues.store.issues import IS_VISIBLE, ISSUE, issues
from shipmark.organizations import store as organizations

_UPDATE = sa.update(issues).where(db.in_ids(issues.c.id))
#: What an issue that is hidden has no longer, as lists are found by it.
_OF_STATE = (
    "substatus", "first_release_id", "resolved_at", "auto_resolved_at", "deleted_fix", "share_id",
)  # fmt: skip
_SET_ONGOING = (
    _UPDATE.where(
        issues.c.status == IssueStatus.UNRESOLVED,
        issues.c.substatus.is_distinct_from(Substatus.ONGOING.value),
    )
    .values(substatus=Substatus.ONGOING)
    .returning(issues.c.id)
)
_FIXES = db.json_rows("fixes", issue_id=db.Id, deleted_fix=sa.Text())
_SAVE_FIXES = (
    sa.update(issues)
    .where(issues.c.id == _FIXES.c.issue_id)
    .values(deleted_fix=_FIXES.c.deleted_fix)
)
_MOMENTS = db.json_rows("moments", issue_id=db.Id, active_at=db.UtcDateTime())
_REOPEN = sa.update(issues).where(issues.c.id == _MOMENTS.c.issue_id)
_LOCK_ALL = (
    ISSUE.select()
    .join(db.IDS, db.IDS.c.id == issues.c.id)
    .where(issues.c.organization_id == sa.bindparam("organization_id"), IS_VISIBLE)
    .order_by(issues.c.id)
    .with_for_update(key_share=True, of=issues)
)


def locked(
    connection: sa.Connection, organization_id: int, issue_ids: Collection[int]
) -> list[Issue]:
    """Lock the organization's issues with these ids, in the order of their ids, and return them as they are now.

    The ids of merged issues are as good as those of their survivors.

    The organization is locked first, as for deleting a release: a release that the issues will refer to stays
    until the transaction ends (releases/store/locks.py).
    """
    organizations.lock_organization(connection, organization_id)
    # No issue is merged from here on.
    ids = merged_issues.survivors(connection, issue_ids)
    parameters = db.ids_param(ids) | {"organization_id": organization_id}
    return ISSUE.all(connection, _LOCK_ALL, parameters)


def resolve_now(
    connection: sa.Connection, issue_ids: Collection[int], at: datetime, *, is_by_age: bool = False
) -> None:
    """Resolve these issues in no release: later events reopen them, see `regressions.may_regress`."""
    # A change of state: events up to a few seconds later are from before the fix (groups-api.md 8, point 5).
    statement = _UPDATE.values(
        status=IssueStatus.RESOLVED, substatus=None, active_at=at, resolved_at=at, deleted_fix=None
    )
    if is_by_age:
        statement = statement.values(auto_resolved_at=at)
    connection.execute(statement, db.ids_param(issue_ids))


def set_status(
    connection: sa.Connection,
    issue_ids: Collection[int],
    status: IssueStatus,
    substatus: Substatus | None,
) -> None:
    """Open or ignore these issues."""
    assert status is not IssueStatus.RESOLVED, "see mark_resolved"
    statement = _UPDATE.values(
        status=status, substatus=substatus, resolved_at=None, deleted_fix=None
    )
    connection.execute(statement, db.ids_param(issue_ids))


def reopen(
    connection: sa.Connection, moments: Mapping[int, datetime], substatus: Substatus
) -> None:
    """Open issues, by their ids, that are active since these moments."""
    values = {"status": IssueStatus.UNRESOLVED, "substatus": substatus, "deleted_fix": None}
    statement = _REOPEN.values(values | {"active_at": _MOMENTS.c.active_at, "resolved_at": None})
    connection.execute(statement, db.rows_param("moments", sorted(moments.items())))


def set_ongoing(connection: sa.Connection, issue_ids: Collection[int]) -> list[int]:
    """Set those of the issues to ongoing that are open with another substatus. Return their ids in order."""
    return sorted(connection.execute(_SET_ONGOING, db.ids_param(issue_ids)).scalars())


def save_fixes(connection: sa.Connection, fixes: Mapping[int, DeletedFix]) -> None:
    """Store the fixes of issues whose releases are deleted."""
    rows = [
        (issue_id, json.dumps(asdict(fix) | {"shipped_at": fix.shipped_at.isoformat()}))
        for issue_id, fix in sorted(fixes.items())
    ]
    connection.execute(_SAVE_FIXES, db.rows_param("fixes", rows))


def hide(connection: sa.Connection, issue_ids: Collection[int], status: str) -> None:
    """Take issues out of all lists, by a status that no reader selects."""
    values = dict.fromkeys(_OF_STATE) | {"status": status}
    connection.execute(_UPDATE.values(values), db.ids_param(issue_ids))
