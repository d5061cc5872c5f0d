"""Bodies and query parameters of deploys (releases.md 2.12)."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shipmark.api.queries import PageQuery, ProjectQuery
from shipmark.deploys.model import NAME_MAX, URL_MAX, NewDeploy
from shipmark.http.validation import (
    DateTime,
    Items,
    Omittable,
    RequestModel,
    Text,
    TrimmedText,
    Url,
    optional,
    require,
)
from shipmark.projects.model import ENVIRONMENT_MAX, is_environment_name

_Environment = Annotated[
    str,
    Text(max_length=ENVIRONMENT_MAX),
    require(is_environment_name, "Invalid value for environment"),
]
# The bundler plugins document both dates as numbers or texts, and their command line passes numbers on as texts.
_DeployDate = Annotated[datetime, DateTime(unix_texts=True, unix_numbers=True)]


class DeployListQuery(PageQuery, ProjectQuery):
    """A page of the deploys of a release."""


class DeployRequest(RequestModel):
    """A deploy of a release."""

    environment: _Environment = Field(description="Name of the environment.")
    name: Annotated[str, Text(max_length=NAME_MAX, blank=True)] | None = optional(
        "Name of the deploy."
    )
    url: Annotated[str, Url(max_length=URL_MAX)] | None = optional("Link to more about the deploy.")
    date_started: _DeployDate | None = optional("Time at which the deploy began.")
    date_finished: _DeployDate | None = optional(
        "Time at which the deploy ended; by default the time of the request."
    )
    projects: Omittable[Annotated[list[TrimmedText], Items(empty=False)]] = optional(
        "Slugs or ids of the deployed projects; by default all of the release."
    )

    def to_input(self, now: datetime) -> NewDeploy:
        """Return the deploy for the domain; one without an end ends now."""
        return NewDeploy(
            environment=self.environment,
            name=self.name,
            url=self.url,
            started_at=self.date_started,
            finished_at=self.date_finished or now,
        )
