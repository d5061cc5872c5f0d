"""Deletion of an organization with its files, in one transaction, by a constant number of statements."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.artifacts import actions as artifacts
from shipmark.avatars import actions as avatars
from shipmark.avatars.model import OwnerKind
from shipmark.debug_files import actions as debug_files
from shipmark.events.attachments import actions as attachments
from shipmark.infrastructure.telemetry import span
from shipmark.issues.store import deletion as issue_deletion
from shipmark.organizations import store as organizations
from shipmark.projects.store import deletion
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import locks
from shipmark.repositories import store as repositories


def finish(connection: Connection, organization_id: int, at: datetime) -> bool:
    """Delete an organization and its files if the deletion is still requested. Return True if it was deleted.

    Concurrent publishes are waited for, and later ones don't find it. Users stay: they may be members of others. Blobs
    that other organizations have uploaded too stay. Unused blobs are garbage collected later.
    """
    organization = organizations.lock_to_delete(connection, organization_id)
    if organization is None or not organization.status.is_pending_deletion:
        return False
    with span("organization.delete", **{"organization.id": organization_id}):
        locks.lock_all_to_delete(connection, organization_id)
        project_ids = deletion.ids_of(connection, organization_id)
        _remove_files(connection, organization_id, project_ids, at)
        release_commits.clear_organization(connection, organization_id)
        repositories.clear_changes(connection, organization_id)
        organizations.remove(connection, organization_id)
        # Tags have no foreign key (decision 8): nothing deletes them with their issues. They go last, since an event
        # that is being stored may add some while its project is there.
        issue_deletion.remove_tags_of_projects(connection, project_ids)
    return True


def _remove_files(
    connection: Connection, organization_id: int, project_ids: Sequence[int], at: datetime
) -> None:
    teams = organizations.teams_of(connection, organization_id)
    owners = {
        OwnerKind.ORGANIZATION: [organization_id],
        OwnerKind.TEAM: [team.id for team in teams],
        OwnerKind.PROJECT: project_ids,
    }
    for kind, ids in owners.items():
        avatars.remove(connection, kind, ids, at)
    artifacts.remove_of_organization(connection, organization_id, at)
    debug_files.remove_of_organization(connection, organization_id, at)
    attachments.delete_of_projects(connection, project_ids, at)
