"""What sessions add to counts: the worked examples of ingest.md 7.5, and traps of verdict.md 3.1."""

import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipmark.release_health import buckets
from shipmark.release_health.buckets import HealthUpdate, hasher_of
from shipmark.release_health.model import (
    BucketWidth,
    SessionCounts,
    SketchKind,
    UserCounts,
    crash_free,
)
from shipmark.release_health.sessions import (
    SessionAggregate,
    accepted,
    read_aggregates,
    read_update,
)

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
HASHER = hasher_of(b"secret", 1)
ATTRS = {"release": "web@1.0.0"}


def update(sid: str, did: str | None = None, **more: object) -> HealthUpdate:
    sent = {"sid": sid * 32, "did": did, "started": NOW.isoformat(), "attrs": ATTRS} | more
    read = read_update(sent, default_sid="d" * 32, received_at=NOW)
    return buckets.of_update(accepted(read, received_at=NOW, drift=timedelta()), HASHER)


def aggregate(**more: object) -> HealthUpdate:
    [read] = read_aggregates({"aggregates": [{"started": NOW.isoformat()} | more], "attrs": ATTRS})
    assert isinstance(read, SessionAggregate)
    return buckets.of_aggregate(read, HASHER)


@dataclass(frozen=True)
class Totals:
    """What one bucket shows."""

    sessions: SessionCounts
    users: UserCounts


def totals(updates: Iterable[HealthUpdate]) -> Totals:
    counts, sets = SessionCounts(), defaultdict[SketchKind, set[int]](set)
    for each in updates:
        counts += each.counts
        for kind, hash_ in each.members:
            sets[kind].add(hash_)
    sizes: dict[str, int] = {kind: len(sets[kind]) for kind in SketchKind}
    return Totals(
        counts + SessionCounts(errored_sids=sizes["sids"]),
        UserCounts(
            sizes["all"],
            sizes["errored"],
            sizes["crashed"],
            sizes["abnormal"],
            sizes["anr"],
            sizes["anr_foreground"],
        ),
    )


ONE_RUN = [
    update("a", "u1", init=True),
    update("a", "u1", errors=1),
    update("a", "u1", status="exited", errors=1, duration=60),
]
A_CRASH = update("b", "u2", init=True, status="crashed", errors=1)


def shown(updates: Iterable[HealthUpdate]) -> dict[str, Any]:
    found = totals(updates)
    sessions, users = found.sessions, found.users
    return {
        "total": sessions.sessions,
        "errored": sessions.errored,
        "crashed": sessions.crashed,
        "abnormal": sessions.abnormal,
        "healthy": sessions.healthy,
        "users": (users.all, users.errored, users.crashed, users.healthy),
        "crash_free": crash_free(sessions.crashed, sessions.sessions),
    }


def test_one_run_of_an_app() -> None:
    assert shown(ONE_RUN) == {
        "total": 1,
        "errored": 1,
        "crashed": 0,
        "abnormal": 0,
        "healthy": 0,
        "users": (1, 1, 0, 0),
        "crash_free": 100,
    }


def test_a_crash_in_one_update() -> None:
    assert shown([*ONE_RUN, A_CRASH]) == {
        "total": 2,
        "errored": 1,
        "crashed": 1,
        "abnormal": 0,
        "healthy": 0,
        "users": (2, 1, 1, 0),
        "crash_free": 50,
    }


def test_aggregates() -> None:
    found = [
        aggregate(exited=123, abnormal=5, crashed=7),
        aggregate(exited=12, errored=3, did="u3"),
    ]
    assert shown(found) == {
        "total": 150,
        "errored": 3,
        "crashed": 7,
        "abnormal": 5,
        "healthy": 135,
        "users": (1, 1, 0, 0),
        "crash_free": pytest.approx(95.333, abs=0.001),
    }


def test_a_crash_without_a_beginning() -> None:
    """Trap 1: the rate is unknown, not 100 %; with others it is never negative."""
    lone = update("c", "u4", status="crashed")
    assert shown([lone]) == {
        "total": 0,
        "errored": 0,
        "crashed": 1,
        "abnormal": 0,
        "healthy": 0,
        "users": (1, 0, 1, 0),
        "crash_free": None,
    }
    assert shown([lone, lone, update("d", init=True)])["crash_free"] == 0


def test_a_session_that_never_ends_is_healthy() -> None:
    """Trap 9."""
    found = shown([update("d", init=True)])
    assert (found["total"], found["healthy"]) == (1, 1)


def test_an_app_that_does_not_respond() -> None:
    hung = update("e", "u5", init=True, status="abnormal", abnormal_mechanism="anr_foreground")
    background = update("f", "u6", status="abnormal", abnormal_mechanism="anr_background")
    found = totals([hung, background])
    assert (found.sessions.sessions, found.sessions.abnormal, found.sessions.errored) == (1, 2, 0)
    assert (found.users.anr, found.users.anr_foreground, found.users.abnormal) == (2, 1, 2)


def test_crashes_are_counted_by_update_and_errors_by_session() -> None:
    """Trap 2."""
    found = totals([update("a", status="crashed")] * 2)
    assert (found.sessions.crashed, found.sessions.errored_sids, found.sessions.errored) == (
        2,
        1,
        0,
    )


def test_errors_of_aggregates_are_in_no_set() -> None:
    """Trap 3: both would double them."""
    found = aggregate(crashed=2, did="u")
    assert found.counts.errored_preaggregated == 2
    assert SketchKind.ERRORED_SESSIONS not in dict(found.members)


def test_an_unhandled_exception_is_an_error_and_no_crash() -> None:
    """Trap 5."""
    for found in (update("a", "u", init=True, status="unhandled"), aggregate(unhandled=1, did="u")):
        sessions = totals([found]).sessions
        assert (sessions.unhandled, sessions.crashed, sessions.errored) == (1, 0, 1)
        assert totals([found]).users.errored == 1


def test_an_abnormal_end_without_errors_is_an_error_of_session_and_user() -> None:
    """Trap 6."""
    found = totals([update("a", "u", status="abnormal", errors=0)])
    assert found.sessions.errored_sids == 1
    assert (found.users.errored_all, found.users.errored) == (1, 0)


def test_a_user_who_crashed_and_hung_is_subtracted_twice() -> None:
    """Trap 7: the formula stays, and its result is never negative."""
    found = totals([update("a", "u", status="crashed"), update("b", "u", status="abnormal")])
    assert (found.users.errored_all, found.users.errored, found.users.healthy) == (1, 0, 0)


def test_an_unknown_status_is_an_error() -> None:
    """Trap 8."""
    assert totals([update("a", init=True, status="degraded")]).sessions.errored == 1


def test_a_session_without_a_user_counts_as_a_session_only() -> None:
    """Trap 10."""
    found = totals([update("a", "0" * 32, init=True), aggregate(exited=1)])
    assert (found.sessions.sessions, found.users) == (2, UserCounts())


def test_a_session_in_one_update_without_an_id_counts_at_once() -> None:
    """Trap 14."""
    sent = {"started": NOW.isoformat(), "attrs": ATTRS, "init": True, "status": "crashed"}
    found = [
        buckets.of_update(
            accepted(
                read_update(sent, default_sid=sid * 32, received_at=NOW),
                received_at=NOW,
                drift=timedelta(),
            ),
            HASHER,
        )
        for sid in "ab"
    ]
    assert totals(found).sessions == SessionCounts(sessions=2, crashed=2, errored_sids=2)


def test_a_repeated_beginning_counts_twice() -> None:
    """Trap 15."""
    assert totals([update("a", init=True)] * 2).sessions.sessions == 2


def test_only_the_end_of_a_session_has_a_duration() -> None:
    durations = [update("a", duration=60, status=status).duration for status in ("ok", "exited")]
    assert durations == [None, 60]


def test_an_aggregate_without_sessions_has_no_user() -> None:
    assert aggregate(did="u").members == ()


def test_ids_of_users_are_hashed_by_a_key_of_their_organization() -> None:
    hashes = {hasher_of(secret, number).hash("u1") for secret in (b"a", b"b") for number in (1, 2)}
    assert len(hashes) == 4
    assert hasher_of(b"a" * 99, 1).hash("u\ud800") < 2**64


@given(st.randoms(use_true_random=False))
def test_order_never_matters(rng: random.Random) -> None:
    """Trap 11: ``seq`` means nothing."""
    statuses = ("ok", "exited", "crashed", "abnormal", "errored", "unhandled", "new")
    updates = [
        update(
            rng.choice("abc"),
            rng.choice(["u1", "u2", None]),
            init=rng.random() < 0.5,
            status=rng.choice(statuses),
            errors=rng.choice([0, 0, 1]),
            seq=number,
        )
        for number in range(12)
    ]
    before = totals(updates)
    rng.shuffle(updates)
    assert totals(updates) == before


def test_buckets_are_wider_the_older_they_are() -> None:
    ages = [timedelta(), timedelta(hours=47, minutes=59), timedelta(hours=48)]
    widths = [buckets.width_at(NOW - age, NOW) for age in ages]
    assert widths == [BucketWidth.TEN_MINUTES, BucketWidth.TEN_MINUTES, BucketWidth.HOUR]
