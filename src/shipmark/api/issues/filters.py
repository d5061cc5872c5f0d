"""Which issues a request asks for: a search, with the releases that it names looked up."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from shipmark.issues.model import LATEST, IssueFilter
from shipmark.issues.search import IssueSearch
from shipmark.organizations.model import Access
from shipmark.projects.model import Project
from shipmark.releases.store import releases, shipping_order


def issue_filter(
    connection: Connection, access: Access, shown: Sequence[Project], search: IssueSearch
) -> IssueFilter:
    """Return the filter for a search in these projects. An unknown release matches nothing (groups-api.md 2.3)."""
    ids = tuple(project.id for project in shown)
    organization_id = access.organization.id
    return IssueFilter(
        project_ids=ids,
        status=search.status,
        text=search.text,
        first_seen_in=_release_of(connection, organization_id, ids, search.first_release),
        seen_in=_release_of(connection, organization_id, ids, search.release),
        regressed_in=_release_of(connection, organization_id, ids, search.regressed_in_release),
    )


def _release_of(
    connection: Connection, organization_id: int, project_ids: Sequence[int], version: str | None
) -> Mapping[int, int] | None:
    """Return the release that a version means in each project, or None if none is asked for."""
    if version is None:
        return None
    if version == LATEST:
        return shipping_order.latest_ids(connection, project_ids)
    named = releases.by_version(connection, organization_id, version)
    return dict.fromkeys(project_ids, named.id) if named else {}
