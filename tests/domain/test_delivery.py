"""The kinds of deploys, which changes failed, what recovered them, and the metrics (verdict.md 4.1 to 4.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from shipmark.delivery.classification import classify
from shipmark.delivery.metrics import DeliveryMetrics, merged, metrics
from shipmark.delivery.model import (
    ClassifiedDeploy,
    DeployKind,
    DeployVerdict,
    FailureReason,
    LaneDeploy,
    LaneHistory,
    Outcome,
    ShippedCommit,
)
from shipmark.verdicts.judgement import VerdictStatus

MONDAY = datetime(2024, 6, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHANGE, ROLLBACK, REDEPLOY = DeployKind
LATER = MONDAY + 30 * DAY


@dataclass
class Lane:
    """Deploys to an environment by release and hours since Monday, with what is known of the releases."""

    deploys: Sequence[tuple[int, float]]
    commits: Mapping[int, Mapping[int, float]] = field(default_factory=dict)
    verdicts: Mapping[int, DeployVerdict] = field(default_factory=dict)
    broken: Mapping[int, set[int]] = field(default_factory=dict)
    fixed: Mapping[int, set[int]] = field(default_factory=dict)
    previous: tuple[int, float] | None = None
    project: int = 1

    def history(self) -> LaneHistory:
        first: dict[int, tuple[int, float]] = {}
        numbered = list(enumerate(self.deploys, 1))
        if self.previous:
            numbered.append((0, self.previous))
        for number, (release, hours) in sorted(numbered, key=lambda each: (each[1][1], each[0])):
            first.setdefault(release, (number, hours))
        first_of_commit: dict[int, float] = {}
        for release, (_, hours) in first.items():
            for commit in self.commits.get(release, {}):
                first_of_commit[commit] = min(first_of_commit.get(commit, hours), hours)

        def deploy(number: int, release: int, hours: float) -> LaneDeploy:
            return LaneDeploy(
                id=number,
                project_id=self.project,
                release_id=release,
                version=f"R{release}",
                commit_count=len(self.commits.get(release, {})),
                finished_at=at(hours),
                first_id=first[release][0],
                first_at=at(first[release][1]),
            )

        return LaneHistory(
            deploys=[deploy(number, *each) for number, each in enumerate(self.deploys, 1)],
            previous=deploy(0, *self.previous) if self.previous else None,
            commits={
                release: [
                    ShippedCommit(
                        id=commit, created_at=at(hours), first_at=at(first_of_commit[commit])
                    )
                    for commit, hours in listed.items()
                ]
                for release, listed in self.commits.items()
            },
            verdicts=self.verdicts,
            broken={key: frozenset(issues) for key, issues in self.broken.items()},
            fixed={key: frozenset(issues) for key, issues in self.fixed.items()},
        )

    def classified(self, moment: datetime = LATER) -> list[ClassifiedDeploy]:
        return classify(self.history(), moment)

    def metrics(self, moment: datetime = LATER) -> DeliveryMetrics:
        return metrics(self.classified(moment), MONDAY, MONDAY + 7 * DAY)


def at(hours: float) -> datetime:
    """Return the moment so many hours after Monday 00:00."""
    return MONDAY + hours * HOUR


def regressed(hours: float) -> DeployVerdict:
    return DeployVerdict(status=VerdictStatus.REGRESSED, regressed_at=at(hours))


def marked(status: VerdictStatus) -> DeployVerdict:
    return DeployVerdict(status=VerdictStatus.UNDECIDED, marked=status)


def outcomes(lane: Lane, moment: datetime = LATER) -> list[tuple[str, str | None, str | None]]:
    """Return kind, outcome and reason of the failure of each deploy."""
    return [
        (each.kind, each.outcome, each.failure.reason if each.failure else None)
        for each in lane.classified(moment)
    ]


def recoveries(lane: Lane, moment: datetime = LATER) -> dict[int, int | None]:
    """Return what recovered each failed change, by the ids of the deploys."""
    return {
        each.deploy.id: each.recovered_by.id if each.recovered_by else None
        for each in lane.classified(moment)
        if each.failure
    }


A, B, C, D, E, F, G, H = range(1, 9)
#: The worked example (verdict.md 4.3): hours since Monday.
EXAMPLE = Lane(
    deploys=[
        (1, 10), (2, 34), (2, 34 + 1 / 12), (3, 63), (2, 64), (4, 83), (5, 113), (6, 129), (6, 156),
    ],
    commits={
        1: {A: -38}, 2: {B: 16, C: 32}, 3: {D: 57, E: 15}, 4: {F: 82, D: 57, E: 15},
        5: {G: 109}, 6: {H: 128.5},
    },
    verdicts={3: regressed(63 + 1 / 3)},
    broken={3: {7}, 5: {9}},
    fixed={F: {7}, H: {9}},
)  # fmt: skip


def test_the_kinds_of_the_worked_example() -> None:
    assert [each.kind for each in EXAMPLE.classified()] == [
        CHANGE, CHANGE, REDEPLOY, CHANGE, ROLLBACK, CHANGE, CHANGE, CHANGE, REDEPLOY,
    ]  # fmt: skip


def test_the_frequency_of_the_worked_example() -> None:
    frequency = EXAMPLE.metrics().frequency
    assert (frequency.changes, frequency.days, frequency.days_with_change) == (6, 7, 6)
    assert frequency.per_day == pytest.approx(0.857, abs=0.001)
    assert frequency.median_gap == timedelta(hours=24)


def test_the_lead_times_of_the_worked_example() -> None:
    times = [time / HOUR for each in EXAMPLE.classified() for time in each.lead_times.values()]
    assert sorted(times) == [0.5, 1, 2, 4, 6, 18, 48]
    lead_time = EXAMPLE.metrics().lead_time
    assert (lead_time.median, lead_time.p90) == (4 * HOUR, 48 * HOUR)
    assert (lead_time.commits, lead_time.coverage, lead_time.clock_errors) == (7, 1, 0)


def test_the_failures_and_recoveries_of_the_worked_example() -> None:
    result = EXAMPLE.metrics()
    fail_rate, recovery = result.fail_rate, result.recovery
    assert (fail_rate.failed, fail_rate.known, fail_rate.pending) == (2, 6, 0)
    assert fail_rate.rate == pytest.approx(1 / 3)
    assert (recovery.median, recovery.recovered, recovery.open) == (8.5 * HOUR, 2, ())
    assert recoveries(EXAMPLE) == {4: 5, 7: 8}
    assert (result.detection.median, result.detection.detected) == (timedelta(minutes=20), 1)
    assert (result.rework.rollbacks, result.rework.fixes) == (1, 2)
    assert result.rework.rate == pytest.approx(3 / 7)


def test_a_deploy_that_is_dated_back_changes_what_later_ones_are() -> None:
    recorded = [(1, 10), (2, 34), (1, 58)]
    assert outcomes(Lane(deploys=recorded))[2][0] == ROLLBACK
    # Release 3 came between.
    assert [each[0] for each in outcomes(Lane(deploys=[*recorded, (1, 5), (3, 9)]))] == [
        CHANGE, CHANGE, ROLLBACK, CHANGE, ROLLBACK,
    ]  # fmt: skip


def test_a_release_that_returns_after_its_rollback_is_a_change() -> None:
    lane = Lane(deploys=[(1, 0), (2, 24), (1, 25), (2, 48)], commits={2: {B: 20}})
    assert [each[0] for each in outcomes(lane)] == [CHANGE, CHANGE, ROLLBACK, CHANGE]
    # Its commits were first shipped by the change that was rolled back.
    assert [len(each.lead_times) for each in lane.classified()] == [0, 1, 0, 0]


def test_the_last_deploy_before_decides_on_the_first_one() -> None:
    assert outcomes(Lane(deploys=[(1, 5)], previous=(1, -20)))[0][0] == REDEPLOY
    lane = Lane(deploys=[(2, 5), (1, 8)], previous=(1, -20), commits={2: {B: 4}})
    assert [each[0] for each in outcomes(lane)] == [CHANGE, ROLLBACK]
    # It is not the first deploy of all, so that there are lead times.
    assert lane.metrics().lead_time.median == HOUR


def test_a_commit_that_is_dated_after_its_deploy_is_a_clock_error() -> None:
    lane = Lane(deploys=[(1, 0), (2, 24)], commits={2: {B: 25, C: 24, D: 23}})
    lead_time = lane.metrics().lead_time
    assert (lead_time.commits, lead_time.clock_errors) == (2, 1)
    assert lead_time.median == HOUR / 2


def test_a_release_without_commits_lowers_the_coverage() -> None:
    lead_time = Lane(deploys=[(1, 0), (2, 24)], commits={1: {A: -1}}).metrics().lead_time
    assert (lead_time.coverage, lead_time.median, lead_time.p90) == (0.5, None, None)


@pytest.mark.parametrize(("hours", "is_failed"), [(7 * 24, True), (7 * 24 + 1, False)])
def test_a_change_failed_if_a_rollback_replaced_it_within_a_week(
    hours: float, is_failed: bool
) -> None:
    lane = Lane(deploys=[(1, 0), (2, 24), (1, 24 + hours)])
    reason = FailureReason.ROLLED_BACK if is_failed else None
    assert outcomes(lane)[1][2] == reason


def test_a_rollback_makes_only_the_change_fail_that_it_replaced() -> None:
    lane = Lane(deploys=[(1, 0), (2, 24), (3, 24.1), (1, 25)])
    assert [each[1] for each in outcomes(lane)] == ["succeeded", "succeeded", "failed", None]


def test_a_verdict_counts_while_the_change_is_current() -> None:
    deploys = [(1, 0), (2, 24), (3, 48)]
    assert outcomes(Lane(deploys=deploys, verdicts={2: regressed(47)}))[1][2] == "regressed"
    assert outcomes(Lane(deploys=deploys, verdicts={2: regressed(48)}))[1][2] is None
    # The rollout had begun before.
    early = Lane(deploys=deploys, verdicts={2: regressed(23)})
    assert early.classified()[1].time_to_detect == timedelta()


@pytest.mark.parametrize(("hours", "is_failed"), [(24, True), (24.5, False)])
def test_a_change_failed_if_it_was_fixed_within_a_day(hours: float, is_failed: bool) -> None:
    lane = Lane(
        deploys=[(1, 0), (2, 24), (3, 24 + hours)],
        commits={3: {C: 23}},
        broken={2: {7}},
        fixed={C: {7, 8}},
    )
    assert outcomes(lane)[1][2] == (FailureReason.FIXED if is_failed else None)
    assert lane.metrics().rework.fixes == int(is_failed)


def test_a_commit_that_was_there_before_fixes_nothing() -> None:
    lane = Lane(
        deploys=[(1, 0), (2, 24), (3, 30)],
        commits={1: {C: -1}, 3: {C: -1}},
        broken={2: {7}},
        fixed={C: {7}},
    )
    assert [each[1] for each in outcomes(lane)] == ["succeeded"] * 3


def test_what_a_person_says_comes_first() -> None:
    deploys = [(1, 0), (2, 24), (1, 25)]
    assert outcomes(Lane(deploys=deploys, verdicts={2: marked(VerdictStatus.HEALTHY)}))[1] == (
        CHANGE, Outcome.SUCCEEDED, None,
    )  # fmt: skip
    assert outcomes(Lane(deploys=deploys, verdicts={2: marked(VerdictStatus.REGRESSED)}))[1] == (
        CHANGE, Outcome.FAILED, FailureReason.MARKED,
    )  # fmt: skip
    # No verdict of its own: no time to detect.
    assert Lane(deploys=deploys, verdicts={2: marked(VerdictStatus.REGRESSED)}).metrics(
    ).detection.detected == 0  # fmt: skip


def test_the_current_change_is_pending_for_a_day() -> None:
    lane = Lane(deploys=[(1, 0), (2, 24)])
    assert [each[1] for each in outcomes(lane, at(47))] == ["succeeded", "pending"]
    fail_rate = lane.metrics(at(47)).fail_rate
    assert (fail_rate.failed, fail_rate.known, fail_rate.pending) == (0, 1, 1)
    assert outcomes(lane, at(48))[1][1] == "succeeded"
    marked_healthy = Lane(deploys=lane.deploys, verdicts={2: marked(VerdictStatus.HEALTHY)})
    assert outcomes(marked_healthy, at(47))[1][1] == "succeeded"


def test_the_earlier_of_two_changes_within_minutes_is_neither_pending_nor_failed() -> None:
    lane = Lane(deploys=[(1, 0), (2, 24), (3, 24.1)])
    assert [each[1] for each in outcomes(lane, at(25))] == ["succeeded", "succeeded", "pending"]


def test_a_healthy_change_recovers_at_once_and_others_after_a_day() -> None:
    lane = Lane(deploys=[(1, 0), (2, 24), (3, 30)], verdicts={2: regressed(25)})
    assert recoveries(lane, at(53)) == {2: None}
    assert recoveries(lane, at(54)) == {2: 3}
    healthy = DeployVerdict(status=VerdictStatus.HEALTHY)
    judged = Lane(deploys=lane.deploys, verdicts={2: regressed(25), 3: healthy})
    assert recoveries(judged, at(31)) == {2: 3}


def test_neither_the_failed_release_nor_another_failed_one_recovers() -> None:
    lane = Lane(
        deploys=[(1, 0), (2, 24), (2, 26), (3, 30), (2, 32)],
        verdicts={2: regressed(25), 3: regressed(31)},
    )
    assert recoveries(lane) == {2: None, 4: 5}
    metrics_of_week = lane.metrics()
    assert [each.deploy.id for each in metrics_of_week.recovery.open] == [2]
    assert metrics_of_week.recovery.median == 2 * HOUR


def test_deploys_at_the_start_of_a_period_are_in_it_and_those_at_its_end_are_not() -> None:
    lane = Lane(deploys=[(1, 0), (2, 7 * 24)])
    assert lane.metrics().frequency.changes == 1


def test_nothing_was_deployed() -> None:
    result = Lane(deploys=[]).metrics()
    assert (result.frequency.per_day, result.frequency.median_gap) == (0, None)
    assert (result.lead_time.coverage, result.fail_rate.rate, result.rework.rate) == (None,) * 3
    assert not result.has_trend
    assert EXAMPLE.metrics().has_trend


def test_a_deploy_of_two_projects_counts_once_with_the_worse_outcome() -> None:
    deploys = [(1, 0), (2, 24), (3, 48)]
    web = Lane(deploys=deploys, commits={2: {B: 23}})
    mobile = Lane(deploys=deploys, commits={2: {B: 23}}, verdicts={2: regressed(25)}, project=2)
    both = merged([web.classified(), mobile.classified()])
    result = metrics(both, MONDAY, MONDAY + 7 * DAY)
    assert (result.frequency.changes, result.fail_rate.failed) == (3, 1)
    assert result.lead_time.commits == 1
