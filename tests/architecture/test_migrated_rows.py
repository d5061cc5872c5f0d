"""Rows from before a step are filled as if the code of today had written them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from database_fixtures import Copies
from factories import ingest
from sqlalchemy import Connection, text

from shipmark.events import accepted_store, parsing
from shipmark.events.parsing import Event
from shipmark.infrastructure import migrations
from shipmark.infrastructure.database import Database
from shipmark.issues import recent_counts
from shipmark.issues.model import HistoryStatus
from shipmark.issues.store import activity, issue_lists, retention
from shipmark.organizations import store as organizations
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.projects.store import keys_of
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store.releases import releases
from shipmark.releases.versions import semver_columns

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
VERSIONS = (
    "web@1.2.3",
    "web@1.10.0-alpha.10+5",
    "@acme/no@1",
    "@acme@1.2a",
    "web@1a",
    " web@1.0 ",
    "1.2.3",
    "web@" + "a" * 40,
    "web@1.0+" + "b" * 40,
    "web@99999999999999999999.0",
    "web@1.0+99999999999999999999",
    "web@1.0+007",
    "web@1.2.3-",
    "web@1\x7f",
    "é@1.0",
    "web@" + "1" * 190,
)


def taken(database: Database, step: str, *, back: bool = False) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.__path__[0]))
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        (command.downgrade if back else command.upgrade)(config, step)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_releases_from_before_get_their_order(copies: Copies, kind: str) -> None:
    with copies(kind, is_settled=True) as database:
        taken(database, "0003", back=True)
        with database.transaction() as connection:
            fill(connection)
        taken(database, "head")
        with database.snapshot() as connection:
            table = releases.c
            columns = (table.package, table.version_key, table.build_code, table.build_number)
            rows = connection.execute(
                releases.select().with_only_columns(table.version, *columns).order_by(table.id)
            ).all()
            copied = connection.execute(
                text(
                    "SELECT p.status, p.created_at = r.created_at, p.shipped_at = r.released_at,"
                    " p.version_key = r.version_key FROM release_projects AS p"
                    " JOIN releases AS r ON r.id = p.release_id"
                )
            ).all()
    expected = [(version, semver_columns(version)) for version in VERSIONS]
    assert [tuple(row) for row in rows] == [
        (version, it.package, it.sort_key, it.build, it.build_number) for version, it in expected
    ]
    assert {tuple(row) for row in copied} == {("archived", True, True, True)}


def fill(connection: Connection) -> None:
    at = datetime(2026, 1, 5, 9, tzinfo=UTC).replace(tzinfo=None)
    organization, project = connection.execute(
        text("SELECT organization_id, id FROM projects ORDER BY id LIMIT 1")
    ).one()
    for number, version in enumerate(VERSIONS, 1):
        connection.execute(
            text(
                "INSERT INTO releases (id, organization_id, version, status, created_at,"
                " released_at, commit_count, author_ids, deploy_count) VALUES (:id, :organization,"
                " :version, 'archived', :at, :at, 0, '[]', 0)"
            ),
            {"id": number, "organization": organization, "version": version, "at": at},
        )
        connection.execute(
            text(
                "INSERT INTO release_projects (release_id, project_id, new_issue_count)"
                " VALUES (:id, :project, 0)"
            ),
            {"id": number, "project": project},
        )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_organizations_from_before_have_the_settings_of_new_ones(copies: Copies, kind: str) -> None:
    with copies(kind, is_settled=True) as database:
        taken(database, "0007", back=True)
        taken(database, "head")
        with database.transaction() as connection:
            made = organizations.ensure(connection, "initech", "Initech", datetime.now(UTC))
            known = organizations.by_slug(connection, "acme")
            assert known is not None
            kept = {"id": made.id, "slug": made.slug, "name": made.name}
            assert replace(known, **kept, created_at=made.created_at) == made
            assert organizations.options_of(connection, known.id) == {}
            (key,) = keys_of(connection, 1)
            assert (key.rate_limit, key.details, key.is_active) == (None, {}, True)
            (token,) = organizations.tokens_of(connection, known.id)
            assert (token.last_used_at, token.last_project_id) == (None, None)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_issues_that_came_back_before_are_counted(copies: Copies, kind: str) -> None:
    """Once for each issue, in the project that it is of."""
    with copies(kind, is_settled=True) as database:
        with database.transaction() as connection:
            for number in (1, 2):
                event = read_event({"message": str(number), "release": "web@1.0.0"})
                ingest(connection, project_of(connection, "web"), event)
            release_id = connection.execute(releases.select()).scalars().one()
            for issue_id in (1, 1, 2):
                activity.add_history(
                    connection, HistoryStatus.REGRESSED, {issue_id: None}, release_id, AT
                )
        taken(database, "0011", back=True)
        taken(database, "head")
        with database.snapshot() as connection:
            [attached] = release_projects.of_releases(connection, [release_id])[release_id]
            assert (attached.new_issue_count, attached.regressed_issue_count) == (2, 2)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_events_from_before_are_in_the_recent_counts(copies: Copies, kind: str) -> None:
    """Also those that were deleted since because their issue had too many."""
    now = datetime.now(UTC)
    with copies(kind, is_settled=True) as database:
        with database.transaction() as connection:
            for hours, message in ((0, "1"), (1, "1"), (30, "1"), (50 * 24, "1"), (9, "2")):
                event = replace(read_event({"message": message}), at=now - timedelta(hours=hours))
                ingest(connection, project_of(connection, "web"), event)
            thinned = {"issue_id": 1, "project_id": 1, "minute": now - timedelta(hours=2)}
            table = retention.thinned_event_counts
            connection.execute(table.insert().values(**thinned, event_count=5))
        with database.snapshot() as connection:
            listed = issue_lists.by_ids(connection, [1, 2])
            before = {issue.id: issue.recent_counts for issue in listed}
        taken(database, "0033", back=True)
        taken(database, "head")
        with database.snapshot() as connection:
            listed = issue_lists.by_ids(connection, [1, 2])
            after = {issue.id: issue.recent_counts for issue in listed}
    moments = [now - timedelta(hours=2)] * 5
    expected = {1: recent_counts.add(before[1], moments), 2: before[2]}
    for read in (recent_counts.by_hour, recent_counts.by_day):
        assert [read(after[key], now) for key in after] == [
            read(expected[key], now) for key in after
        ]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_events_from_before_are_counted_as_accepted(copies: Copies, kind: str) -> None:
    """Also those that were deleted since because their issue had too many."""
    with copies(kind, is_settled=True) as database:
        with database.transaction() as connection:
            for minutes in (0, 59, 61):
                event = replace(read_event({"message": "1"}), at=AT + timedelta(minutes=minutes))
                ingest(connection, project_of(connection, "web"), event)
            thinned = {"issue_id": 1, "project_id": 1, "minute": AT + timedelta(minutes=30)}
            table = retention.thinned_event_counts
            connection.execute(table.insert().values(**thinned, event_count=5))
        taken(database, "0043", back=True)
        taken(database, "head")
        with database.snapshot() as connection:
            project_id = project_of(connection, "web").id
            counted = accepted_store.of_projects(
                connection, [project_id], first_hour=AT, until=AT + timedelta(days=1)
            )
    numbers = sorted((each.hour, each.category, each.quantity) for each in counted)
    assert numbers == [(AT, "error", 7), (AT + timedelta(hours=1), "error", 1)]


def read_event(payload: dict[str, object]) -> Event:
    return parsing.read(
        payload | {"fingerprint": [payload["message"]]},
        event_id=uuid4().hex,
        received_at=AT,
        drift=timedelta(),
    )


def project_of(connection: Connection, slug: str) -> Project:
    found = projects.by_ids(connection, [1, 2, 3, 4])
    return next(it for it in found.values() if it.slug == slug)
