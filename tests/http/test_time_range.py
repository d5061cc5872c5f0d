"""Stretches of time as parameters name them (releases.md 0.6)."""

from datetime import UTC, datetime, timedelta

import pytest

from shipmark.http.time_range import requested_range
from shipmark.infrastructure.errors import BadRequest

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
YEAR_2026 = datetime(2026, 1, 1, tzinfo=UTC)


def refusal(**parameters: str) -> str:
    with pytest.raises(BadRequest) as refused:
        requested_range(parameters, NOW)
    return refused.value.detail


@pytest.mark.parametrize(
    "parameters", [{}, {"statsPeriod": ""}, {"start": "", "end": ""}, {"sort": "date"}]
)
def test_nothing_asked_is_no_range(parameters: dict[str, str]) -> None:
    assert requested_range(parameters, NOW) is None


@pytest.mark.parametrize(
    ("period", "length"),
    [
        ("90", timedelta(seconds=90)),
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("24h", timedelta(hours=24)),
        ("14d", timedelta(days=14)),
        ("2w", timedelta(weeks=2)),
        ("0d", timedelta()),
        ("36499d", timedelta(days=36_499)),
    ],
)
def test_a_period_ends_now(period: str, length: timedelta) -> None:
    assert requested_range({"statsPeriod": period}, NOW) == (NOW - length, NOW)


@pytest.mark.parametrize(
    "period",
    ["x", "d", "-1d", "1.5h", "1y", "1 d", "14D", "36500d", "1" * 10, "1d\n", "999999999w"],
)
def test_a_bad_period_is_told(period: str) -> None:
    told = refusal(statsPeriod=period)
    assert told == f"Invalid date range: Invalid statsPeriod: '{period}'"


def test_a_period_wins_over_start_and_end() -> None:
    both = {"statsPeriod": "1h", "start": "2026-01-01", "end": "nonsense"}
    assert requested_range(both, NOW) == (NOW - timedelta(hours=1), NOW)


@pytest.mark.parametrize(
    "start",
    [
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00Z",
        "2026-01-01T02:00:00+02:00",
        "2025-12-31 22:00:00-02:00",
        "1767225600",
        "1767225600.0",
    ],
)
def test_moments_are_read_in_many_forms(start: str) -> None:
    assert requested_range({"start": start, "end": "2026-01-02"}, NOW) == (
        YEAR_2026,
        YEAR_2026 + timedelta(days=1),
    )


@pytest.mark.parametrize("name", ["start", "end"])
def test_one_end_alone_is_refused(name: str) -> None:
    told = refusal(**{name: "2026-01-01"})
    assert told == "Invalid date range: start and end are both required"


@pytest.mark.parametrize("end", ["2026-01-01", "2025-12-31"])
def test_a_range_ends_after_its_start(end: str) -> None:
    told = refusal(start="2026-01-01", end=end)
    assert told == "Invalid date range: start must be before end"


@pytest.mark.parametrize("bad", ["soon", "2026-13-01", "2026-02-30", "9" * 30, "1e5", "-1"])
@pytest.mark.parametrize("name", ["start", "end"])
def test_a_bad_moment_is_told(name: str, bad: str) -> None:
    told = refusal(**({"start": "2026-01-01", "end": "2026-01-02"} | {name: bad}))
    assert told == f"Invalid date range: {bad} is not a valid ISO8601 date query"


@pytest.mark.parametrize("name", ["statsPeriod", "timeframe"])
def test_a_period_may_have_ended(name: str) -> None:
    begun, ended = f"{name}Start", f"{name}End"
    earlier = requested_range({begun: "14d", ended: "7d", "start": "nonsense"}, NOW)
    assert earlier == (NOW - timedelta(days=14), NOW - timedelta(days=7))
    assert requested_range({name: "1h", begun: "14d"}, NOW) == (NOW - timedelta(hours=1), NOW)
    assert refusal(**{begun: "7d", ended: "7d"}) == "Invalid date range: start must be before end"
    for alone in (begun, ended):
        told = refusal(**{alone: "7d"})
        assert told == f"Invalid date range: {begun} and {ended} are both required"
