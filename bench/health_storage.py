"""How large is the store of release health? With 100 million sessions of 50 projects over 90 days, on SQLite.

    python bench/health_storage.py [--sessions N] [--projects N] [--days N]

The sessions of one project are folded hour by hour, as the digester does it, and compacted day by day, with the time
that it would have been. The rows that are left are copied for each other project, with ids of their own. Each session
is one update with a user and a duration. A release comes every third day: half of the sessions are of the newest one,
the rest of the three before; a tenth of them are in a second environment.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from running import folder, shipmark

from shipmark.infrastructure import logging
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings
from shipmark.ingest.standing_refresh import refresh_some
from shipmark.projects import store as project_store
from shipmark.projects.model import Project
from shipmark.release_health import actions
from shipmark.release_health.actions import ReceivedUpdate
from shipmark.release_health.buckets import HealthUpdate
from shipmark.release_health.compaction import STEPS
from shipmark.release_health.model import SessionCounts, SketchKind
from shipmark.worker import retention_jobs

HOURS_A_RELEASE = 72
#: How the sessions are divided among the newest releases, in per cent.
SHARES = (50, 30, 15, 5)
USERS = 20_000
TABLES = ("health_series", "health_counts", "health_sketches", "health_standings")


def main() -> None:
    """Make the store, and print what it takes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=100_000_000)
    parser.add_argument("--projects", type=int, default=50)
    parser.add_argument("--days", type=int, default=90)
    asked = parser.parse_args()
    logging.configure(Settings(log_level="error"))
    with folder() as place:
        data = place / "data"
        made = bootstrap(data, asked.projects)
        path = data / "shipmark.db"
        with closing(Database(f"sqlite:///{path}")) as database:
            empty = size_of(path, database)
            begun = time.process_time()
            simulate(
                database, made, asked.sessions // asked.projects // asked.days // 24, asked.days
            )
            print(f"one project: {time.process_time() - begun:.0f} s of the processor")
            copy(database, [int(each["id"]) for each in made["projects"]])
            size = size_of(path, database)
            print(f"{asked.sessions:,} sessions of {asked.projects} projects, {asked.days} days:")
            print(
                f"{(size - empty) / 2**20:,.0f} MiB, {(size - empty) / asked.sessions:.1f} bytes a session"
            )
            show_tables(database)


def bootstrap(data: Path, count: int) -> dict[str, Any]:
    """Make an organization with that many projects."""
    named = [word for number in range(count) for word in ("--project", f"app-{number}")]
    made: dict[str, Any] = json.loads(
        shipmark("bootstrap", "--data", str(data), "--org", "acme", *named, "--json")
    )
    return made


def simulate(database: Database, made: dict[str, Any], an_hour: int, days: int) -> None:
    """Fold so many sessions of each hour into the first project, and compact after each day."""
    project_id = int(made["projects"][0]["id"])
    with database.snapshot() as connection:
        project = project_store.by_ids(connection, [project_id])[project_id]
    chance = random.Random(7)
    users = [chance.getrandbits(64) for _ in range(USERS)]
    end = datetime.now(UTC)
    for hour in range(days * 24):
        begin = end - timedelta(hours=days * 24 - hour)
        at = begin + timedelta(hours=1)
        received = list(sessions_of(project, begin, hour, an_hour, users, chance))
        with database.transaction() as connection:
            actions.fold(connection, received, at)
        if hour % 24 == 23:
            for step in STEPS.values():
                retention_jobs.take(database, step, at, most=10**6)
    while refresh_some(database, end):
        pass


def sessions_of(
    project: Project,
    begin: datetime,
    hour: int,
    count: int,
    users: list[int],
    chance: random.Random,
) -> Iterator[ReceivedUpdate]:
    """Yield the sessions of an hour. One in two hundred crashes, one in a hundred has an error."""
    newest = hour // HOURS_A_RELEASE
    ages = chance.choices(range(len(SHARES)), SHARES, k=count)
    for number, age in enumerate(ages):
        user = users[int(chance.random() ** 2 * USERS)]
        is_crashed, is_errored = number % 200 == 0, number % 100 == 0
        kinds = [SketchKind.ALL]
        members = []
        if is_errored:
            kinds.append(SketchKind.ERRORED)
            members.append((SketchKind.ERRORED_SESSIONS, chance.getrandbits(64)))
        if is_crashed:
            kinds.append(SketchKind.CRASHED)
        members += [(kind, user) for kind in kinds]
        started = begin + timedelta(seconds=3600 * number / count)
        update = HealthUpdate(
            release=f"app@1.{max(0, newest - age)}.0",
            environment="beta" if number % 10 == 0 else "production",
            started=started,
            counts=SessionCounts(sessions=1, crashed=int(is_crashed)),
            members=tuple(members),
            duration=None if is_crashed else chance.expovariate(1 / 120),
        )
        yield ReceivedUpdate(project=project, update=update, received_at=begin + timedelta(hours=1))


def copy(database: Database, project_ids: list[int]) -> None:
    """Copy all rows of the first project for each other one. Releases keep their ids, as if they were of all."""
    first, *others = project_ids
    with database.transaction() as connection:
        count = connection.execute(sa.text("SELECT max(id) FROM health_series")).scalar_one()
        for number, project_id in enumerate(others, start=1):
            for name in TABLES:
                columns = connection.execute(sa.text(f"SELECT * FROM {name} LIMIT 0")).keys()
                shown = ", ".join(f'"{column}"' for column in columns)
                copied = ", ".join(
                    _copied(column, number * count, project_id) for column in columns
                )
                is_mass = "project_id" not in columns
                own = f"series_id <= {count}" if is_mass else f"project_id = {first}"
                connection.execute(
                    sa.text(f"INSERT INTO {name} ({shown}) SELECT {copied} FROM {name} WHERE {own}")
                )


def _copied(column: str, offset: int, project_id: int) -> str:
    if column in {"id", "series_id"}:
        return f"{column} + {offset}"
    return str(project_id) if column == "project_id" else f'"{column}"'


def size_of(path: Path, database: Database) -> int:
    """Return the bytes of the database, without what is free in it."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
        page = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    return path.stat().st_size - int(free) * int(page)


def show_tables(database: Database) -> None:
    """Print the rows of each table."""
    with database.snapshot() as connection:
        for name in TABLES:
            rows = connection.execute(sa.text(f"SELECT count(*) FROM {name}")).scalar_one()
            print(f"{name:<20}{rows:>12,} rows")
        widths = sa.text(
            "SELECT width, kind, count(*), sum(length(encoded)) FROM health_sketches GROUP BY width, kind"
        )
        for width, kind, rows, size in connection.execute(widths):
            print(f"  sketches of {width:>6} s {kind:<16}{rows:>12,} rows{size / 2**20:>9,.1f} MiB")


if __name__ == "__main__":
    main()
