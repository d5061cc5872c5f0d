"""The log of a release: its activity, the issues that it resolved, and those that regressed in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.issues.model import Resolution
from shipmark.issues.store import commit_links, release_issues, resolutions
from shipmark.projects.model import Project
from shipmark.releases.model import Release, ReleaseActivity, ReleaseActivityType
from shipmark.releases.store import activity
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.deployers import token_names
from shipmark.web.view_models.issue_lines import IssueLine, issue_line

ACTIVITY_MAX = 100


class ReleaseEventType(StrEnum):
    """The types of events in the log."""

    CREATED = "created"
    RELEASED = "released"
    DEPLOYED = "deployed"
    RESOLVED = "resolved"
    REGRESSED = "regressed"
    DELETED = "deleted"
    FETCHED = "fetched"
    FETCH_FAILED = "fetch-failed"
    VERDICT_CHANGED = "verdict-changed"
    VERDICT_MARKED = "verdict-marked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseEvent:
    """An event of the log; fields that don't apply to its type are None."""

    at: datetime
    type: ReleaseEventType
    by: str = ""
    project: Project | None = None
    environment: str = ""
    repository: str = ""
    commit_count: int = 0
    problem: str = ""
    verdict: str = ""
    line: IssueLine | None = None


def release_events(
    connection: Connection, workspace: Workspace, release: Release, resolved: tuple[IssueLine, ...]
) -> tuple[ReleaseEvent, ...]:
    """Return the log, newest first, without events of projects that the user can't see."""
    log = activity.of_version(
        connection, release.organization_id, release.version, limit=ACTIVITY_MAX
    )
    activities = [entry for entry in log if entry.project_id in workspace.projects_by_id]
    by_issue = resolutions.of_issues(connection, [line.issue.id for line in resolved])
    here = {
        id_: resolution
        for id_, resolution in by_issue.items()
        if resolution.release_id == release.id
    }
    user_ids = {entry.user_id for entry in activities}
    user_ids |= {resolution.user_id for resolution in here.values()}
    users = accounts.by_ids(connection, {user_id for user_id in user_ids if user_id is not None})
    names = commit_links.author_names(connection, release.id, here)
    tokens = token_names(connection, release.organization_id, activities)
    events = [
        *(_of_activity(entry, workspace, users, tokens) for entry in activities),
        *(
            _of_resolution(here[line.issue.id], line, users, names)
            for line in resolved
            if line.issue.id in here
        ),
        *(
            ReleaseEvent(at=at, type=ReleaseEventType.REGRESSED, line=issue_line(issue, workspace))
            for issue, at in release_issues.regressions_in(
                connection, release.id, workspace.project_ids, limit=ACTIVITY_MAX
            )
        ),
        ReleaseEvent(at=release.created_at, type=ReleaseEventType.CREATED),
    ]
    return tuple(sorted(events, key=lambda event: event.at, reverse=True))


def _of_activity(
    release_activity: ReleaseActivity,
    workspace: Workspace,
    users: Mapping[int, User],
    tokens: Mapping[object, str],
) -> ReleaseEvent:
    match release_activity.type:
        case ReleaseActivityType.RELEASED:
            kind = ReleaseEventType.RELEASED
        case ReleaseActivityType.DEPLOYED:
            kind = ReleaseEventType.DEPLOYED
        case ReleaseActivityType.DELETED:
            kind = ReleaseEventType.DELETED
        case ReleaseActivityType.COMMITS_FETCHED:
            kind = ReleaseEventType.FETCHED
        case ReleaseActivityType.COMMITS_FETCH_FAILED:
            kind = ReleaseEventType.FETCH_FAILED
        case ReleaseActivityType.VERDICT_CHANGED:
            kind = ReleaseEventType.VERDICT_CHANGED
        case ReleaseActivityType.VERDICT_MARKED:
            kind = ReleaseEventType.VERDICT_MARKED
        case _:
            assert_never(release_activity.type)
    details = release_activity.details
    return ReleaseEvent(
        at=release_activity.at,
        type=kind,
        by=_name(release_activity.user_id, users) or tokens.get(details.get("token_id"), ""),
        project=workspace.projects_by_id[release_activity.project_id],
        environment=str(details.get("environment", "")),
        repository=str(details.get("repository", "")),
        commit_count=int(str(details.get("commits", 0))),
        problem=str(details.get("error", "")),
        verdict=str(details.get("verdict", "")),
    )


def _of_resolution(
    resolution: Resolution, line: IssueLine, users: Mapping[int, User], names: dict[int, str]
) -> ReleaseEvent:
    by = _name(resolution.user_id, users) or names.get(resolution.issue_id, "")
    return ReleaseEvent(at=resolution.at, type=ReleaseEventType.RESOLVED, by=by, line=line)


def _name(user_id: int | None, users: Mapping[int, User]) -> str:
    user = users.get(user_id or 0)
    return user.display_name if user else ""
