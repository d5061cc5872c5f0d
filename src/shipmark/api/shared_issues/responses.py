"""The issue object as anyone with its address may see it: nothing about users, nor how many there are."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shipmark.api.events.entry_responses import EntryResponse, entries_response
from shipmark.api.events.responses import scrubbed
from shipmark.api.responses import Wire
from shipmark.events import titles
from shipmark.events.payload import Json
from shipmark.events.project_rules import ProjectRules
from shipmark.events.store import StoredEvent
from shipmark.issues.model import Issue
from shipmark.issues.short_ids import format_short_id
from shipmark.organizations.model import Organization
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
