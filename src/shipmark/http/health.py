"""``/healthz``, ``/metrics`` and the liveness of ingest, for the monitoring of the server."""

import os
from collections.abc import Mapping
from contextlib import suppress

from litestar import Response, get
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Gauge,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from shipmark.http import AnyRequest
from shipmark.infrastructure import health
from shipmark.infrastructure.errors import Unavailable
from shipmark.infrastructure.telemetry import SHARED_METRICS


@get("/healthz", scopes=None, sync_to_thread=True, include_in_schema=False)
def get_health(request: AnyRequest) -> Response[dict[str, object]]:
    """Answer 200 if the server is operational, else 503 with the problem."""
    state = request.app.state
    problems = health.problems(state.database, state.blobs)
    if not problems:
        return Response({"status": "ok", "backlog": state.backlog()})
    reason = " ".join(problem.sentence for problem in problems)
    return Response(
        {"status": "unavailable", "reason": reason}, status_code=503, headers={"Retry-After": "5"}
    )


@get("/api/0/relays/live/", scopes=None, sync_to_thread=False, include_in_schema=False)
def get_liveness() -> dict[str, bool]:
    """Answer that the process serves, whatever its database does (ingest.md 1): a probe that fails restarts it."""
    return {"is_healthy": True}


@get("/metrics", scopes=None, sync_to_thread=True, include_in_schema=False)
def get_metrics(request: AnyRequest) -> Response[bytes]:
    """Return the metrics of all worker processes in the Prometheus format."""
    registry = REGISTRY
    if SHARED_METRICS in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types
    content = generate_latest(registry)
    # While the database is away the others are still worth reading.
    with suppress(Unavailable):
        content += _backlog_metrics(request.app.state.backlog())
    return Response(content, media_type=CONTENT_TYPE_LATEST)


def _backlog_metrics(backlog: Mapping[str, float]) -> bytes:
    registry = CollectorRegistry()
    for name, value in backlog.items():
        text = f"What waits to be digested on this machine: {name}."
        Gauge(f"shipmark_backlog_{name}", text, registry=registry).set(value)
    return generate_latest(registry)
