"""How long does a page of releases with their health take, in each order by sessions?

    python bench/list_health.py [--releases N …] [--in-use N] [--rounds N] [--database sqlite|postgresql]
    python bench/list_health.py --in-process [--releases N …] [--projects N] [--in-use N] [--rounds N]

The newest releases of the first project have sessions of the last day, in hours, standings, and are adopted, as if
10,000 releases were in use at once; 100 of them a page.
"""

import argparse
import gc
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from in_process import Application, application
from list import PROJECTS, WARM_UP, measure, server, show
from running import folder, shipmark
from seeding import seed

from shipmark.infrastructure.database import Database
from shipmark.release_health.hourly_numbers import encode
from shipmark.release_health.store.standing_store import standings
from shipmark.release_health.store.tables import counts, series, sketches

COUNTS = (10_000,)
IN_USE = 10_000
#: Milliseconds, with one client.
TARGET = 12.0
HOURS = 24
_HOURS_OF_PERIODS = (24, 336)
_BATCH = 5_000
PLAIN = "without health, by date"
_HEALTH = "health=1&adoptionStages=1"
PAGES = {
    "health, by date": _HEALTH,
    "health, environment": f"{_HEALTH}&environment=production",
    PLAIN: "",
    **{
        f"health, {sort}": f"{_HEALTH}&flatten=1&sort={sort}"
        for sort in (
            "sessions",
            "users",
            "sessions_24h",
            "users_24h",
            "crash_free_sessions",
            "crash_free_users",
        )
    },
    "crash_free_users, page 51": f"{_HEALTH}&flatten=1&sort=crash_free_users&cursor=100:50:0",
    "adoption": f"{_HEALTH}&sort=adoption",
    "adoption, environment": f"{_HEALTH}&sort=adoption&environment=production",
}
_NUMBERS = {
    column.name: 0 for column in counts.c if column.name not in {"series_id", "width", "start"}
}


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--releases", type=int, nargs="+", default=COUNTS)
    parser.add_argument("--in-use", type=int, default=IN_USE, help="releases with sessions")
    parser.add_argument("--rounds", type=int, default=60, help="pages a row")
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--projects", type=int, default=len(PROJECTS), help="with --in-process")
    parser.add_argument(
        "--in-process",
        action="store_true",
        help="processor time of the best page, without a server; PostgreSQL's own is not in it",
    )
    asked = parser.parse_args()
    if asked.in_process:
        measure_in_process(asked)
        return
    for database in [asked.database] if asked.database else ["sqlite", "postgresql"]:
        for count in asked.releases:
            with server(database, count, partial(add_health, in_use=asked.in_use)) as it:
                print(
                    f"{'page':<28}{'rows':>5} clients  median ms     p95 ms    pages/s  target ms"
                )
                for name, query in PAGES.items():
                    path = f"/api/0/organizations/acme/releases/?per_page=100&{query}"
                    show(name, 1, measure(it, path, 1, asked.rounds), TARGET)


def measure_in_process(asked: argparse.Namespace) -> None:
    """Print the processor time of each page, in turns, and the size of the database, on SQLite."""
    names = [*PROJECTS, *(f"app-{number}" for number in range(len(PROJECTS), asked.projects))]
    for count in asked.releases:
        with folder() as place:
            made = bootstrap(place / "data", names)
            path = place / "data" / "shipmark.db"
            url = f"sqlite:///{path}"
            begun = time.perf_counter()
            seed(url, made, count)
            add_health(url, asked.in_use)
            seconds = time.perf_counter() - begun
            size = path.stat().st_size / 2**20
            print(f"\n{count:,} releases of {len(names)} projects, {asked.in_use:,} with sessions")
            print(f"made in {seconds:.0f} s, {size:,.0f} MiB")
            with application(url, made["token"]) as it:
                show_best(it, asked.rounds)


def bootstrap(data: Path, projects: Sequence[str] = PROJECTS) -> dict[str, Any]:
    """Make an organization with projects in a data folder."""
    named = [word for project in projects for word in ("--project", project)]
    made: dict[str, Any] = json.loads(
        shipmark("bootstrap", "--data", str(data), "--org", "acme", *named, "--json")
    )
    return made


def show_best(it: Application, rounds: int) -> None:
    """Print the best time of each page, of so many rounds in turns, and how often that of the plain page it is."""
    paths = {
        name: f"/api/0/organizations/acme/releases/?per_page=100&{query}"
        for name, query in PAGES.items()
    }
    for path in paths.values():
        for _ in range(WARM_UP):
            it.get(path)
    gc.freeze()
    best = dict.fromkeys(paths, float("inf"))
    for _ in range(rounds):
        for name, path in paths.items():
            best[name] = min(best[name], it.milliseconds(path))
    print(f"{'page':<28} processor ms  times plain")
    for name, milliseconds in best.items():
        print(f"{name:<28}{milliseconds:>13.2f}{milliseconds / best[PLAIN]:>13.2f}", flush=True)


def add_health(url: str, in_use: int = IN_USE) -> None:
    """Give the newest releases of the first project sessions of the last day, and have them adopted."""
    database = Database(url)
    with database.transaction() as connection:
        project = sa.text("SELECT id, organization_id FROM projects WHERE slug = 'web'")
        project_id, organization_id = connection.execute(project).one()
        environment_id = connection.execute(
            sa.text("SELECT id FROM environments WHERE name = 'production'")
        ).scalar_one()
        newest = sa.text(
            "SELECT release_id FROM release_projects WHERE project_id = :id"
            " ORDER BY release_id DESC LIMIT :in_use"
        )
        of_project = {"id": project_id, "in_use": in_use}
        ids = sorted(connection.execute(newest, of_project).scalars())
        # Those of before were adopted once, too.
        adopt = sa.text(
            "UPDATE release_environments SET adopted_at = created_at,"
            " unadopted_at = CASE WHEN release_id < :first THEN created_at END"
            " WHERE project_id = :id"
        )
        connection.execute(adopt, {"id": project_id, "first": ids[0]})
        place = {"organization_id": organization_id, "project_id": project_id}
        hour = int(datetime.now(UTC).timestamp()) // 3600 * 3600
        rows: dict[sa.Table[sa.TypedColumns], list[dict[str, object]]] = {
            series: [],
            counts: [],
            standings: [],
            sketches: [],
        }
        for number, release_id in enumerate([0, *ids], start=1):
            begin = {"first_start": hour - HOURS * 3600, "last_start": hour}
            rows[series].append(
                {"id": number, "release_id": release_id, "environment_id": environment_id}
                | place
                | begin
            )
            rows[counts] += [
                {"series_id": number, "width": 3600, "start": hour - 3600 * back}
                | _NUMBERS
                | {"sessions": sessions_an_hour(number), "users": 5}
                for back in range(HOURS)
            ]
            rows[standings] += [
                standing(number, release_id, hours, scope, hour // 3600) | place
                for hours in _HOURS_OF_PERIODS
                for scope in (0, environment_id)
            ]
            for table, waiting in rows.items():
                if len(waiting) > _BATCH:
                    connection.execute(sa.insert(table), waiting)
                    waiting.clear()
        for table, waiting in rows.items():
            if waiting:
                connection.execute(sa.insert(table), waiting)
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            plain.exec_driver_sql("VACUUM ANALYZE")
    database.close()


def sessions_an_hour(number: int) -> int:
    """Return how many sessions a release has in each hour."""
    return 10 + number % 7


def standing(
    number: int, release_id: int, hours: int, scope: int, last_hour: int
) -> dict[str, object]:
    """Return a standing that differs from those of other releases; ``last_hour`` is the last with sessions."""
    users = 20 + number * 7919 % 1000
    crashed = number * 104_729 % 20
    sessions, by_hour = users * 3, None
    if hours == HOURS:
        sessions = HOURS * sessions_an_hour(number)
        by_hour = encode({last_hour - back: sessions_an_hour(number) for back in range(HOURS)})
    return {
        "release_id": release_id,
        "environment_id": scope,
        "hours": hours,
        "sessions": sessions,
        "crashed": crashed,
        "errored": crashed,
        "abnormal": 0,
        "users": users,
        "users_crashed": crashed,
        "users_errored": crashed,
        "crash_rate_sessions": crashed / sessions,
        "crash_rate_users": crashed / users,
        "due_at": 2**40,
        "sessions_by_hour": by_hour,
    }


if __name__ == "__main__":
    main()
