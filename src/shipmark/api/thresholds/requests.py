"""Bodies and query parameters of release thresholds (releases.md 2.22). The keys of bodies are in snake case."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from shipmark.api.queries import DateTimeText, PageQuery, ProjectQuery
from shipmark.http.validation import (
    DateTime,
    Integer,
    RequestModel,
    Text,
    choice_of,
    optional,
    repeatable,
    validate,
)
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.projects.model import ENVIRONMENT_MAX, Project
from shipmark.releases.thresholds import NUMBER_MAX, ThresholdType, Trigger

_Type = Annotated[ThresholdType, choice_of(ThresholdType)]
_Trigger = Annotated[Trigger, choice_of(Trigger)]
_Number = Annotated[int, Integer(maximum=NUMBER_MAX)]


class ThresholdRequest(RequestModel):
    """A threshold. A change sends all fields again; without an environment, that stays."""

    model_config = ConfigDict(alias_generator=None)

    threshold_type: _Type = Field(description="Metric that is compared.")
    trigger_type: _Trigger = Field(description="Whether more or less than that is bad.")
    value: _Number = Field(description="Value that the metric is compared with.")
    window_in_seconds: _Number = Field(
        description="Seconds after a release in which the threshold counts."
    )
    environment: Annotated[str, Text(max_length=ENVIRONMENT_MAX, blank=True)] | None = optional(
        "Environment that counts; null or blank for all."
    )


class ThresholdListQuery(RequestModel):
    """The thresholds of a project to list."""

    environment: list[str] = repeatable(
        "Only thresholds of these environments.", example="production"
    )

    @property
    def environment_names(self) -> Sequence[str]:
        """The names of the environments, none for all."""
        return [name for name in self.environment if name]


class ProjectsThresholdListQuery(ThresholdListQuery, PageQuery, ProjectQuery):
    """A page of the thresholds of some projects."""

    project: list[str] = repeatable(
        "Only these projects, by id or slug; required, and `-1` is refused.", example="web"
    )

    def require_projects(self) -> None:
        """Raise the refusal of a query that names no project, or all."""
        if "-1" in self.project:
            raise BadRequest("Invalid project")
        if not self.project:
            raise ValidationFailed({"project": ["This field is required."]})


class _Between(RequestModel):
    start: Annotated[datetime, DateTime()]
    end: Annotated[datetime, DateTime()]


class FindingsQuery(ThresholdListQuery, ProjectQuery):
    """The releases to judge."""

    start: DateTimeText = optional(
        "Releases from this time on. Required.", example="2026-01-01T00:00:00Z"
    )
    end: DateTimeText = optional(
        "Releases up to this time. Required.", example="2026-02-01T00:00:00Z"
    )
    release: list[str] = repeatable("Only these versions.", example="web@1.0.0")

    def between(self) -> tuple[datetime, datetime]:
        """Return the times. Raise `ValidationFailed`: the protocol reports these as it does fields of a body."""
        sent = {"start": self.start, "end": self.end}
        times = validate(_Between, {name: text for name, text in sent.items() if text is not None})
        if times.start >= times.end:
            # The reference's words, which have it the wrong way round.
            raise ValidationFailed({"non_field_errors": ["Start datetime must be after End"]})
        return times.start, times.end

    def named_projects(self, connection: Connection, access: Access) -> Sequence[Project]:
        """Return the projects by slug, or else by id; one that the caller can't see is left out."""
        slugs = set(self.project_slug)
        if not slugs or "$all" in slugs:
            return self.select_listed(connection, access)
        return [row for row in projects.accessible(connection, access) if row.slug in slugs]
