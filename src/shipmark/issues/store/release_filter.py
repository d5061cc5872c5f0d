"""The condition of a search of issues by versions, packages, builds or stages of releases (groups-api.md 2.3)."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from shipmark.infrastructure.database import IDS, ids_param
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.model import ReleaseCondition, ReleaseTie
from shipmark.issues.store.occurrences import issue_releases
from shipmark.releases.model import ReleaseFilter, ReleaseSort
from shipmark.releases.search import Search, StageTerm, VersionTerm
from shipmark.releases.store import list_query

#: The releases that such a search stands for (releases.md 4.7.1).
_RELEASES_MAX = 1000
#: If no more issues were seen in these releases, a list begins at them; else it looks up each of its issues.
_FEW = 1000


class IssuesOfReleases(NamedTuple):
    """The condition that an issue was seen in one of the releases, and the ids of such issues, None if they are many.

    Issues of other projects may be among the ids: the condition leaves them out.
    """

    condition: ReleaseCondition
    issue_ids: set[int] | None


def found_by(
    connection: sa.Connection,
    organization_id: int,
    project_ids: Sequence[int],
    search: Search,
    environment_ids: tuple[int, ...] | None,
) -> IssuesOfReleases:
    """Return the issues of the releases that are searched for: of the highest versions of them, else of the newest.

    Raise `BadRequest` for a stage, which a release has in an environment, without a single one.
    """
    is_staged = any(isinstance(term, StageTerm) for term in search.terms)
    if is_staged and len(environment_ids or ()) != 1:
        raise BadRequest("Choose a single environment to filter by release stage.")
    has_version = any(isinstance(term, VersionTerm) for term in search.terms)
    page = list_query.page(
        connection,
        ReleaseFilter(
            organization_id=organization_id,
            project_ids=tuple(project_ids),
            per_project=True,
            status=None,
            search=search,
            environment_ids=environment_ids if is_staged else None,
        ),
        ReleaseSort.SEMVER if has_version else ReleaseSort.DATE,
        limit=_RELEASES_MAX,
    )
    pairs = {(row.project_id, row.release.id) for row in page if row.project_id is not None}
    releases = frozenset(pairs)
    return IssuesOfReleases(
        ReleaseCondition(tie=ReleaseTie.SEEN, releases=releases, is_looked_up=True),
        _ids_if_few(connection, {release_id for _, release_id in releases}),
    )


def _ids_if_few(connection: sa.Connection, release_ids: set[int]) -> set[int] | None:
    """Return the ids of the issues that were seen in the releases, or None if there may be more than a few.

    A row is read for each issue, release and environment, no more than so many.
    """
    query = sa.select(issue_releases.c.issue_id).where(
        issue_releases.c.release_id.in_(sa.select(IDS.c.id))
    )
    found = connection.execute(query.limit(_FEW + 1), ids_param(release_ids)).scalars().all()
    return set(found) if len(found) <= _FEW else None
