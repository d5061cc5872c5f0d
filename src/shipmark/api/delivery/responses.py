"""The metrics of delivery as JSON. Lengths of time are seconds, and shares are between 0 and 1."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shipmark.api.responses import Wire
from shipmark.delivery.metrics import DeliveryMetrics
from shipmark.delivery.model import ClassifiedDeploy


class DeploymentFrequencyResponse(Wire):
    """How often there were changes."""

    per_day: float
    changes: int
    days: float
    days_with_change: int
    median_gap_seconds: float | None


class ChangeLeadTimeResponse(Wire):
    """From the commit to its first deploy."""

    median_seconds: float | None
    p90_seconds: float | None
    commits: int
    coverage: float | None
    changes_with_commits: int
    clock_errors: int


class ChangeFailRateResponse(Wire):
    """The share of changes that failed."""

    rate: float | None
    failed: int
    known: int
    pending: int


class OpenFailureResponse(Wire):
    """A failed change that nothing has recovered yet."""

    deploy_id: str
    version: str
    age_seconds: float


class RecoveryTimeResponse(Wire):
    """From a failed change to what recovered it."""

    median_seconds: float | None
    recovered: int
    open: list[OpenFailureResponse]


class ReworkRateResponse(Wire):
    """The share of deploys that repair an earlier one."""

    rate: float | None
    rollbacks: int
    fixes: int


class TimeToDetectResponse(Wire):
    """From a failed change to its verdict."""

    median_seconds: float | None
    detected: int


class DeliveryMetricsResponse(Wire):
    """The metrics of a period."""

    deployment_frequency: DeploymentFrequencyResponse
    change_lead_time: ChangeLeadTimeResponse
    change_fail_rate: ChangeFailRateResponse
    failed_deployment_recovery_time: RecoveryTimeResponse
    deployment_rework_rate: ReworkRateResponse
    time_to_detect: TimeToDetectResponse


class DeliveryIntervalResponse(DeliveryMetricsResponse):
    """The metrics of a step of the series."""

    start: datetime
    end: datetime


class DeliveredDeployResponse(Wire):
    """A deploy with its kind, and what became of it if it is a change."""

    id: str
    version: str
    date_finished: datetime
    kind: str
    outcome: str | None
    failed_because: str | None
    regressed_at: datetime | None
    recovered_by: str | None
    recovery_seconds: float | None
    is_fix: bool
    commits: int
    lead_time_seconds: list[float]
    clock_errors: int


class ProjectDeliveryResponse(DeliveryMetricsResponse):
    """The metrics of a project, its series, and its newest deploys of the period."""

    id: str
    slug: str
    series: list[DeliveryIntervalResponse]
    deploys: list[DeliveredDeployResponse]


class DeliveryResponse(Wire):
    """How projects deliver to an environment."""

    environment: str
    start: datetime
    end: datetime
    complete_since: datetime
    projects: list[ProjectDeliveryResponse]


def metrics_fields(measured: DeliveryMetrics, at: datetime) -> dict[str, Wire]:
    """Return the fields of `DeliveryMetricsResponse`, by name."""
    frequency, lead_time, fail_rate = measured.frequency, measured.lead_time, measured.fail_rate
    return {
        "deployment_frequency": DeploymentFrequencyResponse(
            per_day=frequency.per_day,
            changes=frequency.changes,
            days=frequency.days,
            days_with_change=frequency.days_with_change,
            median_gap_seconds=_seconds(frequency.median_gap),
        ),
        "change_lead_time": ChangeLeadTimeResponse(
            median_seconds=_seconds(lead_time.median),
            p90_seconds=_seconds(lead_time.p90),
            commits=lead_time.commits,
            coverage=lead_time.coverage,
            changes_with_commits=lead_time.changes_with_commits,
            clock_errors=lead_time.clock_errors,
        ),
        "change_fail_rate": ChangeFailRateResponse(
            rate=fail_rate.rate,
            failed=fail_rate.failed,
            known=fail_rate.known,
            pending=fail_rate.pending,
        ),
        **_repair_fields(measured, at),
    }


def _repair_fields(measured: DeliveryMetrics, at: datetime) -> dict[str, Wire]:
    recovery, rework, detection = measured.recovery, measured.rework, measured.detection
    return {
        "failed_deployment_recovery_time": RecoveryTimeResponse(
            median_seconds=_seconds(recovery.median),
            recovered=recovery.recovered,
            open=[_open_failure(each, at) for each in recovery.open],
        ),
        "deployment_rework_rate": ReworkRateResponse(
            rate=rework.rate, rollbacks=rework.rollbacks, fixes=rework.fixes
        ),
        "time_to_detect": TimeToDetectResponse(
            median_seconds=_seconds(detection.median), detected=detection.detected
        ),
    }


def deploy_responses(deploys: Sequence[ClassifiedDeploy]) -> list[DeliveredDeployResponse]:
    """Return the deploys, the last finished first."""
    return [_deploy_response(each) for each in reversed(deploys)]


def _deploy_response(each: ClassifiedDeploy) -> DeliveredDeployResponse:
    return DeliveredDeployResponse(
        id=str(each.deploy.id),
        version=each.deploy.version,
        date_finished=each.deploy.finished_at,
        kind=each.kind,
        outcome=each.outcome,
        failed_because=each.failure.reason if each.failure else None,
        regressed_at=each.regressed_at,
        recovered_by=str(each.recovered_by.id) if each.recovered_by else None,
        recovery_seconds=_seconds(each.time_to_recover),
        is_fix=each.is_fix,
        commits=each.deploy.commit_count,
        lead_time_seconds=sorted(time.total_seconds() for time in each.lead_times.values()),
        clock_errors=each.clock_error_count,
    )


def _open_failure(each: ClassifiedDeploy, at: datetime) -> OpenFailureResponse:
    return OpenFailureResponse(
        deploy_id=str(each.deploy.id),
        version=each.deploy.version,
        age_seconds=(at - each.deploy.finished_at).total_seconds(),
    )


def _seconds(length: timedelta | None) -> float | None:
    return length.total_seconds() if length is not None else None
