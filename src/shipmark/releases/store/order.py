"""Which releases shipped before, after and between others?"""

from collections.abc import Collection

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from shipmark.ground.database import WANTED, Id, Moment, listed, rows, wanted
from shipmark.releases.model import (
    Position,
    Release,
    ReleaseFilter,
    ReleaseSort,
    ReleaseStatus,
)
from shipmark.releases.store import listing
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases

#: How many releases after a deleted one are looked at for one that holds what it held.
LATER_MAX = 20


_of_projects = release_projects.c.project_id.in_(select(WANTED.c.id))
_later_at, _earlier_at = (bindparam(name, type_=Moment()) for name in ("later_at", "earlier_at"))
_later_id, _earlier_id = (bindparam(name, type_=Id) for name in ("later_id", "earlier_id"))
# Ids decide between releases of one moment.
_shipped_at = release_projects.c.shipped_at
_BEFORE = or_(
    _shipped_at < _later_at,
    and_(_shipped_at == _later_at, release_projects.c.release_id < _later_id),
)
_AFTER = or_(
    _shipped_at > _earlier_at,
    and_(_shipped_at == _earlier_at, release_projects.c.release_id > _earlier_id),
)
_BETWEEN = (
    select(release_projects.c.release_id)
    .distinct()
    .where(
        _of_projects,
        # All of them: the index by shipping begins with the status.
        release_projects.c.status.in_(list(ReleaseStatus)),
        _shipped_at.between(_earlier_at, _later_at),
        _BEFORE,
        _AFTER,
    )
    .order_by(release_projects.c.release_id)
)
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
    select(WANTED.c.id, releases.c.version)
    .select_from(WANTED)
    .join(releases, releases.c.id == _latest_id)
)


def between(
    connection: Connection, earlier: Release, later: Release, project_ids: Collection[int]
) -> list[int]:
    """The releases of these projects that shipped after the one and before the other."""
    if not project_ids:
        return []
    return list(
        connection.execute(
            _BETWEEN, wanted(project_ids) | _place("later", later) | _place("earlier", earlier)
        ).scalars()
    )


def before(
    connection: Connection, release: Release, project_ids: Collection[int], *, limit: int
) -> list[Release]:
    """The releases of these projects that shipped before it, the newest first."""
    everything = ReleaseFilter(
        organization_id=release.organization_id, project_ids=tuple(project_ids), status=None
    )
    place = Position(key=release.shipped_at, created_at=release.created_at, release_id=release.id)
    found = listing.page(connection, everything, ReleaseSort.SHIPPED, limit=limit, beyond=place)
    return [row.release for row in found]


def shipped_after(
    connection: Connection, places: Collection[tuple[int, int]], *, without: Collection[int]
) -> dict[tuple[int, int], list[Release]]:
    """The next releases of a project after a release, by (project, release), the oldest first."""
    parameters = rows("places", sorted(places)) | rows("gone", ([each] for each in sorted(without)))
    found: dict[tuple[int, int], list[Release]] = {}
    for row in connection.execute(_LATER, parameters):
        found.setdefault((row[0], row[1]), []).append(release_of(row[2:]))
    return found


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
    return {project_id: version for project_id, version in found}


def _place(name: str, release: Release) -> dict[str, object]:
    return {f"{name}_at": release.shipped_at, f"{name}_id": release.id}
