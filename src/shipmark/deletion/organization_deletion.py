"""Deletion of an organization with its files, in one transaction, by a constant number of statements."""

from datetime import datetime

from sqlalchemy import Connection

from shipmark.artifacts import actions as artifacts
from shipmark.avatars import actions as avatars
from shipmark.avatars.model import OwnerKind
from shipmark.debug_files import actions as debug_files
from shipmark.deletion import organization_releases
from shipmark.organizations import store as organizations
from shipmark.projects.store import deletion


def finish(connection: Connection, organization_id: int, at: datetime) -> bool:
    """Delete an organization and its files if the deletion is still requested. Return True if it was deleted.

    Blobs that other organizations have uploaded too stay. Unused blobs are garbage collected later.
    """

    def clear() -> None:
        owners = {
            OwnerKind.ORGANIZATION: [organization_id],
            OwnerKind.TEAM: [
                team.id for team in organizations.teams_of(connection, organization_id)
            ],
            OwnerKind.PROJECT: deletion.ids_of(connection, organization_id),
        }
        for kind, ids in owners.items():
            avatars.remove(connection, kind, ids, at)
        artifacts.remove_of_organization(connection, organization_id, at)
        debug_files.remove_of_organization(connection, organization_id, at)

    return organization_releases.finish(connection, organization_id, clear)
