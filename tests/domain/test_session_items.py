"""Items of sessions: every key with its default, and which are accepted (ingest.md 7.1, 7.2, 7.4)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shipmark.release_health.sessions import (
    AbnormalMechanism,
    InvalidSessionError,
    SessionAggregate,
    SessionProblem,
    SessionStatus,
    SessionUpdate,
    accepted,
    read_aggregates,
    read_update,
)

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
SID = "c" * 32
NONE = timedelta()
ATTRS = {"release": "web@1.0.0"}


def item(**more: object) -> dict[str, Any]:
    return {"sid": SID, "started": NOW.isoformat(), "attrs": ATTRS} | more


def read(**more: object) -> SessionUpdate:
    return read_update(item(**more), default_sid="d" * 32, received_at=NOW)


def accept(*, drift: timedelta = NONE, **more: object) -> SessionUpdate:
    return accepted(read(**more), received_at=NOW, drift=drift)


def problem(**more: Any) -> SessionProblem:
    with pytest.raises(InvalidSessionError) as raised:
        accept(**more)
    return raised.value.problem


def test_an_update_has_defaults() -> None:
    update = read_update(
        {"started": "2026-02-01T11:00:00.5Z", "attrs": ATTRS}, default_sid=SID, received_at=NOW
    )
    assert (update.sid, update.did, update.is_init, update.errors) == (SID, None, False, 0)
    assert update.sequence == NOW.timestamp() * 1000
    assert update.started == NOW - timedelta(hours=1) + timedelta(milliseconds=500)
    assert update.timestamp == NOW
    assert (update.duration, update.status) == (None, SessionStatus.OK)
    assert update.mechanism is AbnormalMechanism.NONE
    attributes = update.attributes
    assert (attributes.environment, attributes.address, attributes.user_agent) == ("", "", "")


def test_null_counts_as_missing() -> None:
    keys = ("sid", "did", "seq", "init", "timestamp", "duration", "status", "errors")
    assert read(**dict.fromkeys(keys)) == read(sid="d" * 32)


def test_every_key_is_read() -> None:
    attrs = ATTRS | {"environment": "live", "ip_address": "192.0.2.1", "user_agent": "App/1"}
    update = read(
        sid="7c7b6585-f901-4351-bf8d-02711b721929",
        did="u1",
        seq=7,
        timestamp=NOW.timestamp() + 1.5,
        duration=60,
        status="abnormal",
        errors=2.0,
        abnormal_mechanism="anr_background",
        attrs=attrs,
    )
    assert update.sid == "7c7b6585f9014351bf8d02711b721929"
    assert (update.did, update.sequence, update.errors) == ("u1", 7, 2)
    assert update.timestamp == NOW + timedelta(seconds=1.5)
    assert (update.duration, update.status) == (60.0, SessionStatus.ABNORMAL)
    assert update.mechanism is AbnormalMechanism.ANR_BACKGROUND
    assert update.attributes.environment == "live"
    assert (update.attributes.address, update.attributes.user_agent) == ("192.0.2.1", "App/1")


@pytest.mark.parametrize("did", ["", "0" * 32, "00000000-0000-0000-0000-000000000000"])
def test_a_nil_user_is_none(did: str) -> None:
    assert read(did=did).did is None


def test_the_id_of_a_user_may_be_a_number() -> None:
    assert read(did=42).did == "42"


def test_the_first_update_has_the_first_number() -> None:
    assert read(init=True, seq=9).sequence == 0


def test_the_largest_number_is_refused() -> None:
    assert read(seq=2**64 - 2).sequence == 2**64 - 2
    assert problem(seq=2**64 - 1) is SessionProblem.INVALID


def test_a_crash_has_an_error() -> None:
    assert read(status="crashed").errors == 1
    assert read(status="crashed", errors=3).errors == 3


def test_an_unknown_status_is_errored() -> None:
    assert read(status="degraded").status is SessionStatus.ERRORED
    assert read(status="unhandled").status is SessionStatus.UNHANDLED


def test_an_unknown_mechanism_is_none() -> None:
    for sent in ("anr_elsewhere", 7, None):
        assert read(abnormal_mechanism=sent).mechanism is AbnormalMechanism.NONE


@pytest.mark.parametrize("duration", [-1, float("inf"), float("nan"), 1e300])
def test_a_duration_that_can_not_be_is_none(duration: float) -> None:
    assert read(duration=duration).duration is None


@pytest.mark.parametrize(
    "bad",
    [
        {"sid": "no id"},
        {"sid": "{" + "c" * 30 + "}"},
        {"sid": 7},
        {"did": {}},
        {"did": True},
        {"seq": -1},
        {"seq": "1"},
        {"init": "yes"},
        {"started": None},
        {"started": "yesterday"},
        {"timestamp": "later"},
        {"timestamp": True},
        {"duration": "long"},
        {"status": 7},
        {"errors": -1},
        {"errors": 1.5},
        {"errors": True},
        {"attrs": None},
        {"attrs": {}},
        {"attrs": {"release": ["web@1.0.0"]}},
        {"attrs": {"release": True}},
    ],
)
def test_an_update_with_a_wrong_value_is_dropped(bad: dict[str, object]) -> None:
    assert problem(**bad) is SessionProblem.INVALID


def test_a_clock_that_is_wrong_by_an_hour_is_corrected() -> None:
    """ingest.md 6: only from 55 minutes on."""
    early = NOW - timedelta(days=5, minutes=55)
    assert problem(started=early.isoformat()) is SessionProblem.TOO_OLD
    update = accept(
        started=early.isoformat(), timestamp=early.isoformat(), drift=timedelta(minutes=55)
    )
    assert update.started == update.timestamp == NOW - timedelta(days=5)
    assert accept(drift=timedelta(minutes=54)).started == NOW


def test_an_end_before_the_beginning_is_the_beginning() -> None:
    """It is mended before its age is looked at."""
    old = NOW - timedelta(days=9)
    assert accept(timestamp=old.isoformat()).timestamp == NOW


def test_a_session_that_began_long_ago_is_dropped() -> None:
    old = (NOW - timedelta(days=5, seconds=1)).isoformat()
    assert problem(started=old) is SessionProblem.TOO_OLD
    assert accept(started=(NOW - timedelta(days=5)).isoformat())


@pytest.mark.parametrize("key", ["started", "timestamp"])
def test_a_session_of_the_future_is_dropped(key: str) -> None:
    assert accept(**{key: (NOW + timedelta(seconds=60)).isoformat()})
    assert problem(**{key: (NOW + timedelta(seconds=61)).isoformat()}) is SessionProblem.IN_FUTURE


def test_numbers_count_as_texts() -> None:
    attributes = accept(attrs={"release": 7, "environment": 1.5}).attributes
    assert (attributes.release, attributes.environment) == ("7", "1.5")


def test_age_is_looked_at_before_the_release() -> None:
    old = (NOW - timedelta(days=6)).isoformat()
    assert problem(started=old, attrs={"release": "latest"}) is SessionProblem.TOO_OLD


def test_a_moment_out_of_range_is_dropped() -> None:
    last = datetime.max.replace(tzinfo=UTC).isoformat()
    assert problem(started=last, drift=timedelta(hours=2)) is SessionProblem.INVALID


@pytest.mark.parametrize("release", ["", " ", "latest", "a/b", "..", "r" * 201, "a\x00", "a\ud800"])
def test_a_session_of_an_invalid_release_is_dropped(release: str) -> None:
    assert problem(attrs={"release": release}) is SessionProblem.RELEASE


@pytest.mark.parametrize("environment", ["a/b", "none", "None", "e" * 65, "a\x00", [7], None])
def test_an_invalid_environment_is_removed(environment: object) -> None:
    update = accept(attrs={"release": " web@1.0.0 ", "environment": environment})
    assert (update.attributes.release, update.attributes.environment) == ("web@1.0.0", "")


def entry(**more: object) -> dict[str, object]:
    return {"started": "2026-02-01T12:00:00Z"} | more


def aggregates(*entries: object, **more: object) -> list[SessionAggregate | SessionProblem]:
    return read_aggregates({"aggregates": list(entries), "attrs": ATTRS} | more)


def test_missing_numbers_of_an_aggregate_are_zero() -> None:
    [empty] = aggregates(entry())
    assert isinstance(empty, SessionAggregate)
    assert empty.exited == empty.errored == empty.crashed == empty.abnormal == empty.unhandled == 0
    assert (empty.started, empty.did) == (NOW, None)


def test_numbers_of_an_aggregate_are_read() -> None:
    [read] = aggregates(entry(did="u", exited=1, errored=2, crashed=3, abnormal=4, unhandled=5))
    assert isinstance(read, SessionAggregate)
    assert (read.did, read.exited, read.errored) == ("u", 1, 2)
    assert (read.crashed, read.abnormal, read.unhandled) == (3, 4, 5)


def test_a_bad_entry_is_dropped_alone() -> None:
    bad = [7, {}, entry(exited=-1), entry(exited=2**31), entry(did=[])]
    read = aggregates(*bad, entry(exited=1))
    assert read[:-1] == [SessionProblem.INVALID] * 5
    assert isinstance(read[-1], SessionAggregate)


def test_the_101st_entry_is_dropped() -> None:
    read = aggregates(*[entry(exited=1)] * 102)
    assert read[100:] == [SessionProblem.TOO_MANY] * 2
    assert all(isinstance(each, SessionAggregate) for each in read[:100])


@pytest.mark.parametrize("bad", [{"aggregates": None}, {"aggregates": {}}, {"attrs": None}])
def test_aggregates_of_a_wrong_type_are_dropped(bad: dict[str, object]) -> None:
    with pytest.raises(InvalidSessionError):
        aggregates(**bad)


def test_aggregates_are_accepted_by_their_beginning() -> None:
    [read] = aggregates(entry())
    assert isinstance(read, SessionAggregate)
    assert accepted(read, received_at=NOW, drift=NONE).started == NOW
    with pytest.raises(InvalidSessionError):
        accepted(read, received_at=NOW + timedelta(days=6), drift=NONE)
    late = accepted(read, received_at=NOW + timedelta(days=6), drift=timedelta(days=2))
    assert late.started == NOW + timedelta(days=2)
