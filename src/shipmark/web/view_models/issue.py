"""The view model of the page of an issue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.events import store as events
from shipmark.events.payload import is_event_id
from shipmark.events.project_rules import scrubbing_of_project
from shipmark.events.scrubbing import scrub
from shipmark.events.store import StoredEvent
from shipmark.http.scopes import ISSUE_CHANGE
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.issues import short_ids
from shipmark.issues.activity_people import assigned_user_id, users_of
from shipmark.issues.model import (
    Issue,
    IssueActivity,
    IssueActivityType,
    Resolution,
)
from shipmark.issues.people import IssuePeople
from shipmark.issues.store import (
    activity,
    issues,
    named_issues,
    occurrences,
    resolutions,
    user_reports,
)
from shipmark.issues.store import people as people_store
from shipmark.issues.user_reports import UserReport
from shipmark.projects.model import Project
from shipmark.releases.model import Release
from shipmark.releases.store import releases
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Author, Commit
from shipmark.web.request_context import Workspace
from shipmark.web.settings_forms import age_in_words
from shipmark.web.view_models.issue_comments import CommentItem, comment_item
from shipmark.web.view_models.issue_event import EventPart, event_part
from shipmark.web.view_models.issue_lines import issue_line
from shipmark.web.view_models.issue_snooze import (
    ShownSnooze,
    archived_in_words,
    expired_in_words,
    shown_snooze,
)
from shipmark.web.view_models.issue_tags import IssueTags, issue_tags
from shipmark.web.view_models.people import AssignMenu, assign_menu

ACTIVITY_MAX = 100
#: The newest reports of users that the page shows; the API has all.
REPORTS_MAX = 20
#: The name of an issue's first event in URLs, as in the API.
OLDEST = "oldest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityItem:
    """An activity of an issue. ``version`` and ``earlier_version`` are texts: the releases may be deleted.

    ``by`` is the name of the user, else of the commit's author, else empty. ``archived`` says for how long or until
    what it was archived; ``expired`` says it of an issue that was reopened by itself, and is None for other activities.
    ``assignee`` is the name of the user or team of an assignment, empty for a deleted user. ``comment`` is None for
    other activities.
    ``age`` is how long an issue that was resolved by age had no events, else empty. ``priority`` is the one that was
    set, else empty. ``merged_count`` is the number of issues that were merged into it.
    """

    at: datetime
    type: IssueActivityType
    by: str
    commit: Commit | None
    version: str
    earlier_version: str
    archived: str
    expired: str | None
    assignee: str
    comment: CommentItem | None
    age: str
    priority: str
    merged_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """How an issue was resolved: in a release, in the next one, or with a commit that a user named.

    ``by`` is the name of who did, or empty. ``deleted_version`` is that of a release that is deleted, else empty.
    """

    release: Release | None
    is_next: bool
    commit: Commit | None
    by: str
    deleted_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePage:
    """An issue with one of its events and its activity; ``event_part`` is None if no event is kept.

    ``reports`` are the newest of ``report_count``.
    ``snooze`` is until when or what it is archived, if not for ever.
    ``assign_menu`` is None for readers who may not change the issue.
    """

    issue: Issue
    short_id: str
    project: Project
    first_release: Release | None
    last_release: Release | None
    fix: Fix
    snooze: ShownSnooze | None
    event_part: EventPart | None
    tags: IssueTags
    activity: tuple[ActivityItem, ...]
    reports: Sequence[UserReport]
    report_count: int
    people: IssuePeople
    assign_menu: AssignMenu | None

    @property
    def may_change(self) -> bool:
        """Return True if the user may change the issue."""
        return self.assign_menu is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Related:
    """The rows that an issue's page refers to, by id."""

    releases: Mapping[int, Release]
    users: Mapping[int, User]
    commits: Mapping[int, Commit]
    authors: Mapping[int, Author]

    def by(self, user_id: int | None, commit_id: int | None = None) -> str:
        """Return the name of the user, else of the commit's author, else an empty text."""
        if (user := self.users.get(user_id or 0)) is not None:
            return user.display_name
        commit = self.commits.get(commit_id or 0)
        author = self.authors.get(commit.author_id or 0) if commit else None
        return (author.name or author.email) if author else ""


def issue_page(
    connection: Connection,
    workspace: Workspace,
    issue: Issue,
    event: StoredEvent | None,
    server: str,
) -> IssuePage:
    """Return the issue with this event; ``server`` is the base URL of this server."""
    project = workspace.projects_by_id[issue.project_id]
    scrubbing = scrubbing_of_project(connection, issue.organization_id, issue.project_id)
    shown = None
    if event is not None:
        # It may be from before one of the rules.
        event = replace(event, payload=scrub(event.payload, scrubbing))
        shown = event_part(connection, workspace, issue, event, server)
    resolution = resolutions.of_issues(connection, [issue.id]).get(issue.id)
    commit_id = _resolving_commit_id(connection, issue, resolution)
    last_release_id = occurrences.last_releases(connection, [issue.id]).get(issue.id)
    log = activity.of_issue(connection, issue.id, limit=ACTIVITY_MAX)
    release_ids = [issue.first_release_id, last_release_id]
    related = _load_related(connection, release_ids, resolution, log, commit_id)
    may_change = workspace.may(ISSUE_CHANGE)
    items = _activity_items(log, related, workspace, may_change=may_change)
    return IssuePage(
        issue=issue,
        short_id=issue_line(issue, workspace).short_id,
        project=project,
        first_release=related.releases.get(issue.first_release_id or 0),
        last_release=related.releases.get(last_release_id or 0),
        fix=_fix(issue, resolution, related.commits.get(commit_id or 0), items, related),
        snooze=shown_snooze(connection, issue),
        event_part=shown,
        tags=issue_tags(connection, issue.id, scrubbing, workspace.organization.slug, project.slug),
        activity=items,
        reports=user_reports.of_issue(connection, issue.id, None, limit=REPORTS_MAX),
        report_count=user_reports.count_of_issue(connection, issue.id),
        people=people_store.of_issues(connection, [issue.id], workspace.user.id)[issue.id],
        assign_menu=assign_menu(connection, workspace, [project.id]) if may_change else None,
    )


def _resolving_commit_id(
    connection: Connection, issue: Issue, resolution: Resolution | None
) -> int | None:
    """Return the id of the commit that a user resolved the issue with, or None."""
    if resolution is not None or issue.resolved_at is None:
        return None
    return resolutions.commits_of(connection, [issue.id]).get(issue.id)


def require_issue(connection: Connection, workspace: Workspace, text: str) -> Issue:
    """Return the issue with this id or short id; raise `NotFound` if the user can't see it."""
    issue_id = id_of(text)
    if issue_id is None and (short_id := short_ids.parse(text)):
        issue_ids = named_issues.ids_of_short_ids(connection, workspace.organization.id, [short_id])
        issue_id = issue_ids.get(short_id)
    issue = issues.by_id(connection, workspace.organization.id, issue_id) if issue_id else None
    if issue is None or issue.project_id not in workspace.projects_by_id:
        raise NotFound
    return issue


def event_of(connection: Connection, issue: Issue, name: str) -> StoredEvent | None:
    """Return the issue's event with this id, or ``oldest``; the newest one for any other name; None if none is kept."""
    if name == OLDEST:
        return events.oldest_of(connection, issue.id)
    if is_event_id(name):
        event = events.by_event_id(connection, issue.project_id, name)
        if event is not None and event.issue_id == issue.id:
            return event
    return events.newest_of(connection, issue.id)


def is_missing(event: StoredEvent | None, name: str) -> bool:
    """Return True if the name is the id of an event that is not stored, or not any more: another one is shown."""
    return is_event_id(name) and (event is None or event.event_id != name)


def _load_related(
    connection: Connection,
    release_ids: Sequence[int | None],
    resolution: Resolution | None,
    log: Sequence[IssueActivity],
    commit_id: int | None,
) -> _Related:
    named_releases = set(release_ids)
    named_users: set[int | None] = set(users_of(log))
    if resolution is not None:
        named_releases.add(resolution.release_id)
        named_users.add(resolution.user_id)
    commit_ids = _known([commit_id, *(_commit_id(issue_activity) for issue_activity in log)])
    commits = repositories.commits_by_ids(connection, commit_ids)
    author_ids = _known(commit.author_id for commit in commits.values())
    return _Related(
        releases=releases.by_ids(connection, _known(named_releases)),
        users=accounts.by_ids(connection, _known(named_users)),
        commits=commits,
        authors=repositories.authors_by_ids(connection, author_ids),
    )


def _known(ids: Iterable[int | None]) -> set[int]:
    return {id_ for id_ in ids if id_ is not None}


def _commit_id(issue_activity: IssueActivity) -> int | None:
    commit_id = issue_activity.details.get("commit")
    return commit_id if isinstance(commit_id, int) else None


def _activity_items(
    log: Sequence[IssueActivity], related: _Related, workspace: Workspace, *, may_change: bool
) -> tuple[ActivityItem, ...]:
    return tuple(
        _activity_item(
            entry, related, comment_item(entry, related.users, workspace, may_change=may_change)
        )
        for entry in log
    )


def _activity_item(
    issue_activity: IssueActivity, related: _Related, comment: CommentItem | None
) -> ActivityItem:
    age, merged = (issue_activity.details.get(name) for name in ("age", "issues"))
    return ActivityItem(
        at=issue_activity.at,
        type=issue_activity.type,
        by=related.by(issue_activity.user_id, _commit_id(issue_activity)),
        commit=related.commits.get(_commit_id(issue_activity) or 0),
        version=str(issue_activity.details.get("version") or ""),
        earlier_version=str(issue_activity.details.get("resolved_in_version") or ""),
        archived=archived_in_words(issue_activity.details),
        expired=expired_in_words(issue_activity.details),
        assignee=_assignee_name(issue_activity, related),
        comment=comment,
        age=age_in_words(age) if isinstance(age, int) else "",
        priority=str(issue_activity.details.get("priority") or ""),
        merged_count=len(merged) if isinstance(merged, list) else 0,
    )


def _assignee_name(issue_activity: IssueActivity, related: _Related) -> str:
    """Return the name of the user, or the slug of the team, of an assignment."""
    user_id = assigned_user_id(issue_activity.details)
    if user_id is not None:
        return related.by(user_id)
    slug = issue_activity.details.get("assigneeName")
    return f"#{slug}" if slug else ""


def _fix(
    issue: Issue,
    resolution: Resolution | None,
    commit: Commit | None,
    items: Sequence[ActivityItem],
    related: _Related,
) -> Fix:
    return Fix(
        release=related.releases.get(resolution.release_id) if resolution else None,
        is_next=resolution is not None and resolution.is_pending,
        commit=commit,
        by=_fixed_by(resolution, items, related),
        deleted_version=issue.deleted_fix.version if issue.deleted_fix else "",
    )


def _fixed_by(
    resolution: Resolution | None, items: Sequence[ActivityItem], related: _Related
) -> str:
    """Return the name of the user of the resolution, else of the author of its commit."""
    if resolution is None:
        return ""
    of_commits = (item.by for item in items if item.at == resolution.at)
    return related.by(resolution.user_id) or next(of_commits, "")
