"""Deletion of repositories in batches, each in its own transaction, so that no publish waits long.

Commits of a deleted repository are removed from releases, as in the reference; other commits stay.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.telemetry import span
from shipmark.organizations import store as organizations
from shipmark.releases.store import commits as release_commits
from shipmark.repositories import actions
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Repository, RepositoryStatus

#: The time until a repository with commits is deleted, in which an operator can stop a mistaken deletion.
GRACE = timedelta(hours=1)
#: One without commits is deleted once no request is in progress that has loaded it by its name.
SOON = timedelta(seconds=30)
BATCH = 500


def request(connection: Connection, repository: Repository, now: datetime) -> Repository:
    """Request a repository's deletion, in an hour if it has commits. Idempotent (releases.md 2.20)."""
    if repository.is_pending_deletion:
        return repository
    has_commits = bool(repositories.some_of(connection, repository.id, limit=1))
    details: dict[str, object] = {"repository_id": repository.id}
    run_at = now + (GRACE if has_commits else SOON)
    jobs.enqueue(
        connection,
        JobKind.REMOVE_REPOSITORY,
        details,
        now=now,
        run_at=run_at,
        organization_id=repositories.organization_id_of(connection, repository.id),
    )
    return actions.begin_deletion(connection, repository)


def remove_some(connection: Connection, repository_id: int) -> bool:
    """Delete the next commits of a repository, finally the repository itself. Return True if more is left.

    Do nothing for a repository that is deleted, or whose deletion is not requested: a job may run twice.
    """
    repository = repositories.lock(connection, repository_id)
    if repository is None or not repository.is_pending_deletion:
        return False
    with span("repository.delete", **{"repository.id": repository_id}) as tags:
        commit_ids = repositories.some_of(connection, repository_id, limit=BATCH)
        tags["commits.count"] = len(commit_ids)
        if not commit_ids:
            repositories.remove(connection, repository_id)
            return False
        status = RepositoryStatus.DELETION_IN_PROGRESS.value
        repositories.change(connection, repository_id, {"status": status})
        # The organization is locked before several releases.
        organization_id = repositories.organization_id_of(connection, repository_id)
        organizations.lock_organization(connection, organization_id)
        release_commits.remove_commits(connection, commit_ids)
        repositories.remove_commits(connection, commit_ids)
        return True
