"""The rules by which snoozes end (ingest.md 12)."""

from datetime import UTC, datetime, timedelta

import pytest

from shipmark.issues.snooze import (
    Lapse,
    LapseReason,
    Snooze,
    SnoozedEvent,
    SnoozeWindows,
    hourly_limit,
    observe,
)

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
#: The issue had 10 events and 3 users when it was ignored.
EVENTS, USERS = 10, 3


def snooze(**conditions: object) -> Snooze:
    numbers = {"times_seen": EVENTS, "users_seen": USERS}
    return Snooze(issue_id=1, user_id=None, created_at=AT, **numbers | conditions)  # type: ignore[arg-type]


def happened(
    *minutes: float, users: tuple[str | None, ...] = (), known: int = 0
) -> list[SnoozedEvent]:
    """Events so long after the issue was ignored; of the users all but the first ``known`` are new to it."""
    events = []
    for number, after in enumerate(minutes):
        so_far = {user for user in users[: number + 1] if user} - set(users[:known])
        events.append(
            SnoozedEvent(
                event_id=f"{number:032x}",
                received_at=AT + timedelta(minutes=after),
                times_seen=EVENTS + 1 + number,
                users_seen=USERS + len(so_far),
                user_hash=users[number] if users else None,
            )
        )
    return events


def lapsed_by(kept: Snooze, events: list[SnoozedEvent]) -> tuple[int, LapseReason] | None:
    """The number of the event that ends the snooze, as if each came in a batch of its own, and as if in one."""
    windows = SnoozeWindows()
    alone = None
    for number, event in enumerate(events):
        outcome = observe(kept, windows, [event])
        if isinstance(outcome, Lapse):
            alone = (number, outcome.reason)
            break
        windows = outcome
    together = observe(kept, SnoozeWindows(), events)
    if isinstance(together, Lapse):
        assert together.event_id is not None
        assert alone == (int(together.event_id, 16), together.reason)
    else:
        assert alone is None
        assert together == windows
    return alone


@pytest.mark.parametrize(("minutes", "is_lapsed"), [(59.9, False), (60, True), (61, True)])
def test_time_is_over_at_its_end(minutes: float, *, is_lapsed: bool) -> None:
    kept = snooze(ends_at=AT + timedelta(hours=1))
    assert lapsed_by(kept, happened(minutes)) == ((0, LapseReason.TIME) if is_lapsed else None)


def test_the_event_that_makes_the_number_full_ends_it() -> None:
    kept = snooze(event_count=3)
    assert lapsed_by(kept, happened(1, 2)) is None
    assert lapsed_by(kept, happened(1, 9000, 20_000, 30_000)) == (2, LapseReason.OCCURRENCES)


def test_users_count_once_and_only_if_they_are_new() -> None:
    kept = snooze(user_count=2)
    events = happened(1, 2, 3, 4, users=("known", "ada", "ada", "grace"), known=1)
    assert lapsed_by(kept, events) == (3, LapseReason.OCCURRENCES)
    assert lapsed_by(kept, events[:3]) is None


def test_the_condition_that_is_met_first_ends_it() -> None:
    kept = snooze(event_count=2, user_count=1, ends_at=AT + timedelta(days=1))
    assert lapsed_by(kept, happened(1, 2, users=(None, "ada"))) == (1, LapseReason.OCCURRENCES)
    assert lapsed_by(kept, happened(2000)) == (0, LapseReason.TIME)


def test_within_a_window_older_events_do_not_count() -> None:
    kept = snooze(event_count=3, event_window_minutes=60)
    assert lapsed_by(kept, happened(0, 30, 62, 93, 124)) is None
    assert lapsed_by(kept, happened(0, 62, 63, 64)) == (3, LapseReason.OCCURRENCES)


def test_a_window_is_never_too_short_and_too_long_by_a_sixtieth_at_most() -> None:
    for window, bucket in ((5, 1), (60, 1), (600, 10), (10_080, 168)):
        kept = snooze(event_count=2, event_window_minutes=window)
        for begin in range(0, bucket * 2, max(bucket // 3, 1)):
            assert lapsed_by(kept, happened(begin, begin + window)) is not None
            assert lapsed_by(kept, happened(begin, begin + window + bucket + 1)) is None


def test_users_of_a_window_count_once_and_also_if_they_are_known() -> None:
    kept = snooze(user_count=2, user_window_minutes=60)
    ada, grace = "a" * 32, "b" * 32
    assert lapsed_by(kept, happened(1, 2, users=(ada, ada))) is None
    assert lapsed_by(kept, happened(1, 2, users=(ada, grace), known=2)) is not None
    assert lapsed_by(kept, happened(1, 90, users=(ada, grace))) is None
    assert lapsed_by(kept, happened(1, 40, 90, users=(ada, ada, grace))) is not None


def test_what_is_stored_for_a_window_is_limited() -> None:
    kept = snooze(event_count=10_000, event_window_minutes=10_080)
    windows = observe(kept, SnoozeWindows(), happened(*range(0, 30_000, 7)))
    assert isinstance(windows, SnoozeWindows)
    assert len(windows.events) == 61


def test_an_event_that_comes_late_counts_when_it_was_received() -> None:
    kept = snooze(event_count=3, event_window_minutes=60)
    assert lapsed_by(kept, happened(50, 10, 55)) == (2, LapseReason.OCCURRENCES)
    assert lapsed_by(kept, happened(200, 10, 201)) is None


@pytest.mark.parametrize(
    ("busiest_hour", "week", "limit"),
    [(0, 0, 10), (3, 9, 10), (30, 100, 60), (0, 1680, 30), (0, 1681, 31), (100, 168_000, 3000)],
)
def test_an_issue_escalates_beyond_its_last_day_and_week(
    busiest_hour: int, week: int, limit: int
) -> None:
    assert hourly_limit(busiest_hour=busiest_hour, week=week) == limit


def test_what_is_left_is_of_numbers_without_a_window() -> None:
    kept = snooze(event_count=5, user_count=2)
    assert (kept.events_left(EVENTS + 2), kept.users_left(USERS + 1)) == (3, 1)
    assert kept.events_left(EVENTS + 7) == 0
    kept = snooze(event_count=5, event_window_minutes=10, user_count=2, user_window_minutes=10)
    assert (kept.events_left(EVENTS + 2), kept.users_left(USERS + 1)) == (5, 2)
    assert (snooze().events_left(20), snooze().users_left(20)) == (None, None)
