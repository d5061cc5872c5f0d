"""What does the page of an issue show?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.ground.errors import NotFound
from shipmark.issues.model import (
    HistoryEntry,
    HistoryStatus,
    Issue,
    IssueActivity,
    IssueActivityType,
    Resolution,
)
from shipmark.issues.store import activity, issues, resolutions, seen
from shipmark.issues.store.events import StoredEvent
from shipmark.projects.model import Project
from shipmark.releases.model import Release
from shipmark.releases.store import releases
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Commit
from shipmark.web.given import Place
from shipmark.web.views.issue_lines import issue_line
from shipmark.web.views.stack import ShownEvent, shown_event
from shipmark.web.views.stack_remedies import commands
from shipmark.web.views.suspect import SuspectCommit, suspect_commit

ACTIVITY_MAX = 100
HISTORY_MAX = 100
_ID_DIGITS_MAX = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that happened to an issue. ``version`` and ``earlier_version`` are texts: the releases may be gone."""

    at: datetime
    type: IssueActivityType
    user: User | None
    commit: Commit | None
    version: str
    earlier_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of an issue, once."""

    at: datetime
    status: HistoryStatus
    user: User | None
    release: Release | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueStory:
    """An issue and what is known about it. ``fixed_in`` and ``fixed_by`` are of its resolution."""

    issue: Issue
    short_id: str
    project: Project
    first_release: Release | None
    last_release: Release | None
    fixed_in: Release | None
    fixed_by: User | None
    event: ShownEvent | None
    activity: tuple[Told, ...]
    history: tuple[Became, ...]
    suspect: SuspectCommit | None
    remedies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """All that an issue's page names, by its id."""

    releases: Mapping[int, Release]
    users: Mapping[int, User]
    commits: Mapping[int, Commit]


def issue_story(
    connection: Connection, place: Place, issue: Issue, event: StoredEvent | None, server: str
) -> IssueStory:
    """The issue with its newest event; ``server`` is where this one is reached."""
    project = place.projects_by_id[issue.project_id]
    shown = shown_event(event) if event else None
    resolution = resolutions.of_issues(connection, [issue.id]).get(issue.id)
    last_release_id = seen.last_releases(connection, [issue.id]).get(issue.id)
    log = activity.of_issue(connection, issue.id, limit=ACTIVITY_MAX)
    history = activity.history_of(connection, issue.id, limit=HISTORY_MAX)
    release_ids = [issue.first_release_id, last_release_id]
    around = _around(connection, release_ids, resolution, log, history)
    return IssueStory(
        issue=issue,
        short_id=issue_line(issue, place).short_id,
        project=project,
        first_release=around.releases.get(issue.first_release_id or 0),
        last_release=around.releases.get(last_release_id or 0),
        fixed_in=around.releases.get(resolution.release_id) if resolution else None,
        fixed_by=around.users.get(resolution.user_id or 0) if resolution else None,
        event=shown,
        activity=tuple(_told(it, around) for it in log),
        history=tuple(_became(it, around) for it in history),
        suspect=suspect_commit(connection, place, issue, event.payload) if event else None,
        remedies=commands(shown, server, place.organization.slug, project.slug) if shown else (),
    )


def found_issue(connection: Connection, place: Place, text: str) -> Issue:
    """The issue of that id; raises `NotFound` for one that the visitor may not see."""
    if not (text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX):
        raise NotFound
    issue = issues.by_id(connection, place.organization.id, int(text))
    if issue is None or issue.project_id not in place.projects_by_id:
        raise NotFound
    return issue


def _around(
    connection: Connection,
    release_ids: Sequence[int | None],
    resolution: Resolution | None,
    log: Sequence[IssueActivity],
    history: Sequence[HistoryEntry],
) -> _Around:
    named_releases = {*release_ids, *(it.release_id for it in history)}
    named_users = {it.user_id for it in log} | {it.user_id for it in history}
    if resolution is not None:
        named_releases.add(resolution.release_id)
        named_users.add(resolution.user_id)
    commit_ids = {commit_id for it in log if (commit_id := _commit_id(it)) is not None}
    return _Around(
        releases=releases.by_ids(connection, {it for it in named_releases if it is not None}),
        users=accounts.by_ids(connection, {it for it in named_users if it is not None}),
        commits=repositories.commits_by_ids(connection, commit_ids),
    )


def _commit_id(it: IssueActivity) -> int | None:
    commit_id = it.details.get("commit")
    return commit_id if isinstance(commit_id, int) else None


def _told(it: IssueActivity, around: _Around) -> Told:
    return Told(
        at=it.at,
        type=it.type,
        user=around.users.get(it.user_id or 0),
        commit=around.commits.get(_commit_id(it) or 0),
        version=str(it.details.get("version") or ""),
        earlier_version=str(it.details.get("resolved_in_version") or ""),
    )


def _became(it: HistoryEntry, around: _Around) -> Became:
    return Became(
        at=it.at,
        status=it.status,
        user=around.users.get(it.user_id or 0),
        release=around.releases.get(it.release_id or 0),
    )
