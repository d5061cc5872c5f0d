"""``internal/health/``: whether the server can do its work, for those with a token. ``/healthz`` is for monitoring."""

from litestar import Router, get

from shipmark.api.health.responses import InternalHealthResponse, internal_health_response
from shipmark.api.scopes import ANYBODY
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure import health


@get("/", scopes=ANYBODY, sync_to_thread=True)
def get_internal_health(context: InjectedRequest) -> InternalHealthResponse:
    """Show what is wrong with the server's database, disk and blobs, and which of them work."""
    with context.database.autocommit_read() as connection:
        context.caller(connection)
    return internal_health_response(health.problems(context.database, context.blobs))


router = Router("/api/0/internal/health", route_handlers=[get_internal_health])
