"""The releases of a project in the order in which they shipped: the next after another, and the newest."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection, ScalarSelect, bindparam, or_, select

from shipmark.infrastructure.database import IDS, Id, ids_param
from shipmark.releases.model import Release, ReleaseFilter, ReleaseSort, ReleaseStatus
from shipmark.releases.search import NameTerm, Search, Term
from shipmark.releases.store import list_query
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import by_ids as releases_by_ids
from shipmark.releases.store.releases import releases
from shipmark.releases.versions import LATEST

_latest = release_projects.alias("latest").c
_latest_id = (
    select(_latest.release_id)
    .where(_latest.project_id == IDS.c.id, _latest.status == ReleaseStatus.OPEN.value)
    .order_by(_latest.shipped_at.desc(), _latest.created_at.desc(), _latest.release_id.desc())
    .limit(1)
    .correlate(IDS)
    .scalar_subquery()
)
_LATEST = (
    select(IDS.c.id, releases.c.version, releases.c.id)
    .select_from(IDS)
    .join(releases, releases.c.id == _latest_id)
)
_since = releases.alias("since")


def _next_id(status: ReleaseStatus) -> ScalarSelect[int]:
    """Return the subquery of the first release of a status that shipped after another: one entry of an index."""
    following = release_projects.alias(f"next_{status.value}").c
    return (
        select(following.release_id)
        .where(
            following.project_id == bindparam("project_id", type_=Id),
            following.status == status.value,
            following.shipped_at >= _since.c.shipped_at,
            or_(following.shipped_at > _since.c.shipped_at, following.release_id > _since.c.id),
        )
        .order_by(following.shipped_at, following.created_at, following.release_id)
        .limit(1)
        .correlate(_since)
        .scalar_subquery()
    )


_NEXT = select(IDS.c.id, *(_next_id(status) for status in ReleaseStatus)).join(
    _since, _since.c.id == IDS.c.id
)


def next_in(
    connection: Connection, project_id: int, release_ids: Collection[int]
) -> dict[int, Release]:
    """Return the release of the project that shipped next after each of these, in two statements."""
    if not release_ids:
        return {}
    rows = connection.execute(_NEXT, ids_param(release_ids) | {"project_id": project_id}).all()
    next_ids = {next_id for _, *ids in rows for next_id in ids if next_id is not None}
    known = releases_by_ids(connection, next_ids)
    candidates = {
        release_id: [known[next_id] for next_id in ids if next_id in known]
        for release_id, *ids in rows
    }
    return {
        release_id: min(later, key=lambda release: (release.shipped_at, release.id))
        for release_id, later in candidates.items()
        if later
    }


def newest_in(connection: Connection, organization_id: int, project_id: int) -> Release | None:
    """Return the project's release that shipped last, archived ones included, or None without releases."""
    of_any = ReleaseFilter(organization_id=organization_id, project_ids=(project_id,), status=None)
    rows = list_query.page(connection, of_any, ReleaseSort.EFFECTIVE_DATE, limit=1)
    return rows[0].release if rows else None


def latest_versions(connection: Connection, project_ids: Collection[int]) -> dict[int, str]:
    """Return the version of each project's open release that shipped last; projects without any are left out."""
    if not project_ids:
        return {}
    result = connection.execute(_LATEST, ids_param(project_ids))
    return {project_id: version for project_id, version, _ in result}


def with_latest(connection: Connection, search: Search, project_ids: Collection[int]) -> Search:
    """Return the search in which `LATEST` stands for the latest release of each of these projects."""
    names = [term for term in search.terms if isinstance(term, NameTerm)]
    if not any(LATEST in term.patterns for term in names):
        return search
    ids = tuple(sorted(set(latest_ids(connection, project_ids).values())))
    return replace(search, terms=tuple(_with_ids(term, ids) for term in search.terms))


def _with_ids(term: Term, ids: tuple[int, ...]) -> Term:
    if not isinstance(term, NameTerm) or LATEST not in term.patterns:
        return term
    patterns = tuple(pattern for pattern in term.patterns if pattern != LATEST)
    return replace(term, patterns=patterns, latest_ids=ids)


def latest_ids(connection: Connection, project_ids: Collection[int]) -> dict[int, int]:
    """Return the id of each project's open release that shipped last; projects without any are left out."""
    result = connection.execute(_LATEST, ids_param(project_ids))
    return {project_id: release_id for project_id, _, release_id in result}
