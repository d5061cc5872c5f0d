"""GET ``projects/…/releases/{version}/stats/`` (releases.md 2.16)."""

from datetime import timedelta

import pytest
from factories import (
    NO_CREDENTIALS,
    NOT_ALLOWED,
    NOT_FOUND,
    WEB_RELEASES,
    Bearer,
    Caller,
    World,
    error_event,
    on_one_database,
    send_event,
    written,
)
from sqlalchemy import text

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database

PATH = f"{WEB_RELEASES}web@1.0.0/stats/"
TOO_MANY = (
    "Your interval and date range would create too many results."
    " Use a larger interval, or a smaller date range."
)
RANGE = "start=2026-01-01T00:00:00&end=2026-01-03T00:00:00"


@pytest.fixture(autouse=True)
def _published(alice: Caller) -> None:
    alice.publish("web@1.0.0")


def none(kind: str) -> dict[str, object]:
    counted = {f"{kind}_{it}": 0 for it in ("healthy", "crashed", "abnormal", "errored")}
    return {kind: 0, **counted, "duration_p50": None, "duration_p90": None}


def test_who_may_not_look(anonymous: Caller, charlie: Caller, bearer: Bearer) -> None:
    answer = anonymous.get(PATH)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
    for caller in (charlie, bearer(["org:read"])):
        answer = caller.get(PATH)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_a_release_that_is_not_in_the_project_is_not_found(alice: Caller) -> None:
    for path in (PATH.replace("1.0.0", "9"), PATH.replace("/web/", "/mobile/")):
        answer = alice.get(path)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize(("query", "counted"), [("", "sessions"), ("&type=users", "users")])
def test_what_is_not_counted_is_none(bob: Caller, query: str, counted: str) -> None:
    answer = bob.get(f"{PATH}?{RANGE}{query}")
    assert answer.status_code == 200
    assert answer.json()["stats"] == [
        [1_767_225_600, none(counted)],
        [1_767_312_000, none(counted)],
    ]
    assert answer.json()["statTotals"] == none(counted)


def test_without_a_range_it_is_ninety_days(alice: Caller) -> None:
    assert len(alice.get(PATH).json()["stats"]) == 91
    assert len(alice.get(f"{PATH}?statsPeriod=1d&interval=1h").json()["stats"]) == 25


@pytest.mark.parametrize(
    ("days", "told"), [(0, [0]), (1, [1, 1]), (3, [1, 2, 3]), (40, [1, 2, 7, 14, 30])]
)
def test_all_that_used_it_is_told_as_it_grows(
    alice: Caller, database: Database, days: int, told: list[int]
) -> None:
    """After a day, two, a week, two, a month; and now before the next of them."""
    made_at = now().replace(microsecond=0) - timedelta(days=days, minutes=5)
    with database.transaction() as connection:
        kept = made_at.replace(tzinfo=None) if database.is_sqlite else made_at
        form = str(kept) + ".000000" if database.is_sqlite else kept
        connection.execute(text("UPDATE releases SET created_at = :at"), {"at": form})
    shown = alice.get(PATH).json()["usersBreakdown"]
    assert len(shown) == len(told)
    first = shown[0] if days else None
    assert first is None or first == {
        "date": written(made_at + timedelta(days=1)),
        "totalUsers": 0,
        "crashFreeUsers": None,
        "totalSessions": 0,
        "crashFreeSessions": None,
    }


def test_an_environment_must_be_known(alice: Caller, world: World) -> None:
    event = error_event(release="web@1.0.0", environment="production")
    send_event(alice.client, world.keys["web"], world.projects["web"], event)
    assert alice.get(f"{PATH}?environment=production").status_code == 200
    for query in ("environment=nope", "environment=production&environment=nope"):
        answer = alice.get(f"{PATH}?{query}")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("type=bogus", "invalid stat"),
        ("type=Sessions", "invalid stat"),
        ("interval=x", "Invalid interval: 'x'"),
        ("interval=1h", TOO_MANY),
        (f"{RANGE}&interval=-1d", "Invalid interval: '-1d'"),
        ("statsPeriod=x", "Invalid date range: Invalid statsPeriod: 'x'"),
        ("start=2026-01-01", "Invalid date range: start and end are both required"),
        ("start=2026-01-02&end=2026-01-01", "Invalid date range: start must be before end"),
        ("start=0001-01-01&end=9999-12-31", TOO_MANY),
    ],
)
@on_one_database
def test_bad_parameters_are_told(alice: Caller, query: str, told: str) -> None:
    answer = alice.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.json()) == (400, {"detail": told})
