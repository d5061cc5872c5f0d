"""``internal/health/``: whether the server can do its work, for those with a token. ``/healthz`` is for monitoring."""

from litestar import Router, get

from shipmark.api.health.responses import InternalHealthJson, internal_health_json
from shipmark.api.scopes import ANYBODY
from shipmark.http.request_context import GivenVisit
from shipmark.infrastructure import health


@get("/", scopes=ANYBODY, sync_to_thread=True)
def get_internal_health(visit: GivenVisit) -> InternalHealthJson:
    """Show what is wrong with the server's database, disk and blobs, and which of them work."""
    with visit.database.autocommit_read() as connection:
        visit.caller(connection)
    return internal_health_json(health.problems(visit.database, visit.blobs))


router = Router("/api/0/internal/health", route_handlers=[get_internal_health])
