"""No hot statement scans a table that grows, reads a whole project to answer a page, or sorts more than a page."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from functools import cache

import large_tables
import pytest
from factories import ALICE, Caller, World, rows
from filled_acme import SESSION, fill_acme
from httpx import Client, Response
from query_plan_acts import ACTS
from query_plan_allowances import is_allowed
from sqlalchemy import text
from statement_costs import Cost, costs

from shipmark.accounts import actions as accounts
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.issues.actions import age_changes, delete_issues, expire_events
from shipmark.issues.store import release_counts, retention
from shipmark.worker import scheduler

Copies = Callable[..., AbstractContextManager[Database]]
Save = Callable[[Database, str], str]
Serve = Callable[..., Client]
People = Callable[[str], World]
BlobsOf = Callable[[str], Blobs]
Large = Callable[[str], str]


@pytest.fixture(scope="session")
def large(copies: Copies, save: Save, serve_on: Serve, people: People, blobs_of: BlobsOf) -> Large:
    """Make an acme with real numbers of rows, once for each kind."""

    @cache
    def made(kind: str) -> str:
        with copies(kind) as database:
            client = serve_on(database, blobs_of(kind))
            fill_acme(Caller(client, people(kind).tokens[ALICE]), people(kind))
            large_tables.fill(database)
            with database.transaction() as connection:
                accounts.sign_in(connection, people(kind).users[ALICE], SESSION, datetime.now(UTC))
            return save(database, "large")

    return made


@pytest.fixture(scope="session")
def to_read(copies: Copies, save: Save, large: Large) -> Iterator[Callable[[str], Database]]:
    """Make the copy that all acts share that only read, once for each kind."""
    with ExitStack() as stack:

        @cache
        def made(kind: str) -> Database:
            with copies(kind, template=large(kind)) as copy:
                database = Database(save(copy, "large_to_read"))
            stack.callback(database.close)
            return database

        yield made


@pytest.fixture
def large_database(
    kind: str, name: str, copies: Copies, large: Large, to_read: Callable[[str], Database]
) -> Iterator[Database]:
    """Give acts that write a copy of their own."""
    if name.startswith(("/", "page /")):
        yield to_read(kind)
        return
    with copies(kind, template=large(kind)) as database:
        yield database


@pytest.mark.parametrize("name", ACTS)
def test_what_a_statement_reads_and_sorts_is_bounded(
    kind: str, name: str, large_database: Database, serve_on: Serve, blobs_of: BlobsOf, world: World
) -> None:
    alice = Caller(serve_on(large_database, blobs_of(kind)), world.tokens[ALICE])
    with costs(large_database) as found:
        done = ACTS[name](alice, world)
    assert not isinstance(done, Response) or done.is_success, done.text
    assert found, "nothing was asked"
    assert [
        problem for cost in found if not is_allowed(name, cost) for problem in cost.problems()
    ] == []


def test_deleting_issues_reads_no_more_than_a_batch(
    large: Large, copies: Copies, serve_on: Serve, blobs_of: BlobsOf, world: World, kind: str
) -> None:
    acme = world.organizations["acme"]
    with copies(kind, template=large(kind)) as database:
        before = len(rows(database, "issues"))
        alice = Caller(serve_on(database, blobs_of(kind)), world.tokens[ALICE])
        alice.delete("/organizations/acme/issues/?query=is:unresolved")
        with costs(database) as found:
            for _ in range(3):
                with database.transaction() as connection:
                    assert delete_issues.remove_some(connection, acme, datetime.now(UTC))
        assert len(rows(database, "issues")) < before
    finding = [cost for cost in found if not cost.statement.startswith("DELETE")]
    assert [problem for cost in finding for problem in cost.problems()] == []
    assert [scan for cost in found for scan in cost.scans] == []


def test_counting_issues_of_releases_reads_no_others(
    large: Large, copies: Copies, kind: str
) -> None:
    with copies(kind, template=large(kind)) as database:
        with database.snapshot() as connection:
            release_ids = release_counts.releases_of(connection, [1, 1001])
        with costs(database) as found, database.transaction() as connection:
            release_counts.releases_of(connection, [1, 1001])
            release_counts.count(connection, release_ids)
    assert release_ids
    assert [problem for cost in found for problem in cost.problems()] == []


def test_deleting_events_reads_no_more_than_a_step(large: Large, copies: Copies, kind: str) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    with copies(kind, template=large(kind)) as database:
        with database.transaction() as connection:
            retention.set_stored(connection, 1, 10**6)
            connection.execute(
                retention.stored_event_counts.insert().values(issue_id=1, event_count=10**6)
            )
        with costs(database) as found:
            for step in (
                lambda connection: expire_events.remove_old(connection, later, later),
                lambda connection: expire_events.thin_out(connection, 100, later),
                lambda connection: expire_events.schedule(connection, later),
            ):
                with database.transaction() as connection:
                    step(connection)
    assert len(found) > 8
    # A step looks at the limit and a thousand events more, each with its report, and sorts what it adds.
    own = ("has_report", "thinned_rows", "DELETE FROM events")
    problems = [problem for cost in found for problem in cost.problems()]
    assert [each for each in problems if not any(part in each for part in own)] == []
    assert [scan for cost in found for scan in cost.scans] == []


def test_resolving_by_age_reads_no_more_than_a_batch(
    large: Large, copies: Copies, serve_on: Serve, blobs_of: BlobsOf, world: World, kind: str
) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    with copies(kind, template=large(kind)) as database:
        alice = Caller(serve_on(database, blobs_of(kind)), world.tokens[ALICE])
        for project in ("web", "mobile"):
            alice.put(f"/projects/acme/{project}/", {"resolveAge": 24})
        with costs(database) as found:
            for at in (later, later, datetime(2000, 1, 1, tzinfo=UTC)):
                with database.transaction() as connection:
                    scheduler.resolve_by_age(connection, {}, at)
        is_resolved = [row["auto_resolved_at"] == later for row in rows(database, "issues")]
    assert sum(is_resolved) == 2 * age_changes.BATCH
    assert batch_problems(found) == []


def test_issues_become_ongoing_by_reading_no_more_than_a_batch(
    large: Large, copies: Copies, kind: str
) -> None:
    later = datetime(2030, 1, 1, tzinfo=UTC)
    with copies(kind, template=large(kind)) as database:
        with database.transaction() as connection:
            connection.execute(
                text("UPDATE issues SET substatus = 'new' WHERE status = 'unresolved'")
            )
        with costs(database) as found:
            for at in (later, later, datetime(2000, 1, 1, tzinfo=UTC)):
                with database.transaction() as connection:
                    scheduler.set_ongoing(connection, {}, at)
        entries = [row["status"] for row in rows(database, "issue_history")]
    assert entries.count("ongoing") == 2 * age_changes.BATCH
    assert batch_problems(found) == []


def batch_problems(found: list[Cost]) -> list[str]:
    """What is wrong with the statements of jobs that change a batch: what changes and locks it takes all its rows."""
    finding = [cost for cost in found if cost.statement.startswith("SELECT")]
    own = [cost for cost in finding if "issues.title" in cost.statement]
    assert len(own) < len(finding)
    problems = [problem for cost in finding if cost not in own for problem in cost.problems()]
    return problems + [f"scans {scan}" for cost in found for scan in cost.scans]
