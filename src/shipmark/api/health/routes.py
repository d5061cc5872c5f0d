"""``internal/health/``: the health of the server, for those with a token. ``/healthz`` is for monitoring."""

from shipmark.api.health.responses import InternalHealthResponse, internal_health_response
from shipmark.api.scopes import ANY_CALLER
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure import health


@endpoint.get("/", scopes=ANY_CALLER)
def get_internal_health(context: RequestContext) -> InternalHealthResponse:
    """Show the problems of the server's database, disk and blobs, and which of them work."""
    return internal_health_response(health.problems(context.database, context.blobs))


router = endpoint.router("/api/0/internal/health", __name__)
