"""The threshold object, and the finding of a threshold for a release (releases.md 2.22). Keys are in snake case."""

from datetime import datetime
from typing import Any

import msgspec

from shipmark.api.projects.responses import EnvironmentResponse, environment_response
from shipmark.projects.model import Project
from shipmark.releases.thresholds import Finding, Threshold


class ThresholdProjectResponse(msgspec.Struct):
    """The project of a threshold."""

    id: str
    slug: str
    name: str
    platform: str | None


class ThresholdResponse(msgspec.Struct):
    """What must hold after a release went out."""

    id: str
    threshold_type: str
    trigger_type: str
    value: int
    window_in_seconds: int
    project: ThresholdProjectResponse
    environment: EnvironmentResponse | None
    date_added: datetime


class FindingResponse(ThresholdResponse):
    """A threshold, and whether a release meets it."""

    key: str
    release: str
    project_slug: str
    project_id: int
    start: datetime
    end: datetime
    is_healthy: bool
    metric_value: float | None


def threshold_response(threshold: Threshold, project: Project) -> ThresholdResponse:
    """A threshold as the API shows it."""
    return ThresholdResponse(**_fields(threshold, project))


def finding_response(finding: Finding, project: Project) -> FindingResponse:
    """Return a threshold with its finding for a release."""
    watch = finding.watch
    return FindingResponse(
        **_fields(watch.threshold, project),
        key=f"{project.slug}-{watch.release.version}",
        release=watch.release.version,
        project_slug=project.slug,
        project_id=project.id,
        start=watch.begins_at,
        end=watch.ends_at,
        is_healthy=finding.is_healthy,
        metric_value=finding.metric,
    )


def _fields(threshold: Threshold, project: Project) -> dict[str, Any]:
    environment = threshold.environment
    return {
        "id": str(threshold.id),
        "threshold_type": threshold.type.value,
        "trigger_type": threshold.trigger.value,
        "value": threshold.value,
        "window_in_seconds": threshold.window_seconds,
        "project": ThresholdProjectResponse(
            id=str(project.id), slug=project.slug, name=project.name, platform=project.platform
        ),
        "environment": environment_response(environment) if environment else None,
        "date_added": threshold.created_at,
    }
