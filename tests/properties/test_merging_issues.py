"""Issues that are merged leave what one issue leaves that has got all of their events."""

from collections.abc import Callable, Sequence
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

from shipmark.events import parsing
from shipmark.events.parsing import Event
from shipmark.infrastructure.database import Database
from shipmark.issues.actions import ingest_events, merge_issues
from shipmark.issues.store import moved_rows, states
from shipmark.projects import store as projects
from shipmark.releases.model import NewRelease
from shipmark.releases.store import releases
from shipmark.worker import scheduler

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
RELEASES = ("web@1.0.0", "web@2.0.0")
ENVIRONMENTS = ("", "production")
#: What events leave, whatever their order, but for the ids of their issues.
COUNTED = ("issue_users", "issue_tags", "issue_hashes", "events")
#: What depends on which of them came first.
SEEN = ("issue_releases", "issue_environments")
NUMBERS = ("times_seen", "user_count", "first_seen_at", "last_seen_at", "recent_counts", "status")

sent = st.fixed_dictionaries({
    "issue": st.sampled_from("abc"),
    "release": st.sampled_from([None, *RELEASES]),
    "environment": st.sampled_from(ENVIRONMENTS),
    "user": st.sampled_from([None, "1", "2"]),
    "plan": st.sampled_from(["free", "paid"]),
    "minutes": st.integers(-3000, 90),
})  # fmt: skip
batches = st.lists(sent, min_size=1, max_size=10)


def event(values: dict[str, Any], number: int, *, is_one: bool) -> Event:
    event_id = f"{number:032x}"
    known = {name: values[name] for name in ("release", "environment")}
    payload = error_event("boom", event_id=event_id, tags={"plan": values["plan"]}, **known)
    if values["user"]:
        payload["user"] = {"id": values["user"]}
    read = parsing.read(payload, event_id=event_id, received_at=AT)
    # Of one issue, events have the hashes of all, as the survivor has.
    own = values["issue"] * 32
    hashes = (own, *(key * 32 for key in "abc" if key * 32 != own)) if is_one else (own,)
    return replace(read, at=AT + timedelta(minutes=values["minutes"]), hashes=hashes)


def prepare(database: Database, world: World) -> None:
    """Make environments and releases, whose ids depend on the order of events else."""
    acme = world.organizations["acme"]
    with database.transaction() as connection:
        projects.ensure_environments(connection, [(acme, name) for name in ENVIRONMENTS])
        for version in RELEASES:
            releases.ensure(connection, acme, NewRelease(version=version, created_at=AT))


def ingest(
    database: Database, world: World, batch: Sequence[Any], start: int, *, is_one: bool
) -> None:
    with database.transaction() as connection:
        [project] = projects.by_ids(connection, [world.projects["web"]]).values()
        events = [event(values, start + place, is_one=is_one) for place, values in enumerate(batch)]
        ingest_events.ingest(connection, [arrival(project, each) for each in events])


def merge_all(database: Database, world: World) -> None:
    ids = [row["id"] for row in rows(database, "issues")]
    with database.transaction() as connection:
        locked = states.locked(connection, world.organizations["acme"], ids)
        if len(locked) > 1:
            merge_issues.merge(connection, [issue.id for issue in locked], None, AT)


def left(database: Database, tables: Sequence[str]) -> dict[str, Any]:
    """The rows of tables without the ids of issues, in an order, and the numbers of the only issue."""
    [issue] = rows(database, "issues")
    without = {"id", "issue_id", "payload"}
    found: dict[str, Any] = {name: issue[name] for name in NUMBERS}
    for name in tables:
        of_table = rows(database, name)
        assert {row["issue_id"] for row in of_table} <= {issue["id"]}
        cut = [{key: row[key] for key in row.keys() - without} for row in of_table]
        found[name] = sorted(cut, key=lambda row: sorted((key, str(row[key])) for key in row))
    return found


def compare(
    copies: Copies, kind: str, world: World, parts: Sequence[Sequence[Any]], tables: Sequence[str]
) -> None:
    """Ingest the parts as of several issues, which are merged after each, and as of one."""
    found = []
    for is_one in (False, True):
        with copies(kind) as database:
            prepare(database, world)
            start = 1
            for part in parts:
                ingest(database, world, part, start, is_one=is_one)
                start += len(part)
                if not is_one:
                    merge_all(database, world)
            while not is_one and scheduler.run_due(database, datetime.now(UTC)):
                pass
            found.append(left(database, tables))
            if len(found) == 1:
                hashes = {row["hash"] for row in rows(database, "issue_hashes")}
    found[1]["issue_hashes"] = [row for row in found[1]["issue_hashes"] if row["hash"] in hashes]
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(12))
@given(parts=st.lists(batches, min_size=1, max_size=3), batch_size=st.integers(1, 4))
def test_merged_issues_have_what_one_issue_has(
    kind: str,
    copies: Copies,
    people: Callable[[str], World],
    parts: list[list[Any]],
    batch_size: int,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moved_rows, "BATCH", batch_size)
        compare(copies, kind, people(kind), parts, COUNTED)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=examples(12))
@given(parts=st.lists(batches, min_size=1, max_size=3))
def test_of_events_in_the_order_of_time_they_are_seen_where_one_is(
    kind: str, copies: Copies, people: Callable[[str], World], parts: list[list[Any]]
) -> None:
    minutes = iter(range(100))
    ordered = [[each | {"minutes": next(minutes)} for each in part] for part in parts]
    compare(copies, kind, people(kind), ordered, (*COUNTED, *SEEN))
