"""Which releases of a project shipped after another, and which are its newest?"""

from collections.abc import Collection

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from shipmark.ground.database import WANTED, Id, listed, rows, wanted
from shipmark.releases.model import Release, ReleaseStatus
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases

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
    select(WANTED.c.id, releases.c.version)
    .select_from(WANTED)
    .join(releases, releases.c.id == _latest_id)
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
