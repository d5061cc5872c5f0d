"""Sessions of releases, written as counts of hours or of ten minutes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from factories import World
from sqlalchemy import Connection, select, update

from shipmark.infrastructure.database import upsert
from shipmark.projects import store as projects
from shipmark.release_health.model import BucketWidth, SketchKind
from shipmark.release_health.sketches import DistinctValues
from shipmark.release_health.store.tables import HealthCountColumns, counts, series, sketches
from shipmark.releases.model import NewRelease, Release
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases

_NUMBERS = [
    name
    for name in vars(HealthCountColumns)
    if not name.startswith("_") and name not in ("series_id", "width", "start")
]


def a_release(
    connection: Connection, world: World, version: str, *, project: str = "web", at: int
) -> Release:
    """Ensure a release of the project, created at this time."""
    created_at = datetime.fromtimestamp(at, UTC)
    release, _ = releases.ensure(
        connection,
        world.organizations["acme"],
        NewRelease(version=version, created_at=created_at),
    )
    release_projects.attach(connection, release, [world.projects[project]])
    return release


def add_sessions(
    connection: Connection,
    world: World,
    version: str,
    start: int,
    *,
    project: str = "web",
    environment: str = "production",
    width: int = BucketWidth.HOUR,
    user_ids: Iterable[int] = (),
    crashed_ids: Iterable[int] = (),
    **numbers: int,
) -> None:
    """Count sessions of a release in a bucket: ``sessions=100, crashed=1, users=50``."""
    series_id = _ensure_series(connection, world, version, [start], project, environment)
    bucket = {"series_id": series_id, "width": int(width), "start": start}
    _add_counts(connection, [bucket], numbers)
    for sketch, ids in ((SketchKind.ALL, user_ids), (SketchKind.CRASHED, crashed_ids)):
        users = DistinctValues()
        for number in ids:
            users.add((number * 0x9E3779B97F4A7C15) % 2**64)
        if len(users):
            encoded = {"kind": sketch.value, "encoded": users.encode()}
            connection.execute(upsert(sketches).values(bucket | encoded))


def add_hours_of_sessions(
    connection: Connection,
    world: World,
    version: str,
    until: int,
    *,
    hours: int,
    project: str = "web",
    environment: str = "production",
    **numbers: int,
) -> None:
    """Count the same sessions of a release in each of so many hours before a time, by few statements."""
    width = int(BucketWidth.HOUR)
    starts = [until - number * width for number in range(1, hours + 1)]
    series_id = _ensure_series(connection, world, version, starts, project, environment)
    buckets = [{"series_id": series_id, "width": width, "start": start} for start in starts]
    _add_counts(connection, buckets, numbers)


def _ensure_series(
    connection: Connection,
    world: World,
    version: str,
    starts: Sequence[int],
    project: str,
    environment: str,
) -> int:
    """Return the id of the series that has buckets with these starts; the release is created at the first."""
    acme = world.organizations["acme"]
    release = a_release(connection, world, version, project=project, at=starts[0])
    place = projects.ensure_environment(connection, acme, environment)
    key = {
        "project_id": world.projects[project],
        "environment_id": place.id,
        "release_id": release.id,
    }
    first, last = min(starts), max(starts)
    row = key | {"organization_id": acme, "first_start": first, "last_start": last}
    connection.execute(upsert(series).values(row).on_conflict_do_nothing())
    same = [series.c[name] == value for name, value in key.items()]
    found = connection.execute(
        select(series.c.id, series.c.first_start, series.c.last_start).where(*same)
    ).one()
    series_id, known_first, known_last = found
    connection.execute(
        update(series)
        .where(series.c.id == series_id)
        .values(first_start=min(known_first, first), last_start=max(known_last, last))
    )
    return series_id


def _add_counts(
    connection: Connection, buckets: Sequence[dict[str, int]], numbers: Mapping[str, int]
) -> None:
    added = dict.fromkeys(_NUMBERS, 0) | numbers
    statement = upsert(counts)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(buckets[0]),
            set_={name: counts.c[name] + statement.excluded[name] for name in added},
        ),
        [bucket | added for bucket in buckets],
    )
