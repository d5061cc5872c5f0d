"""GET ``organizations/{org}/sessions/`` (releases.md 2.21)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from factories import NO_CREDENTIALS, NOT_ALLOWED, Bearer, Caller, World, on_one_database
from sessions import aggregates, send_sessions, session

PATH = "/organizations/acme/sessions/"
SESSIONS, USERS = "sum(session)", "count_unique(user)"
OLD, NEW = "web@1.0.0", "web@2.0.0"


def ago(**length: float) -> str:
    return (datetime.now(UTC) - timedelta(**length)).isoformat()


def ask(caller: Caller, *fields: str, more: str = "statsPeriod=1d") -> dict[str, Any]:
    named = "&".join(f"field={quote(field)}" for field in fields)
    answer = caller.get(f"{PATH}?{named}&{more}")
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def totals(caller: Caller, *fields: str, more: str = "statsPeriod=1d") -> list[tuple[Any, ...]]:
    """The groups in their order: what each is about, and its totals."""
    return [
        (*group["by"].values(), *group["totals"].values())
        for group in ask(caller, *fields, more=more)["groups"]
    ]


@pytest.fixture
def _sent(alice: Caller, world: World) -> None:
    """Old: four sessions of three users, one crashed, one with an error. New: two of one, in staging."""
    send_sessions(
        alice.client,
        world,
        session(OLD, did="ann", sid="a" * 32),
        session(OLD, did="ann", sid="a" * 32, init=False, status="exited", errors=1, duration=60),
        session(OLD, did="bob", sid="b" * 32, status="crashed"),
        session(OLD, did="cid", sid="c" * 32, status="exited", duration=20),
        session(OLD, did="cid", sid="d" * 32, started=ago(hours=5)),
        session(NEW, "staging", did="ann", sid="e" * 32),
        session(NEW, "staging", did="ann", sid="f" * 32),
    )


def test_who_may_not_ask(anonymous: Caller, charlie: Caller, bearer: Bearer) -> None:
    answer = anonymous.get(PATH)
    assert (answer.status_code, answer.json()) == (401, NO_CREDENTIALS)
    for caller in (charlie, bearer(["project:read"])):
        answer = caller.get(PATH)
        assert (answer.status_code, answer.json()) == (403, NOT_ALLOWED)


def test_without_sessions_counts_are_zero_and_rates_null(alice: Caller) -> None:
    rate, duration = "crash_free_rate(user)", "p50(session.duration)"
    [group] = ask(alice, SESSIONS, USERS, rate, duration)["groups"]
    assert group["by"] == {}
    assert group["totals"] == {SESSIONS: 0, USERS: 0, rate: None, duration: None}
    assert set(group["series"][SESSIONS]) == {0}
    assert set(group["series"][rate]) == {None}


@pytest.mark.usefixtures("_sent")
def test_totals_are_of_all_releases_and_users_are_counted_once(alice: Caller) -> None:
    assert totals(alice, SESSIONS, USERS) == [(6, 3)]
    rates = ("crash_rate(session)", "crash_free_rate(session)", "crash_rate(user)")
    [(bad, good, users)] = totals(alice, *rates)
    assert bad == pytest.approx(1 / 6)
    assert good == pytest.approx(5 / 6)
    assert users == pytest.approx(1 / 3)


@pytest.mark.usefixtures("_sent")
def test_the_series_adds_up_in_intervals(alice: Caller) -> None:
    answer = ask(alice, SESSIONS, USERS, more="statsPeriod=1d&interval=1h")
    [group] = answer["groups"]
    assert len(answer["intervals"]) == len(group["series"][SESSIONS]) == 24
    assert sum(group["series"][SESSIONS]) == 6
    assert answer["start"] == answer["intervals"][0]
    assert all(text.endswith(":00:00Z") for text in answer["intervals"])
    # Ann and Bob, and Cid in two hours.
    assert sum(group["series"][USERS]) == 4
    days = ask(alice, SESSIONS, more="statsPeriod=2d&interval=1d")
    assert sum(days["groups"][0]["series"][SESSIONS]) == 6
    assert len(days["intervals"]) in {2, 3}


@pytest.mark.usefixtures("_sent")
def test_sessions_are_grouped(alice: Caller, world: World) -> None:
    more = "statsPeriod=1d&groupBy="
    web = world.projects["web"]
    assert totals(alice, SESSIONS, USERS, more=more + "release") == [(OLD, 4, 3), (NEW, 2, 1)]
    assert totals(alice, SESSIONS, more=more + "project") == [(web, 6)]
    both = more + "environment&groupBy=release"
    assert totals(alice, SESSIONS, more=both) == [
        ("production", OLD, 4),
        ("staging", NEW, 2),
    ]


@pytest.mark.usefixtures("_sent")
def test_outcomes_are_four_groups(alice: Caller) -> None:
    duration = "avg(session.duration)"
    more = f"statsPeriod=1d&groupBy=session.status&query=release:{OLD}"
    assert totals(alice, SESSIONS, USERS, duration, more=more) == [
        ("healthy", 2, 1, pytest.approx(40_000)),
        ("abnormal", 0, 0, None),
        ("crashed", 1, 1, None),
        ("errored", 1, 1, None),
    ]


@pytest.mark.usefixtures("_sent")
@pytest.mark.parametrize(
    ("query", "number"),
    [
        (f"release:{OLD}", 4),
        (f"!release:{OLD}", 2),
        (f'release:"{NEW}"', 2),
        ("release:web@*", 6),
        (f"release:[{OLD}, {NEW}]", 6),
        ("release:latest", 2),
        ("!release:latest", 4),
        (f"release:[latest, {OLD}]", 6),
        ("environment:staging", 2),
        ("environment:!=staging", 4),
        ("project:web", 6),
        ("!project:web", 0),
        (f"release:{OLD} environment:staging", 0),
        ("session.status:crashed", 1),
        ("session.status:[crashed,errored]", 2),
        ("!session.status:healthy", 2),
    ],
)
def test_conditions_select(alice: Caller, query: str, number: int) -> None:
    assert totals(alice, SESSIONS, more=f"statsPeriod=1d&query={quote(query)}") == [(number,)]


@pytest.mark.usefixtures("_sent")
def test_environments_and_projects_select(alice: Caller, world: World) -> None:
    assert totals(alice, SESSIONS, more="statsPeriod=1d&environment=staging") == [(2,)]
    send_sessions(alice.client, world, session(OLD), project="mobile")
    mobile = world.projects["mobile"]
    assert totals(alice, SESSIONS, more=f"statsPeriod=1d&project={mobile}") == [(1,)]
    assert totals(alice, SESSIONS, more="statsPeriod=1d&project=-1") == [(7,)]


def test_hangs_are_rates_of_users(alice: Caller, world: World) -> None:
    for did, mechanism in (("ann", "anr_foreground"), ("bob", "anr_background")):
        hung = session(OLD, did=did, status="abnormal", abnormal_mechanism=mechanism)
        send_sessions(alice.client, world, hung)
    send_sessions(alice.client, world, *(session(OLD, did=did) for did in ("cid", "dan")))
    assert totals(alice, "anr_rate()", "foreground_anr_rate()") == [(0.5, 0.25)]


def test_every_outcome_has_a_rate(alice: Caller, world: World) -> None:
    """Dashboards of newer clients ask for them."""
    outcomes = ("crashed", "abnormal", "errored", "unhandled", *["exited"] * 4)
    for number, status in enumerate(outcomes):
        ended = session(OLD, did=f"user-{number}", status=status, errors=int(status == "errored"))
        send_sessions(alice.client, world, ended)
    names = ("crash", "abnormal", "errored", "unhandled", "unhealthy")
    fields = [f"{name}_rate(session)" for name in names]
    assert totals(alice, *fields) == [(0.125, 0.125, 0.25, 0.125, 0.5)]
    fields = [f"{name}_rate(user)" for name in names[:3]]
    assert totals(alice, *fields) == [(0.125, 0.125, 0.25)]


@pytest.mark.usefixtures("_sent")
def test_groups_are_ordered_and_paged(alice: Caller) -> None:
    more = "statsPeriod=1d&groupBy=release"
    ascending = f"{more}&orderBy={quote(SESSIONS)}"
    assert [row[0] for row in totals(alice, SESSIONS, more=ascending)] == [NEW, OLD]
    by_rate = f"{more}&orderBy=-{quote('crash_rate(session)')}"
    fields = (SESSIONS, "crash_rate(session)")
    assert [row[0] for row in totals(alice, *fields, more=by_rate)] == [OLD, NEW]
    answer = alice.get(f"{PATH}?field={quote(SESSIONS)}&{more}&per_page=1")
    assert [group["by"]["release"] for group in answer.json()["groups"]] == [OLD]
    following = answer.links["next"]
    assert following["results"] == "true"
    rest = alice.get(
        f"{PATH}?field={quote(SESSIONS)}&{more}&per_page=1&cursor={following['cursor']}"
    )
    assert [group["by"]["release"] for group in rest.json()["groups"]] == [NEW]


@pytest.mark.usefixtures("_sent")
def test_releases_by_date_are_listed_without_sessions_too(alice: Caller, world: World) -> None:
    alice.publish("web@3.0.0")
    more = "statsPeriod=1d&groupBy=release&orderBy="
    newest_first = [("web@3.0.0", 0), (NEW, 2), (OLD, 4)]
    assert totals(alice, SESSIONS, more=more + "-release.timestamp") == newest_first
    assert totals(alice, SESSIONS, more=more + "release.timestamp") == newest_first[::-1]
    web = world.projects["web"]
    both = "statsPeriod=1d&groupBy=project&groupBy=release&orderBy=-release.timestamp"
    assert totals(alice, SESSIONS, more=both)[0] == (web, "web@3.0.0", 0)


@pytest.mark.usefixtures("_sent")
def test_parts_can_be_left_out(alice: Caller) -> None:
    [group] = ask(alice, SESSIONS, more="statsPeriod=1d&includeSeries=0")["groups"]
    assert set(group) == {"by", "totals"}
    [group] = ask(alice, SESSIONS, more="statsPeriod=1d&includeTotals=0")["groups"]
    assert set(group) == {"by", "series"}


def test_old_sessions_are_counted_in_their_day(alice: Caller, world: World) -> None:
    send_sessions(
        alice.client, world, aggregates({"started": ago(days=4), "exited": 7}, release=OLD)
    )
    assert totals(alice, SESSIONS) == [(0,)]
    [group] = ask(alice, SESSIONS, more="statsPeriod=7d&interval=1d")["groups"]
    assert [number for number in group["series"][SESSIONS] if number] == [7]


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("", 'Request is missing a "field"'),
        ("field=nope", 'Invalid field: "nope"'),
        ("field=F&groupBy=user", 'Invalid groupBy: "user"'),
        (
            "field=F&interval=15s",
            "The interval has to be a multiple of the minimum interval of ten seconds.",
        ),
        ("field=F&interval=2d", "The interval has to be less than one day."),
        ("field=F&interval=7h", "The interval should divide one day without a remainder."),
        ("field=F&interval=x", "Invalid interval: 'x'"),
        (
            "field=F",
            (
                "Your interval and date range would create too many results."
                " Use a larger interval, or a smaller date range."
            ),
        ),
        (
            "field=crash_rate(session)&groupBy=session.status",
            "Cannot group field crash_rate(session) by session.status",
        ),
        (
            "field=anr_rate()&query=session.status:crashed",
            "Cannot filter field anr_rate() by session.status",
        ),
        (
            "field=count_unique(user)&query=session.status:[crashed,errored]",
            "Cannot filter count_unique by multiple session.status unless it is in groupBy",
        ),
        (
            "field=F&query=session.status:crashed OR release:x",
            "Unable to parse condition with session.status",
        ),
        ("field=F&query=user:x", "Invalid key for this search: user"),
        ("field=F&orderBy=F&orderBy=F", "Cannot order by multiple fields"),
        (
            "field=F&groupBy=session.status&orderBy=F",
            "Cannot use 'orderBy' when grouping by sessions.status",
        ),
        (
            "field=F&orderBy=count_unique(user)",
            "'orderBy' must be one of the provided 'fields'",
        ),
        (
            "field=F&orderBy=release.timestamp",
            "To sort by release.timestamp, tag release must be in the groupBy",
        ),
        ("field=F&statsPeriod=x", "Invalid date range: Invalid statsPeriod: 'x'"),
    ],
)
@on_one_database
def test_bad_questions_are_refused(alice: Caller, query: str, detail: str) -> None:
    answer = alice.get(f"{PATH}?{query.replace('=F', f'={SESSIONS}')}")
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_an_unknown_environment_is_not_found(alice: Caller) -> None:
    query = f"field={quote(SESSIONS)}&statsPeriod=1d&environment=nope"
    assert alice.get(f"{PATH}?{query}").status_code == 404


@pytest.mark.usefixtures("_sent")
def test_the_range_may_be_one_that_has_ended(alice: Caller) -> None:
    assert totals(alice, SESSIONS, more="statsPeriodStart=1d&statsPeriodEnd=3h") == [(1,)]
    assert totals(alice, SESSIONS, more="timeframeStart=3h&timeframeEnd=0h") == [(5,)]


def test_times_beyond_32_bits_are_no_failure(alice: Caller) -> None:
    range_ = "start=2099-01-01T00:00:00&end=2099-01-02T00:00:00&interval=1h"
    assert len(ask(alice, SESSIONS, more=range_)["intervals"]) == 25


def test_times_are_written_with_four_digits_of_the_year(alice: Caller) -> None:
    range_ = "start=0001-01-02T00:00:00&end=0001-01-02T12:00:00&interval=1d"
    answer = ask(alice, SESSIONS, more=range_)
    assert answer["intervals"] == ["0001-01-02T00:00:00Z"]
