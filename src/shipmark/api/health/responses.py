"""The object of ``internal/health/``."""

from collections.abc import Sequence

from shipmark.api.responses import Wire
from shipmark.infrastructure.health import Part, Problem


class ProblemResponse(Wire):
    """A problem of a part of the server."""

    id: str
    message: str
    severity: str
    url: str | None


class InternalHealthResponse(Wire):
    """The problems of the server, and which of its parts work."""

    problems: list[ProblemResponse]
    healthy: dict[str, bool]


def internal_health_response(problems: Sequence[Problem]) -> InternalHealthResponse:
    """Return the object for these problems, all of which keep the server from its work."""
    broken = {problem.part for problem in problems}
    return InternalHealthResponse(
        problems=[
            ProblemResponse(
                id=problem.part.value, message=problem.sentence, severity="critical", url=None
            )
            for problem in problems
        ],
        healthy={part.value: part not in broken for part in Part},
    )
