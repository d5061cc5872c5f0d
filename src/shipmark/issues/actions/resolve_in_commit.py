"""Resolution of issues by users in a commit (groups-api.md 4.2), for all issues at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.issues.model import HistoryStatus, Issue, IssueActivityType, SubscriptionReason
from shipmark.issues.store import activity, commit_links, inbox, issues, resolutions
from shipmark.issues.store.activity import NewActivity
from shipmark.organizations.model import Access
from shipmark.releases import repository_access
from shipmark.releases.store import commits as release_commits
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Commit

UNKNOWN_REPOSITORY = "Unable to find the given repository."
UNKNOWN_COMMIT = "Unable to find the given commit."


def require_commit(connection: Connection, access: Access, *, repository: str, sha: str) -> Commit:
    """Return the commit with this whole hash in the repository of this name.

    Raise `ValidationFailed` if there is none, or if the caller may not see the repository.
    """
    known = repositories.ids_by_name(connection, access.organization.id, [repository])
    repository_id = known.get(repository)
    if repository_id is None or repository_access.is_hidden(connection, access, repository):
        raise _refused("repository", UNKNOWN_REPOSITORY)
    key = (repository_id, sha)
    commit = repositories.commits_by_keys(connection, [key]).get(key)
    if commit is None:
        raise _refused("commit", UNKNOWN_COMMIT)
    return commit


def resolve_in_commit(
    connection: Connection,
    locked: Sequence[Issue],
    commit: Commit,
    user_id: int | None,
    now: datetime,
) -> bool:
    """Resolve issues of one project in a commit. Return True if any has a new activity.

    They are resolved in the newest of the project's releases with the commit. Without one, the link alone keeps events
    from reopening them (regressions.py) until a release with the commit resolves them (resolve.py). An issue
    that already has a resolution in a release gets no second activity.
    """
    [project_id] = {issue.project_id for issue in locked}
    users = {issue.id: user_id for issue in locked}
    newly = dict(users)
    release_id = release_commits.newest_release_with(connection, project_id, commit.id)
    if release_id is not None:
        existing = resolutions.of_issues(connection, users)
        newly = {issue_id: user for issue_id, user in users.items() if issue_id not in existing}
        resolutions.set_in_release(connection, release_id, users, now)
    commit_links.save_of_user(connection, users, commit.id, now)
    issues.mark_resolved(connection, users, now)
    inbox.remove(connection, users)
    activity.subscribe(connection, users.items(), SubscriptionReason.STATUS_CHANGE)
    happened = [
        NewActivity(
            issue_id=issue_id,
            type=IssueActivityType.SET_RESOLVED_IN_COMMIT,
            user_id=user_id,
            ident=str(commit.id),
            details={"commit": commit.id},
        )
        for issue_id in newly
    ]
    activity.add(connection, happened, now)
    activity.add_history(connection, HistoryStatus.SET_RESOLVED_IN_COMMIT, newly, None, now)
    return bool(newly)


def _refused(field: str, sentence: str) -> ValidationFailed:
    return ValidationFailed({"statusDetails": {"inCommit": {field: [sentence]}}})
