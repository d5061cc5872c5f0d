"""How does a repository go for good? In batches, each a unit of work of its own, so that no publish waits for long.

Releases keep what else they hold; what a deleted repository brought to them is gone, as in the reference.
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

#: How long a repository with commits may still be seen, and mistaken deletions be told to an operator.
GRACE = timedelta(hours=1)
#: One without commits goes as soon as no request is under way any more that has found it by its name.
SOON = timedelta(seconds=30)
BATCH = 500


def request(connection: Connection, repository: Repository, now: datetime) -> Repository:
    """Have a repository deleted, in an hour if it has commits. Asking again changes nothing (releases.md 2.20)."""
    if repository.is_pending_deletion:
        return repository
    has_commits = bool(repositories.some_of(connection, repository.id, limit=1))
    details: dict[str, object] = {"repository_id": repository.id}
    run_at = now + (GRACE if has_commits else SOON)
    jobs.enqueue(connection, JobKind.REMOVE_REPOSITORY, details, now=now, run_at=run_at)
    return actions.begin_deletion(connection, repository)


def remove_some(connection: Connection, repository_id: int) -> bool:
    """Delete the next commits of a repository whose deletion was asked for, or at last itself; says if any is left.

    Nothing happens to one that is gone, or that nobody wants deleted: a job may run twice.
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
        # Before several releases are locked.
        organization_id = repositories.organization_id_of(connection, repository_id)
        organizations.lock_organization(connection, organization_id)
        release_commits.remove_commits(connection, commit_ids)
        repositories.remove_commits(connection, commit_ids)
        return True
