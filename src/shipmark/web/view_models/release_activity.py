"""What happened to a release, told in one log? Its own activity, and the issues that it resolved."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.issues.model import Resolution
from shipmark.issues.store import commit_links, resolutions
from shipmark.projects.model import Project
from shipmark.releases.model import Release, ReleaseActivity, ReleaseActivityType
from shipmark.releases.store import activity
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.issue_lines import IssueLine

ACTIVITY_MAX = 100


class ReleaseEventType(StrEnum):
    """What the log tells."""

    CREATED = "created"
    RELEASED = "released"
    DEPLOYED = "deployed"
    RESOLVED = "resolved"
    DELETED = "deleted"
    FETCHED = "fetched"
    FETCH_FAILED = "fetch-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseEvent:
    """Something that happened; what does not belong to its type is left out."""

    at: datetime
    type: ReleaseEventType
    by: str = ""
    project: Project | None = None
    environment: str = ""
    repository: str = ""
    commit_count: int = 0
    problem: str = ""
    line: IssueLine | None = None


def release_events(
    connection: Connection, place: Workspace, release: Release, resolved: tuple[IssueLine, ...]
) -> tuple[ReleaseEvent, ...]:
    """The log, newest first, without what happened in projects that the visitor may not see."""
    log = activity.of_version(
        connection, release.organization_id, release.version, limit=ACTIVITY_MAX
    )
    seen = [it for it in log if it.project_id in place.projects_by_id]
    found = resolutions.of_issues(connection, [line.issue.id for line in resolved])
    here = {it.issue_id: it for it in found.values() if it.release_id == release.id}
    user_ids = {it.user_id for it in seen} | {it.user_id for it in here.values()}
    users = accounts.by_ids(connection, {it for it in user_ids if it is not None})
    names = commit_links.author_names(connection, release.id, here)
    told = [
        *(_of_activity(it, place, users) for it in seen),
        *(
            _of_resolution(here[it.issue.id], it, users, names)
            for it in resolved
            if it.issue.id in here
        ),
        ReleaseEvent(at=release.created_at, type=ReleaseEventType.CREATED),
    ]
    return tuple(sorted(told, key=lambda it: it.at, reverse=True))


def _of_activity(it: ReleaseActivity, place: Workspace, users: dict[int, User]) -> ReleaseEvent:
    match it.type:
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
        case _:
            assert_never(it.type)
    return ReleaseEvent(
        at=it.at,
        type=kind,
        by=_name(it.user_id, users),
        project=place.projects_by_id[it.project_id],
        environment=str(it.details.get("environment", "")),
        repository=str(it.details.get("repository", "")),
        commit_count=int(str(it.details.get("commits", 0))),
        problem=str(it.details.get("error", "")),
    )


def _of_resolution(
    it: Resolution, line: IssueLine, users: dict[int, User], names: dict[int, str]
) -> ReleaseEvent:
    by = _name(it.user_id, users) or names.get(it.issue_id, "")
    return ReleaseEvent(at=it.at, type=ReleaseEventType.RESOLVED, by=by, line=line)


def _name(user_id: int | None, users: dict[int, User]) -> str:
    user = users.get(user_id or 0)
    return user.display_name if user else ""
