"""``stats_v2/`` of an organization, and ``stats/`` of an organization, team or project: numbers of what SDKs sent."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from client_fixtures import Happen
from factories import (
    NO_CREDENTIALS,
    NOT_ALLOWED,
    Bearer,
    Caller,
    World,
    ago,
    on_one_database,
    rows,
    statements,
    written,
)
from sqlalchemy import delete, update

from shipmark.events import accepted_store, discard_store
from shipmark.events.accepted_store import Accepted, accepted_events
from shipmark.events.discards import Discard, Outcome, hour_of
from shipmark.events.store import events
from shipmark.http.time_range import TOO_MANY_STEPS
from shipmark.infrastructure.database import Database
from shipmark.worker.scheduler import tidy

STATS = "/organizations/acme/stats_v2/"
WEB = "/projects/acme/web/stats/"
ACME = "/organizations/acme/stats/"
CORE = "/teams/acme/core/stats/"
SUM = "sum(quantity)"
HOUR = 3600


def groups(caller: Caller, *by: str, more: str = "") -> list[tuple[Any, ...]]:
    """What each group is about, and its total."""
    names = "&".join(f"groupBy={name}" for name in by)
    answer = caller.get(f"{STATS}?field={SUM}&{names}&{more}")
    assert answer.status_code == 200, answer.text
    found = answer.json()["groups"]
    assert all(sum(group["series"][SUM]) == group["totals"][SUM] for group in found)
    return [(*group["by"].values(), group["totals"][SUM]) for group in found]


def discard(
    database: Database,
    project_id: int,
    outcome: Outcome = Outcome.RATE_LIMITED,
    reason: str = "project",
    category: str = "error",
    *,
    hours: int = 0,
    quantity: int = 1,
) -> None:
    each = Discard(
        hour=hour_of(datetime.now(UTC)) - timedelta(hours=hours),
        outcome=outcome,
        reason=reason,
        category=category,
        quantity=quantity,
    )
    with database.transaction() as connection:
        discard_store.count(connection, [(project_id, each)])


def move(database: Database, project_id: int, quantity: int, back: timedelta) -> None:
    """Have a number of accepted events come in earlier."""
    hour = hour_of(datetime.now(UTC)) - back
    with database.transaction() as connection:
        of_project = accepted_events.c.project_id == project_id
        less = {"quantity": accepted_events.c.quantity - quantity}
        connection.execute(update(accepted_events).where(of_project).values(less))
        moved = Accepted(project_id=project_id, hour=hour, category="error", quantity=quantity)
        accepted_store.count(connection, [moved])


@pytest.fixture
def _sent(happen: Happen, database: Database, world: World) -> None:
    for number in range(3):
        happen("web", timestamp=written(ago(hours=number)))
    happen("mobile")
    web = world.projects["web"]
    move(database, web, 1, timedelta(hours=50))
    discard(database, web, quantity=5)
    discard(database, web, Outcome.FILTERED, "browser-extensions", quantity=2)
    discard(database, web, Outcome.CLIENT_DISCARD, "sample_rate", "transaction", quantity=7)
    discard(database, web, hours=240, quantity=100)
    discard(database, world.projects["mobile"], quantity=1)


@pytest.mark.usefixtures("_sent")
def test_numbers_are_grouped(bob: Caller, world: World) -> None:
    assert groups(bob, "outcome", more="statsPeriod=14d") == [
        ("accepted", 4),
        ("client_discard", 7),
        ("filtered", 2),
        ("rate_limited", 106),
    ]
    assert groups(bob, "category", "reason", more="statsPeriod=1d&outcome=rate_limited") == [
        ("error", "project", 6)
    ]
    web, mobile = world.projects["web"], world.projects["mobile"]
    assert groups(bob, "project", more="outcome=accepted") == [(web, 3), (mobile, 1)]
    assert groups(bob, "outcome", "reason", more=f"project={mobile}") == [
        ("accepted", None, 1),
        ("rate_limited", "project", 1),
    ]
    assert groups(bob, "reason", more="category=transaction") == [("sample_rate", 7)]
    assert groups(bob, "outcome", more="reason=browser-extensions") == [("filtered", 2)]


@pytest.mark.usefixtures("_sent")
def test_times_seen_are_the_same_number(bob: Caller) -> None:
    fields = f"field={SUM}&field=sum(times_seen)"
    answer = bob.get(f"{STATS}?{fields}&groupBy=outcome&outcome=accepted&interval=1d").json()
    [group] = answer["groups"]
    assert group["totals"] == {SUM: 4, "sum(times_seen)": 4}
    assert group["series"][SUM] == group["series"]["sum(times_seen)"]


def test_reports_of_browsers_are_errors(bob: Caller, database: Database, world: World) -> None:
    for number, category in enumerate(("error", "security", "default", "transaction"), start=1):
        discard(database, world.projects["web"], category=category, quantity=number)
    assert groups(bob, "outcome", more="category=error") == [("rate_limited", 6)]
    assert groups(bob, "outcome", more="category=security") == [("rate_limited", 2)]
    assert groups(bob, "outcome", more="category=error&category=transaction") == [
        ("rate_limited", 10)
    ]
    assert sum(number for _, number in bob.get(f"{WEB}?stat=rejected").json()) == 6


@pytest.mark.usefixtures("_sent")
def test_series_have_steps_of_the_interval(bob: Caller) -> None:
    path = f"{STATS}?field={SUM}&groupBy=outcome&outcome=accepted"
    answer = bob.get(f"{path}&statsPeriod=4d&interval=1d").json()
    begins = [datetime.fromisoformat(begin) for begin in answer["intervals"]]
    assert {after - before for before, after in pairwise(begins)} == {timedelta(days=1)}
    [group] = answer["groups"]
    [old] = [index for index, begin in enumerate(begins) if begin <= ago(hours=50)][-1:]
    assert group["series"][SUM][old] == 1
    assert group["totals"] == {SUM: 4}
    hours = bob.get(f"{path}&statsPeriod=3h").json()
    assert len(hours["intervals"]) in {3, 4}
    assert hours["groups"][0]["totals"] == {SUM: 3}


def test_an_hour_of_refusals_counts_where_it_begins(
    bob: Caller, database: Database, world: World
) -> None:
    for hours, quantity in ((0, 1), (1, 10), (2, 100), (3, 1000)):
        discard(database, world.projects["web"], hours=hours, quantity=quantity)
    hour = hour_of(datetime.now(UTC))
    begin, end = hour - timedelta(minutes=90), hour + timedelta(minutes=30)
    period = f"start={written(begin)}&end={written(end)}".replace("+", "%2B")
    [group] = bob.get(f"{STATS}?field={SUM}&groupBy=outcome&{period}&interval=1h").json()["groups"]
    assert group["series"] == {SUM: [100, 10, 1]}


@pytest.mark.usefixtures("_sent")
def test_events_that_were_deleted_count(bob: Caller, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(delete(events))
    assert groups(bob, "outcome", more="outcome=accepted") == [("accepted", 4)]


def test_an_event_counts_once_in_the_hour_in_which_it_came_in(
    bob: Caller, happen: Happen, database: Database, world: World
) -> None:
    for timestamp in (written(ago(days=3)), written(ago(days=9))):
        happen("web", timestamp=timestamp, event_id="a" * 32)
    hour = hour_of(datetime.now(UTC))
    [row] = rows(database, "accepted_events")
    assert (row["project_id"], row["category"], row["quantity"]) == (
        world.projects["web"],
        "error",
        1,
    )
    assert hour - row["hour"] <= timedelta(hours=1)
    assert groups(bob, "outcome", more="statsPeriod=2h") == [("accepted", 1)]


def test_numbers_are_kept_for_ninety_days(bob: Caller, happen: Happen, database: Database) -> None:
    happen("web")
    for days, number in ((89, 1), (91, 0)):
        with database.transaction() as connection:
            tidy(connection, {}, datetime.now(UTC) + timedelta(days=days))
        assert len(rows(database, "accepted_events")) == number


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("groupBy=outcome", 'Request is missing a "field"'),
        (f"field={SUM}", 'Request is missing a "groupBy"'),
        ("field=sum(bytes)&groupBy=outcome", 'Invalid field: "sum(bytes)"'),
        (f"field={SUM}&groupBy=key", 'Invalid groupBy: "key"'),
        (f"field={SUM}&groupBy=outcome&category=errors", 'Invalid category: "errors"'),
        (f"field={SUM}&groupBy=outcome&outcome=lost", 'Invalid outcome: "lost"'),
        (f"field={SUM}&groupBy=outcome&interval=often", "Invalid interval: 'often'"),
        (
            f"field={SUM}&groupBy=outcome&statsPeriod=90d",
            TOO_MANY_STEPS,
        ),
        (
            f"field={SUM}&groupBy=outcome&project=x",
            "Invalid project parameter. Values must be numbers.",
        ),
    ],
)
@on_one_database
def test_what_can_not_be_read_is_refused(bob: Caller, query: str, detail: str) -> None:
    answer = bob.get(f"{STATS}?{query}")
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


@pytest.mark.usefixtures("_sent")
def test_a_project_has_series(bob: Caller) -> None:
    def total(query: str) -> int:
        points = bob.get(f"{WEB}?{query}").json()
        starts = [start for start, _ in points]
        assert starts == list(range(starts[0], starts[-1] + 1, starts[1] - starts[0]))
        return sum(number for _, number in points)

    assert total("") == 2 + 2 + 5
    assert total("stat=generated") == 2
    assert total("stat=rejected") == 5
    assert total("stat=blacklisted") == 2
    since = int(ago(days=12).timestamp())
    assert total(f"stat=rejected&since={since}&resolution=1d") == 105
    until = int(ago(days=1).timestamp())
    assert total(f"stat=generated&since={since}&until={until}&resolution=1d") == 1
    assert total(f"stat=rejected&until={until}") == 0
    assert bob.get(WEB).json()[0][0] % HOUR == 0


@pytest.mark.usefixtures("_sent")
def test_an_organization_and_a_team_have_series_of_their_projects(
    alice: Caller, bob: Caller, happen: Happen
) -> None:
    def total(path: str) -> int:
        return sum(number for _, number in bob.get(f"{path}?stat=generated").json())

    happen("tools")
    assert (total(ACME), total(CORE), total(WEB)) == (4, 3, 2)
    alice.put("/organizations/acme/", {"openMembership": False})
    assert (total(ACME), total(CORE)) == (3, 3)
    assert bob.get("/teams/acme/none/stats/").status_code == 404


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("stat=lost", "Invalid stat. Use one of received, rejected, blacklisted, generated."),
        ("resolution=10s", "Invalid resolution. Use one of 1h, 1d."),
        ("since=x", "Invalid date range: x is not a valid ISO8601 date query"),
        ("since=2000&until=1000", "Invalid date range: since must be before until"),
        ("until=0001-01-01T05:00:00", "Invalid date range: until is too long ago"),
    ],
)
@on_one_database
def test_a_series_that_can_not_be_read_is_refused(bob: Caller, query: str, detail: str) -> None:
    answer = bob.get(f"{WEB}?{query}")
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_there_is_nothing_at_the_ends_of_time(bob: Caller) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        begin, end = f"{day}T00:00:00", f"{day}T23:59:59"
        assert groups(bob, "outcome", more=f"start={begin}&end={end}") == []
        series = bob.get(f"{WEB}?since={begin}&until={end}").json()
        assert [number for _, number in series] == [0] * 24


@pytest.mark.parametrize("path", [f"{STATS}?field={SUM}&groupBy=outcome", WEB, ACME, CORE])
@on_one_database
def test_who_may_not_count(anonymous: Caller, charlie: Caller, bearer: Bearer, path: str) -> None:
    answer = anonymous.get(path)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
    for caller in (charlie, bearer(["event:read"])):
        answer = caller.get(path)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


@pytest.mark.usefixtures("_sent")
def test_hidden_projects_do_not_count(alice: Caller, bob: Caller, happen: Happen) -> None:
    happen("tools")
    assert groups(bob, "outcome", more="outcome=accepted") == [("accepted", 5)]
    alice.put("/organizations/acme/", {"openMembership": False})
    assert groups(bob, "outcome", more="outcome=accepted") == [("accepted", 4)]


def test_the_number_of_statements_is_constant(
    bob: Caller, happen: Happen, database: Database
) -> None:
    numbers = []
    for project in ("web", "mobile"):
        happen(project)
        with statements(database) as seen:
            groups(bob, "project")
        numbers.append(seen.count)
    assert numbers[0] == numbers[1]
