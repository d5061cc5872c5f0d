"""What can be done with deploys? Record one, and tell the projects."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from shipmark.deploys import store
from shipmark.deploys.model import Deploy, NewDeploy
from shipmark.infrastructure.errors import NotFound
from shipmark.projects import store as projects
from shipmark.releases.model import Release, ReleaseActivity, ReleaseActivityType
from shipmark.releases.store import activity, environments, fetches, locks, releases
from shipmark.releases.store import projects as release_projects

#: Deploys of one release that can wait for its commits; more are announced with the next.
WAITING_MAX = 100


def record(
    connection: Connection,
    release: Release,
    new: NewDeploy,
    project_ids: Collection[int],
    user_id: int | None,
) -> Deploy:
    """Keep a deploy of the release in those of its projects, making the environment if missing.

    Every project of the release is told (releases.md 3.8), unless commits of the release are still being fetched: then
    it is told once they are there, or won't come.
    """
    # One that was deleted just before is not there; its status may have changed, and is what the new rows repeat.
    locked = locks.lock(connection, release.id)
    if locked is None:
        raise NotFound
    release = locked
    environment = projects.ensure_environment(connection, release.organization_id, new.environment)
    projects.link_environment(connection, environment.id, project_ids)
    deploy = store.add(connection, release.organization_id, release.id, environment.id, new)
    environments.record_deploy(connection, release, project_ids, environment.id, deploy.id)
    releases.record_deploy(connection, release.id, deploy.id)
    if not fetches.is_pending(connection, release.id):
        _announce(connection, release, [deploy], user_id)
    return deploy


def announce_waiting(connection: Connection, release: Release) -> None:
    """Tell the projects of the deploys that waited for the release's commits."""
    _announce(connection, release, store.unannounced(connection, release.id, limit=WAITING_MAX))


def _announce(
    connection: Connection,
    release: Release,
    deploys: Sequence[Deploy],
    user_id: int | None = None,
) -> None:
    if not deploys:
        return
    attached = release_projects.of_releases(connection, [release.id]).get(release.id, [])
    happened = [
        ReleaseActivity(
            project_id=item.project_id,
            type=ReleaseActivityType.DEPLOYED,
            version=release.version,
            at=deploy.finished_at,
            user_id=user_id,
            details={"deploy_id": deploy.id, "environment": deploy.environment},
        )
        for deploy in deploys
        for item in attached
    ]
    activity.add(connection, release.organization_id, happened)
    store.mark_announced(connection, [deploy.id for deploy in deploys])
