"""Which releases of a project shipped after another, and which are its newest?"""

from collections.abc import Collection

from sqlalchemy import Connection, ScalarSelect, and_, bindparam, func, or_, select

from shipmark.ground.database import WANTED, Id, listed, rows, wanted
from shipmark.releases.model import Release, ReleaseFilter, ReleaseSort, ReleaseStatus
from shipmark.releases.store import listing
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases
from shipmark.releases.store.releases import by_ids as releases_by_ids

#: How many releases after a deleted one are looked at for one that holds what it held.
LATER_MAX = 20


_of_projects = release_projects.c.project_id.in_(select(WANTED.c.id))
_PLACES = listed("places", project_id=Id, gone_id=Id)
_GONE = listed("gone", id=Id)
_gone = releases.alias("before")
_gone_at, _at = _gone.c.shipped_at, releases.c.shipped_at
_numbered = (
    select(
        _PLACES.c.project_id.label("project_id"),
        _PLACES.c.gone_id.label("gone_id"),
        *RELEASE,
        func.row_number()
        .over(
            partition_by=[_PLACES.c.project_id, _PLACES.c.gone_id],
            order_by=[_at, releases.c.id],
        )
        .label("number"),
    )
    .select_from(_PLACES)
    .join(_gone, _gone.c.id == _PLACES.c.gone_id)
    .join(release_projects, release_projects.c.project_id == _PLACES.c.project_id)
    .join(releases, releases.c.id == release_projects.c.release_id)
    .where(
        or_(_at > _gone_at, and_(_at == _gone_at, releases.c.id > _gone.c.id)),
        releases.c.id.not_in(select(_GONE.c.id)),
    )
    .subquery("numbered")
)
_LATER = (
    select(*list(_numbered.c)[:-1])
    .where(_numbered.c.number <= LATER_MAX)
    .order_by(_numbered.c.project_id, _numbered.c.gone_id, _numbered.c.number)
)
_newest = (
    select(
        release_projects.c.project_id.label("project_id"),
        releases.c.version.label("version"),
        func.row_number()
        .over(
            partition_by=release_projects.c.project_id,
            order_by=[releases.c.created_at.desc(), releases.c.id.desc()],
        )
        .label("number"),
    )
    .join(releases, releases.c.id == release_projects.c.release_id)
    .where(
        _of_projects,
        releases.c.status == ReleaseStatus.OPEN,
        releases.c.id.not_in(select(_GONE.c.id)),
    )
    .subquery("newest")
)
_NEWEST = (
    select(_newest.c.project_id, _newest.c.version)
    .where(_newest.c.number <= bindparam("most", type_=Id))
    .order_by(_newest.c.project_id, _newest.c.number)
)


_one = release_projects.alias("one")
_latest_id = (
    select(_one.c.release_id)
    .where(_one.c.project_id == WANTED.c.id, _one.c.status == ReleaseStatus.OPEN.value)
    .order_by(_one.c.shipped_at.desc(), _one.c.created_at.desc(), _one.c.release_id.desc())
    .limit(1)
    .correlate(WANTED)
    .scalar_subquery()
)
_LATEST = (
    select(WANTED.c.id, releases.c.version, releases.c.id)
    .select_from(WANTED)
    .join(releases, releases.c.id == _latest_id)
)


_since = releases.alias("since")


def _next_id(status: ReleaseStatus) -> ScalarSelect[int]:
    """The first release of a status that shipped after another: an entry of the index by shipping."""
    one = release_projects.alias(f"next_{status.value}")
    return (
        select(one.c.release_id)
        .where(
            one.c.project_id == bindparam("project_id", type_=Id),
            one.c.status == status.value,
            one.c.shipped_at >= _since.c.shipped_at,
            or_(one.c.shipped_at > _since.c.shipped_at, one.c.release_id > _since.c.id),
        )
        .order_by(one.c.shipped_at, one.c.created_at, one.c.release_id)
        .limit(1)
        .correlate(_since)
        .scalar_subquery()
    )


_NEXT = select(WANTED.c.id, *(_next_id(status) for status in ReleaseStatus)).join(
    _since, _since.c.id == WANTED.c.id
)


def shipped_after(
    connection: Connection, places: Collection[tuple[int, int]], *, without: Collection[int]
) -> dict[tuple[int, int], list[Release]]:
    """The next releases of a project after a release, by (project, release), the oldest first."""
    parameters = rows("places", sorted(places)) | rows("gone", ([each] for each in sorted(without)))
    found: dict[tuple[int, int], list[Release]] = {}
    for row in connection.execute(_LATER, parameters):
        found.setdefault((row[0], row[1]), []).append(release_of(row[2:]))
    return found


def next_in(
    connection: Connection, project_id: int, release_ids: Collection[int]
) -> dict[int, Release]:
    """Return the release of the project that shipped next after each of these, in two statements."""
    if not release_ids:
        return {}
    found = connection.execute(_NEXT, wanted(release_ids) | {"project_id": project_id}).all()
    known = releases_by_ids(connection, {it for row in found for it in row[1:] if it is not None})
    candidates = {row[0]: [known[it] for it in row[1:] if it in known] for row in found}
    return {
        release_id: min(later, key=lambda it: (it.shipped_at, it.id))
        for release_id, later in candidates.items()
        if later
    }


def newest_in(connection: Connection, organization_id: int, project_id: int) -> Release | None:
    """Return the project's release that shipped last, archived ones included, or None without releases."""
    everything = ReleaseFilter(
        organization_id=organization_id, project_ids=(project_id,), status=None
    )
    found = listing.page(connection, everything, ReleaseSort.SHIPPED, limit=1)
    return found[0].release if found else None


def newest_versions(
    connection: Connection, project_ids: Collection[int], *, without: Collection[int], limit: int
) -> dict[int, list[str]]:
    """The versions of each project's newest open releases."""
    parameters = wanted(project_ids) | rows("gone", ([each] for each in sorted(without)))
    found: dict[int, list[str]] = {}
    for project_id, version in connection.execute(_NEWEST, parameters | {"most": limit}):
        found.setdefault(project_id, []).append(version)
    return found


def latest_versions(connection: Connection, project_ids: Collection[int]) -> dict[int, str]:
    """The version of each project's open release that shipped last; projects without any are left out."""
    if not project_ids:
        return {}
    found = connection.execute(_LATEST, wanted(project_ids))
    return {project_id: version for project_id, version, _ in found}


def latest_ids(connection: Connection, project_ids: Collection[int]) -> dict[int, int]:
    """Return the id of each project's open release that shipped last; projects without any are left out."""
    found = connection.execute(_LATEST, wanted(project_ids))
    return {project_id: release_id for project_id, _, release_id in found}
