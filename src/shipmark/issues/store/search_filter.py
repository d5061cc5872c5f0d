"""The filter of a list of issues for a search, whose versions are looked up."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from shipmark.issues.model import LATEST, IssueFilter
from shipmark.issues.search import IssueSearch
from shipmark.releases.store import releases, shipping_order


def filter_of(
    connection: Connection,
    organization_id: int,
    project_ids: Sequence[int],
    search: IssueSearch,
    environment_ids: tuple[int, ...] | None = None,
) -> IssueFilter:
    """Return the filter for a search in these projects. An unknown release matches nothing (groups-api.md 2.3)."""

    def release_of(version: str | None) -> Mapping[int, int] | None:
        return _release_of(connection, organization_id, project_ids, version)

    return IssueFilter(
        project_ids=tuple(project_ids),
        status=search.status,
        substatus=search.substatus,
        is_for_review=search.is_for_review,
        text=search.text,
        first_seen_in=release_of(search.first_release),
        seen_in=release_of(search.release),
        regressed_in=release_of(search.regressed_in_release),
        environment_ids=environment_ids,
        conditions=tuple(search.conditions),
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
