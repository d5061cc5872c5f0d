"""Events that are stored together leave what they leave one after the other."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from database_fixtures import Copies
from databases import KINDS
from factories import World, arrival, dump, error_event
from fuzzing import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from shipmark.events import parsing
from shipmark.events.parsing import Event
from shipmark.infrastructure.database import Database
from shipmark.issues.actions import ingest_events
from shipmark.issues.actions.ingest_events import IngestResult
from shipmark.issues.actions.update_issue import update_issues
from shipmark.issues.model import IssueStatus, StatusChange, Substatus
from shipmark.issues.snooze import SnoozeConditions
from shipmark.issues.store import resolutions, states
from shipmark.projects import store as projects
from shipmark.releases.model import NewRelease
from shipmark.releases.store import releases

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
RELEASES = ("web@1.0.0", "web@2.0.0", "web@3.0.0")
ENVIRONMENTS = ("", "production", "staging")

sent = st.fixed_dictionaries({
    "project": st.sampled_from(["web", "mobile"]),
    "event_id": st.integers(0, 20).map(lambda number: f"{number:032x}"),
    "release": st.sampled_from([None, *RELEASES]),
    "environment": st.sampled_from(ENVIRONMENTS),
    "hashes": st.lists(st.sampled_from("abcd"), min_size=1, max_size=2, unique=True),
    "user": st.sampled_from([None, "1", "2", "3"]),
    "minutes": st.integers(-90, 90),
    "platform": st.sampled_from(["python", "node"]),
})  # fmt: skip


def event(values: dict[str, Any]) -> Event:
    payload = error_event(
        "boom",
        **{name: values[name] for name in ("event_id", "release", "environment", "platform")},
    )
    if values["user"]:
        payload["user"] = {"id": values["user"]}
    received_at = AT + timedelta(minutes=abs(values["minutes"]))
    read = parsing.read(payload, event_id=values["event_id"], received_at=received_at)
    at = AT + timedelta(minutes=values["minutes"])
    return replace(read, at=at, hashes=tuple(key * 32 for key in values["hashes"]))


def ingest(connection: Connection, world: World, batch: Sequence[Any]) -> list[IngestResult]:
    known = projects.by_ids(connection, world.projects.values())
    arrivals = [
        arrival(known[world.projects[values["project"]]], event(values)) for values in batch
    ]
    return ingest_events.ingest(connection, arrivals).results


conditions = st.builds(
    SnoozeConditions,
    duration_minutes=st.sampled_from([None, 1, 60]),
    event_count=st.integers(1, 4),
    event_window_minutes=st.sampled_from([None, 5]),
    user_count=st.sampled_from([None, 1, 2]),
    user_window_minutes=st.sampled_from([None, 120]),
)
changes = conditions.map(
    lambda each: StatusChange(status=IssueStatus.IGNORED, conditions=each)
) | st.just(StatusChange(status=IssueStatus.IGNORED, substatus=Substatus.ARCHIVED_UNTIL_ESCALATING))


def prepare(
    database: Database, world: World, before: Sequence[Any], ignored: StatusChange | None
) -> None:
    """Make what exists before: environments, releases, and some issues, which are resolved, or ignored."""
    with database.transaction() as connection:
        acme = world.organizations["acme"]
        projects.ensure_environments(connection, [(acme, name) for name in ENVIRONMENTS])
        # Releases exist too: where several come together, their ids depend on how.
        made = [
            releases.ensure(connection, acme, NewRelease(version=version, created_at=AT))[0]
            for version in RELEASES
        ]
        results = ingest(connection, world, before) if before else []
        ids = {result.issue_id for result in results if result.issue_id is not None}
        if ignored is not None:
            update_issues(connection, states.locked(connection, acme, ids), ignored, None, AT)
            # By this number no batch of the examples would escalate.
            if ignored.conditions is None:
                connection.execute(sa.text("UPDATE snoozes SET hourly_event_count = 2"))
            return
        resolutions.set_in_release(connection, made[1].id, dict.fromkeys(ids), AT)
        states.resolve_now(connection, ids, AT)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(15))
@given(
    before=st.lists(sent, max_size=3),
    ignored=st.none() | changes,
    batch=st.lists(sent, min_size=1, max_size=12),
)
def test_a_batch_is_as_good_as_one_after_the_other(
    kind: str,
    copies: Copies,
    people: Callable[[str], World],
    before: list[Any],
    ignored: StatusChange | None,
    batch: list[Any],
) -> None:
    world = people(kind)
    left, results = [], []
    for size in (1, len(batch)):
        with copies(kind) as database:
            prepare(database, world, before, ignored)
            found: list[IngestResult] = []
            for start in range(0, len(batch), size):
                with database.transaction() as connection:
                    found += ingest(connection, world, batch[start : start + size])
            left.append(dump(database))
            results.append(found)
    assert results[0] == results[1]
    assert left[0] == left[1]
