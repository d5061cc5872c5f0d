"""Actions on debug files: deleting them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from shipmark.artifacts import actions as artifacts
from shipmark.debug_files.store import debug_files


def remove_debug_files(connection: Connection, ids: Collection[int], at: datetime) -> None:
    """Delete debug files."""
    artifacts.remove_files(connection, debug_files.remove(connection, ids), at)


def remove_of_organization(connection: Connection, organization_id: int, at: datetime) -> None:
    """Delete all debug files of an organization that is deleted, with a constant number of statements."""
    removed = debug_files.remove_of_organization(connection, organization_id)
    artifacts.remove_files(connection, removed, at)


def remove_debug_files_of_project(
    connection: Connection, project_id: int, at: datetime, *, limit: int
) -> bool:
    """Delete a batch of a deleted project's debug files. Return False if there are none."""
    batch = debug_files.of_project(connection, project_id, limit=limit)
    remove_debug_files(connection, batch, at)
    return bool(batch)
