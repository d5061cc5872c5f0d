"""Whether a threshold is kept, and how long it watches (releases.md 2.22)."""

from datetime import UTC, datetime, timedelta

import pytest
from factories import BEGINNING
from hypothesis import given as given_any
from hypothesis import strategies as st

from shipmark.releases.model import Release, ReleaseStatus
from shipmark.releases.thresholds import (
    NUMBER_MAX,
    Finding,
    Threshold,
    ThresholdType,
    Trigger,
    Watch,
)

RELEASE = Release(
    id=1,
    organization_id=1,
    version="web@1.0.0",
    status=ReleaseStatus.OPEN,
    ref=None,
    url=None,
    owner_id=None,
    created_at=BEGINNING,
    released_at=None,
    commit_count=0,
    last_commit_id=None,
    author_ids=(),
    deploy_count=0,
    last_deploy_id=None,
    user_agent=None,
)
numbers = st.integers(0, NUMBER_MAX)


def threshold(trigger: Trigger, value: int = 5, seconds: int = 60) -> Threshold:
    return Threshold(
        id=1,
        project_id=1,
        type=ThresholdType.ERRORS,
        trigger=trigger,
        value=value,
        window_seconds=seconds,
        environment=None,
        created_at=BEGINNING,
    )


@pytest.mark.parametrize(
    ("trigger", "kept"),
    [(Trigger.OVER, [True, True, False]), (Trigger.UNDER, [False, True, True])],
)
def test_its_own_value_keeps_a_threshold(trigger: Trigger, kept: list[bool]) -> None:
    assert [threshold(trigger).is_kept(metric) for metric in (4, 5, 6)] == kept


@given_any(numbers, numbers)
def test_one_of_the_two_triggers_is_always_kept(value: int, metric: int) -> None:
    kept = [threshold(trigger, value).is_kept(metric) for trigger in Trigger]
    assert any(kept)
    assert all(kept) == (value == metric)


@pytest.mark.parametrize("trigger", Trigger)
def test_what_was_not_measured_is_not_healthy(trigger: Trigger) -> None:
    watch = Watch(release=RELEASE, threshold=threshold(trigger), begins_at=BEGINNING)
    assert Finding(watch=watch, metric=None).is_healthy is False
    assert Finding(watch=watch, metric=5).is_healthy is True


@given_any(numbers)
def test_a_window_is_as_long_as_was_said(seconds: int) -> None:
    watch = Watch(
        release=RELEASE, threshold=threshold(Trigger.OVER, seconds=seconds), begins_at=BEGINNING
    )
    assert watch.ends_at - watch.begins_at == timedelta(seconds=seconds)


@given_any(st.datetimes(timezones=st.just(UTC)), numbers)
def test_no_window_ends_before_it_begins_or_fails(begins_at: datetime, seconds: int) -> None:
    watch = Watch(
        release=RELEASE, threshold=threshold(Trigger.OVER, seconds=seconds), begins_at=begins_at
    )
    assert begins_at <= watch.ends_at <= datetime.max.replace(tzinfo=UTC)
