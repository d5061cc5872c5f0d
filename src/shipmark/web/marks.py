"""The state that pages follow: what is new in organizations, in a short text."""

from collections.abc import Collection

from sqlalchemy import Connection

from shipmark.deploys.store import newest
from shipmark.release_health.store import pair_buckets


def marks_of(connection: Connection, organization_ids: Collection[int]) -> dict[int, str]:
    """Return a text for each organization that changes with what pages follow, by two statements.

    That is releases, deploys and commits, the first event and source maps of a project, and its first session.
    """
    marks = newest.marks_of(connection, organization_ids)
    used = pair_buckets.count_used_projects(connection, organization_ids)
    return {id_: f"{mark}-{used.get(id_, 0)}" for id_, mark in marks.items()}
