"""Actions on deploys: record one, and announce it to the projects."""

from collections.abc import Collection

from sqlalchemy import Connection

from shipmark.deploys import store
from shipmark.deploys.model import Deploy, NewDeploy
from shipmark.infrastructure.errors import NotFound
from shipmark.projects import store as projects
from shipmark.releases.model import Release, ReleaseActivity, ReleaseActivityType
from shipmark.releases.store import activity, environments, fetches, locks, releases
from shipmark.releases.store import projects as release_projects

#: The most deploys that are announced at once after a release's commits are fetched; more follow with the next.
WAITING_MAX = 100


def record(
    connection: Connection,
    release: Release,
    new: NewDeploy,
    project_ids: Collection[int],
    user_id: int | None,
    *,
    token_id: int | None = None,
) -> Deploy:
    """Insert a deploy of the release in these of its projects, creating the environment if missing.

    It is recorded by a user, or by a token of the organization. Every project of the release gets an activity
    (releases.md 3.8), unless the release's commits are still being fetched: then once they are fetched or have failed.
    """
    # It may have been deleted; its status may have changed, which the new rows repeat.
    locked = locks.lock(connection, release.id)
    if locked is None:
        raise NotFound
    release = locked
    environment = projects.ensure_environment(connection, release.organization_id, new.environment)
    projects.link_environments(
        connection, [(project_id, environment.id) for project_id in project_ids]
    )
    is_announced = not fetches.is_pending(connection, release.id)
    deploy = store.add(connection, release, environment.id, new, is_announced=is_announced)
    environments.record_deploy(connection, release, project_ids, environment.id, deploy.id)
    releases.record_deploy(connection, release.id, deploy.id)
    if is_announced:
        activity.add_for_projects(
            connection,
            release,
            ReleaseActivityType.DEPLOYED,
            deploy.finished_at,
            user_id=user_id,
            deploy_id=deploy.id,
            environment=deploy.environment,
            **({"token_id": token_id} if token_id else {}),
        )
    return deploy


def announce_waiting(connection: Connection, release: Release) -> None:
    """Add the activities of deploys that waited for the release's commits."""
    deploys = store.unannounced(connection, release.id, limit=WAITING_MAX)
    if not deploys:
        return
    attached = release_projects.of_releases(connection, [release.id]).get(release.id, [])
    activities = [
        ReleaseActivity(
            project_id=project.project_id,
            type=ReleaseActivityType.DEPLOYED,
            version=release.version,
            at=deploy.finished_at,
            details={"deploy_id": deploy.id, "environment": deploy.environment},
        )
        for deploy in deploys
        for project in attached
    ]
    activity.add(connection, release.organization_id, activities)
    store.mark_announced(connection, [deploy.id for deploy in deploys])
