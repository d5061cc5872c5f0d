"""Which releases shipped before, after and between others?"""

from collections.abc import Collection

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from shipmark.ground.database import WANTED, Id, Moment, listed, rows, wanted
from shipmark.releases.model import Release, ReleaseStatus
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, SHIPPED_AT, release_of, releases

#: How many releases after a deleted one are looked at for one that holds what it held.
LATER_MAX = 20


_of_projects = release_projects.c.project_id.in_(select(WANTED.c.id))
_later_at, _earlier_at = (bindparam(name, type_=Moment()) for name in ("later_at", "earlier_at"))
_later_id, _earlier_id = (bindparam(name, type_=Id) for name in ("later_id", "earlier_id"))
# Ids decide between releases of one moment.
_BEFORE = or_(_later_at > SHIPPED_AT, and_(_later_at == SHIPPED_AT, releases.c.id < _later_id))
_AFTER = or_(_earlier_at < SHIPPED_AT, and_(_earlier_at == SHIPPED_AT, releases.c.id > _earlier_id))
_BETWEEN = (
    select(releases.c.id)
    .distinct()
    .join(release_projects, release_projects.c.release_id == releases.c.id)
    .where(_of_projects, _BEFORE, _AFTER)
    .order_by(releases.c.id)
)
_PREVIOUS = (
    select(*RELEASE)
    .join(release_projects, release_projects.c.release_id == releases.c.id)
    .where(_of_projects, _BEFORE)
    .order_by(SHIPPED_AT.desc(), releases.c.id.desc())
    .limit(bindparam("most", type_=Id))
)

_PLACES = listed("places", project_id=Id, gone_id=Id)
_GONE = listed("gone", id=Id)
_gone = releases.alias("before")
_gone_at = func.coalesce(_gone.c.released_at, _gone.c.created_at, type_=Moment())
_numbered = (
    select(
        _PLACES.c.project_id.label("project_id"),
        _PLACES.c.gone_id.label("gone_id"),
        *RELEASE,
        func.row_number()
        .over(
            partition_by=[_PLACES.c.project_id, _PLACES.c.gone_id],
            order_by=[SHIPPED_AT, releases.c.id],
        )
        .label("number"),
    )
    .select_from(_PLACES)
    .join(_gone, _gone.c.id == _PLACES.c.gone_id)
    .join(release_projects, release_projects.c.project_id == _PLACES.c.project_id)
    .join(releases, releases.c.id == release_projects.c.release_id)
    .where(
        or_(_gone_at < SHIPPED_AT, and_(_gone_at == SHIPPED_AT, releases.c.id > _gone.c.id)),
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
    """The releases of these projects that shipped before it, the newest first; one may come once a project."""
    parameters = wanted(project_ids) | _place("later", release) | {"most": limit}
    return [release_of(row) for row in connection.execute(_PREVIOUS, parameters)]


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


def _place(name: str, release: Release) -> dict[str, object]:
    return {f"{name}_at": release.shipped_at, f"{name}_id": release.id}
