"""Issues, and the end users that they affect."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from shipmark.events.hidden_issues import PENDING_DELETION
from shipmark.events.merged_issues import survivor_of
from shipmark.events.parsing import Event
from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader, optional
from shipmark.infrastructure.schema import parent, partial_index, table
from shipmark.issues.model import PENDING_MERGE, DeletedFix, Issue, IssueStatus, Substatus
from shipmark.issues.priorities import Priority


class IssueColumns(sa.TypedColumns):
    """An issue. ``first_release_id`` prevents the deletion of its release.

    ``details`` and ``deleted_fix`` (`DeletedFix`, or NULL) are JSON objects; ``recent_counts`` is NULL without events.
    ``active_at`` is when an issue was first seen, reopened by an event, escalated or was resolved at once.
    It is resolved by age while ``auto_resolved_at`` is ``resolved_at``: what changes one leaves the other.
    """

    id = sa.Column(db.Id, primary_key=True)
    organization_id = sa.Column(db.Id, nullable=False)
    project_id = parent("projects")
    number = sa.Column(db.Id, nullable=False)
    status = sa.Column(sa.String(16), nullable=False)
    substatus = sa.Column(sa.String(32))
    type = sa.Column(sa.String(16), nullable=False)
    title = sa.Column(sa.Text, nullable=False)
    culprit = sa.Column(sa.Text, nullable=False)
    location = sa.Column(sa.Text)
    level = sa.Column(sa.String(16), nullable=False)
    logger = sa.Column(sa.Text)
    platform = sa.Column(sa.String(64))
    message = sa.Column(sa.Text, nullable=False)
    details = sa.Column(sa.Text, nullable=False)
    is_unhandled = sa.Column(sa.Boolean, nullable=False)
    times_seen = sa.Column(db.Id, nullable=False)
    user_count = sa.Column(sa.Integer, nullable=False)
    first_release_id = sa.Column(db.Id, sa.ForeignKey("releases.id"), index=True)
    first_seen_at = sa.Column(db.UtcDateTime, nullable=False)
    last_seen_at = sa.Column(db.UtcDateTime, nullable=False)
    active_at = sa.Column(db.UtcDateTime, nullable=False)
    resolved_at = sa.Column(db.UtcDateTime)
    deleted_fix = sa.Column(sa.Text)
    recent_counts = sa.Column(sa.Text)
    auto_resolved_at = sa.Column(db.UtcDateTime)
    chosen_priority = sa.Column(sa.String(8))
    priority_locked_at = sa.Column(db.UtcDateTime)
    share_id = sa.Column(sa.String(32))


class IssueUserColumns(sa.TypedColumns):
    """An end user affected by the issue, as a digest."""

    issue_id = parent("issues", primary_key=True)
    user_hash = sa.Column(sa.String(32), primary_key=True)


issues = table(
    "issues",
    IssueColumns,
    sa.UniqueConstraint("project_id", "number"),
    sa.Index("ix_issues_of_project_last_seen", "project_id", "status", "last_seen_at", "id"),
    sa.Index(
        "ix_issues_of_organization_last_seen", "organization_id", "status", "last_seen_at", "id"
    ),
)
sa.Index("ix_issues_new", issues.c.project_id, issues.c.first_seen_at)
partial_index(
    "ix_issues_resolved",
    issues.c.project_id,
    issues.c.resolved_at,
    where=issues.c.resolved_at.is_not(None),
)
partial_index(
    "ix_issues_share_id", issues.c.share_id, unique=True, where=issues.c.share_id.is_not(None)
)
#: As a literal, so that databases know that the indexes below serve.
IS_REGRESSED = issues.c.substatus == sa.literal_column(f"'{Substatus.REGRESSED.value}'")
#: As literals too: open issues that become ongoing some days after they were active.
IS_NOT_ONGOING = sa.and_(
    issues.c.status == sa.literal_column(f"'{IssueStatus.UNRESOLVED.value}'"),
    issues.c.substatus != sa.literal_column(f"'{Substatus.ONGOING.value}'"),
)
partial_index("ix_issues_not_ongoing", issues.c.active_at, issues.c.id, where=IS_NOT_ONGOING)
for _name, _owner in (("project", issues.c.project_id), ("organization", issues.c.organization_id)):
    partial_index(
        f"ix_issues_of_{_name}_regressed",
        _owner,
        issues.c.status,
        issues.c.last_seen_at,
        issues.c.id,
        where=IS_REGRESSED,
    )
    # The other orders of lists: see issue_lists.py.
    for _order in (issues.c.first_seen_at, issues.c.times_seen, issues.c.user_count):
        _index = f"ix_issues_of_{_name}_{_order.name}"
        sa.Index(_index, _owner, issues.c.status, _order, issues.c.id)
issue_users = table("issue_users", IssueUserColumns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrences:
    """Events of an issue that are counted together; ``last_event`` is the one that came in last.

    ``recent_counts`` are those of the issue, which is locked, with these events.
    """

    issue_id: int
    events: int
    new_users: int
    first_at: datetime
    last_at: datetime
    recent_counts: str
    last_event: Event


def _fix_of(text: str) -> DeletedFix:
    stored = json.loads(text)
    return DeletedFix(**stored | {"shipped_at": datetime.fromisoformat(stored["shipped_at"])})


ISSUE = RowReader(
    Issue,
    issues,
    status=IssueStatus,
    substatus=optional(Substatus),
    metadata=(json.loads, issues.c.details),
    deleted_fix=optional(_fix_of),
    chosen_priority=optional(Priority),
)

#: Issues that are merged or deleted meanwhile are left out: see both statuses.
IS_VISIBLE = issues.c.status.not_in((PENDING_MERGE, PENDING_DELETION))
_LOCK_WHOLE = (
    ISSUE.select()
    .join(db.IDS, db.IDS.c.id == issues.c.id)
    .where(IS_VISIBLE)
    .order_by(issues.c.id)
    .with_for_update(key_share=True, of=issues)
)
_LOCK = _LOCK_WHOLE.with_only_columns(issues.c.id, issues.c.status)
_ADD_USERS = (
    insert_rows(
        issue_users, "affected", ("issue_id", "user_hash"), order_by=("issue_id", "user_hash")
    )
    .on_conflict_do_nothing()
    .returning(issue_users.c.issue_id, issue_users.c.user_hash)
)
_OF_EVENT: dict[str, TypeEngine[Any]] = {
    "type": sa.Text(),
    "title": sa.Text(),
    "culprit": sa.Text(),
    "location": sa.Text(),
    "level": sa.Text(),
    "logger": sa.Text(),
    "platform": sa.Text(),
    "message": sa.Text(),
    "details": sa.Text(),
    "is_unhandled": sa.Boolean(),
}
_OCCURRED = db.json_rows(
    "occurred",
    issue_id=db.Id,
    events=sa.Integer(),
    users=sa.Integer(),
    first_at=db.UtcDateTime(),
    last_at=db.UtcDateTime(),
    recent_counts=sa.Text(),
    **_OF_EVENT,
)
_first, _last = issues.c.first_seen_at, issues.c.last_seen_at
_COUNT = (
    sa.update(issues)
    .where(issues.c.id == _OCCURRED.c.issue_id)
    .values(
        times_seen=issues.c.times_seen + _OCCURRED.c.events,
        user_count=issues.c.user_count + _OCCURRED.c.users,
        first_seen_at=sa.case((_first > _OCCURRED.c.first_at, _OCCURRED.c.first_at), else_=_first),
        last_seen_at=sa.case((_last < _OCCURRED.c.last_at, _OCCURRED.c.last_at), else_=_last),
        recent_counts=_OCCURRED.c.recent_counts,
        **{name: _OCCURRED.c[name] for name in _OF_EVENT},
    )
)
_FIRST_RELEASES = sa.select(db.IDS.c.id).where(
    sa.exists().where(issues.c.first_release_id == db.IDS.c.id)
)


def by_id(connection: sa.Connection, organization_id: int | None, issue_id: int) -> Issue | None:
    """Return the issue with this id, or None; with an organization, only an issue of that organization.

    The id of a merged issue is as good as that of the survivor.
    """
    is_named = issues.c.id == survivor_of(sa.literal(issue_id, db.Id))
    query = ISSUE.select().where(is_named, IS_VISIBLE)
    if organization_id is not None:
        query = query.where(issues.c.organization_id == organization_id)
    return ISSUE.first(connection, query)


def add(
    connection: sa.Connection,
    *,
    organization_id: int,
    project_id: int,
    number: int,
    event: Event,
    first_release_id: int | None,
) -> Issue:
    """Insert a new issue from its first event."""
    row = _event_values(event) | {
        "organization_id": organization_id,
        "project_id": project_id,
        "number": number,
        "status": IssueStatus.UNRESOLVED.value,
        "substatus": Substatus.NEW.value,
        "times_seen": 0,
        "user_count": 0,
        "first_release_id": first_release_id,
        "first_seen_at": event.at,
        "last_seen_at": event.at,
        "active_at": event.at,
    }
    statement = sa.insert(issues).values(row).returning(*ISSUE.columns)
    return ISSUE(connection.execute(statement).one())


def count(connection: sa.Connection, occurred: Collection[Occurrences]) -> None:
    """Count events and store the title and details of the last; the range of moments only widens."""
    rows = []
    for each in occurred:
        values = _event_values(each.last_event)
        numbers = (each.issue_id, each.events, each.new_users, each.first_at, each.last_at)
        rows.append((*numbers, each.recent_counts, *(values[name] for name in _OF_EVENT)))
    connection.execute(_COUNT, db.rows_param("occurred", rows))


def describe(connection: sa.Connection, issue_id: int, event: Event) -> None:
    """Have the issue show title and details of an event."""
    connection.execute(
        sa.update(issues).where(issues.c.id == issue_id).values(_event_values(event))
    )


def record_users(
    connection: sa.Connection, affected: Collection[tuple[int, str]]
) -> set[tuple[int, str]]:
    """Record users, by pairs of an issue's id and the user's digest. Return the pairs that are new."""
    if not affected:
        return set()
    rows = connection.execute(_ADD_USERS, db.rows_param("affected", sorted(affected)))
    return {(issue_id, user_hash) for issue_id, user_hash in rows}


def reopen(connection: sa.Connection, issue_id: int, at: datetime, active_before: datetime) -> bool:
    """Mark a resolved issue as regressed, unless it changed since ``active_before``. Return True if marked."""
    c, moment = issues.c, sa.literal(at, db.UtcDateTime)
    statement = sa.update(issues).where(
        c.id == issue_id, c.status == IssueStatus.RESOLVED, c.active_at < active_before
    )
    values = {
        "status": IssueStatus.UNRESOLVED,
        "substatus": Substatus.REGRESSED,
        "active_at": at,
        "last_seen_at": sa.case((c.last_seen_at < moment, moment), else_=c.last_seen_at),
        "resolved_at": None,
        "deleted_fix": None,
    }
    return connection.execute(statement.values(values)).rowcount == 1


def lock_whole(connection: sa.Connection, issue_ids: Collection[int]) -> dict[int, Issue]:
    """Lock these issues until the transaction ends. Return their current state; deleted ones are left out."""
    locked = ISSUE.all(connection, _LOCK_WHOLE, db.ids_param(issue_ids))
    return {issue.id: issue for issue in locked}


def lock(connection: sa.Connection, issue_ids: Collection[int]) -> dict[int, IssueStatus]:
    """Lock these issues until the transaction ends. Return the current status of each."""
    result = connection.execute(_LOCK, db.ids_param(issue_ids))
    return {issue_id: IssueStatus(status) for issue_id, status in result}


def mark_resolved(connection: sa.Connection, issue_ids: Collection[int], at: datetime) -> None:
    """Resolve these issues; the moment of those resolved already stays."""
    is_resolved = issues.c.status == IssueStatus.RESOLVED
    moment = sa.literal(at, db.UtcDateTime)
    statement = sa.update(issues).where(db.in_ids(issues.c.id))
    statement = statement.values(
        status=IssueStatus.RESOLVED,
        substatus=None,
        deleted_fix=None,
        resolved_at=sa.case((is_resolved, issues.c.resolved_at), else_=moment),
    )
    connection.execute(statement, db.ids_param(issue_ids))


def is_any_released(connection: sa.Connection, project_id: int) -> bool:
    """Return True if an issue of the project has a first release."""
    query = sa.select(issues.c.id).where(
        issues.c.project_id == project_id, issues.c.first_release_id.is_not(None)
    )
    return connection.execute(query.limit(1)).first() is not None


def first_releases_among(connection: sa.Connection, release_ids: Collection[int]) -> set[int]:
    """Return those of the releases in which an issue was first seen."""
    return set(connection.execute(_FIRST_RELEASES, db.ids_param(release_ids)).scalars())


def _event_values(event: Event) -> dict[str, object]:
    return {
        "type": event.type,
        "title": event.title,
        "culprit": event.culprit,
        "location": event.location,
        "level": event.level,
        "logger": event.logger,
        "platform": event.platform,
        "message": event.message,
        "details": json.dumps(event.metadata),
        "is_unhandled": event.is_unhandled,
    }
