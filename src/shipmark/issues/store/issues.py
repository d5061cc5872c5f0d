"""Issues, and the hashes that map events to them."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    bindparam,
    case,
    exists,
    insert,
    literal,
    select,
    update,
)

from shipmark.events.parsing import Event
from shipmark.infrastructure.database import (
    IDS,
    Id,
    UtcDateTime,
    ids_param,
    json_rows,
    metadata,
    rows_param,
    upsert,
)
from shipmark.issues.model import DeletedFix, Issue, IssueStatus, Substatus
from shipmark.issues.short_ids import ShortId
from shipmark.projects.store import projects


class IssueColumns(TypedColumns):
    """An issue. ``first_release_id`` prevents the deletion of its release.

    ``details`` and ``deleted_fix`` (`DeletedFix`, or NULL) are JSON objects.
    """

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, nullable=False)
    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)
    number = Column(Id, nullable=False)
    status = Column(String(16), nullable=False)
    substatus = Column(String(32))
    type = Column(String(16), nullable=False)
    title = Column(Text, nullable=False)
    culprit = Column(Text, nullable=False)
    location = Column(Text)
    level = Column(String(16), nullable=False)
    logger = Column(Text)
    platform = Column(String(64))
    message = Column(Text, nullable=False)
    details = Column(Text, nullable=False)
    is_unhandled = Column(Boolean, nullable=False)
    times_seen = Column(Id, nullable=False)
    user_count = Column(Integer, nullable=False)
    first_release_id = Column(Id, ForeignKey("releases.id"), index=True)
    first_seen_at = Column(UtcDateTime, nullable=False)
    last_seen_at = Column(UtcDateTime, nullable=False)
    active_at = Column(UtcDateTime, nullable=False)
    resolved_at = Column(UtcDateTime)
    deleted_fix = Column(Text)


class IssueHashColumns(TypedColumns):
    """A hash that maps events of a project to an issue."""

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    hash = Column(String(32), primary_key=True)
    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False, index=True)


class IssueUserColumns(TypedColumns):
    """An end user affected by the issue, as a digest."""

    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True)
    user_hash = Column(String(32), primary_key=True)


issues = Table(
    "issues",
    metadata,
    IssueColumns,
    UniqueConstraint("project_id", "number"),
    Index("ix_issues_of_project_last_seen", "project_id", "status", "last_seen_at", "id"),
    Index("ix_issues_of_organization_last_seen", "organization_id", "status", "last_seen_at", "id"),
    sqlite_autoincrement=True,
)
hashes = Table("issue_hashes", metadata, IssueHashColumns)
issue_users = Table("issue_users", metadata, IssueUserColumns)

_FIELDS = (
    "id",
    "organization_id",
    "project_id",
    "number",
    "status",
    "substatus",
    "type",
    "title",
    "culprit",
    "location",
    "level",
    "logger",
    "platform",
    "details",
    "is_unhandled",
    "times_seen",
    "user_count",
    "first_release_id",
    "first_seen_at",
    "last_seen_at",
    "active_at",
    "resolved_at",
    "deleted_fix",
)
ISSUE = tuple(issues.c[name] for name in _FIELDS)


_LOCK = (
    select(issues.c.id, issues.c.status)
    .join(IDS, IDS.c.id == issues.c.id)
    .order_by(issues.c.id)
    .with_for_update(key_share=True, of=issues)
)
_MARK_RESOLVED = (
    update(issues)
    .where(issues.c.id.in_(select(IDS.c.id)))
    .values(
        status=IssueStatus.RESOLVED,
        substatus=None,
        deleted_fix=None,
        resolved_at=case(
            (issues.c.status == IssueStatus.RESOLVED, issues.c.resolved_at),
            else_=bindparam("at", type_=UtcDateTime()),
        ),
    )
)
_SHORT_IDS = json_rows("short_ids", slug=Text(), number=Id)
# Subqueries, not joins: from the project on, SQLite would compare each of its issues with the parameter's rows.
_project_id = (
    select(projects.c.id)
    .where(
        projects.c.organization_id == bindparam("organization_id"),
        projects.c.slug == _SHORT_IDS.c.slug,
    )
    .correlate(_SHORT_IDS)
    .scalar_subquery()
)
_issue_id = (
    select(issues.c.id)
    .where(issues.c.project_id == _project_id, issues.c.number == _SHORT_IDS.c.number)
    .correlate(_SHORT_IDS)
    .scalar_subquery()
)
_BY_SHORT_IDS = select(_SHORT_IDS.c.slug, _SHORT_IDS.c.number, _issue_id)
_IN_ORGANIZATION = (
    select(issues.c.id)
    .join(IDS, IDS.c.id == issues.c.id)
    .where(issues.c.organization_id == bindparam("organization_id"))
)

_FIRST_RELEASES = select(IDS.c.id).where(exists().where(issues.c.first_release_id == IDS.c.id))


def by_id(connection: Connection, organization_id: int | None, issue_id: int) -> Issue | None:
    """Return the issue with this id, or None; with an organization, only an issue of that organization."""
    query = select(*ISSUE).where(issues.c.id == issue_id)
    if organization_id is not None:
        query = query.where(issues.c.organization_id == organization_id)
    row = connection.execute(query).first()
    return issue_of(row) if row else None


def by_hashes(connection: Connection, project_id: int, requested: Sequence[str]) -> Issue | None:
    """Return the issue of the first of these hashes that has one, or None."""
    query = select(hashes.c.hash, *ISSUE).join(hashes, hashes.c.issue_id == issues.c.id)
    query = query.where(hashes.c.project_id == project_id, hashes.c.hash.in_(requested))
    rows = {row[0]: row for row in connection.execute(query)}
    return next((issue_of(rows[each][1:]) for each in requested if each in rows), None)


def map_hashes(connection: Connection, issue: Issue, event_hashes: Sequence[str]) -> None:
    """Map these hashes to the issue, unless they are mapped already."""
    rows = [
        {"project_id": issue.project_id, "hash": each, "issue_id": issue.id}
        for each in event_hashes
    ]
    connection.execute(upsert(hashes).values(rows).on_conflict_do_nothing())


def add(
    connection: Connection,
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
    return issue_of(connection.execute(insert(issues).values(row).returning(*ISSUE)).one())


def count(connection: Connection, issue: Issue, event: Event, *, is_new_user: bool) -> None:
    """Count an event and store its title and details; the range of moments only widens."""
    c = issues.c
    values = _event_values(event) | {
        "times_seen": c.times_seen + 1,
        "user_count": c.user_count + int(is_new_user),
        "first_seen_at": case(
            (c.first_seen_at > event.at, literal(event.at, UtcDateTime)), else_=c.first_seen_at
        ),
        "last_seen_at": case(
            (c.last_seen_at < event.at, literal(event.at, UtcDateTime)), else_=c.last_seen_at
        ),
    }
    connection.execute(update(issues).where(c.id == issue.id).values(values))


def record_user(connection: Connection, issue_id: int, user_hash: str) -> bool:
    """Record a user affected by the issue. Return True for the user's first event."""
    row = {"issue_id": issue_id, "user_hash": user_hash}
    statement = upsert(issue_users).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(issue_users.c.issue_id)).first() is not None


def reopen(connection: Connection, issue_id: int, at: datetime, active_before: datetime) -> bool:
    """Mark a resolved issue as regressed, unless it changed since ``active_before``. Return True if marked."""
    statement = (
        update(issues)
        .where(
            issues.c.id == issue_id,
            issues.c.status == IssueStatus.RESOLVED,
            issues.c.active_at < active_before,
        )
        .values(
            status=IssueStatus.UNRESOLVED,
            substatus=Substatus.REGRESSED,
            active_at=at,
            last_seen_at=case(
                (issues.c.last_seen_at < at, literal(at, UtcDateTime)), else_=issues.c.last_seen_at
            ),
            resolved_at=None,
            deleted_fix=None,
        )
    )
    return connection.execute(statement).rowcount == 1


def lock(connection: Connection, issue_ids: Collection[int]) -> dict[int, IssueStatus]:
    """Lock these issues until the transaction ends. Return the current status of each."""
    result = connection.execute(_LOCK, ids_param(issue_ids))
    return {issue_id: IssueStatus(status) for issue_id, status in result}


def mark_resolved(connection: Connection, issue_ids: Collection[int], at: datetime) -> None:
    """Resolve these issues; the moment of those resolved already stays."""
    connection.execute(_MARK_RESOLVED, ids_param(issue_ids) | {"at": at})


def ids_of_short_ids(
    connection: Connection, organization_id: int, short_ids: Collection[ShortId]
) -> dict[ShortId, int]:
    """Return the issue's id of each short id by one statement; unknown ones are left out."""
    if not short_ids:
        return {}
    parameters = rows_param(
        "short_ids", sorted({(short_id.project_slug, short_id.number) for short_id in short_ids})
    )
    result = connection.execute(_BY_SHORT_IDS, parameters | {"organization_id": organization_id})
    return {
        ShortId(project_slug=slug, number=number): issue_id
        for slug, number, issue_id in result
        if issue_id is not None
    }


def ids_in_organization(
    connection: Connection, organization_id: int, issue_ids: Collection[int]
) -> set[int]:
    """Return those of the ids that are issues of the organization."""
    if not issue_ids:
        return set()
    parameters = ids_param(issue_ids) | {"organization_id": organization_id}
    return set(connection.execute(_IN_ORGANIZATION, parameters).scalars())


def is_any_released(connection: Connection, project_id: int) -> bool:
    """Return True if an issue of the project has a first release."""
    query = select(issues.c.id).where(
        issues.c.project_id == project_id, issues.c.first_release_id.is_not(None)
    )
    return connection.execute(query.limit(1)).first() is not None


def first_releases_among(connection: Connection, release_ids: Collection[int]) -> set[int]:
    """Return those of the releases in which an issue was first seen."""
    return set(connection.execute(_FIRST_RELEASES, ids_param(release_ids)).scalars())


def first_seen_among(
    connection: Connection, release_id: int, project_ids: Collection[int], *, limit: int
) -> list[Issue]:
    """Return the projects' issues that were first seen in the release, the oldest first."""
    query = (
        select(*ISSUE)
        .where(issues.c.first_release_id == release_id, issues.c.project_id.in_(project_ids))
        .order_by(issues.c.id)
        .limit(limit)
    )
    return [issue_of(row) for row in connection.execute(query)]


def issue_of(row: Sequence[Any]) -> Issue:
    """Return the issue of a row that begins with the columns of `ISSUE`."""
    columns: dict[str, Any] = dict(zip(_FIELDS, row, strict=False))
    columns["status"] = IssueStatus(columns["status"])
    columns["substatus"] = Substatus(columns["substatus"]) if columns["substatus"] else None
    columns["metadata"] = json.loads(columns.pop("details"))
    columns["deleted_fix"] = _fix_of(columns["deleted_fix"])
    return Issue(**columns)


def _fix_of(text: str | None) -> DeletedFix | None:
    if text is None:
        return None
    stored = json.loads(text)
    return DeletedFix(**stored | {"shipped_at": datetime.fromisoformat(stored["shipped_at"])})


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
