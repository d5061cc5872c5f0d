"""``projects/{org}/{project}/releases/{version}/stats/`` (releases.md 2.16)."""

from datetime import timedelta

from litestar import Router, get
from litestar.params import FromPath

from shipmark.api.query_parameters import ENVIRONMENT, INTERVAL, RANGE, STAT
from shipmark.api.releases.project_routes import get_visible_release_of_project
from shipmark.api.releases.statistics_responses import ReleaseStatsResponse, release_stats_response
from shipmark.api.scopes import RELEASE_READ
from shipmark.http import time_range
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.projects import store as projects

_KINDS = ("sessions", "users")
_LENGTH = timedelta(days=90)
_STEP = timedelta(days=1)


@get("/", scopes=RELEASE_READ, asks=(STAT, INTERVAL, ENVIRONMENT, *RANGE), sync_to_thread=True)
def get_stats(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
) -> ReleaseStatsResponse:
    """Show the sessions or users of a release over time."""
    with context.database.snapshot() as connection:
        access, _, release = get_visible_release_of_project(
            context, connection, organization, project, version
        )
        kind = context.parameter("type") or _KINDS[0]
        if kind not in _KINDS:
            raise BadRequest("invalid stat")
        names = set(context.parameters("environment"))
        if names:
            known = projects.environments_named(connection, access.organization.id, names)
            if len(known) != len(names):
                raise NotFound
    at = now()
    stretch = time_range.range_or_default(context.request.query_params, at, _LENGTH)
    steps = time_range.steps(stretch, context.parameter("interval"), _STEP)
    return release_stats_response(kind, steps, release.created_at, at)


router = Router(
    "/api/0/projects/{organization:str}/{project:str}/releases/{version:str}/stats",
    route_handlers=[get_stats],
)
