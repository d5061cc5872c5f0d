"""Old buckets of release health become wider, whatever comes late; then they are deleted (verdict.md 2.2)."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import World, on_one_database, rows
from sessions import HASHER, RELEASE, fold

from shipmark.infrastructure.database import Database
from shipmark.release_health import compaction
from shipmark.release_health.buckets import HealthUpdate
from shipmark.release_health.model import DAY, SessionCounts, SketchKind
from shipmark.release_health.sketches import DistinctValues, Durations, union
from shipmark.worker import retention_jobs

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Fold = Callable[..., None]
Compact = Callable[[datetime], None]


def update(
    started: datetime = AT, *, user: str = "u1", sid: str = "", seconds: float | None = None
) -> HealthUpdate:
    """A session of a user; with an id it crashed."""
    hash_ = HASHER.hash(user)
    members = [(SketchKind.ALL, hash_)]
    if sid:
        members += [
            (SketchKind.CRASHED, hash_),
            (SketchKind.ERRORED_SESSIONS, HASHER.hash(sid)),
        ]
    return HealthUpdate(
        release=RELEASE,
        environment="production",
        started=started,
        counts=SessionCounts(sessions=1, crashed=int(bool(sid))),
        members=tuple(members),
        duration=seconds,
    )


@pytest.fixture
def folded(database: Database, world: World) -> Fold:
    def fold_at(at: datetime, *updates: HealthUpdate) -> None:
        with database.transaction() as connection:
            fold(connection, world.projects["web"], updates, at)

    return fold_at


@pytest.fixture
def compact(database: Database) -> Compact:
    def compact_at(at: datetime) -> None:
        for step in compaction.STEPS.values():
            retention_jobs.take(database, step, at, most=1000)

    return compact_at


def of_all(database: Database, name: str) -> list[dict[str, Any]]:
    """The rows of the series of all releases."""
    [series] = [row["id"] for row in rows(database, "health_series") if row["release_id"] == 0]
    return [row for row in rows(database, name) if row["series_id"] == series]


def sets(database: Database, kind: SketchKind) -> list[bytes]:
    return [row["encoded"] for row in of_all(database, "health_sketches") if row["kind"] == kind]


def widths(database: Database) -> tuple[set[int], set[int]]:
    """Those of counts, and those of sketches."""
    counts, sketches = (rows(database, f"health_{name}") for name in ("counts", "sketches"))
    return {row["width"] for row in counts}, {row["width"] for row in sketches}


def test_ten_minutes_become_hours_after_two_days(
    folded: Fold, compact: Compact, database: Database
) -> None:
    moments = [AT + timedelta(minutes=minutes) for minutes in (0, 9, 10, 59)]
    folded(AT + HOUR, *(update(moment, sid="s") for moment in moments))
    compact(AT + timedelta(hours=48))
    assert widths(database) == ({600}, {600})
    compact(AT + timedelta(hours=49))
    assert widths(database) == ({3600}, {3600})
    [row] = of_all(database, "health_counts")
    assert row["start"] == AT.timestamp()
    assert (row["sessions"], row["crashed"], row["errored_sids"]) == (4, 4, 1)
    assert (row["users"], row["users_crashed"]) == (1, 1)


def test_a_late_session_is_added_to_its_hour(
    folded: Fold, compact: Compact, database: Database
) -> None:
    folded(AT + HOUR, update(user="u1"))
    folded(AT + 50 * HOUR, update(user="u1"), update(user="u2"))
    compact(AT + 50 * HOUR)
    folded(AT + 60 * HOUR, update(user="u2"), update(user="u3"))
    compact(AT + 60 * HOUR)
    [row] = of_all(database, "health_counts")
    assert (row["width"], row["sessions"], row["users"]) == (3600, 5, 3)


def test_sketches_become_those_of_days_and_counts_stay(
    folded: Fold, compact: Compact, database: Database
) -> None:
    for hours in (0, 1, 5):
        folded(AT + timedelta(days=4), update(AT + hours * HOUR, seconds=60))
    compact(AT + timedelta(days=16))
    assert widths(database) == ({3600}, {DAY})
    assert [row["users"] for row in of_all(database, "health_counts")] == [1, 1, 1]
    assert len(union(sets(database, SketchKind.ALL))) == 1
    [durations] = sets(database, SketchKind.DURATIONS)
    assert (Durations(durations).number, Durations(durations).average) == (3, 60)


def test_sets_of_sessions_with_errors_become_numbers_after_five_days(
    folded: Fold, compact: Compact, database: Database
) -> None:
    folded(AT + HOUR, update(sid="a"), update(sid="b"))
    compact(AT + timedelta(days=5))
    assert len(sets(database, SketchKind.ERRORED_SESSIONS)) == 1
    compact(AT + timedelta(days=5, hours=2))
    assert sets(database, SketchKind.ERRORED_SESSIONS) == []
    assert [row["errored_sids"] for row in of_all(database, "health_counts")] == [2]


def test_all_is_deleted_after_ninety_days_but_the_series(
    folded: Fold, compact: Compact, database: Database
) -> None:
    folded(AT + HOUR, update())
    compact(AT + timedelta(days=89))
    assert rows(database, "health_counts") != []
    compact(AT + timedelta(days=91))
    assert (rows(database, "health_counts"), rows(database, "health_sketches")) == ([], [])
    assert len(rows(database, "health_series")) == 2


@on_one_database
def test_steps_are_small(
    folded: Fold, compact: Compact, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in (("ROWS_MAX", 3), ("SERIES_MAX", 1)):
        monkeypatch.setattr(compaction, name, number)
    folded(
        AT + 10 * HOUR,
        *(update(AT + timedelta(minutes=10 * n), user=f"u{n}", sid=f"s{n}") for n in range(40)),
    )
    compact(AT + timedelta(days=3))
    assert widths(database) == ({3600}, {3600})
    assert [row["users"] for row in of_all(database, "health_counts")] == [6] * 6 + [4]
    compact(AT + timedelta(days=20))
    assert widths(database) == ({3600}, {DAY})
    assert len(union(sets(database, SketchKind.CRASHED))) == 40
    assert sets(database, SketchKind.ERRORED_SESSIONS) == []


@dataclass
class Exact:
    """An exact counter of the same sessions, by hour."""

    sessions: Counter[int] = field(default_factory=Counter)
    crashed: Counter[int] = field(default_factory=Counter)
    users: dict[int, set[int]] = field(default_factory=dict)
    sids: dict[int, set[int]] = field(default_factory=dict)

    def add(self, updates: Iterable[HealthUpdate]) -> None:
        for each in updates:
            hour = int(each.started.timestamp()) // 3600 * 3600
            self.sessions[hour] += each.counts.sessions
            self.crashed[hour] += each.counts.crashed
            members = dict(each.members)
            self.users.setdefault(hour, set()).add(members[SketchKind.ALL])
            self.sids.setdefault(hour, set())
            if SketchKind.ERRORED_SESSIONS in members:
                self.sids[hour].add(members[SketchKind.ERRORED_SESSIONS])


@pytest.mark.parametrize("seed", range(3))
def test_late_sessions_and_compactions_in_any_order_give_the_same_sums(
    folded: Fold, compact: Compact, database: Database, seed: int
) -> None:
    chance, exact, at = random.Random(seed), Exact(), AT
    for _ in range(30):
        at += timedelta(hours=chance.choice([0, 1, 7, 30]))
        if chance.random() < 0.4:
            compact(at - timedelta(hours=chance.choice([0, 1])))
        ages = [timedelta(minutes=chance.randrange(5 * 24 * 60)) for _ in range(12)]
        updates = [
            update(
                at - age,
                user=f"u{chance.randrange(60)}",
                sid=chance.choice(["", f"s{chance.randrange(500)}"]),
            )
            for age in ages
        ]
        exact.add(updates)
        folded(at, *updates)
    compact(at + timedelta(days=3))
    found = {row["start"]: row for row in of_all(database, "health_counts")}
    assert {row["width"] for row in found.values()} == {3600}
    assert {start: row["sessions"] for start, row in found.items()} == dict(exact.sessions)
    assert {start: row["users"] for start, row in found.items()} == {
        hour: len(users) for hour, users in exact.users.items()
    }
    assert {start: row["errored_sids"] for start, row in found.items()} == {
        hour: len(sids) for hour, sids in exact.sids.items()
    }
    assert sum(row["crashed"] for row in found.values()) == exact.crashed.total()
    everyone = set().union(*exact.users.values())
    assert len(union(sets(database, SketchKind.ALL))) == len(everyone)


def test_many_users_are_counted_within_the_bound_of_a_sketch(
    folded: Fold, compact: Compact, database: Database
) -> None:
    for part in range(6):
        moment = AT + timedelta(minutes=10 * part)
        folded(
            AT + HOUR, *(update(moment, user=f"u{part * 400 + number}") for number in range(500))
        )
    compact(AT + timedelta(days=3))
    [row] = of_all(database, "health_counts")
    assert row["sessions"] == 3000
    assert row["users"] == pytest.approx(2500, rel=0.065)
    [encoded] = sets(database, SketchKind.ALL)
    assert row["users"] == len(DistinctValues(encoded))


@on_one_database
def test_rows_of_a_series_that_is_gone_are_deleted(
    folded: Fold, compact: Compact, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "ROWS_MAX", 2)
    folded(AT + HOUR, *(update(AT + n * HOUR, sid="s") for n in range(-5, 1)))
    with database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM health_series WHERE release_id > 0")
    compact(AT + HOUR)
    for name in ("health_counts", "health_sketches"):
        assert rows(database, name) == of_all(database, name) != []


def test_folds_and_compactions_at_the_same_moment_lose_nothing(
    folded: Fold, compact: Compact, database: Database
) -> None:
    folded(AT + HOUR, update(user="u0"))

    def add(number: int) -> None:
        at = AT + timedelta(days=3)
        if number % 3 == 0:
            compact(at)
        else:
            moments = [AT + timedelta(minutes=10 * (number % 4)), at - HOUR]
            folded(at, *(update(moment, user=f"u{number}", sid="s") for moment in moments))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(1, 31)))
    compact(AT + timedelta(days=6))
    first, second = of_all(database, "health_counts")
    assert (first["sessions"], second["sessions"]) == (21, 20)
    assert (first["users"], second["users"]) == (21, 20)
    assert (first["errored_sids"], second["errored_sids"]) == (1, 1)
