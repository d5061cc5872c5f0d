"""``/healthz`` and ``/metrics``: for those who look after the server."""

import os

from litestar import Request, Response, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import text

from shipmark.ground.database import Database
from shipmark.ground.telemetry import SHARED_METRICS


@get("/healthz", scopes=None, sync_to_thread=True, include_in_schema=False)
def get_health(request: Request[object, object, State]) -> dict[str, str]:
    """Answer 200 once the database can be asked."""
    database: Database = request.app.state.database
    with database.snapshot() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ok"}


@get("/metrics", scopes=None, sync_to_thread=True, include_in_schema=False)
def get_metrics() -> Response[bytes]:
    """The numbers of all workers in the Prometheus format."""
    registry = REGISTRY
    if SHARED_METRICS in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
