"""Issues that are public: anyone who has the address of one needs no credentials."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from sqlalchemy import Connection

from shipmark.api.events.entry_responses import EntryResponse, entries_response
from shipmark.api.responses import Wire
from shipmark.events import store as events
from shipmark.events import titles
from shipmark.events.project_rules import scrubbing_of_project
from shipmark.events.public_parts import public_parts
from shipmark.events.scrubbed_event import ScrubbedEvent, scrubbed_event
from shipmark.http import endpoint
from shipmark.http.endpoint import Credentials, Load
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ANY_CALLER
from shipmark.issues.actions import shared_issues
from shipmark.issues.actions.shared_issues import SharedIssue
from shipmark.issues.model import Issue
from shipmark.issues.short_ids import format_short_id
from shipmark.organizations.model import Organization
from shipmark.projects.model import Project


class SharedOrganizationResponse(Wire):
    """The organization of a shared issue."""

    slug: str
    name: str


class SharedProjectResponse(Wire):
    """The project of a shared issue."""

    slug: str
    name: str
    platform: str | None
    organization: SharedOrganizationResponse


class SharedEventResponse(Wire, kw_only=True):
    """An event of a shared issue: its stacks and its message."""

    id: str
    event_id: str = msgspec.field(name="eventID")
    title: str
    message: str
    culprit: str
    location: str | None
    metadata: dict[str, object]
    platform: str
    type: str
    date_created: datetime
    entries: Sequence[EntryResponse]


class SharedIssueResponse(Wire, kw_only=True):
    """An issue that is public. ``latestEvent`` is null once no event of it is stored."""

    id: str
    share_id: str | None
    short_id: str
    title: str
    culprit: str
    permalink: str
    level: str
    status: str
    is_public: bool = True
    is_unhandled: bool
    issue_type: str = "error"
    issue_category: str = "error"
    platform: str | None
    type: str
    metadata: dict[str, object]
    first_seen: datetime
    last_seen: datetime
    project: SharedProjectResponse
    latest_event: SharedEventResponse | None


def shared_issue_response(
    issue: Issue,
    project: Project,
    organization: Organization,
    event: SharedEventResponse | None,
    address: str,
) -> SharedIssueResponse:
    """Return the issue with its latest event; ``address`` is that of the server."""
    return SharedIssueResponse(
        id=str(issue.id),
        share_id=issue.share_id,
        short_id=format_short_id(project.slug, issue.number),
        title=issue.title,
        culprit=issue.culprit,
        permalink=f"{address}/organizations/{organization.slug}/issues/{issue.id}/",
        level=issue.level,
        status=issue.status.value,
        is_unhandled=issue.is_unhandled,
        platform=issue.platform,
        type=issue.type,
        metadata=issue.metadata,
        first_seen=issue.first_seen_at,
        last_seen=issue.last_seen_at,
        project=SharedProjectResponse(
            slug=project.slug,
            name=project.name,
            platform=project.platform,
            organization=SharedOrganizationResponse(slug=organization.slug, name=organization.name),
        ),
        latest_event=event,
    )


def shared_event_response(event: ScrubbedEvent) -> SharedEventResponse:
    """Return the public parts of an event."""
    stored, payload, read = event.stored, event.payload, event.read
    return SharedEventResponse(
        id=stored.event_id,
        event_id=stored.event_id,
        title=read.title,
        message=titles.message_of(payload),
        culprit=read.culprit,
        location=read.location,
        metadata=read.metadata,
        platform=read.platform,
        type=read.type,
        date_created=stored.at,
        entries=entries_response(public_parts(payload)),
    )


def _find_shared(_: RequestContext, connection: Connection, share_id: str) -> SharedIssue:
    return shared_issues.by_share_id(connection, share_id)


PathSharedIssue = Annotated[SharedIssue, Load(_find_shared)]


@endpoint.get("/shared/issues/{share_id:str}/", scopes=ANY_CALLER, credentials=Credentials.NONE)
def get_shared_issue(context: RequestContext, shared: PathSharedIssue) -> SharedIssueResponse:
    """Show a public issue with its latest event, and nothing about users."""
    issue, project, organization = shared.issue, shared.project, shared.organization
    with context.database.snapshot() as connection:
        stored = events.newest_of(connection, issue.id)
        rules = scrubbing_of_project(connection, organization.id, project.id)
    event = shared_event_response(scrubbed_event(stored, rules)) if stored else None
    return shared_issue_response(issue, project, organization, event, context.address)
