"""What clients ask for and Shipmark does not keep: monitors, integrations, logs, builds of apps, snapshots of pages …

Clients show an error for a path that is missing, so that lists are empty, and uploads are refused by a reason.
"""

from typing import Annotated

import msgspec
from pydantic import Field

from shipmark.api.issues.path_issue import PathIssue
from shipmark.api.projects.path_project import PathProject
from shipmark.api.queries import PageQuery
from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import (
    ISSUE_READ,
    ORGANIZATION_READ,
    RELEASE_READ,
    RELEASE_WRITE,
    REPOSITORY,
)
from shipmark.http.validation import RequestModel, choice_of
from shipmark.infrastructure.errors import BadRequest

_NO_BUILDS = (
    "Builds of apps and snapshots are not kept here. Upload debug files and releases instead."
)
_ISSUE_PATHS = ("/organizations/{organization:str}/issues/{issue:str}", "/issues/{issue:str}")
_DATASETS = ("logs", "ourlogs")
_OTHER_DATASET = 'There is no dataset "{}". Events are listed in their project or issue.'


class MonitorResponse(Wire):
    """A monitor of scheduled jobs."""

    id: str
    slug: str
    name: str
    status: str


class IntegrationResponse(Wire):
    """An installed integration with another service."""

    id: str
    name: str


class ExternalIssueResponse(Wire):
    """An issue of another tracker."""

    id: str


class LogsResponse(Wire):
    """A page of logs."""

    data: list[dict[str, object]] = msgspec.field(default_factory=list)


class LogsQuery(RequestModel):
    """Which data are listed."""

    dataset: Annotated[str, choice_of(_DATASETS, _OTHER_DATASET)] = Field(
        description="What to list: logs.", examples=["logs"]
    )


@endpoint.get("/organizations/{organization:str}/monitors/", scopes=ORGANIZATION_READ)
def list_monitors(context: RequestContext, query: PageQuery) -> list[MonitorResponse]:  # noqa: ARG001  # authorizes
    """List monitors: always none, as check-ins are not kept."""
    query.page()
    return []


@endpoint.get("/organizations/{organization:str}/integrations/", scopes=REPOSITORY)
def list_integrations(context: RequestContext, query: PageQuery) -> list[IntegrationResponse]:  # noqa: ARG001  # authorizes
    """List installed integrations: always none. Repositories are fetched by their remotes."""
    query.page()
    return []


@endpoint.get([f"{path}/integrations/" for path in _ISSUE_PATHS], scopes=ISSUE_READ)
def list_issue_integrations(
    context: RequestContext,  # noqa: ARG001  # authorizes
    issue: PathIssue,  # noqa: ARG001  # authorizes
    query: PageQuery,
) -> list[IntegrationResponse]:
    """List integrations that an issue can be linked by: always none, as none are installed."""
    query.page()
    return []


@endpoint.get([f"{path}/external-issues/" for path in _ISSUE_PATHS], scopes=ISSUE_READ)
def list_external_issues(context: RequestContext, issue: PathIssue) -> list[ExternalIssueResponse]:  # noqa: ARG001  # authorizes
    """List issues of other trackers that an issue is linked to: always none."""
    return []


@endpoint.get("/organizations/{organization:str}/events/", scopes=ISSUE_READ)
def list_logs(context: RequestContext, query: LogsQuery) -> LogsResponse:  # noqa: ARG001  # declares the check
    """List logs: always none, as they are not kept."""
    return LogsResponse()


@endpoint.post(
    "/projects/{organization:str}/{project:str}/files/preprodartifacts/assemble/",
    scopes=RELEASE_WRITE,
)
def refuse_build(context: RequestContext, project: PathProject) -> None:  # noqa: ARG001  # authorizes
    """Refuse a build of an app, as `sentry-cli build upload` sends it."""
    raise BadRequest(_NO_BUILDS)


@endpoint.get(
    "/projects/{organization:str}/{project:str}/preprodartifacts/snapshots/upload-options/",
    scopes=RELEASE_READ,
)
def refuse_snapshots(context: RequestContext, project: PathProject) -> None:  # noqa: ARG001  # authorizes
    """Refuse snapshots of pages, before `sentry-cli snapshots upload` sends them."""
    raise BadRequest(_NO_BUILDS)
