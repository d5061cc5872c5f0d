"""Deletion of projects in batches, each in its own transaction.

Each batch is selected by an index and has a bounded number of rows, so that no publish and no event waits long. Rows
that refer to others are deleted before them: attachments, reports of users, events, issues and their users, releases,
artifacts, activities, and finally the project with its remaining rows.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from shipmark.artifacts import actions as artifacts
from shipmark.avatars import actions as avatars
from shipmark.avatars.model import OwnerKind
from shipmark.debug_files import actions as debug_files
from shipmark.deletion.release_deletion import delete_releases
from shipmark.events.attachments import actions as attachments
from shipmark.infrastructure.telemetry import span
from shipmark.issues.store import deletion as issue_deletion
from shipmark.issues.store import user_reports
from shipmark.organizations import store as organizations
from shipmark.projects.store import deletion as project_deletion
from shipmark.projects.store.deletion import DeletedProject
from shipmark.publishing.model import PublishContext
from shipmark.releases.store import activity, locks
from shipmark.releases.store import deletion as release_deletion

#: The releases, bundles or debug files per batch: each has dependent rows.
BATCH = 100
#: A function that deletes a batch, and returns False if there is none.
Step = Callable[[Connection, DeletedProject, datetime], bool]


def remove_some(connection: Connection, project_id: int, at: datetime) -> bool:
    """Delete the next batch of a project, finally the project itself. Return True if more is left.

    Do nothing for a deleted or restored project: a job may run twice.
    """
    project = project_deletion.hidden(connection, project_id)
    if project is None:
        return False
    # Restoring a project locks the organization: from here on it can't be restored.
    organizations.lock_organization(connection, project.organization_id)
    project = project_deletion.hidden(connection, project_id)
    if project is None:
        return False
    with span("project.delete", **{"project.id": project_id}) as tags:
        for name, step in _STEPS.items():
            if step(connection, project, at):
                tags["project.step"] = name
                return True
        avatars.remove(connection, OwnerKind.PROJECT, [project_id], at)
        project_deletion.remove(connection, project_id)
        # Events that were being stored may have added some meanwhile: tags have no foreign key (decision 8).
        issue_deletion.remove_tags_of_projects(connection, [project_id])
    return False


def _remove_releases(connection: Connection, project: DeletedProject, at: datetime) -> bool:
    """Delete releases that are in no other project, and detach the others from this one."""
    ids = release_deletion.of_project(connection, project.id, limit=BATCH)
    batch = locks.lock_to_delete(connection, ids)
    # From here on no publish can attach them to another project.
    shared = release_deletion.shared(connection, ids, project.id)
    releases = [release for release in batch if release.id not in shared]
    organization = organizations.by_id(connection, project.organization_id)
    assert organization is not None, "its turn was taken"
    publish_context = PublishContext(organization=organization, user_id=None, host="", now=at)
    if releases:
        delete_releases(connection, releases, publish_context, is_forced=True)
    release_deletion.detach(connection, shared, project.id)
    return bool(batch)


_STEPS: dict[str, Step] = {
    "attachments": lambda connection, project, at: attachments.delete_of_project(
        connection, project.id, at, limit=BATCH
    ),
    "user_reports": lambda connection, project, _: user_reports.remove_of_project(
        connection, project.id
    ),
    "events": lambda connection, project, _: issue_deletion.remove_events(connection, project.id),
    "issues": lambda connection, project, _: issue_deletion.remove_issues(connection, project.id),
    "releases": _remove_releases,
    "bundles": lambda connection, project, at: artifacts.remove_bundles_of_project(
        connection, project.id, at, limit=BATCH
    ),
    "debug_files": lambda connection, project, at: debug_files.remove_debug_files_of_project(
        connection, project.id, at, limit=BATCH
    ),
    "activities": lambda connection, project, _: activity.remove_of_project(connection, project.id),
}
