"""What can be done with deploys? Record one, and tell the projects."""

from collections.abc import Collection

from sqlalchemy import Connection

from shipmark.deploys import store
from shipmark.deploys.model import Deploy, NewDeploy
from shipmark.ground.errors import NotFound
from shipmark.projects import store as projects
from shipmark.releases.model import Release, ReleaseActivity, ReleaseActivityType
from shipmark.releases.store import activity, environments, releases
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import projects as release_projects


def record(
    connection: Connection,
    release: Release,
    new: NewDeploy,
    project_ids: Collection[int],
    user_id: int | None,
) -> Deploy:
    """Keep a deploy of the release in those of its projects, making the environment if missing.

    Every project of the release is told (releases.md 3.8), unless the release has head commits whose log is still to
    come: then it is told once that is there.
    """
    # Held, so that it is not deleted meanwhile; one that was deleted just before is not there.
    if not releases.held_by_version(connection, release.organization_id, release.version):
        raise NotFound
    environment = projects.ensure_environment(connection, release.organization_id, new.environment)
    projects.link_environment(connection, environment.id, project_ids)
    deploy = store.add(connection, release.organization_id, release.id, environment.id, new)
    environments.note_deploy(connection, release, project_ids, environment.id, deploy.id)
    releases.record_deploy(connection, release.id, deploy.id)
    if release.commit_count or not release_commits.has_heads(connection, release.id):
        _announce(connection, release, deploy, user_id)
    return deploy


def _announce(
    connection: Connection, release: Release, deploy: Deploy, user_id: int | None
) -> None:
    attached = release_projects.of_releases(connection, [release.id])[release.id]
    details: dict[str, object] = {"deploy_id": deploy.id, "environment": deploy.environment}
    happened = [
        ReleaseActivity(
            project_id=it.project_id,
            type=ReleaseActivityType.DEPLOYED,
            version=release.version,
            at=deploy.finished_at,
            user_id=user_id,
            details=details,
        )
        for it in attached
    ]
    activity.add(connection, release.organization_id, happened)
    store.mark_announced(connection, deploy.id)
