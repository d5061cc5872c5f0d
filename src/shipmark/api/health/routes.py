"""``internal/health/``: the health of the server, for those with a token. ``/healthz`` is for monitoring."""

from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ANY_CALLER
from shipmark.infrastructure import health
from shipmark.infrastructure.health import Part

BASE_PATH = "/api/0/internal/health"


class ProblemResponse(Wire):
    """A problem of a part of the server."""

    id: str
    message: str
    severity: str = "critical"
    url: str | None = None


class InternalHealthResponse(Wire):
    """The problems of the server, and which of its parts work."""

    problems: list[ProblemResponse]
    healthy: dict[str, bool]


@endpoint.get("/", scopes=ANY_CALLER)
def get_internal_health(context: RequestContext) -> InternalHealthResponse:
    """Show the problems of the server's database, disk and blobs, and which of them work."""
    problems = health.problems(context.database, context.blobs)
    broken = {problem.part for problem in problems}
    return InternalHealthResponse(
        problems=[
            ProblemResponse(id=problem.part.value, message=problem.sentence) for problem in problems
        ],
        healthy={part.value: part not in broken for part in Part},
    )
