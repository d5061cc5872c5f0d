"""In which releases was an issue seen: first, last, and the current one? (groups-api.md 6)"""

from datetime import datetime, timedelta

from litestar import Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.issues.routes import access_by_issue, first_and_last, get_visible_issue
from shipmark.api.query_parameters import ENVIRONMENT
from shipmark.api.releases.responses import ReleaseResponse, load_release_response
from shipmark.api.responses import Wire
from shipmark.api.scopes import ISSUE_READ
from shipmark.http import time_range
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.model import Issue
from shipmark.issues.store import occurrences, statistics
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.projects.model import Environment
from shipmark.releases.store import environments
from shipmark.releases.store import releases as release_store

#: What is counted by its name: so long, in such steps.
_STATS = {
    "24h": (timedelta(days=1), timedelta(hours=1)),
    "30d": (timedelta(days=30), timedelta(days=1)),
}


class FirstAndLastResponse(Wire):
    """The releases in which an issue was seen first and last."""

    id: str
    first_release: ReleaseResponse | None
    last_release: ReleaseResponse | None


class SeenResponse(Wire):
    """An issue in a release, and how often it happened there."""

    release: ReleaseResponse
    environment: str
    first_seen: datetime
    last_seen: datetime
    stats: dict[str, list[tuple[int, int]]]


class CurrentReleaseResponse(Wire):
    """The issue in the project's newest release; null where it was not seen there."""

    current_release: SeenResponse | None


@get("/issues/{issue:str}/first-last-release/", scopes=ISSUE_READ, sync_to_thread=True)
def get_first_and_last(context: InjectedRequest, issue: FromPath[str]) -> FirstAndLastResponse:
    """Show the first and the last release of an issue."""
    with context.database.snapshot() as connection:
        access = access_by_issue(context, connection, issue)
        return _first_and_last(connection, access, issue)


@get(
    "/organizations/{organization:str}/issues/{issue:str}/first-last-release/",
    scopes=ISSUE_READ,
    sync_to_thread=True,
)
def get_first_and_last_of_organization(
    context: InjectedRequest, organization: FromPath[str], issue: FromPath[str]
) -> FirstAndLastResponse:
    """Show the first and the last release of an issue, by its id or short id."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        return _first_and_last(connection, access, issue)


@get(
    "/issues/{issue:str}/current-release/",
    scopes=ISSUE_READ,
    asks=(ENVIRONMENT,),
    sync_to_thread=True,
)
def get_current(context: InjectedRequest, issue: FromPath[str]) -> CurrentReleaseResponse:
    """Show an issue in the newest release of its project."""
    with context.database.snapshot() as connection:
        access = access_by_issue(context, connection, issue)
        return _current(context, connection, access, issue)


@get(
    "/organizations/{organization:str}/issues/{issue:str}/current-release/",
    scopes=ISSUE_READ,
    asks=(ENVIRONMENT,),
    sync_to_thread=True,
)
def get_current_of_organization(
    context: InjectedRequest, organization: FromPath[str], issue: FromPath[str]
) -> CurrentReleaseResponse:
    """Show an issue, by its id or short id, in the newest release of its project."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        return _current(context, connection, access, issue)


def _first_and_last(connection: Connection, access: Access, name: str) -> FirstAndLastResponse:
    issue = get_visible_issue(connection, access, name)
    first, last = first_and_last(connection, access, issue)
    return FirstAndLastResponse(id=str(issue.id), first_release=first, last_release=last)


def _current(
    context: RequestContext, connection: Connection, access: Access, name: str
) -> CurrentReleaseResponse:
    issue = get_visible_issue(connection, access, name)
    wanted = _environments(context, connection, access)
    release_id = environments.newest_of(connection, issue.project_id, wanted)
    found = occurrences.in_release(connection, issue.id, release_id, wanted) if release_id else None
    if found is None or release_id is None:
        return CurrentReleaseResponse(current_release=None)
    release = release_store.by_ids(connection, [release_id])[release_id]
    environment_name, first_at, last_at = found
    return CurrentReleaseResponse(
        current_release=SeenResponse(
            release=load_release_response(connection, release),
            environment=environment_name,
            first_seen=first_at,
            last_seen=last_at,
            stats=_stats(connection, issue, release_id),
        )
    )


def _environments(
    context: RequestContext, connection: Connection, access: Access
) -> list[int] | None:
    names = set(context.parameters("environment"))
    if not names:
        return None
    known: list[Environment] = projects.environments_named(
        connection, access.organization.id, names
    )
    if len(known) != len(names):
        raise NotFound
    return [it.id for it in known]


def _stats(
    connection: Connection, issue: Issue, release_id: int
) -> dict[str, list[tuple[int, int]]]:
    at = now()
    stats = {}
    for name, (length, step) in _STATS.items():
        begins = time_range.steps((at - length + step, at), None, step)
        counts = statistics.events_of_issue(connection, issue.id, release_id, begins, step)
        moments = (int(begin.timestamp()) for begin in begins)
        stats[name] = list(zip(moments, counts, strict=True))
    return stats


router = Router(
    "/api/0",
    route_handlers=[
        get_first_and_last,
        get_first_and_last_of_organization,
        get_current,
        get_current_of_organization,
    ],
)
