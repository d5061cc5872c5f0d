"""The numbers of events of issues by hour and day: `stats` (groups-api.md 2, 3.1, 5)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from factories import Caller, World, ago, error_event, send_event, statements, written

from shipmark.infrastructure.database import Database

LIST = "/organizations/acme/issues/"
WEB_LIST = "/projects/acme/web/issues/"
LISTS = pytest.mark.parametrize("path", [LIST, WEB_LIST])
HOUR, DAY = 3600, 86_400
#: The hours ago of the events of the first issue.
AGES = (0, 0, 1, 5, 30, 24 * 13)

Happen = Callable[..., None]


@pytest.fixture(autouse=True)
def happen(alice: Caller, world: World) -> Happen:
    def happened(value: str, hours: int) -> None:
        event = error_event(value, timestamp=written(ago(hours=hours)))
        send_event(alice.client, world.keys["web"], world.projects["web"], event)

    for hours in AGES:
        happened("one", hours)
    return happened


def counted(length: int, number: int) -> list[list[int]]:
    """The numbers of the first issue in so many intervals, as counted from its events."""
    now = int(datetime.now(UTC).timestamp()) // length
    starts = [int(ago(hours=hours).timestamp()) // length for hours in AGES]
    return [[each * length, starts.count(each)] for each in range(now - number + 1, now + 1)]


@LISTS
@pytest.mark.parametrize(
    ("period", "length", "number"), [("24h", HOUR, 24), ("14d", DAY, 14), ("auto", DAY, 14)]
)
def test_a_list_has_the_numbers_of_the_period(
    bob: Caller, path: str, period: str, length: int, number: int
) -> None:
    [issue] = bob.get(f"{path}?groupStatsPeriod={period}").json()
    assert issue["stats"] == {period: counted(length, number)}


@pytest.mark.parametrize(
    "url",
    [
        LIST,
        f"{LIST}?groupStatsPeriod=",
        f"{LIST}?groupStatsPeriod=24h&collapse=stats",
        f"{WEB_LIST}?statsPeriod=",
        f"{WEB_LIST}?groupStatsPeriod=",
        f"{WEB_LIST}?collapse=lifetime&collapse=stats",
    ],
)
def test_a_list_may_have_no_numbers(bob: Caller, url: str) -> None:
    [issue] = bob.get(url).json()
    assert "stats" not in issue


@pytest.mark.parametrize(
    ("query", "period"),
    [("", "24h"), ("?statsPeriod=14d", "14d"), ("?statsPeriod=24h&groupStatsPeriod=14d", "24h")],
)
def test_a_project_has_those_of_a_day_by_default(bob: Caller, query: str, period: str) -> None:
    [issue] = bob.get(f"{WEB_LIST}{query}").json()
    assert list(issue["stats"]) == [period]


def test_the_period_of_a_project_is_checked(bob: Caller) -> None:
    answer = bob.get(f"{WEB_LIST}?statsPeriod=30d")
    assert (answer.status_code, answer.json()) == (
        400,
        {"detail": "Invalid stats_period. Valid choices are '', '24h', and '14d'"},
    )


def test_details_have_the_numbers_of_a_day_and_a_month(bob: Caller) -> None:
    shown = bob.get(f"{LIST}WEB-1/").json()
    assert shown["stats"] == {"24h": counted(HOUR, 24), "30d": counted(DAY, 30)}


def test_events_go_on_counting_after_a_pause(bob: Caller, happen: Happen) -> None:
    happen("two", 20)
    happen("two", 2)
    happen("two", 20)
    two, _ = sorted(
        bob.get(f"{LIST}?groupStatsPeriod=24h").json(), key=lambda issue: int(issue["count"])
    )
    numbers = [count for _, count in two["stats"]["24h"] if count]
    assert numbers == [2, 1]


def test_numbers_take_no_statement(bob: Caller, happen: Happen, database: Database) -> None:
    for name in ("two", "three"):
        happen(name, 1)
    with statements(database) as without:
        bob.get(LIST)
    with statements(database) as found:
        bob.get(f"{LIST}?groupStatsPeriod=14d")
    assert len(found.texts) == len(without.texts)


def test_counts_of_days_are_by_utc(bob: Caller) -> None:
    [issue] = bob.get(f"{LIST}?groupStatsPeriod=14d").json()
    last = datetime.fromtimestamp(issue["stats"]["14d"][-1][0], UTC)
    assert last == datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert datetime.now(UTC) - last < timedelta(days=1)
