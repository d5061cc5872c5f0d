"""The audit log (files-and-avatars.md 1.6)."""

from collections.abc import Mapping
from datetime import datetime

from shipmark.accounts.model import User
from shipmark.api.members.user_responses import UserJson, user_json
from shipmark.api.responses import Wire
from shipmark.organizations.audit import AuditEntry


class ActorJson(Wire):
    """An actor who is not a user, or not any more."""

    name: str


class AuditEntryJson(Wire):
    """An entry of the audit log."""

    id: str
    actor: UserJson | ActorJson
    event: str
    ip_address: str | None
    note: str
    target_object: int | None
    target_user: UserJson | None
    data: dict[str, object]
    date_created: datetime


class AuditLogJson(Wire):
    """A page of the audit log, and the names of all events."""

    rows: list[AuditEntryJson]
    options: list[str]


def audit_entry_json(entry: AuditEntry, users: Mapping[int, User]) -> AuditEntryJson:
    """Return an entry with its users."""
    actor = users.get(entry.actor_id) if entry.actor_id is not None else None
    target = users.get(entry.target_user_id) if entry.target_user_id is not None else None
    return AuditEntryJson(
        id=str(entry.id),
        actor=user_json(actor) if actor else ActorJson(name=entry.actor_label),
        event=entry.event.api_name,
        ip_address=entry.ip_address,
        note=entry.note,
        target_object=entry.target_id,
        target_user=user_json(target) if target else None,
        data=dict(entry.data),
        date_created=entry.created_at,
    )
