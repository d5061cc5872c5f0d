"""Loading of what issues are shown with: one query per relation for a whole page."""

from collections.abc import Sequence

from sqlalchemy import Connection

from shipmark.api.commits.responses import CommitResponse, serialize_commits
from shipmark.api.issues.responses import (
    ActivityResponse,
    IssueContext,
    IssueResponse,
    activity_response,
    first_seen_response,
    issue_fields,
)
from shipmark.api.issues.stats import stats_of
from shipmark.api.releases import loading
from shipmark.api.releases.responses import ReleaseResponse, release_response
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.clock import now
from shipmark.issues.model import Issue, IssueActivity, IssueActivityType
from shipmark.issues.store import activity, inbox, occurrences, resolutions
from shipmark.projects import store as projects
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories

ACTIVITY_MAX = 100


def serialize_issues(
    context: RequestContext,
    connection: Connection,
    issues: Sequence[Issue],
    stats_period: str = "",
) -> list[IssueResponse]:
    """Return issues as the API shows them, with the numbers of recent events if a period is given."""
    issue_context, at = load_issue_context(context, connection, issues), now()
    shown = [IssueResponse(**issue_fields(issue, issue_context)) for issue in issues]
    if stats_period:
        for issue, response in zip(issues, shown, strict=True):
            response.stats = stats_of(issue, [stats_period], at)
    return shown


def load_issue_context(
    context: RequestContext, connection: Connection, issues: Sequence[Issue]
) -> IssueContext:
    """Return what these issues are shown with."""
    ids = [issue.id for issue in issues]
    resolved = resolutions.of_issues(connection, ids)
    releases = release_store.by_ids(connection, {row.release_id for row in resolved.values()})
    return IssueContext(
        address=context.address,
        organization_slug=context.access.organization.slug,
        projects=projects.by_ids(connection, {issue.project_id for issue in issues}),
        resolutions=resolved,
        versions={release.id: release.version for release in releases.values()},
        users=loading.prefetch_for_users(connection, [row.user_id for row in resolved.values()]),
        inbox=inbox.of_issues(connection, ids),
    )


def first_and_last_release(
    connection: Connection, issue: Issue
) -> tuple[ReleaseResponse | None, ReleaseResponse | None]:
    """Return the releases in which the issue was seen first and last."""
    last_id = occurrences.last_releases(connection, [issue.id]).get(issue.id)
    ids = [id_ for id_ in (issue.first_release_id, last_id) if id_ is not None]
    releases = list(release_store.by_ids(connection, ids).values())
    nested = loading.prefetch_for_releases(connection, issue.organization_id, releases)
    by_id = {release.id: release_response(release, nested) for release in releases}
    return by_id.get(issue.first_release_id or 0), by_id.get(last_id or 0)


def activities_of(connection: Connection, issue: Issue) -> list[ActivityResponse]:
    """Return the activity of the issue, newest first; the last entry is when it was first seen."""
    entries = activity.of_issue(connection, issue.id, limit=ACTIVITY_MAX - 1)
    commits = _referenced_commits(connection, issue.organization_id, entries)
    users = loading.prefetch_for_users(connection, [entry.user_id for entry in entries])
    shown = [activity_response(entry, users, commits) for entry in entries]
    return [*shown, first_seen_response(issue)]


def _referenced_commits(
    connection: Connection, organization_id: int, entries: Sequence[IssueActivity]
) -> dict[int, CommitResponse]:
    """Return the commits of references, whole; a resolution shows only the id of its commit."""
    ids = {
        commit_id
        for entry in entries
        if entry.type is IssueActivityType.REFERENCED_IN_COMMIT
        and isinstance(commit_id := entry.details.get("commit"), int)
    }
    commits = repositories.commits_by_ids(connection, ids)
    responses = serialize_commits(connection, organization_id, list(commits.values()))
    return dict(zip(commits, responses, strict=True))
