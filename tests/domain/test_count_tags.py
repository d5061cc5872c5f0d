"""Tags of events are counted by issue, and trimmed each time that an issue has got many events more."""

from datetime import UTC, datetime

from factories import World, arrival, error_event, rows, statements

from shipmark.events import parsing
from shipmark.infrastructure.database import Database
from shipmark.issues.actions import ingest_events
from shipmark.issues.tags import TRIMMED_EACH, VALUES_MAX
from shipmark.projects import store as projects

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)


def ingest(database: Database, world: World, numbers: range) -> None:
    """Take in an event of one issue for each number, which is a tag of it, and a user."""
    events = []
    for number in numbers:
        payload = error_event("boom", tags={"number": str(number)}, user={"id": str(number)})
        events.append(parsing.read(payload, event_id=str(payload["event_id"]), received_at=AT))
    with database.transaction() as connection:
        [project] = projects.by_ids(connection, [world.projects["web"]]).values()
        ingest_events.ingest(connection, [arrival(project, event) for event in events])


def counted(database: Database, key: str) -> tuple[int, int]:
    """The number of values of a key that are kept apart, and of all its events."""
    of_key = [row for row in rows(database, "issue_tags") if row["key"] == key]
    return sum(row["value"] != "" for row in of_key), sum(row["event_count"] for row in of_key)


def test_an_issue_with_many_events_keeps_a_number_of_values(
    database: Database, world: World
) -> None:
    ingest(database, world, range(VALUES_MAX + 10))
    for key in ("number", "user"):
        assert counted(database, key) == (VALUES_MAX, VALUES_MAX + 10)
    assert counted(database, "level") == (1, VALUES_MAX + 10)


def test_until_it_has_many_more_it_has_more_values(database: Database, world: World) -> None:
    ingest(database, world, range(VALUES_MAX + 10))
    ingest(database, world, range(1000, 1020))
    assert counted(database, "number") == (VALUES_MAX + 20, VALUES_MAX + 30)
    ingest(database, world, range(2000, 2000 + TRIMMED_EACH))
    assert counted(database, "number") == (VALUES_MAX, VALUES_MAX + 30 + TRIMMED_EACH)


def test_counting_takes_one_statement_and_trimming_four_more(
    database: Database, world: World
) -> None:
    ingest(database, world, range(10))
    numbers = []
    for batch in (range(10, 20), range(20, 80), range(100, 100 + VALUES_MAX)):
        with statements(database) as sent:
            ingest(database, world, batch)
        numbers.append(sum("issue_tags" in statement for statement in sent.texts))
    assert numbers == [1, 1, 5]
