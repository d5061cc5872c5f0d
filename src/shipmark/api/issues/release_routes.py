"""The releases in which an issue was seen: first, last, and the current one (groups-api.md 6)."""

from datetime import timedelta

from sqlalchemy import Connection

from shipmark.api.issues.loading import first_and_last_release
from shipmark.api.issues.path_issue import PathIssue
from shipmark.api.issues.responses import CurrentReleaseResponse, FirstAndLastResponse, SeenResponse
from shipmark.api.queries import EnvironmentQuery
from shipmark.api.releases.responses import load_release_response
from shipmark.api.scopes import ISSUE_READ
from shipmark.http import endpoint, time_range
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.clock import now
from shipmark.issues.model import Issue
from shipmark.issues.store import occurrences, statistics
from shipmark.releases.store import environments
from shipmark.releases.store import releases as release_store

#: The length and the step of each series of counts, by its name.
_STATS = {
    "24h": (timedelta(days=1), timedelta(hours=1)),
    "30d": (timedelta(days=30), timedelta(days=1)),
}
_PREFIXES = ["/organizations/{organization:str}/issues/{issue:str}", "/issues/{issue:str}"]


@endpoint.get([f"{prefix}/first-last-release/" for prefix in _PREFIXES], scopes=ISSUE_READ)
def get_first_and_last(context: RequestContext, issue: PathIssue) -> FirstAndLastResponse:
    """Show the first and the last release of an issue."""
    with context.database.snapshot() as connection:
        first, last = first_and_last_release(connection, issue)
    return FirstAndLastResponse(id=str(issue.id), first_release=first, last_release=last)


@endpoint.get([f"{prefix}/current-release/" for prefix in _PREFIXES], scopes=ISSUE_READ)
def get_current(
    context: RequestContext, issue: PathIssue, query: EnvironmentQuery
) -> CurrentReleaseResponse:
    """Show an issue in the newest release of its project."""
    with context.database.snapshot() as connection:
        environment_ids = query.environment_ids(connection, context.access)
        release_id = environments.newest_of(connection, issue.project_id, environment_ids)
        if release_id is None:
            return CurrentReleaseResponse(current_release=None)
        seen = occurrences.in_release(connection, issue.id, release_id, environment_ids)
        if seen is None:
            return CurrentReleaseResponse(current_release=None)
        environment, first_seen_at, last_seen_at = seen
        release = release_store.by_ids(connection, [release_id])[release_id]
        return CurrentReleaseResponse(
            current_release=SeenResponse(
                release=load_release_response(connection, release),
                environment=environment,
                first_seen=first_seen_at,
                last_seen=last_seen_at,
                stats=_stats(connection, issue, release_id),
            )
        )


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


router = endpoint.router("/api/0", __name__)
