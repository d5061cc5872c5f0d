"""Deletes projects whose deletion was requested, in batches, each in a unit of work of its own.

Each batch is found by an index and has a bounded number of rows, so that no publish and no event waits for long. Rows
that refer to others are deleted before them: events, issues and their users, releases, artifacts, activities, and at
last the project with what little is left of it.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from shipmark.artifacts import actions as artifacts
from shipmark.avatars import actions as avatars
from shipmark.avatars.model import OwnerKind
from shipmark.debug_files import actions as debug_files
from shipmark.deletion.release_deletion import delete_releases
from shipmark.infrastructure.telemetry import span
from shipmark.issues.store import deletion as issue_deletion
from shipmark.organizations import store as organizations
from shipmark.projects.store import deletion as project_deletion
from shipmark.projects.store.deletion import DeletedProject
from shipmark.publishing.model import PublishContext
from shipmark.releases.store import activity, locks
from shipmark.releases.store import deletion as release_deletion

#: How many releases, bundles or debug files go at a time: each brings rows of its own along.
BATCH = 100

#: What deletes a batch, and returns whether there was anything to delete.
Step = Callable[[Connection, DeletedProject, datetime], bool]


def remove_some(connection: Connection, project_id: int, at: datetime) -> bool:
    """Delete the next batch of a project, or at last itself. Return whether anything is left.

    Nothing happens to a project that is gone, or was restored: a job may run twice.
    """
    project = project_deletion.hidden(connection, project_id)
    if project is None:
        return False
    # A project is restored in the organization's turn: from here on it is not.
    organizations.lock_organization(connection, project.organization_id)
    project = project_deletion.hidden(connection, project_id)
    if project is None:
        return False
    with span("project.delete", **{"project.id": project_id}) as tags:
        for step in _STEPS:
            if step(connection, project, at):
                tags["project.step"] = step.__name__.removeprefix("_remove_")
                return True
        avatars.remove(connection, OwnerKind.PROJECT, [project_id], at)
        project_deletion.remove(connection, project_id)
    return False


def _remove_events(connection: Connection, project: DeletedProject, _: datetime) -> bool:
    return issue_deletion.remove_events(connection, project.id)


def _remove_issues(connection: Connection, project: DeletedProject, _: datetime) -> bool:
    return issue_deletion.remove_issues(connection, project.id)


def _remove_releases(connection: Connection, project: DeletedProject, at: datetime) -> bool:
    """Delete releases that are in no other project, and take the others out of this one."""
    ids = release_deletion.of_project(connection, project.id, limit=BATCH)
    batch = locks.lock_to_delete(connection, ids)
    # From here on no publish attaches them to another project.
    shared = release_deletion.shared(connection, ids, project.id)
    releases = [release for release in batch if release.id not in shared]
    organization = organizations.by_id(connection, project.organization_id)
    assert organization is not None, "its turn was taken"
    publish_context = PublishContext(organization=organization, user_id=None, host="", now=at)
    if releases:
        delete_releases(connection, releases, publish_context, is_forced=True)
    release_deletion.detach(connection, shared, project.id)
    return bool(batch)


def _remove_bundles(connection: Connection, project: DeletedProject, at: datetime) -> bool:
    return artifacts.remove_bundles_of_project(connection, project.id, at, limit=BATCH)


def _remove_debug_files(connection: Connection, project: DeletedProject, at: datetime) -> bool:
    return debug_files.remove_debug_files_of_project(connection, project.id, at, limit=BATCH)


def _remove_activities(connection: Connection, project: DeletedProject, _: datetime) -> bool:
    return activity.remove_of_project(connection, project.id)


_STEPS: tuple[Step, ...] = (
    _remove_events,
    _remove_issues,
    _remove_releases,
    _remove_bundles,
    _remove_debug_files,
    _remove_activities,
)
