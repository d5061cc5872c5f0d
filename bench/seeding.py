"""Many releases at once, past the server: what a company has after years.

Every release has a commit, two authors, one to three projects; one in ten is archived, one in three has a build, one in
twenty is in production, one in two hundred is of a package of its own.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, insert

from shipmark.infrastructure.database import Database
from shipmark.projects.store import environments
from shipmark.releases.store.commits import release_commits
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases
from shipmark.releases.versions import semver_columns
from shipmark.repositories.store import authors, commits, repositories

AUTHORS = 12
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_BATCH = 20_000

Rows = list[dict[str, Any]]


def seed(url: str, made: dict[str, Any], count: int) -> None:
    """Put that many releases into the database of a server that doesn't run yet."""
    database = Database(url)
    organization_id = int(made["org"]["id"])
    project_ids = [int(it["id"]) for it in made["projects"]]
    with database.transaction() as connection:
        place = _place(connection, organization_id)
        for first in range(1, count + 1, _BATCH):
            numbers = range(first, min(first + _BATCH, count + 1))
            for table, rows in _rows(numbers, organization_id, project_ids, place):
                _put(connection, database, table, rows)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        if not database.is_sqlite:
            for name in ("releases", "commits"):
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {count})"
                )
        connection.commit()
    database.close()


def created(number: int) -> datetime:
    """When the release of that number was made."""
    return _BEGINNING + timedelta(minutes=3 * number)


def _place(connection: Connection, organization_id: int) -> dict[str, int]:
    """What releases share: a repository, authors, an environment."""
    connection.execute(
        insert(repositories).values(
            id=1,
            organization_id=organization_id,
            name="acme/web",
            status="active",
            created_at=_BEGINNING,
        )
    )
    people = [
        {
            "id": 1 + number,
            "organization_id": organization_id,
            "name": f"Author {number}",
            "email": f"author-{number}@example.com",
        }
        for number in range(AUTHORS)
    ]
    connection.execute(insert(authors), people)
    production = {"id": 1, "organization_id": organization_id, "name": "production"}
    connection.execute(insert(environments), [production])
    return {"repository": 1, "environment": 1}


def _rows(
    numbers: Sequence[int], organization_id: int, project_ids: Sequence[int], place: dict[str, int]
) -> Iterator[tuple[Table, Rows]]:
    made = [_release(number, organization_id) for number in numbers]
    yield releases, made
    yield commits, [_commit(number, organization_id, place["repository"]) for number in numbers]
    yield (
        release_commits,
        [{"release_id": number, "commit_id": number, "position": 0} for number in numbers],
    )
    yield (
        release_projects,
        [
            _in_project(release, project_id)
            for release in made
            for project_id in _projects_of(release["id"], project_ids)
        ],
    )
    yield (
        release_environments,
        [
            _in_environment(release, project_ids[0], place["environment"])
            for release in made
            if release["id"] % 20 == 0
        ],
    )


def _projects_of(number: int, project_ids: Sequence[int]) -> list[int]:
    """The first project has all; the second each tenth; each other one release in a thousand."""
    chosen = {project_ids[0]}
    if len(project_ids) > 1 and number % 10 == 0:
        chosen.add(project_ids[1])
    if len(project_ids) > 2 and number % 1000 == 0:
        chosen.add(project_ids[2 + number // 1000 % (len(project_ids) - 2)])
    return sorted(chosen)


def _release(number: int, organization_id: int) -> dict[str, Any]:
    package = "web" if number % 200 else f"tool-{number // 200 % 50}"
    build = f"+{number}" if number % 3 == 0 else ""
    version = f"{package}@{number // 10_000}.{number // 100 % 100}.{number % 100}{build}"
    semver = semver_columns(version)
    at = created(number)
    return {
        "id": number,
        "organization_id": organization_id,
        "version": version,
        "status": "archived" if number % 10 == 7 else "open",
        "created_at": at,
        "commit_count": 1,
        "last_commit_id": number,
        "author_ids": json.dumps([1 + number % AUTHORS, 1 + (number + 1) % AUTHORS]),
        "deploy_count": 0,
        "package": semver.package,
        "version_key": semver.sort_key,
        "build_code": semver.build,
        "build_number": semver.build_number,
        "shipped_at": at,
    }


def _commit(number: int, organization_id: int, repository_id: int) -> dict[str, Any]:
    return {
        "id": number,
        "organization_id": organization_id,
        "repository_id": repository_id,
        "key": f"{number:040x}",
        "author_id": 1 + number % AUTHORS,
        "message": f"Tidy page {number}",
        "created_at": created(number),
    }


def _in_project(release: dict[str, Any], project_id: int) -> dict[str, Any]:
    names = ("status", "created_at", "shipped_at", "version_key", "build_number")
    row = {name: release[name] for name in names}
    return row | {"release_id": release["id"], "project_id": project_id, "new_issue_count": 0}


def _in_environment(
    release: dict[str, Any], project_id: int, environment_id: int
) -> dict[str, Any]:
    row = {name: release[name] for name in ("status", "created_at")}
    row |= {"first_seen_at": release["created_at"], "last_seen_at": release["created_at"]}
    row |= {"release_id": release["id"], "project_id": project_id, "new_issue_count": 0}
    return row | {"environment_id": environment_id}


def _put(connection: Connection, database: Database, table: Table, rows: Rows) -> None:
    """Insert rows the fastest way that the database has."""
    if not rows:
        return
    names = list(rows[0])
    if database.is_sqlite:
        marks = ", ".join("?" for _ in names)
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
        connection.exec_driver_sql(statement, [tuple(map(_plain, row.values())) for row in rows])
        return
    cursor = connection.connection.cursor()
    with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy:  # type: ignore[attr-defined]
        for row in rows:
            copy.write_row(list(row.values()))


def _plain(value: object) -> object:
    """What SQLite's driver takes."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value
