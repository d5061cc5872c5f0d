"""``organizations/{org}/audit-logs/``: the changes of an organization (files-and-avatars.md 1.6)."""

from collections.abc import Mapping
from datetime import datetime

from litestar import Response

from shipmark.accounts.model import User
from shipmark.api.members.user_responses import UserResponse, optional_user_response
from shipmark.api.queries import PageQuery, TimeRangeQuery
from shipmark.api.releases import loading
from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import AUDIT_READ
from shipmark.http.validation import optional
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import store
from shipmark.organizations.audit import AuditEntry, AuditEvent
from shipmark.organizations.store import AuditFilter

BASE_PATH = "/api/0/organizations/{organization:str}/audit-logs"


class AuditLogQuery(TimeRangeQuery, PageQuery):
    """A page of the audit log."""

    event: str | None = optional("Only events with this name.", example="org.edit")
    actor: str | None = optional("Only events of the user with this id.", example="1")

    def audit_filter(self) -> AuditFilter:
        """Return the entries that the query asks for. Raise `BadRequest` for an unknown event or a bad id."""
        event = AuditEvent.named(self.event) if self.event else None
        if self.event and event is None:
            raise BadRequest(f'"{self.event}" is not a valid choice for event.')
        actor_id = id_of(self.actor) if self.actor else None
        if self.actor and actor_id is None:
            raise BadRequest("Invalid actor parameter. Values must be numbers.")
        since, until = self.time_range() or (None, None)
        return AuditFilter(event=event, actor_id=actor_id, since=since, until=until)


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
    actor = optional_user_response(users.get(entry.actor_id or 0))
    return AuditEntryResponse(
        id=str(entry.id),
        actor=actor or ActorResponse(name=entry.actor_label),
        event=entry.event.api_name,
        ip_address=entry.ip_address,
        note=entry.note,
        target_object=entry.target_id,
        target_user=optional_user_response(users.get(entry.target_user_id or 0)),
        data=dict(entry.data),
        date_created=entry.created_at,
    )


@endpoint.get("/", scopes=AUDIT_READ)
def list_audit_logs(context: RequestContext, query: AuditLogQuery) -> Response[AuditLogResponse]:
    """List the changes of an organization and the users who made them, the newest first."""
    page, conditions = query.dated_page(), query.audit_filter()
    with context.database.snapshot() as connection:
        rows = store.entries_of(
            connection, context.organization_id, conditions, page.position, limit=page.limit
        )
        entries, links = paginate_by_keyset(rows, page)
        ids = [user_id for entry in entries for user_id in (entry.actor_id, entry.target_user_id)]
        users = loading.prefetch_for_users(connection, ids)
    log = AuditLogResponse(
        rows=[audit_entry_response(entry, users) for entry in entries],
        options=sorted(event.api_name for event in AuditEvent),
    )
    return context.listed(log, links)
