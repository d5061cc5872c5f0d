"""How releases in use are evaluated, and what is kept of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial

import pytest
import sqlalchemy as sa
from factories import World, statements
from health_factories import a_release, add_hours_of_sessions, add_sessions
from sqlalchemy import Connection

from shipmark.deploys import actions as deploys
from shipmark.deploys.model import NewDeploy
from shipmark.infrastructure.database import Database
from shipmark.projects import store as projects
from shipmark.release_health.model import DAY, BucketWidth
from shipmark.release_health.store.tables import series, sketches
from shipmark.releases.model import ReleaseActivityType
from shipmark.releases.store import activity
from shipmark.verdicts import actions
from shipmark.verdicts.judgement import UnitCount, VerdictReason, VerdictStatus
from shipmark.verdicts.model import Comparability, Measure, ReleaseVerdict
from shipmark.verdicts.store import verdicts

START = int(datetime(2026, 1, 5, 12, tzinfo=UTC).timestamp())
HOUR = int(BucketWidth.HOUR)
MINUTE = 60
OLD, NEW = "web@1.0.0", "web@2.0.0"

Add = Callable[..., None]


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.transaction() as opened:
        yield opened


@pytest.fixture
def add(connection: Connection, world: World) -> Add:
    return partial(add_sessions, connection, world)


def at(seconds: float) -> datetime:
    """Return the moment so many seconds after the start of the new release."""
    return datetime.fromtimestamp(START + seconds, UTC)


def deploy(connection: Connection, world: World, version: str, finished_at: datetime) -> None:
    release = a_release(connection, world, version, at=START)
    new = NewDeploy(environment="production", finished_at=finished_at)
    deploys.record(connection, release, new, [world.projects["web"]], None)


def a_week(
    connection: Connection,
    world: World,
    version: str = OLD,
    *,
    crashed: int = 3,
    until: int = START,
) -> None:
    """Give a release 600 sessions of 200 users in each hour of a week, 0.5 % of them crashed."""
    add_hours_of_sessions(
        connection, world, version, until, hours=168,
        sessions=600, crashed=crashed, users=200, users_crashed=crashed,
    )  # fmt: skip


def evaluated(
    connection: Connection, world: World, version: str = NEW, *, when: datetime
) -> ReleaseVerdict:
    """Run the job and return the verdict on a release."""
    actions.evaluate_due(connection, when)
    return stored(connection, world, version)


def stored(connection: Connection, world: World, version: str = NEW) -> ReleaseVerdict:
    release = a_release(connection, world, version, at=START)
    acme = world.organizations["acme"]
    projects.ensure_environment(connection, acme, "production")
    [verdict] = verdicts.of_release(connection, release.id, [world.projects["web"]])
    return verdict


def due(connection: Connection, when: datetime) -> set[str]:
    return {verdict.stream.version for verdict in verdicts.due(connection, when, limit=9)}


def log_of(connection: Connection, world: World, version: str = NEW) -> list[dict[str, object]]:
    entries = activity.of_version(connection, world.organizations["acme"], version, limit=9)
    kinds = (ReleaseActivityType.VERDICT_CHANGED, ReleaseActivityType.VERDICT_MARKED)
    return [entry.details for entry in entries if entry.type in kinds]


def test_a_release_that_crashes_is_regressed(
    connection: Connection, add: Add, world: World
) -> None:
    a_week(connection, world)
    add(NEW, START, width=600, sessions=200, crashed=20, users=100, users_crashed=15)
    verdict = evaluated(connection, world, when=at(5 * MINUTE))
    assert (verdict.status, verdict.measure) == (VerdictStatus.REGRESSED, Measure.SESSIONS)
    assert verdict.regressed_at == at(5 * MINUTE)
    assert log_of(connection, world) == [
        {
            "environment": "production",
            "verdict": "regressed",
            "before": "undecided",
            "measure": "crash_free_sessions",
        }
    ]


def test_a_release_like_its_base_is_healthy_once_it_is_ripe(
    connection: Connection, add: Add, world: World
) -> None:
    a_week(connection, world)
    add(NEW, START, width=600, sessions=6_000, crashed=10, users=3_000, users_crashed=5)
    early = evaluated(connection, world, when=at(5 * MINUTE))
    assert (early.status, early.reason) == (
        VerdictStatus.UNDECIDED,
        VerdictReason.NOT_ENOUGH_DATA,
    )
    assert evaluated(connection, world, when=at(20 * MINUTE)).status == VerdictStatus.HEALTHY
    assert [each["verdict"] for each in log_of(connection, world)] == ["healthy"]


def test_regressed_stays(connection: Connection, add: Add, world: World) -> None:
    a_week(connection, world)
    add(NEW, START, width=600, sessions=100, crashed=20, users=100, users_crashed=15)
    evaluated(connection, world, when=at(5 * MINUTE))
    add(NEW, START, width=600, sessions=100_000, users=50_000)
    later = evaluated(connection, world, when=at(40 * MINUTE))
    assert (later.status, later.since) == (VerdictStatus.REGRESSED, at(5 * MINUTE))


def test_the_base_is_frozen(connection: Connection, add: Add, world: World) -> None:
    a_week(connection, world)
    add(NEW, START, width=600, sessions=10)
    before = evaluated(connection, world, when=at(MINUTE)).base
    add(OLD, START - HOUR, sessions=5_000, crashed=5_000)
    after = evaluated(connection, world, when=at(3 * MINUTE)).base
    assert after == before
    assert before.of(Measure.SESSIONS).count == UnitCount(504, 100_800)
    assert [release.version for release in before.releases] == [OLD]
    assert before.compare == Comparability.RECENT


def test_without_a_release_before_there_is_no_base(
    connection: Connection, add: Add, world: World
) -> None:
    add(NEW, START, width=600, sessions=1_000, crashed=1_000)
    verdict = evaluated(connection, world, when=at(MINUTE))
    assert (verdict.status, verdict.reason) == (VerdictStatus.UNDECIDED, VerdictReason.NO_BASE)


def test_a_regressed_release_is_not_a_base(connection: Connection, add: Add, world: World) -> None:
    a_week(connection, world, until=START - 4 * HOUR)
    deploy(connection, world, OLD, at(-30 * DAY))
    deploy(connection, world, "web@1.1.0", at(-4 * HOUR))
    deploy(connection, world, NEW, at(-MINUTE))
    for number in range(1, 5):
        add("web@1.1.0", START - number * HOUR, sessions=500, crashed=100)
    evaluated(connection, world, "web@1.1.0", when=at(-MINUTE))
    add(NEW, START, width=600, sessions=100)
    verdict = evaluated(connection, world, when=at(2 * MINUTE))
    assert [release.version for release in verdict.base.releases] == [OLD]
    assert verdict.base.of(Measure.SESSIONS).count == UnitCount(504, 100_800)


def test_releases_that_were_current_for_hours_are_pooled(
    connection: Connection, add: Add, world: World
) -> None:
    deploy(connection, world, OLD, at(-3 * HOUR))
    deploy(connection, world, "web@1.1.0", at(-HOUR))
    for number in (1, 2, 3):
        version = "web@1.1.0" if number == 1 else OLD
        add(version, START - number * HOUR, sessions=1_000 * number, crashed=1)
    add(NEW, START, width=600, sessions=1)
    base = evaluated(connection, world, when=at(MINUTE)).base
    assert [release.version for release in base.releases] == ["web@1.1.0", OLD]
    assert base.of(Measure.SESSIONS).count == UnitCount(3, 6_000)


def test_new_issues_are_compared_up_to_the_age_of_the_base(
    connection: Connection, add: Add, world: World
) -> None:
    deploy(connection, world, OLD, at(-5 * HOUR))
    deploy(connection, world, "web@1.1.0", at(-2 * HOUR))
    # The first session came two hours before the deploy: what it had then is not in the base.
    for number in range(3, 8):
        add(OLD, START - number * HOUR, sessions=1_000, users=500, users_new_issue=number)
    for number in (1, 2):
        add("web@1.1.0", START - number * HOUR, sessions=1_000, users=500, users_new_issue=50)
    add(NEW, START, sessions=1_000, users=500)
    base = evaluated(connection, world, when=at(MINUTE)).base
    # Three of five hours are of a release that was five hours old in the end: all have reached an age of two hours.
    assert base.new_issues_seconds == 2 * HOUR
    assert base.of(Measure.USERS).count == UnitCount(0, 2_500)
    assert base.of(Measure.NEW_ISSUES).count == UnitCount(100, 1_000)
    assert stored(connection, world).base == base
    add(NEW, START + 2 * HOUR, sessions=1_000, users=500, users_new_issue=500)
    verdict = evaluated(connection, world, when=at(3 * HOUR))
    assert (verdict.status, verdict.measure) == (VerdictStatus.UNDECIDED, Measure.SESSIONS)
    [evaluation] = actions.evaluations(connection, [verdict], at(3 * HOUR))
    assert evaluation.results[2].new == UnitCount(500, 1_000)
    assert evaluation.results[2].comparison.of_days == UnitCount(0, 500)
    assert evaluation.results[2].compared_seconds == 2 * HOUR


def test_on_mobile_platforms_launches_are_compared(
    connection: Connection, add: Add, world: World
) -> None:
    projects.change(connection, world.projects["web"], {"platform": "android"})
    for until, hours, crashed in ((START - 132 * HOUR, 168, 5), (START, 132, 0)):
        add_hours_of_sessions(
            connection, world, OLD, until, hours=hours, sessions=100, crashed=crashed
        )
    add(NEW, START, width=600, sessions=10)
    base = evaluated(connection, world, when=at(MINUTE)).base
    assert base.compare == Comparability.LAUNCH
    assert base.of(Measure.SESSIONS).count == UnitCount(5 * 168, 100 * 168)


def test_a_quiet_release_is_evaluated_less_often(
    connection: Connection, add: Add, world: World
) -> None:
    add(NEW, START, width=600, sessions=10)
    evaluated(connection, world, when=at(MINUTE))
    assert [len(verdicts.due(connection, at(each), limit=9)) for each in (100, 120)] == [0, 1]
    evaluated(connection, world, when=at(2 * HOUR))
    later = [2 * HOUR + minutes * MINUTE for minutes in (9, 10)]
    assert [len(verdicts.due(connection, at(each), limit=9)) for each in later] == [0, 1]


def test_another_deploy_ends_the_comparison(connection: Connection, add: Add, world: World) -> None:
    a_week(connection, world)
    deploy(connection, world, OLD, at(-30 * DAY))
    deploy(connection, world, NEW, at(-MINUTE))
    add(NEW, START, width=600, sessions=1_000, crashed=5)
    assert evaluated(connection, world, when=at(MINUTE)).ended_at is None
    deploy(connection, world, OLD, at(20 * MINUTE))
    assert evaluated(connection, world, when=at(25 * MINUTE)).ended_at == at(20 * MINUTE)
    add(NEW, START + 30 * MINUTE, width=600, sessions=1_000, crashed=900)
    assert evaluated(connection, world, when=at(50 * MINUTE)).status != VerdictStatus.REGRESSED


def test_a_later_release_with_more_sessions_ends_the_comparison(
    connection: Connection, add: Add, world: World
) -> None:
    add(OLD, START - DAY, sessions=100)
    add(NEW, START, width=600, sessions=1_000)
    add("web@3.0.0", START + HOUR, width=600, sessions=900)
    assert evaluated(connection, world, when=at(HOUR)).ended_at is None
    add("web@3.0.0", START + HOUR, width=600, sessions=200)
    assert evaluated(connection, world, when=at(2 * HOUR)).ended_at == at(2 * HOUR)


def test_the_comparison_ends_after_two_weeks(
    connection: Connection, add: Add, world: World
) -> None:
    add(NEW, START, sessions=10)
    evaluated(connection, world, when=at(MINUTE))
    add(NEW, START + 15 * DAY, sessions=10)
    assert evaluated(connection, world, when=at(15 * DAY)).ended_at == at(14 * DAY)


def test_an_outage_that_hits_both_releases_convicts_neither(
    connection: Connection, add: Add, world: World
) -> None:
    a_week(connection, world)
    add(NEW, START, width=600, sessions=600, crashed=60)
    add(OLD, START, width=600, sessions=2_000, crashed=200)
    assert evaluated(connection, world, when=at(5 * MINUTE)).status == VerdictStatus.UNDECIDED


def test_users_of_an_hour_are_united_over_its_buckets(
    connection: Connection, add: Add, world: World
) -> None:
    a_week(connection, world)
    for bucket in range(3):
        add(
            NEW,
            START + bucket * 600,
            width=600,
            sessions=100,
            users=40,
            users_crashed=1,
            user_ids=range(40),
            crashed_ids=[7],
        )
    verdict = evaluated(connection, world, when=at(30 * MINUTE))
    [evaluation] = actions.evaluations(connection, [verdict], at(30 * MINUTE))
    users = next(each for each in evaluation.results if each.measure == Measure.USERS)
    assert users.new == UnitCount(1, 40)


def test_crashes_of_one_user_are_no_regression(
    connection: Connection, add: Add, world: World
) -> None:
    a_week(connection, world)
    more = {"user_ids": range(20), "crashed_ids": [7]}
    add(NEW, START, width=600, sessions=20, crashed=5, users=20, users_crashed=1, **more)
    assert evaluated(connection, world, when=at(MINUTE)).status == VerdictStatus.UNDECIDED


def test_a_release_that_cannot_be_evaluated_holds_up_no_other(
    connection: Connection, add: Add, world: World
) -> None:
    a_week(connection, world)
    for start in (START, START + 10 * MINUTE):
        add("web@3.0.0", start, width=600, sessions=200, crashed=20, users=9, user_ids=range(9))
    add(NEW, START, width=600, sessions=200, crashed=20)
    bad = a_release(connection, world, "web@3.0.0", at=START)
    of_bad = sa.select(series.c.id).where(series.c.release_id == bad.id)
    damaged = sa.update(sketches).where(sketches.c.series_id.in_(of_bad))
    connection.execute(damaged.values(encoded=b"S\xff"))
    assert evaluated(connection, world, when=at(HOUR)).status == VerdictStatus.REGRESSED
    assert stored(connection, world, "web@3.0.0").status == VerdictStatus.UNDECIDED
    # It is tried again in an hour.
    assert "web@3.0.0" not in due(connection, at(2 * HOUR - MINUTE))
    assert "web@3.0.0" in due(connection, at(2 * HOUR))


def test_with_nothing_to_do_two_statements_are_sent(
    database: Database, connection: Connection
) -> None:
    with statements(database) as sent:
        assert not actions.evaluate_due(connection, at(0))
    assert len(sent.texts) == 2


def test_statements_do_not_grow_with_the_releases(
    database: Database, connection: Connection, add: Add, world: World
) -> None:
    deploy(connection, world, OLD, at(-DAY))
    numbers = []
    for count in (1, 4):
        for number in range(count):
            add(f"web@3.{count}.{number}", START, width=600, sessions=10)
        actions.evaluate_due(connection, at(count * HOUR))
        with statements(database) as sent:
            actions.evaluate_due(connection, at(count * HOUR + 30 * MINUTE))
        numbers.append(len(sent.texts))
    assert numbers[0] == numbers[1]
