"""A period narrows the list of an organization to issues with an event in it (groups-api.md 2.1)."""

import pytest
from client_fixtures import Happen
from factories import Caller, ago, statements, written
from sqlalchemy import select

from shipmark.events.store import events
from shipmark.infrastructure.database import Database
from shipmark.issues.store import retention

LIST = "/organizations/acme/issues/"
#: The hours ago at which events of each issue happened.
AGES = {"long": (72, 48, 1), "gap": (72, 1), "late": (20, 1), "early": (72, 60)}


@pytest.fixture(autouse=True)
def _happened(happen: Happen) -> None:
    for title, ages in AGES.items():
        for hours in ages:
            happen("web", title, timestamp=written(ago(hours=hours)))


def between(caller: Caller, begin: float, end: float, more: str = "") -> set[str]:
    """The titles of the issues that were seen between so many hours ago."""
    period = f"statsPeriodStart={int(begin * 60)}m&statsPeriodEnd={int(end * 60)}m"
    answer = caller.get(f"{LIST}?query=&{period}{more}")
    found = {issue["metadata"]["value"] for issue in answer.json()}
    assert answer.headers["X-Hits"] == str(len(found))
    return found


@pytest.mark.parametrize(
    ("begin", "end", "titles"),
    [
        (80, 0, {"long", "gap", "late", "early"}),
        (10, 0, {"long", "gap", "late"}),
        (50, 40, {"long"}),
        (59, 49, set()),
        (61, 40, {"long", "early"}),
        (30, 10, {"late"}),
        (80, 71, {"long", "gap", "early"}),
    ],
)
def test_an_issue_without_an_event_in_it_is_left_out(
    bob: Caller, begin: float, end: float, titles: set[str]
) -> None:
    assert between(bob, begin, end) == titles
    assert between(bob, begin, end, "&sort=freq") == titles
    assert between(bob, begin, end, "&project=-1&environment=") == titles


def test_events_that_were_thinned_out_count(bob: Caller, database: Database) -> None:
    with database.transaction() as connection:
        old = select(events.c.id).where(events.c.happened_at < ago(hours=40))
        retention.thin(connection, list(connection.execute(old).scalars()))
    assert between(bob, 50, 40) == {"long"}
    assert between(bob, 59, 49) == set()


def test_named_issues_are_listed_whatever_the_period(bob: Caller) -> None:
    [issue] = bob.get(f"{LIST}?query=gap").json()
    assert between(bob, 50, 40, f"&group={issue['id']}") == {"gap"}


def test_it_takes_no_statement(bob: Caller, database: Database) -> None:
    with statements(database) as plain:
        bob.get(f"{LIST}?query=")
    with statements(database) as narrowed:
        between(bob, 50, 40)
    assert narrowed.count == plain.count
