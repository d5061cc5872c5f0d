"""The issue object: a "group" on the wire (groups-api.md 3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shipmark.accounts.model import User
from shipmark.api.commits.responses import CommitResponse
from shipmark.api.issues.people_responses import (
    AssigneeResponse,
    SubscriptionDetailsResponse,
    ViewerResponse,
    assignee_response,
    subscription_details,
    with_assignee,
)
from shipmark.api.issues.snooze_responses import snooze_details
from shipmark.api.members.user_responses import UserResponse, optional_user_response
from shipmark.api.releases.responses import ReleaseResponse
from shipmark.api.responses import Wire
from shipmark.api.tags.responses import IssueTagKeyResponse
from shipmark.issues.actions.update_issue import Updated
from shipmark.issues.model import (
    InboxEntry,
    Issue,
    IssueActivity,
    IssueActivityType,
    IssueChange,
    IssueStatus,
    Resolution,
    SubscriptionReason,
)
from shipmark.issues.people import Assignee, IssuePeople, PeopleChange
from shipmark.issues.recent_counts import Point
from shipmark.issues.short_ids import format_short_id
from shipmark.issues.snooze import Snooze
from shipmark.projects.model import Project
from shipmark.releases.versions import is_semver


class IssueProjectResponse(Wire):
    """The project of an issue."""

    id: str
    name: str
    slug: str
    platform: str | None


class InboxResponse(msgspec.Struct, kw_only=True):
    """Why an issue is in the inbox. The reference writes these keys in snake case."""

    reason: int
    reason_details: dict[str, object] | None = None
    date_added: datetime


class LifetimeResponse(Wire, kw_only=True):
    """The numbers and moments of an issue, whatever a list is narrowed to."""

    count: str
    user_count: int
    first_seen: datetime
    last_seen: datetime
    stats: None = None


class IssueResponse(Wire, kw_only=True):
    """What goes wrong in a project. ``count`` is a text, as clients expect.

    ``stats`` are the numbers of events by the start of each hour or day, in seconds since 1970. What follows them is in
    lists of organizations only; ``filtered`` would count the events that a search finds, and is left out of these.
    """

    id: str
    share_id: str | None
    short_id: str
    title: str
    culprit: str
    permalink: str
    logger: str | None
    level: str
    status: str
    status_details: dict[str, object]
    substatus: str | None
    is_public: bool
    platform: str | None
    project: IssueProjectResponse
    type: str
    metadata: dict[str, object]
    num_comments: int
    assigned_to: AssigneeResponse | None
    is_bookmarked: bool
    is_subscribed: bool
    subscription_details: SubscriptionDetailsResponse | None
    has_seen: bool
    annotations: Sequence[str] = ()
    issue_type: str = "error"
    issue_category: str = "error"
    is_unhandled: bool
    priority: str
    priority_locked_at: datetime | None
    count: str
    user_count: int
    first_seen: datetime
    last_seen: datetime
    inbox: InboxResponse | None
    stats: dict[str, list[Point]] | msgspec.UnsetType = msgspec.UNSET
    lifetime: LifetimeResponse | msgspec.UnsetType = msgspec.UNSET
    filtered: msgspec.UnsetType | None = msgspec.UNSET
    owners: msgspec.UnsetType | None = msgspec.UNSET
    session_count: int | msgspec.UnsetType | None = msgspec.UNSET
    matching_event_id: str | msgspec.UnsetType = msgspec.UNSET
    matching_event_environment: str | msgspec.UnsetType = msgspec.UNSET


class ActivityResponse(Wire):
    """Something that happened to an issue."""

    id: str
    user: UserResponse | None
    type: str
    data: dict[str, object]
    date_created: datetime


class IssueDetailsResponse(IssueResponse, kw_only=True):
    """An issue with what happened to it, and its first and last release."""

    activity: list[ActivityResponse]
    participants: list[UserResponse]
    seen_by: list[ViewerResponse]
    user_report_count: int
    first_release: ReleaseResponse | msgspec.UnsetType | None
    last_release: ReleaseResponse | msgspec.UnsetType | None
    tags: list[IssueTagKeyResponse] | msgspec.UnsetType = msgspec.UNSET
    plugin_actions: Sequence[str] = ()
    plugin_contexts: Sequence[str] = ()
    plugin_issues: Sequence[str] = ()


class ShortIdResponse(Wire):
    """The issue of a short id."""

    organization_slug: str
    project_slug: str
    group_id: str
    group: IssueResponse
    short_id: str


class FirstAndLastResponse(Wire):
    """The releases in which an issue was seen first and last."""

    id: str
    first_release: ReleaseResponse | None
    last_release: ReleaseResponse | None


class SeenResponse(Wire):
    """An issue in a release, and how often it happened there."""

    release: ReleaseResponse
    environment: str
    first_seen: datetime
    last_seen: datetime
    stats: dict[str, list[Point]]


class CurrentReleaseResponse(Wire):
    """The issue in the project's newest release; null where it was not seen there."""

    current_release: SeenResponse | None


class MergeResponse(Wire):
    """The issue that survives, and those that were merged into it."""

    parent: str
    children: list[str]


class IssueUpdateResponse(Wire):
    """What was changed. ``hasMore`` tells, where issues were searched, that more match than one request changes.

    ``detail`` says why nothing was changed.
    """

    status: str | msgspec.UnsetType = msgspec.UNSET
    status_details: dict[str, object] | msgspec.UnsetType = msgspec.UNSET
    substatus: str | msgspec.UnsetType | None = msgspec.UNSET
    inbox: bool | msgspec.UnsetType | None = msgspec.UNSET
    priority: str | msgspec.UnsetType = msgspec.UNSET
    is_public: bool | msgspec.UnsetType = msgspec.UNSET
    share_id: str | msgspec.UnsetType | None = msgspec.UNSET
    assigned_to: AssigneeResponse | msgspec.UnsetType | None = msgspec.UNSET
    has_seen: bool | msgspec.UnsetType = msgspec.UNSET
    is_bookmarked: bool | msgspec.UnsetType = msgspec.UNSET
    is_subscribed: bool | msgspec.UnsetType = msgspec.UNSET
    subscription_details: SubscriptionDetailsResponse | msgspec.UnsetType | None = msgspec.UNSET
    activity: list[ActivityResponse] | msgspec.UnsetType = msgspec.UNSET
    has_more: bool | msgspec.UnsetType = msgspec.UNSET
    merge: MergeResponse | msgspec.UnsetType = msgspec.UNSET
    detail: str | msgspec.UnsetType = msgspec.UNSET


class IssueContext(Wire):
    """What issues are shown with: everything by its id, and where this server is reached."""

    address: str
    organization_slug: str
    projects: dict[int, Project]
    resolutions: dict[int, Resolution]
    versions: dict[int, str]
    users: dict[int, User]
    inbox: dict[int, InboxEntry]
    snoozes: dict[int, Snooze]
    #: By the id of the issue that a user resolved in it.
    resolving_commits: dict[int, CommitResponse]
    people: dict[int, IssuePeople]


def activity_response(
    entry: IssueActivity, users: Mapping[int, User], commits: Mapping[int, CommitResponse]
) -> ActivityResponse:
    """Return an entry of the activity; those about a commit show it whole, other entries only its id.

    Of a deleted commit, a reference shows the id, and a resolution null (groups-api.md 3.2).
    """
    details = entry.details
    commit_id = details.get("commit")
    commit = commits.get(commit_id) if isinstance(commit_id, int) else None
    if entry.type is IssueActivityType.SET_RESOLVED_IN_COMMIT or (
        entry.type is IssueActivityType.REFERENCED_IN_COMMIT and commit is not None
    ):
        details = details | {"commit": commit}
    elif entry.type is IssueActivityType.ASSIGNED:
        details = with_assignee(details, users)
    return ActivityResponse(
        id=str(entry.id),
        user=optional_user_response(users.get(entry.user_id or 0)),
        type=entry.type.value,
        data=details,
        date_created=entry.at,
    )


def first_seen_response(issue: Issue) -> ActivityResponse:
    """Return the last entry of every activity log: when the issue was first seen (groups-api.md 3.2)."""
    return ActivityResponse(
        id="0", user=None, type="first_seen", data={}, date_created=issue.first_seen_at
    )


def status_details(issue: Issue, issue_context: IssueContext) -> dict[str, object]:
    """Return how the issue was resolved, or until what it is ignored (groups-api.md 1.1)."""
    if snooze := issue_context.snoozes.get(issue.id):
        return snooze_details(issue, snooze, issue_context.users)
    return {} if issue.resolved_at is None else _resolution_details(issue, issue_context)


def _resolution_details(issue: Issue, issue_context: IssueContext) -> dict[str, object]:
    resolution = issue_context.resolutions.get(issue.id)
    if resolution is None:
        commit = issue_context.resolving_commits.get(issue.id)
        if commit is None and issue.is_auto_resolved:
            return {"autoResolved": True}
        return {"inCommit": commit} if commit else {}
    actor = optional_user_response(issue_context.users.get(resolution.user_id or 0))
    # Where a project follows semver, the reference names the release that the next one comes after (groups-api.md 1.1).
    if resolution.is_pending and not is_semver(resolution.current_version or ""):
        return {"inNextRelease": True, "actor": actor}
    return {"inRelease": issue_context.versions[resolution.release_id], "actor": actor}


def issue_fields(issue: Issue, issue_context: IssueContext) -> dict[str, Any]:
    """Return the fields that every form of the object has."""
    project = issue_context.projects[issue.project_id]
    entry = issue_context.inbox.get(issue.id)
    slug = issue_context.organization_slug
    return {
        "id": str(issue.id),
        "short_id": format_short_id(project.slug, issue.number),
        "title": issue.title,
        "culprit": issue.culprit,
        "permalink": f"{issue_context.address}/organizations/{slug}/issues/{issue.id}/",
        "logger": issue.logger,
        "level": issue.level,
        "status": issue.status.value,
        "status_details": status_details(issue, issue_context),
        "substatus": issue.substatus.value if issue.substatus else None,
        "platform": issue.platform,
        "project": IssueProjectResponse(
            id=str(project.id), name=project.name, slug=project.slug, platform=project.platform
        ),
        "type": issue.type,
        "metadata": issue.metadata,
        **_people_fields(issue_context.people[issue.id]),
        "is_unhandled": issue.is_unhandled,
        "priority": issue.priority.value,
        "share_id": issue.share_id,
        "is_public": issue.share_id is not None,
        "priority_locked_at": issue.priority_locked_at,
        "count": str(issue.times_seen),
        "user_count": issue.user_count,
        "first_seen": issue.first_seen_at,
        "last_seen": issue.last_seen_at,
        "inbox": entry
        and InboxResponse(
            reason=int(entry.reason), reason_details=entry.details, date_added=entry.at
        ),
    }


def _people_fields(people: IssuePeople) -> dict[str, Any]:
    return {
        "num_comments": people.comment_count,
        "has_seen": people.has_seen,
        "is_bookmarked": people.is_bookmarked,
        "is_subscribed": people.subscribed_for is not None,
        "subscription_details": subscription_details(people.subscribed_for),
        "assigned_to": assignee_response(people.assignee),
    }


def issue_update_response(
    change: IssueChange,
    updated: Updated,
    details: dict[str, object],
    *,
    activity: list[ActivityResponse] | None,
    has_more: bool | None,
) -> IssueUpdateResponse:
    """Return what was changed; ``details`` are its ``statusDetails``.

    ``activity`` is that of a single issue that was resolved in a release.
    """
    response = IssueUpdateResponse(
        activity=msgspec.UNSET if activity is None else activity,
        has_more=msgspec.UNSET if has_more is None else has_more,
    )
    if (requested := change.status) is not None:
        response.status = requested.status.value
        response.status_details = details
        response.substatus = updated.substatus.value if updated.substatus else None
        if requested.status is not IssueStatus.UNRESOLVED:
            response.inbox = None
    if change.is_for_review is not None:
        response.inbox = change.is_for_review
    if (merged := updated.merged) is not None:
        response.merge = MergeResponse(
            parent=str(merged.survivor_id), children=list(map(str, merged.merged_ids))
        )
    if change.priority is not None:
        response.priority = change.priority.value
    if change.sharing is not None:
        response.is_public = change.sharing.is_public
        if len(updated.share_ids) == 1:
            [response.share_id] = updated.share_ids.values()
    _add_people(response, change.people, updated.assignee)
    return response


def _add_people(
    response: IssueUpdateResponse, change: PeopleChange, assignee: Assignee | None
) -> None:
    """Add what was changed of the people around issues."""
    if change.assigned_to is not None:
        response.assigned_to = assignee_response(assignee)
    if change.has_seen is not None:
        response.has_seen = change.has_seen
    if change.is_bookmarked is not None:
        response.is_bookmarked = change.is_bookmarked
    if change.is_subscribed is not None:
        response.is_subscribed = change.is_subscribed
        reason = SubscriptionReason.UNKNOWN if change.is_subscribed else None
        response.subscription_details = subscription_details(reason)
