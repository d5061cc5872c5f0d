"""``organizations/{org}/audit-logs/``: the changes of an organization (files-and-avatars.md 1.6)."""

from litestar import Response

from shipmark.api.audit_log.requests import AuditLogQuery
from shipmark.api.audit_log.responses import AuditLogResponse, audit_entry_response
from shipmark.api.releases import loading
from shipmark.api.scopes import AUDIT_READ
from shipmark.http import endpoint
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.request_context import RequestContext
from shipmark.organizations import store
from shipmark.organizations.audit import AuditEvent


@endpoint.get("/", scopes=AUDIT_READ)
def list_audit_logs(context: RequestContext, query: AuditLogQuery) -> Response[AuditLogResponse]:
    """List the changes of an organization and the users who made them, the newest first."""
    page, conditions = query.dated_page(), query.audit_filter()
    with context.database.snapshot() as connection:
        rows = store.entries_of(
            connection, context.organization_id, conditions, page.place, limit=page.limit
        )
        entries, links = paginate_by_keyset(rows, page)
        ids = [user_id for entry in entries for user_id in (entry.actor_id, entry.target_user_id)]
        users = loading.prefetch_for_users(connection, ids)
    log = AuditLogResponse(
        rows=[audit_entry_response(entry, users) for entry in entries],
        options=sorted(event.api_name for event in AuditEvent),
    )
    return context.linked(log, links)


router = endpoint.router("/api/0/organizations/{organization:str}/audit-logs", __name__)
