"""Sessions of releases, written as counts of hours or of ten minutes."""

from collections.abc import Iterable
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
    acme = world.organizations["acme"]
    release = a_release(connection, world, version, project=project, at=start)
    place = projects.ensure_environment(connection, acme, environment)
    key = {
        "project_id": world.projects[project],
        "environment_id": place.id,
        "release_id": release.id,
    }
    row = key | {"organization_id": acme, "first_start": start, "last_start": start}
    connection.execute(upsert(series).values(row).on_conflict_do_nothing())
    same = [series.c[name] == value for name, value in key.items()]
    found = connection.execute(
        select(series.c.id, series.c.first_start, series.c.last_start).where(*same)
    ).one()
    series_id, first, last = found
    connection.execute(
        update(series)
        .where(series.c.id == series_id)
        .values(first_start=min(first, start), last_start=max(last, start))
    )
    bucket = {"series_id": series_id, "width": int(width), "start": start}
    added = dict.fromkeys(_NUMBERS, 0) | numbers
    statement = upsert(counts).values(bucket | added)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(bucket),
            set_={name: counts.c[name] + statement.excluded[name] for name in added},
        )
    )
    for sketch, ids in ((SketchKind.ALL, user_ids), (SketchKind.CRASHED, crashed_ids)):
        users = DistinctValues()
        for number in ids:
            users.add((number * 0x9E3779B97F4A7C15) % 2**64)
        if len(users):
            encoded = {"kind": sketch.value, "encoded": users.encode()}
            connection.execute(upsert(sketches).values(bucket | encoded))
