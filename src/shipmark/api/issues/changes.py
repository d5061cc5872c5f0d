"""Changes of issues with the rows that requests and responses name: the commit, and the user who acts."""

from dataclasses import replace

from sqlalchemy import Connection

from shipmark.api.commits.responses import serialize_commits
from shipmark.api.issues.requests import ResolvingCommitRequest
from shipmark.api.issues.snooze_responses import snooze_details
from shipmark.api.members.user_responses import optional_user_response
from shipmark.api.releases import loading
from shipmark.issues.actions.resolve_in_commit import require_commit
from shipmark.issues.actions.update_issue import Updated
from shipmark.issues.model import IssueChange, IssueStatus, Substatus
from shipmark.issues.store import snoozes
from shipmark.organizations.model import Access


def with_commit(
    connection: Connection,
    access: Access,
    change: IssueChange,
    named: ResolvingCommitRequest | None,
) -> IssueChange:
    """Return the change with the commit that its request names, if any.

    Raise `ValidationFailed` for a commit that the caller can't see.
    """
    if named is None or change.status is None:
        return change
    commit = require_commit(connection, access, repository=named.repository, sha=named.commit)
    if change.status.status is not IssueStatus.RESOLVED:
        return change
    return replace(change, status=replace(change.status, in_commit=commit))


def changed_details(
    connection: Connection, access: Access, change: IssueChange, updated: Updated
) -> dict[str, object]:
    """Return the ``statusDetails`` of the answer of a list: what was requested (groups-api.md 4.2)."""
    requested = change.status
    if requested is None:
        return {}
    if requested.substatus is Substatus.ARCHIVED_UNTIL_ESCALATING:
        return {"ignoreUntilEscalating": True}
    if requested.conditions is not None:
        return _snooze_details(connection, updated)
    details: dict[str, object] = {}
    if requested.is_in_next_release:
        details["inNextRelease"] = True
    elif updated.release is not None:
        details["inRelease"] = updated.release.version
    elif requested.in_commit is not None:
        commits = [requested.in_commit]
        [details["inCommit"]] = serialize_commits(connection, access.organization.id, commits)
    if details:
        # The caller's own row has no email addresses, which the response shows.
        users = loading.prefetch_for_users(connection, [access.user_id])
        details["actor"] = optional_user_response(users.get(access.user_id or 0))
    return details


def _snooze_details(connection: Connection, updated: Updated) -> dict[str, object]:
    """Return the conditions under which issues are ignored now, which are the same for all."""
    issue = updated.issues[0]
    snooze = snoozes.of_issues(connection, [issue.id])[issue.id]
    users = loading.prefetch_for_users(connection, [snooze.user_id])
    return snooze_details(issue, snooze, users)
