"""A migration leaves the code of the release before it working: nodes are upgraded one by one, on one database."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from database_fixtures import Copies
from factories import RELEASES, Caller, World, statements
from httpx import Client
from sqlalchemy import inspect, text
from sqlalchemy.engine.interfaces import ReflectedColumn

from shipmark.infrastructure import migrations
from shipmark.infrastructure.database import Database
from shipmark.releases.store import copies as release_copies

#: The step before the rule was made. What follows keeps to it.
SINCE = "0011"

#: What the code of the last release sends. A release records it anew: SHIPMARK_RECORD_STATEMENTS=1.
RECORDED = Path(__file__).parent / "recorded_statements.json"

Columns = dict[tuple[str, str], ReflectedColumn]


@pytest.fixture
def blank(kind: str, copies: Copies, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if kind == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'blank.db'}")
        yield database
        database.close()
        return
    with copies(kind, is_settled=False) as copy:
        with copy.transaction() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        yield copy


def take(database: Database, step: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.__path__[0]))
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, step)


def columns_of(database: Database) -> Columns:
    with database.snapshot() as connection:
        found = inspect(connection)
        return {
            (table, column["name"]): column
            for table in found.get_table_names()
            for column in found.get_columns(table)
        }


def broken(before: Columns, after: Columns) -> list[str]:
    """What a step takes from the code that knows the tables as they were."""
    tables = {table for table, _ in before}
    problems = [f"{'.'.join(each)} is gone" for each in before.keys() - after.keys()]
    for (table, name), column in after.items():
        is_needed = not column["nullable"] and column["default"] is None
        was = before.get((table, name))
        if was is None:
            if table in tables and is_needed:
                problems.append(f"{table}.{name} is new and needs a value")
        elif is_needed and (was["nullable"] or was["default"] is not None):
            problems.append(f"{table}.{name} needs a value now")
        elif str(was["type"]) != str(column["type"]):
            problems.append(f"{table}.{name} has another type")
    return sorted(problems)


def test_each_step_leaves_the_code_before_it_working(blank: Database) -> None:
    steps = sorted(path.name.partition("_")[0] for path in migrations._STEPS.glob("[0-9]*.py"))
    take(blank, SINCE)
    before = columns_of(blank)
    for step in (it for it in steps if it > SINCE):
        take(blank, step)
        after = columns_of(blank)
        assert broken(before, after) == [], f"step {step}: see docs/decisions/0017"
        before = after


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_step_that_breaks_the_rule_is_seen(copies: Copies, kind: str) -> None:
    with copies(kind, is_settled=False) as database:
        before = columns_of(database)
    after = {key: dict(column) for key, column in before.items()}
    del after["teams", "name"]
    after["users", "email"]["default"], after["users", "email"]["nullable"] = None, False
    after["users", "password"]["nullable"] = False
    after["teams", "color"] = after["teams", "slug"] | {"name": "color"}
    after["badges", "id"] = after["users", "email"]
    assert broken(before, after) == [  # type: ignore[arg-type]  # copies of what was reflected
        "teams.color is new and needs a value",
        "teams.name is gone",
        "users.password needs a value now",
    ]


def test_rows_of_code_that_does_not_know_their_newer_columns_are_kept(
    alice: Caller, database: Database, world: World
) -> None:
    """As nodes from before step 0004 write them; check lets them say what the release says."""
    made = alice.publish("web@1.0.0", status="archived")
    key = {"release": made["id"], "project": world.projects["mobile"]}
    with database.transaction() as connection:
        environment = connection.execute(
            text(
                "INSERT INTO environments (organization_id, name) VALUES (:id, 'qa') RETURNING id"
            ),
            {"id": world.organizations["acme"]},
        ).scalar_one()
        connection.execute(
            text(
                "INSERT INTO release_projects (release_id, project_id, new_issue_count)"
                " VALUES (:release, :project, 0)"
            ),
            key,
        )
        connection.execute(
            text(
                "INSERT INTO release_environments (release_id, project_id, environment_id,"
                " new_issue_count) VALUES (:release, :project, :environment, 0)"
            ),
            key | {"environment": environment},
        )
        assert release_copies.mend(connection, [made["id"]]) == 2
        assert release_copies.stale_releases(connection) == []


@pytest.mark.parametrize("kind", ["postgresql"])
def test_the_statements_of_the_release_before_still_work(
    client: Client, alice: Caller, database: Database, world: World
) -> None:
    """They are planned, not run: columns, tables and types that they name are there."""
    if os.environ.get("SHIPMARK_RECORD_STATEMENTS"):
        RECORDED.write_text(json.dumps(recorded(client, alice, database, world), indent=1) + "\n")
    sent: list[str] = json.loads(RECORDED.read_text())
    assert len(sent) > 50
    with database.transaction() as connection:
        for statement in sent:
            connection.exec_driver_sql(f"EXPLAIN {statement}")


def recorded(client: Client, alice: Caller, database: Database, world: World) -> list[str]:
    """Publish, see, finalize, deploy and delete a release, and send events of it; say which statements that took."""
    commits = [
        {"id": "a" * 40, "message": "Fixes WEB-1", "patch_set": [{"path": "a", "type": "A"}]}
    ]
    store = f"/api/{world.projects['web']}/store/?sentry_key={world.keys['web']}"
    one = f"{RELEASES}web@1.0.0/"
    with statements(database) as sent:
        for message in ("Broken", "Broken", "Other"):
            event = {"message": message, "release": "web@1.0.0", "user": {"id": "1"}}
            assert client.post(store, json=event).status_code == 200
        alice.publish("web@1.0.0", "web", "mobile", commits=commits)
        alice.put(one, {"dateReleased": "2026-01-05T10:00:00Z", "refs": []})
        alice.post(f"{one}deploys/", {"environment": "production"})
        for path in (
            RELEASES,
            one,
            f"{one}commits/",
            f"{one}deploys/",
            "/projects/acme/web/issues/",
        ):
            assert alice.get(path).status_code == 200
        alice.delete(f"{one}?force=1")
    plain = {re.sub(r"%\(\w+\)s", "NULL", it).replace("%%", "%") for it in sent.texts}
    return sorted(plain)
