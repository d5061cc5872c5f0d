"""Changes of the states of issues: lock, resolve, open or ignore any number by one statement."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, String, Text, bindparam, select, update

from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, json_rows, rows_param
from shipmark.issues.model import DeletedFix, Issue, IssueStatus, Substatus
from shipmark.issues.store.issues import ISSUE, issue_of, issues
from shipmark.organizations import store as organizations

# It counts as a change of state: events up to a few seconds later are from before the fix (groups-api.md 8, point 5).
_RESOLVE_NOW = (
    update(issues)
    .where(issues.c.id.in_(select(IDS.c.id)))
    .values(
        status=IssueStatus.RESOLVED,
        substatus=None,
        deleted_fix=None,
        active_at=bindparam("at", type_=UtcDateTime()),
        resolved_at=bindparam("at", type_=UtcDateTime()),
    )
)
_SET_STATUS = (
    update(issues)
    .where(issues.c.id.in_(select(IDS.c.id)))
    .values(
        status=bindparam("new_status", type_=String()),
        substatus=bindparam("new_substatus", type_=String()),
        resolved_at=None,
        deleted_fix=None,
    )
)
_FIXES = json_rows("fixes", issue_id=Id, deleted_fix=Text())
_SAVE_FIXES = (
    update(issues).where(issues.c.id == _FIXES.c.issue_id).values(deleted_fix=_FIXES.c.deleted_fix)
)
_LOCK_ALL = (
    select(*ISSUE)
    .join(IDS, IDS.c.id == issues.c.id)
    .where(issues.c.organization_id == bindparam("organization_id"))
    .order_by(issues.c.id)
    .with_for_update(key_share=True, of=issues)
)


def locked(connection: Connection, organization_id: int, issue_ids: Collection[int]) -> list[Issue]:
    """Lock the organization's issues with these ids, in the order of their ids, and return them as they are now.

    The organization is locked first, as for deleting a release: a release that the issues will refer to stays
    until the transaction ends (releases/store/locks.py).
    """
    organizations.lock_organization(connection, organization_id)
    parameters = ids_param(issue_ids) | {"organization_id": organization_id}
    return [issue_of(row) for row in connection.execute(_LOCK_ALL, parameters)]


def resolve_now(connection: Connection, issue_ids: Collection[int], at: datetime) -> None:
    """Resolve these issues in no release: any event more than a few seconds later reopens them."""
    connection.execute(_RESOLVE_NOW, ids_param(issue_ids) | {"at": at})


def set_status(
    connection: Connection,
    issue_ids: Collection[int],
    status: IssueStatus,
    substatus: Substatus | None,
) -> None:
    """Open or ignore these issues."""
    assert status is not IssueStatus.RESOLVED, "see mark_resolved"
    parameters = {
        "new_status": status.value,
        "new_substatus": substatus.value if substatus else None,
    }
    connection.execute(_SET_STATUS, ids_param(issue_ids) | parameters)


def save_fixes(connection: Connection, fixes: Mapping[int, DeletedFix]) -> None:
    """Store the fixes of issues whose releases are deleted."""
    rows = ((issue_id, _fix_as_json(fix)) for issue_id, fix in sorted(fixes.items()))
    connection.execute(_SAVE_FIXES, rows_param("fixes", rows))


def _fix_as_json(fix: DeletedFix) -> str:
    return json.dumps(asdict(fix) | {"shipped_at": fix.shipped_at.isoformat()})
