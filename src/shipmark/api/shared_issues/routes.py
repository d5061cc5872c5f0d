"""Issues that are public: anyone who has the address of one needs no credentials."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from sqlalchemy import Connection

from shipmark.api.events.entry_responses import EntryResponse, entries_response
from shipmark.api.events.responses import scrubbed
from shipmark.api.responses import Wire
from shipmark.events import store as events
from shipmark.events import titles
from shipmark.events.payload import Json
from shipmark.events.project_rules import ProjectRules, rules_from
from shipmark.events.store import StoredEvent
from shipmark.http import endpoint
from shipmark.http.endpoint import Credentials, Load
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ANY_CALLER
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.model import Issue
from shipmark.issues.short_ids import format_short_id
from shipmark.issues.store import sharing
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Flag, Organization
from shipmark.projects import store as projects
from shipmark.projects.model import Project

#: The attributes of events that are shown: what went wrong, and where in the code.
_SHOWN = ("exception", "threads", "stacktrace", "logentry", "message", "platform", "level")
#: What is left out of these: values of variables and parameters, and what SDKs add, such as the state of a form.
_LEFT_OUT = frozenset({"vars", "params", "data", "meta", "raw_stacktrace"})


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


def shared_event_response(event: StoredEvent, rules: ProjectRules) -> SharedEventResponse:
    """Return an event, as it is stored, without what the rules of the project remove by now."""
    payload, read = scrubbed(event, rules)
    shown = {name: _reduced(payload[name]) for name in _SHOWN if name in payload}
    return SharedEventResponse(
        id=event.event_id,
        event_id=event.event_id,
        title=read.title,
        message=titles.message_of(payload),
        culprit=read.culprit,
        location=read.location,
        metadata=read.metadata,
        platform=read.platform,
        type=read.type,
        date_created=event.at,
        entries=entries_response(shown),
    )


def _reduced(value: object) -> object:
    if isinstance(value, list):
        return [_reduced(each) for each in value]
    if not isinstance(value, dict):
        return value
    reduced: Json = {key: _reduced(each) for key, each in value.items() if key not in _LEFT_OUT}
    return reduced


#: PostgreSQL could not compare every text with an id.
_SHARE_ID = re.compile("[0-9a-f]{32}")
_Shared = tuple[Issue, Project, Organization]


def _find_shared(_: RequestContext, connection: Connection, share_id: str) -> _Shared:
    """Return the issue with this id. Raise `NotFound` also if its organization shares no issues any more."""
    issue = sharing.by_share_id(connection, share_id) if _SHARE_ID.fullmatch(share_id) else None
    if issue is None:
        raise NotFound
    project = projects.by_ids(connection, [issue.project_id]).get(issue.project_id)
    organization = organizations.by_id(connection, issue.organization_id)
    if project is None or organization is None or organization.has(Flag.DISABLE_SHARED_ISSUES):
        raise NotFound
    return issue, project, organization


SharedIssue = Annotated[_Shared, Load(_find_shared)]


@endpoint.get("/shared/issues/{share_id:str}/", scopes=ANY_CALLER, credentials=Credentials.NONE)
def get_shared_issue(context: RequestContext, found: SharedIssue) -> SharedIssueResponse:
    """Show a public issue with its latest event, and nothing about users."""
    issue, project, organization = found
    with context.database.snapshot() as connection:
        stored = events.newest_of(connection, issue.id)
        options = projects.options_with_organization(connection, organization.id, project.id)
    event = shared_event_response(stored, rules_from(options)) if stored else None
    return shared_issue_response(issue, project, organization, event, context.address)
