"""``organizations/{org}/audit-logs/``: who has changed what (files-and-avatars.md 1.6)."""

from litestar import Response, Router, get
from litestar.params import FromPath

from shipmark.api.audit_log.responses import AuditLogResponse, audit_entry_response
from shipmark.api.query_parameters import AUDIT_FILTER, PAGE, RANGE
from shipmark.api.releases import loading
from shipmark.api.scopes import AUDIT_READ
from shipmark.http import time_range
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.request_context import InjectedRequest, RequestContext, request_url
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.store import AuditFilter


@get("/", scopes=AUDIT_READ, asks=(*AUDIT_FILTER, *RANGE, *PAGE), sync_to_thread=True)
def list_audit_logs(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[AuditLogResponse]:
    """List what was changed in an organization and by whom, the newest first."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        page = context.dated_page()
        entries = store.entries_of(
            connection, access.organization.id, _chosen(context), page.place, limit=page.limit
        )
        found, links = paginate_by_keyset(entries, page)
        named = [user_id for it in found for user_id in (it.actor_id, it.target_user_id)]
        users = loading.prefetch_for_users(connection, named)
    shown = AuditLogResponse(
        rows=[audit_entry_response(it, users) for it in found],
        options=sorted(it.api_name for it in AuditEvent),
    )
    path, query = request_url(context.request)
    return Response(shown, headers={"Link": links.header(context.settings.address, path, query)})


def _chosen(context: RequestContext) -> AuditFilter:
    """Which lines are asked for. Raises `BadRequest` for an event or an actor that can't be."""
    name, actor = context.parameter("event"), context.parameter("actor")
    event = AuditEvent.named(name) if name else None
    if name and event is None:
        raise BadRequest(f'"{name}" is not a valid choice for event.')
    actor_id = id_of(actor) if actor else None
    if actor and actor_id is None:
        raise BadRequest("Invalid actor parameter. Values must be numbers.")
    asked = time_range.requested_range(context.request.query_params, now())
    return AuditFilter(
        event=event,
        actor_id=actor_id,
        since=asked[0] if asked else None,
        until=asked[1] if asked else None,
    )


router = Router(
    "/api/0/organizations/{organization:str}/audit-logs", route_handlers=[list_audit_logs]
)
