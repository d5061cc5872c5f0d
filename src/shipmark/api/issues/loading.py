"""Loading of what issues are shown with: one query per relation for a whole page."""

from collections.abc import Collection, Mapping, Sequence

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
from shipmark.issues.activity_people import users_of
from shipmark.issues.model import Issue, IssueActivity, IssueActivityType, Resolution
from shipmark.issues.store import activity, inbox, occurrences, people, resolutions, snoozes
from shipmark.projects import store as projects
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories

ACTIVITY_MAX = 100
_ABOUT_COMMITS = {
    IssueActivityType.REFERENCED_IN_COMMIT,
    IssueActivityType.SET_RESOLVED_IN_COMMIT,
}


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
    snoozed = snoozes.of_issues(connection, [issue.id for issue in issues if issue.is_snoozed])
    releases = release_store.by_ids(connection, {row.release_id for row in resolved.values()})
    actors = [row.user_id for row in resolved.values()]
    actors += [snooze.user_id for snooze in snoozed.values()]
    return IssueContext(
        address=context.address,
        organization_slug=context.access.organization.slug,
        projects=projects.by_ids(connection, {issue.project_id for issue in issues}),
        resolutions=resolved,
        versions={release.id: release.version for release in releases.values()},
        users=loading.prefetch_for_users(connection, actors),
        inbox=inbox.of_issues(connection, ids),
        snoozes=snoozed,
        resolving_commits=_resolving_commits(connection, issues, resolved),
        people=people.of_issues(connection, ids, context.access.user_id),
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
    users = loading.prefetch_for_users(connection, users_of(entries))
    shown = [activity_response(entry, users, commits) for entry in entries]
    return [*shown, first_seen_response(issue)]


def _resolving_commits(
    connection: Connection, issues: Sequence[Issue], resolved: Mapping[int, Resolution]
) -> dict[int, CommitResponse]:
    """Return the commit of each issue that a user resolved in one, and that is resolved in no release."""
    ids = {issue.id for issue in issues if issue.resolved_at and issue.id not in resolved}
    commit_ids = resolutions.commits_of(connection, ids)
    if not commit_ids:
        return {}
    commits = _whole_commits(connection, issues[0].organization_id, set(commit_ids.values()))
    return {issue_id: commits[commit_id] for issue_id, commit_id in commit_ids.items()}


def _referenced_commits(
    connection: Connection, organization_id: int, entries: Sequence[IssueActivity]
) -> dict[int, CommitResponse]:
    """Return the commits of entries about commits, whole; a resolution in a release shows only the id of its commit."""
    ids = {
        commit_id
        for entry in entries
        if entry.type in _ABOUT_COMMITS
        and isinstance(commit_id := entry.details.get("commit"), int)
    }
    return _whole_commits(connection, organization_id, ids)


def _whole_commits(
    connection: Connection, organization_id: int, ids: Collection[int]
) -> dict[int, CommitResponse]:
    commits = repositories.commits_by_ids(connection, ids)
    responses = serialize_commits(connection, organization_id, list(commits.values()))
    return dict(zip(commits, responses, strict=True))
