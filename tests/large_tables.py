"""Real numbers of rows behind an acme that was filled through the API: clones of its rows, made in SQL in seconds.

What is cloned is older than what the API made, and of the project web for the most part, so that whatever reads a whole
project to answer a page is seen to read thousands of rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, text, update

from shipmark.infrastructure.database import Database, metadata
from shipmark.projects.store import projects
from shipmark.releases.store.releases import releases
from shipmark.releases.versions import semver_columns

RELEASES = 5_000
ISSUES = 20_000
COMMITS = 30_000
EVENTS = 30_000

#: The ids of clones begin after it.
FIRST = 1_000

#: SQL for the id of a clone, and for one of each thing that others are of.
_NUMBER = f"{FIRST} + n"
_RELEASE = f"{FIRST} + 1 + n % {RELEASES}"
_ISSUE = f"{FIRST} + 1 + n % {ISSUES}"
_COMMIT = f"{FIRST} + 1 + n % {COMMITS}"

_SEQUENCES = (
    "SELECT setval(pg_get_serial_sequence('{0}', 'id'), (SELECT max(id) FROM {0}))"
    " WHERE pg_get_serial_sequence('{0}', 'id') IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Clones:
    """Clones of one row: how many, and the SQL of the columns that differ by the number ``n`` of the clone."""

    table: str
    count: int
    columns: Mapping[str, str]


def fill(database: Database) -> None:
    """Clone rows into each table that grows, then let the database look at them."""
    with database.transaction() as connection:
        _fill_releases(connection)
        for clones in _clones():
            _clone(connection, clones)
        connection.execute(update(projects).values(last_short_id=10 * FIRST + ISSUES))
        if not database.is_sqlite:
            for table in metadata.sorted_tables:
                if "id" in table.c and table.c.id.primary_key:
                    connection.exec_driver_sql(_SEQUENCES.format(table.name))
    # PostgreSQL does it by itself; SQLite has no statistics unless it is asked for them, and it never is.
    if not database.is_sqlite:
        with database.engine.connect() as connection:
            plain = connection.execution_options(isolation_level="AUTOCOMMIT")
            plain.exec_driver_sql("VACUUM ANALYZE")


def _fill_releases(connection: Connection) -> None:
    """Make releases by hand: what sorts them is computed from their versions."""
    like = dict(connection.execute(select(releases).where(releases.c.id == 1)).mappings().one())
    rows = []
    for number in range(1, RELEASES + 1):
        version = f"web@{3 + number // 1000}.{number // 10 % 100}.{number % 10}+{number}"
        semver = semver_columns(version)
        at = datetime.fromtimestamp(1_700_000_000 + 7_200 * number, like["created_at"].tzinfo)
        rows.append(
            like
            | {
                "id": FIRST + number,
                "version": version,
                "status": "archived" if number % 10 == 7 else "open",
                "package": semver.package,
                "version_key": semver.sort_key,
                "build_code": semver.build,
                "build_number": semver.build_number,
                "commit_count": COMMITS // RELEASES,
                "last_commit_id": FIRST + number,
                "created_at": at,
                "shipped_at": at,
            }
        )
    connection.execute(insert(releases), rows)


def _clones() -> Iterator[Clones]:
    yield from _around_releases()
    yield from _of_commits()
    yield from _of_issues()
    yield from _around_issues()
    yield from _of_health()
    yield Clones("audit_log", ISSUES, {"id": _NUMBER, "created_at": "{at}"})


def _around_releases() -> Iterator[Clones]:
    for project_id, each in ((1, 1), (2, 3), (3, 7)):
        nth = f"{FIRST} + n * {each}"
        names = ("status", "created_at", "shipped_at", "version_key", "build_number")
        columns = {name: _of_release(name, nth) for name in names}
        columns |= {"project_id": str(project_id), "release_id": nth}
        yield Clones("release_projects", RELEASES // each, columns)
    yield Clones(
        "release_environments",
        RELEASES,
        {name: _of_release(name, _RELEASE) for name in ("status", "created_at")}
        | {"release_id": _RELEASE, "first_seen_at": "{at}", "last_seen_at": "{at}"}
        | {"last_deploy_id": _NUMBER, "adopted_at": "{at}", "unadopted_at": "{at}"},
    )
    yield Clones(
        "deploys", RELEASES, {"id": _NUMBER, "release_id": _RELEASE, "finished_at": "{at}"}
    )
    yield Clones(
        "release_activities",
        RELEASES,
        {
            "id": _NUMBER,
            "version": _of_release("version", _RELEASE),
            "happened_at": "{at}",
        },
    )


def _of_health() -> Iterator[Clones]:
    """Sessions of each release, the last of which were long ago."""
    yield Clones(
        "health_series",
        RELEASES,
        {
            "id": _NUMBER,
            "release_id": _RELEASE,
            "first_start": "600 * n",
            "last_start": "600 * n",
        },
    )
    yield Clones("health_counts", RELEASES, {"series_id": _NUMBER, "start": "600 * n"})
    yield Clones("health_sketches", RELEASES, {"series_id": _NUMBER, "start": "600 * n"})
    for hours in (24, 336):
        for environment in ("0", "(SELECT environment_id FROM health_series LIMIT 1)"):
            yield Clones(
                "health_standings",
                RELEASES,
                {
                    "release_id": _RELEASE,
                    "environment_id": environment,
                    "hours": str(hours),
                    "sessions": "n",
                    "users": "n",
                    "crash_rate_sessions": "1.0 / n",
                    "crash_rate_users": "1.0 / n",
                    "due_at": "2000000000 + n",
                },
            )


def _of_commits() -> Iterator[Clones]:
    yield Clones("authors", 500, {"id": _NUMBER, "email": "'author-' || n || '@example.com'"})
    yield Clones(
        "commits",
        COMMITS,
        {
            "id": _NUMBER,
            "key": "{hex}",
            "created_at": "{at}",
            "author_id": f"CASE WHEN n % 5 = 0 THEN author_id ELSE {FIRST} + 1 + n % 500 END",
        },
    )
    yield Clones(
        "changed_files",
        COMMITS,
        {"id": _NUMBER, "commit_id": _NUMBER, "filename": "'src/part_' || n % 100 || '.py'"},
    )
    yield Clones(
        "release_commits",
        COMMITS,
        {"release_id": _RELEASE, "commit_id": _NUMBER, "position": f"n / {RELEASES}"},
    )
    yield Clones("release_heads", RELEASES, {"release_id": _RELEASE, "commit_id": _NUMBER})


def _of_issues() -> Iterator[Clones]:
    yield Clones(
        "issues",
        ISSUES,
        {
            "id": _NUMBER,
            "number": _NUMBER,
            "project_id": "CASE WHEN n % 10 = 0 THEN 2 ELSE 1 END",
            "status": "CASE WHEN n % 3 = 0 THEN 'resolved' ELSE 'unresolved' END",
            "title": "'ValueError: part ' || n",
            "first_release_id": _RELEASE,
            "first_seen_at": "{at}",
            "last_seen_at": "{at}",
            "active_at": "{at}",
        },
    )
    yield Clones("issue_hashes", ISSUES, {"hash": "{hex32}", "issue_id": _NUMBER})
    for per_issue in range(3):
        yield Clones(
            "issue_releases",
            ISSUES,
            {
                "issue_id": _NUMBER,
                "release_id": f"{FIRST} + 1 + (n + {per_issue}) % {RELEASES}",
                "first_seen_at": "{at}",
                "last_seen_at": "{at}",
            },
        )
    yield Clones(
        "issue_environments",
        ISSUES,
        {"issue_id": _NUMBER, "first_release_id": _RELEASE, "first_seen_at": "{at}"},
    )


def _around_issues() -> Iterator[Clones]:
    yield Clones(
        "issue_activities", ISSUES, {"id": _NUMBER, "issue_id": _ISSUE, "happened_at": "{at}"}
    )
    yield Clones(
        "issue_history",
        ISSUES,
        {
            "id": _NUMBER,
            "issue_id": _ISSUE,
            "release_id": _RELEASE,
            "status": "CASE WHEN n % 2 = 0 THEN 'regressed' ELSE 'resolved' END",
            "happened_at": "{at}",
        },
    )
    yield Clones(
        "resolutions",
        ISSUES // 3,
        {
            "id": _NUMBER,
            "issue_id": f"{FIRST} + n * 3",
            "release_id": _RELEASE,
            "resolved_at": "{at}",
        },
    )
    yield Clones("issue_commits", ISSUES, {"issue_id": _ISSUE, "commit_id": _COMMIT})
    yield Clones("issue_users", ISSUES, {"issue_id": _NUMBER})
    for name in ("issue_views", "issue_bookmarks"):
        yield Clones(name, ISSUES // 101, {"issue_id": f"{FIRST} + n * 101"})
    yield Clones("issue_subscriptions", ISSUES // 2, {"issue_id": f"{FIRST} + n * 2"})
    yield Clones(
        "issue_assignments",
        ISSUES // 101,
        {
            "issue_id": f"{FIRST} + n * 101",
            "project_id": "CASE WHEN n % 10 = 0 THEN 2 ELSE 1 END",
            "member_id": "CASE WHEN n % 2 = 0 THEN one.member_id END",
            "team_id": "CASE WHEN n % 2 = 1 THEN 1 END",
        },
    )
    # Keys of which all issues have one value, one in two hundred, and each its own.
    for key, value in (
        ("level", "'error'"),
        ("tenant", "'t' || (n % 200)"),
        ("user", "'id:' || n"),
    ):
        yield Clones(
            "issue_tags",
            ISSUES,
            {"issue_id": _NUMBER, "key": f"'{key}'", "value": value}
            | {"project_id": "CASE WHEN n % 10 = 0 THEN 2 ELSE 1 END"},
        )
    yield Clones("inbox", ISSUES // 5, {"issue_id": f"{FIRST} + n * 5", "added_at": "{at}"})
    yield Clones(
        "events",
        EVENTS,
        {
            "id": _NUMBER,
            "event_id": "{hex32}",
            "issue_id": f"CASE WHEN n % 5 = 0 THEN 1 ELSE {_ISSUE} END",
            "release_id": _RELEASE,
            "happened_at": "{at}",
            "received_at": "{at}",
        },
    )


def _of_release(column: str, release_id: str) -> str:
    return f"(SELECT {column} FROM releases WHERE id = {release_id})"


def _clone(connection: Connection, clones: Clones) -> None:
    table = metadata.tables[clones.table]
    columns = [clones.columns.get(column.name, f'one."{column.name}"') for column in table.columns]
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    selected = ", ".join(columns)
    for name, sql in _words(connection).items():
        selected = selected.replace(name, sql)
    made = connection.execute(
        text(
            f"INSERT INTO {clones.table} ({names})"
            " WITH RECURSIVE numbers(n) AS"
            " (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"
            f" SELECT {selected} FROM numbers, (SELECT * FROM {clones.table} LIMIT 1) AS one"
        ),
        {"count": clones.count},
    )
    assert made.rowcount == clones.count, f"{clones.table} has no row to clone"


def _words(connection: Connection) -> dict[str, str]:
    """What databases write differently: a moment, an hour per number from the end of 2023, and digits."""
    if connection.dialect.name == "sqlite":
        at = "strftime('%Y-%m-%d %H:%M:%f000', 1700000000 + n * 1200, 'unixepoch')"
        return {"{at}": at, "{hex32}": "printf('e%031x', n)", "{hex}": "printf('e%039x', n)"}
    return {
        "{at}": "to_timestamp(1700000000 + n * 1200)",
        "{hex32}": "'e' || lpad(to_hex(n), 31, '0')",
        "{hex}": "'e' || lpad(to_hex(n), 39, '0')",
    }
