"""The table of the audit log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, UtcDateTime
from shipmark.infrastructure.keyset import KeysetPosition, from_position
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.organizations.audit import AuditEntry, AuditEvent
from shipmark.organizations.model import Actor


class AuditColumns(sa.TypedColumns):
    """An entry of the audit log. ``event`` is its number in the protocol; ``data`` is a JSON object."""

    id = sa.Column(Id, primary_key=True)
    organization_id = parent("organizations")
    event = sa.Column(sa.Integer, nullable=False)
    actor_id = sa.Column(Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    actor_label = sa.Column(sa.Text, nullable=False)
    ip_address = sa.Column(sa.String(64))
    target_id = sa.Column(Id)
    target_user_id = sa.Column(Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    data = sa.Column(sa.Text, nullable=False)
    created_at = sa.Column(UtcDateTime, nullable=False)


log = table(
    "audit_log",
    AuditColumns,
    sa.Index("ix_audit_log_organization_id_created_at", "organization_id", "created_at", "id"),
)

_ENTRY = RowReader(AuditEntry, log, event=AuditEvent, data=json.loads)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Conditions on the entries of a list; None selects all."""

    event: AuditEvent | None = None
    actor_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def record(
    connection: sa.Connection,
    organization_id: int,
    event: AuditEvent,
    by: Actor,
    at: datetime,
    *,
    data: Mapping[str, object],
    target_id: int | None = None,
    target_user_id: int | None = None,
) -> None:
    """Insert an entry."""
    row: dict[str, object] = {"organization_id": organization_id, "event": int(event)}
    row |= {"actor_id": by.user_id, "actor_label": by.label, "ip_address": by.ip_address}
    row |= {"target_id": target_id, "target_user_id": target_user_id, "created_at": at}
    connection.execute(sa.insert(log).values(row | {"data": json.dumps(data)}))


def entries_of(
    connection: sa.Connection,
    organization_id: int,
    chosen: AuditFilter,
    position: KeysetPosition | None,
    *,
    limit: int,
) -> list[AuditEntry]:
    """Return a page of an organization's entries, newest first; before a position, nearest first."""
    conditions = [
        None if chosen.event is None else log.c.event == int(chosen.event),
        None if chosen.actor_id is None else log.c.actor_id == chosen.actor_id,
        None if chosen.since is None else log.c.created_at >= chosen.since,
        None if chosen.until is None else log.c.created_at <= chosen.until,
    ]
    query = _ENTRY.select().where(
        log.c.organization_id == organization_id,
        *(condition for condition in conditions if condition is not None),
    )
    query = from_position(query, log.c.created_at, log.c.id, position)
    return _ENTRY.all(connection, query.limit(limit))
