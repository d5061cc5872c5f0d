"""The condition of a search of issues by versions, packages, builds or stages of releases (groups-api.md 2.3)."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from shipmark.infrastructure.database import ids_param, in_ids
from shipmark.issues.model import ReleaseCondition, ReleaseTie
from shipmark.issues.store.few_issues import ids_if_few
from shipmark.issues.store.occurrences import issue_releases
from shipmark.releases.model import ReleaseFilter, ReleaseSort
from shipmark.releases.search import Search, StageTerm, VersionTerm, check_stages
from shipmark.releases.store import list_query

#: The releases that such a search stands for (releases.md 4.7.1).
_RELEASES_MAX = 1000


_SEEN_IN = sa.select(issue_releases.c.issue_id).where(in_ids(issue_releases.c.release_id))


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
    check_stages(search.terms, len(environment_ids or ()))
    is_staged = any(isinstance(term, StageTerm) for term in search.terms)
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
    releases = frozenset(
        (row.project_id, row.release.id) for row in page if row.project_id is not None
    )
    release_ids = ids_param({release_id for _, release_id in releases})
    return IssuesOfReleases(
        ReleaseCondition(tie=ReleaseTie.SEEN, releases=releases, is_looked_up=True),
        ids_if_few(connection, _SEEN_IN, release_ids),
    )
