"""Which releases does a request ask for? The parameters that release lists share (releases.md 0.6, 2.4)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.api.query_parameters import PERIODS
from shipmark.api.releases.responses import ReleaseView
from shipmark.http import time_range
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases import search
from shipmark.releases.model import ReleaseFilter, ReleaseSort, ReleaseStatus

_SORTS = {
    "": ReleaseSort.DATE,
    "date": ReleaseSort.DATE,
    "semver": ReleaseSort.SEMVER,
    "build": ReleaseSort.BUILD,
    # Sessions are not kept yet, so that all releases are equal in these: the newest comes first.
    "adoption": ReleaseSort.DATE,
}
_BY_SESSIONS = frozenset(
    {
        "sessions",
        "users",
        "sessions_24h",
        "users_24h",
        "crash_free_sessions",
        "crash_free_users",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedOrder:
    """The order of a list, and whether a release comes once for each of its projects."""

    sort: ReleaseSort
    per_project: bool


def order(context: RequestContext) -> RequestedOrder:
    """The order that is asked for (releases.md 2.4)."""
    name, per_project = context.parameter("sort") or "", context.parameter("flatten") == "1"
    if name in _BY_SESSIONS:
        if not per_project:
            detail = "sorting by crash statistics requires flattening (flatten=1)"
            raise BadRequest(detail)
        # Releases without sessions follow those with, newest first and with all their projects.
        return RequestedOrder(sort=ReleaseSort.DATE, per_project=False)
    if name not in _SORTS:
        raise BadRequest("invalid sort")
    return RequestedOrder(sort=_SORTS[name], per_project=per_project)


def shape(context: RequestContext, *, by_environment: bool = True) -> ReleaseView:
    """What releases are to show, and whether in environments that are asked for.

    Raises `BadRequest` for words that the health parameters don't know.
    """
    if (context.parameter("healthStat") or "sessions") not in {"sessions", "users"}:
        raise BadRequest("invalid healthStat")
    for name in ("summaryStatsPeriod", "healthStatsPeriod"):
        if (context.parameter(name) or "24h") not in PERIODS:
            choices = ", ".join(f"'{period}'" for period in PERIODS)
            raise BadRequest(f"Invalid {name}. Valid choices are {choices}")
    return ReleaseView(
        has_health=context.parameter("health") == "1",
        has_stages=context.parameter("adoptionStages") == "1",
        by_environment=by_environment and bool(context.parameters("environment")),
    )


def status(context: RequestContext, *, default: ReleaseStatus | None) -> ReleaseStatus | None:
    """The status that is asked for; an empty one means any."""
    text = context.parameter("status")
    if text is None:
        return default
    if not text:
        return None
    try:
        return ReleaseStatus(text)
    except ValueError:
        raise BadRequest("invalid value for status") from None


def environments(
    context: RequestContext, connection: Connection, access: Access
) -> tuple[int, ...] | None:
    """The environments that are named; one that nobody knows is not found."""
    names = set(context.parameters("environment"))
    if not names:
        return None
    known = projects.environments_named(connection, access.organization.id, names)
    if {it.name for it in known} != names:
        raise NotFound
    return tuple(it.id for it in known)


def releases(
    context: RequestContext,
    connection: Connection,
    access: Access,
    shown: list[Project],
    *,
    per_project: bool = False,
    default_status: ReleaseStatus | None = ReleaseStatus.OPEN,
) -> ReleaseFilter:
    """Which releases of these projects are asked for, by all parameters that lists have."""
    at = now()
    chosen_status = status(context, default=default_status)
    created = time_range.requested_range(context.request.query_params, at) or (None, None)
    chosen = environments(context, connection, access)
    query = context.parameter("query") or ""
    return ReleaseFilter(
        organization_id=access.organization.id,
        project_ids=tuple(project.id for project in shown),
        covers_all_projects=context.covers_all_projects(access),
        per_project=per_project,
        status=chosen_status,
        search=search.parse(query, at, environment_count=len(chosen or ())),
        environment_ids=chosen,
        created_from=created[0],
        created_to=created[1],
    )
