"""The tags of issues are counted as they are counted again from their events, and trimmed to the most frequent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from database_fixtures import Copies
from databases import KINDS
from factories import World, arrival, error_event, rows
from fuzzing import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from shipmark.events import parsing
from shipmark.infrastructure.database import Database
from shipmark.issues import tags
from shipmark.issues.actions import ingest_events
from shipmark.issues.store import tag_counts
from shipmark.projects import store as projects

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
KEYS = ("browser.name", "plan", "sentry:x")
VALUES = ("a", "b", "é", "'", "x" * 200)

sent = st.fixed_dictionaries({
    "issue": st.sampled_from("ab"),
    "tags": st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
    "user": st.sampled_from([None, "1", "2"]),
    "release": st.sampled_from([None, "web@1.0.0"]),
    "seconds": st.integers(-100_000, 100_000),
})  # fmt: skip


def event(values: dict[str, Any]) -> parsing.Event:
    payload = error_event(values["issue"], release=values["release"], tags=values["tags"])
    if values["user"]:
        payload["user"] = {"id": values["user"]}
    read = parsing.read(payload, event_id=str(payload["event_id"]), received_at=AT)
    return replace(read, at=AT + timedelta(seconds=values["seconds"]))


def ingest(connection: Connection, world: World, events: list[parsing.Event]) -> None:
    [project] = projects.by_ids(connection, [world.projects["web"]]).values()
    ingest_events.ingest(connection, [arrival(project, each) for each in events])


def exactly(events: list[parsing.Event]) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """The numbers by issue, key and value, counted one by one."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for each in events:
        for key, value in each.tags:
            own = key in {"sentry:release", "sentry:dist", "sentry:user"}
            name = key.removeprefix("sentry:") if own else key
            moments = found.setdefault((each.title, name, value), [])
            moments.append(int(each.at.timestamp()))
    return {key: (len(seconds), min(seconds), max(seconds)) for key, seconds in found.items()}


def stored(database: Database) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    titles = {row["id"]: row["title"] for row in rows(database, "issues")}
    return {
        (titles[row["issue_id"]], row["key"], row["value"]): (
            row["event_count"],
            row["first_second"],
            row["last_second"],
        )
        for row in rows(database, "issue_tags")
    }


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(15))
@given(batches=st.lists(st.lists(sent, min_size=1, max_size=8), max_size=4))
def test_tags_are_counted_as_one_by_one(
    kind: str, copies: Copies, people: Callable[[str], World], batches: list[list[dict[str, Any]]]
) -> None:
    events = [[event(values) for values in batch] for batch in batches]
    with copies(kind) as database:
        for batch in events:
            with database.transaction() as connection:
                ingest(connection, people(kind), batch)
        assert stored(database) == exactly([each for batch in events for each in batch])


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(15))
@given(
    numbers=st.lists(st.integers(2, 4), min_size=1, max_size=12),
    values_max=st.integers(1, 8),
    keys_max=st.integers(1, 2),
)
def test_trimming_keeps_the_most_frequent_values_and_the_numbers_of_keys(
    kind: str,
    copies: Copies,
    people: Callable[[str], World],
    numbers: list[int],
    values_max: int,
    keys_max: int,
) -> None:
    tagged = [(1, "many", f"v{place}", 1, n, 60, 90) for place, n in enumerate(numbers)]
    few = (1, "few", "v", 1, 1, 0, 0)
    with copies(kind) as database:
        people(kind)
        for _ in range(2):
            # Again: what is counted together already stays so.
            with database.transaction() as connection:
                tag_counts.count(connection, [*tagged, few])
                tag_counts.trim(connection, [1], keys_max=keys_max, values_max=values_max)
        left = rows(database, "issue_tags")
    many = {row["value"]: row["event_count"] for row in left if row["key"] == "many"}
    together = many.pop("", 0)
    assert together + sum(many.values()) == 2 * sum(numbers)
    assert sorted(many.values()) == [2 * n for n in sorted(numbers)[-values_max:]]
    assert ("few" in {row["key"] for row in left}) is (keys_max > 1)


def test_of_an_event_with_too_many_tags_ours_are_counted() -> None:
    many = {f"k{number}": "v" for number in range(tags.COUNTED_MAX)}
    payload = error_event("boom", release="web@1.0.0", tags=many, user={"id": "1"})
    read = parsing.read(payload, event_id="1" * 32, received_at=AT)
    found = tags.counted([(read.at, read.tags)])
    assert len(found) == tags.COUNTED_MAX
    assert {("release", "web@1.0.0"), ("user", "id:1"), ("level", "error")} <= found.keys()
