"""The table of the audit log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    TypedColumns,
    insert,
    literal,
    select,
    tuple_,
)

from shipmark.infrastructure.database import Id, UtcDateTime, metadata
from shipmark.infrastructure.keyset import KeysetPosition
from shipmark.organizations.audit import AuditEntry, AuditEvent
from shipmark.organizations.model import Actor


class AuditColumns(TypedColumns):
    """An entry of the audit log. ``event`` is its number in the protocol; ``data`` is a JSON object."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    event = Column(Integer, nullable=False)
    actor_id = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    actor_label = Column(Text, nullable=False)
    ip_address = Column(String(64))
    target_id = Column(Id)
    target_user_id = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    data = Column(Text, nullable=False)
    created_at = Column(UtcDateTime, nullable=False)


log = Table(
    "audit_log",
    metadata,
    AuditColumns,
    Index("ix_audit_log_organization_id_created_at", "organization_id", "created_at", "id"),
    sqlite_autoincrement=True,
)

_ENTRY = (
    log.c.id,
    log.c.event,
    log.c.actor_id,
    log.c.actor_label,
    log.c.ip_address,
    log.c.target_id,
    log.c.target_user_id,
    log.c.data,
    log.c.created_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Conditions on the entries of a list; None selects all."""

    event: AuditEvent | None = None
    actor_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def record(
    connection: Connection,
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
    connection.execute(insert(log).values(row | {"data": json.dumps(data)}))


def entries_of(
    connection: Connection,
    organization_id: int,
    chosen: AuditFilter,
    place: KeysetPosition | None,
    *,
    limit: int,
) -> list[AuditEntry]:
    """Return a page of an organization's entries, newest first; before a position, nearest first."""
    query = select(*_ENTRY).where(log.c.organization_id == organization_id)
    if chosen.event is not None:
        query = query.where(log.c.event == int(chosen.event))
    if chosen.actor_id is not None:
        query = query.where(log.c.actor_id == chosen.actor_id)
    if chosen.since is not None:
        query = query.where(log.c.created_at >= chosen.since)
    if chosen.until is not None:
        query = query.where(log.c.created_at <= chosen.until)
    return [_entry(*row) for row in connection.execute(_from_place(query, place).limit(limit))]


def _from_place(
    query: Select[*tuple[Any, ...]], place: KeysetPosition | None
) -> Select[*tuple[Any, ...]]:
    if place is None:
        return query.order_by(log.c.created_at.desc(), log.c.id.desc())
    here = tuple_(literal(place.at, UtcDateTime()), literal(place.id, Id))
    row = tuple_(log.c.created_at, log.c.id)
    if place.is_backwards:
        return query.where(row > here).order_by(log.c.created_at, log.c.id)
    return query.where(row < here).order_by(log.c.created_at.desc(), log.c.id.desc())


def _entry(
    entry_id: int,
    event: int,
    actor_id: int | None,
    actor_label: str,
    ip_address: str | None,
    target_id: int | None,
    target_user_id: int | None,
    data: str,
    created_at: datetime,
) -> AuditEntry:
    return AuditEntry(
        id=entry_id,
        event=AuditEvent(event),
        actor_id=actor_id,
        actor_label=actor_label,
        ip_address=ip_address,
        target_id=target_id,
        target_user_id=target_user_id,
        data=json.loads(data),
        created_at=created_at,
    )
