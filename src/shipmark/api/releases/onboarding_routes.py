"""What is set up for releases of a project, and the address that builds may release by (releases.md 2.17, 2.18)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shipmark.api.projects.path_project import PathProject
from shipmark.api.releases.path_release import VisibleProjectRelease
from shipmark.api.releases.queries import ReleaseStatisticsQuery
from shipmark.api.responses import Wire
from shipmark.api.responses.refusal import RefusalResponse
from shipmark.deploys import store as deploys
from shipmark.http import endpoint, time_range
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ, RELEASE_TOKEN
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.ids import token_hex
from shipmark.issues.store import issues
from shipmark.projects.model import Project
from shipmark.releases import webhook_actions
from shipmark.releases.store import project_commits
from shipmark.releases.store import webhook_tokens as store
from shipmark.repositories import store as repositories

#: The days after the creation of the release up to which users and sessions are summed up.
_DAYS = (1, 2, 7, 14, 30)

Numbers = dict[str, int | None]


class UsersBreakdownResponse(Wire):
    """All that used a release up to a moment."""

    date: datetime
    total_users: int = 0
    crash_free_users: float | None = None
    total_sessions: int = 0
    crash_free_sessions: float | None = None


class ReleaseStatsResponse(Wire):
    """How a release fared, step by step and as a whole."""

    stats: list[tuple[int, Numbers]]
    stat_totals: Numbers
    users_breakdown: list[UsersBreakdownResponse]


def release_stats_response(
    kind: str, steps: Sequence[datetime], made_at: datetime, now: datetime
) -> ReleaseStatsResponse:
    """The numbers of sessions or users, ``kind``, in each step, and what came together since it was made."""
    return ReleaseStatsResponse(
        stats=[(int(step.timestamp()), _none(kind)) for step in steps],
        stat_totals=_none(kind),
        users_breakdown=[UsersBreakdownResponse(date=at) for at in _reported_at(made_at, now)],
    )


def _none(kind: str) -> Numbers:
    """Nothing counted; of nothing there is no length."""
    counted: Numbers = {kind: 0}
    counted |= {f"{kind}_{outcome}": 0 for outcome in ("healthy", "crashed", "abnormal", "errored")}
    return counted | {"duration_p50": None, "duration_p90": None}


def _reported_at(made_at: datetime, now: datetime) -> list[datetime]:
    """Return the moments up to which is summed up: each that has passed, and now before the next one."""
    moments = [made_at + timedelta(days=days) for days in _DAYS]
    past = [moment for moment in moments if moment <= now]
    return past if len(past) == len(moments) or made_at > now else [*past, now]


_STATISTICS = ("sessions", "users")
_LENGTH = timedelta(days=90)
_STEP = timedelta(days=1)


class StepResponse(Wire):
    """A step of setting releases up."""

    step: str
    complete: bool


class ReleaseTokenResponse(Wire):
    """What signs the address, and the address."""

    token: str
    webhook_url: str


@endpoint.get("/completion/", scopes=RELEASE_READ)
def get_completion(context: RequestContext, project: PathProject) -> list[StepResponse]:
    """List what has been set up: events with a release, repositories, commits, deploys."""
    has_releases = project.has_releases
    with context.database.snapshot() as connection:
        steps = {
            "tag": has_releases and issues.is_any_released(connection, project.id),
            "repo": repositories.is_any(connection, context.organization_id),
            "commit": has_releases and project_commits.is_any(connection, project.id),
            "deploy": has_releases and deploys.is_any(connection, project.id),
        }
    return [StepResponse(step=step, complete=is_done) for step, is_done in steps.items()]


@endpoint.get("/token/", scopes=RELEASE_TOKEN, responses={409: RefusalResponse})
def get_token(context: RequestContext, project: PathProject) -> ReleaseTokenResponse:
    """Show the token and the URL of the webhook, which the first request creates."""
    with context.database.autocommit_read() as connection:
        known = store.of_project(connection, project.id)
    if known is None:
        fresh = token_hex()
        with context.database.transaction() as connection:
            known = webhook_actions.ensure(connection, project, fresh, by=context.actor(), at=now())
    return _token_response(context.address, project, known)


@endpoint.post("/token/", scopes=RELEASE_TOKEN)
def replace_token(context: RequestContext, project: PathProject) -> ReleaseTokenResponse:
    """Replace the token: the old URL stops working."""
    fresh = token_hex()
    with context.database.transaction() as connection:
        webhook_actions.replace(connection, project, fresh, by=context.actor(), at=now())
    return _token_response(context.address, project, fresh)


@endpoint.get("/{version:str}/stats/", scopes=RELEASE_READ)
def get_statistics(
    context: RequestContext, release: VisibleProjectRelease, query: ReleaseStatisticsQuery
) -> ReleaseStatsResponse:
    """Show the sessions or users of a release over time."""
    kind = query.type or _STATISTICS[0]
    if kind not in _STATISTICS:
        raise BadRequest("invalid stat")
    with context.database.autocommit_read() as connection:
        query.environment_ids(connection, context.access)
    at = now()
    steps = time_range.steps(query.time_range_or(_LENGTH, at), query.interval, _STEP)
    return release_stats_response(kind, steps, release.release.created_at, at)


def _token_response(address: str, project: Project, token: str) -> ReleaseTokenResponse:
    path = webhook_actions.webhook_path(project, token)
    return ReleaseTokenResponse(token=token, webhook_url=f"{address}{path}")


router = endpoint.router("/api/0/projects/{organization:str}/{project:str}/releases", __name__)
