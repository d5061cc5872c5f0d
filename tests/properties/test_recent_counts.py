"""The numbers of recent events are those of counting, however events are split into batches."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shipmark.issues import recent_counts

NOW = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
AGES = st.integers(0, 40 * 24 * 60)


@given(batches=st.lists(st.lists(AGES, min_size=1, max_size=5), min_size=1, max_size=8))
def test_batches_add_up(batches: list[list[int]]) -> None:
    moments = [[NOW - timedelta(minutes=age) for age in batch] for batch in batches]
    text = None
    for batch in moments:
        text = recent_counts.add(text, batch)
    hours = Counter(int(at.timestamp()) // 3600 * 3600 for batch in moments for at in batch)
    days = Counter(int(at.timestamp()) // 86_400 * 86_400 for batch in moments for at in batch)
    by_hour, by_day = recent_counts.by_hour(text, NOW), recent_counts.by_day(text, NOW)
    assert (len(by_hour), len(by_day)) == (24, 30)
    assert [count for _, count in by_hour] == [hours[start] for start, _ in by_hour]
    assert [count for _, count in by_day] == [days[start] for start, _ in by_day]
    assert recent_counts.by_day(text, NOW, days=14) == by_day[-14:]


@given(ages=st.lists(AGES, min_size=1))
def test_time_passes_without_events(ages: list[int]) -> None:
    text = recent_counts.add(None, [NOW - timedelta(minutes=age) for age in ages])
    later = NOW + timedelta(hours=3)
    before, after = recent_counts.by_hour(text, NOW), recent_counts.by_hour(text, later)
    # The last hour with an event may be before now: no more than a day of it is kept.
    assert after[:21] == before[3:]
    assert [count for _, count in after[21:]] == [0, 0, 0]


def test_a_text_is_short() -> None:
    moments = [NOW - timedelta(hours=hours) for hours in range(30 * 24)]
    assert len(recent_counts.add(None, moments * 99)) < 300
