"""The audit log (files-and-avatars.md 1.6)."""

from collections.abc import Mapping
from datetime import datetime

from shipmark.accounts.model import User
from shipmark.api.members.user_responses import UserResponse, user_response
from shipmark.api.responses import Wire
from shipmark.organizations.audit import AuditEntry


class ActorResponse(Wire):
    """An actor who is not a user, or not any more."""

    name: str


class AuditEntryResponse(Wire):
    """An entry of the audit log."""

    id: str
    actor: UserResponse | ActorResponse
    event: str
    ip_address: str | None
    note: str
    target_object: int | None
    target_user: UserResponse | None
    data: dict[str, object]
    date_created: datetime


class AuditLogResponse(Wire):
    """A page of the audit log, and the names of all events."""

    rows: list[AuditEntryResponse]
    options: list[str]


def audit_entry_response(entry: AuditEntry, users: Mapping[int, User]) -> AuditEntryResponse:
    """Return an entry with its users."""
    actor = users.get(entry.actor_id) if entry.actor_id is not None else None
    target = users.get(entry.target_user_id) if entry.target_user_id is not None else None
    return AuditEntryResponse(
        id=str(entry.id),
        actor=user_response(actor) if actor else ActorResponse(name=entry.actor_label),
        event=entry.event.api_name,
        ip_address=entry.ip_address,
        note=entry.note,
        target_object=entry.target_id,
        target_user=user_response(target) if target else None,
        data=dict(entry.data),
        date_created=entry.created_at,
    )
