"""Changes of status by users: resolve, reopen and ignore issues (groups-api.md 4), for all issues at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.issues.actions import merge_issues, people, prioritize, review, share, snoozing
from shipmark.issues.actions.merge_issues import Merged
from shipmark.issues.actions.resolve_in_commit import resolve_in_commit
from shipmark.issues.model import (
    HistoryStatus,
    Issue,
    IssueActivityType,
    IssueChange,
    IssueStatus,
    StatusChange,
    SubscriptionReason,
    Substatus,
)
from shipmark.issues.people import Assignee
from shipmark.issues.store import activity, inbox, issues, occurrences, resolutions, states
from shipmark.issues.store.activity import NewActivity
from shipmark.issues.store.resolutions import NewResolution
from shipmark.releases import versions
from shipmark.releases.model import Release
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases, shipping_order
from shipmark.releases.versions import LATEST

NO_RELEASE = "No release data present in the system to form a basis for 'Next Release'"
UNKNOWN_RELEASE = "Unable to find a release with the given version."

#: An ignored issue that is reopened alone within this time after it was first seen is new again.
_NEW_FOR = timedelta(days=7)
#: What an issue stays for some days from now on (`age_changes`); as a new one it stays it from its first event on.
_ACTIVE_ANEW = {Substatus.REGRESSED, Substatus.ESCALATING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """The result of a change: the issues as they were, and the release of the requested resolution, if any.

    ``assignee`` is the requested one, ``share_ids`` are those by which the issues are public now, if it was requested,
    ``merged`` what became of issues that were to be merged. ``has_new_activity`` is False if a resolution in a release
    only replaced another.
    """

    issues: tuple[Issue, ...]
    substatus: Substatus | None = None
    release: Release | None = None
    has_new_activity: bool = False
    assignee: Assignee | None = None
    share_ids: Mapping[int, str | None] = field(default_factory=dict)
    merged: Merged | None = None


#: A resolution to insert, and the details of its activity.
_Planned = tuple[NewResolution, dict[str, object]]


def apply_change(
    connection: Connection,
    locked: Sequence[Issue],
    change: IssueChange,
    user_id: int | None,
    now: datetime,
) -> Updated:
    """Change the status of locked issues as `update_issues` does, then all else; at last merge them.

    Raise `ValidationFailed` for an assignee who can't be one, and if the organization shares no issues, and what
    `merge_issues.check` raises.
    """
    if change.is_merge:
        merge_issues.check(locked)
    updated = Updated(issues=tuple(locked))
    if change.status is not None:
        updated = update_issues(connection, locked, change.status, user_id, now)
    if change.is_for_review:
        review.add(connection, locked, now)
    elif change.is_for_review is not None:
        review.mark_reviewed(connection, locked, user_id, now)
    if change.priority is not None:
        prioritize.set_priority(connection, locked, change.priority, user_id, now)
    share_ids: Mapping[int, str | None] = {}
    if change.sharing is not None:
        share_ids = share.set_sharing(connection, locked, change.sharing, user_id, now)
    assignee = people.change_people(connection, locked, change.people, user_id, now)
    merged = None
    if change.is_merge:
        merged = merge_issues.merge(connection, [issue.id for issue in locked], user_id, now)
    return replace(updated, assignee=assignee, share_ids=share_ids, merged=merged)


def update_issues(
    connection: Connection,
    locked: Sequence[Issue],
    change: StatusChange,
    user_id: int | None,
    now: datetime,
) -> Updated:
    """Change the status of issues that are locked in the order of their ids.

    Raise `BadRequest` to resolve issues of several projects in a release or in a commit, and `ValidationFailed` if the
    project has no such release.
    """
    snoozing.cancel(connection, locked)
    if change.status is not IssueStatus.RESOLVED:
        return _set_status(connection, locked, change, user_id, now)
    if change.is_in_next_release or change.in_release is not None:
        return _resolve_in_release(connection, locked, change, user_id, now)
    if change.in_commit is None:
        return _resolve_now(connection, locked, user_id, now)
    _only_project(locked, "commit")
    is_new = resolve_in_commit(connection, locked, change.in_commit, user_id, now)
    return Updated(issues=tuple(locked), has_new_activity=is_new)


def _resolve_now(
    connection: Connection, locked: Sequence[Issue], user_id: int | None, now: datetime
) -> Updated:
    """Resolve in no release. An existing resolution in a release stays (groups-api.md 4.2)."""
    users = {issue.id: user_id for issue in locked}
    states.resolve_now(connection, users, now)
    inbox.remove(connection, users)
    activity.subscribe(connection, users.items(), SubscriptionReason.STATUS_CHANGE)
    activity.add_plain(connection, IssueActivityType.SET_RESOLVED, users, now)
    activity.add_history(connection, HistoryStatus.RESOLVED, users, None, now)
    return Updated(issues=tuple(locked), has_new_activity=True)


def _resolve_in_release(
    connection: Connection,
    locked: Sequence[Issue],
    change: StatusChange,
    user_id: int | None,
    now: datetime,
) -> Updated:
    """Resolve in a release. An issue that already has a resolution in a release gets no second activity."""
    target = "next release" if change.is_in_next_release else "release"
    project_id = _only_project(locked, target)
    release = _target_release(connection, locked[0].organization_id, project_id, change)
    if change.is_in_next_release:
        planned = _plan_next(connection, release, project_id, locked, user_id)
    else:
        planned = _plan_in(release, locked, user_id)
    existing = resolutions.of_issues(connection, [issue.id for issue in locked])
    ids = resolutions.put(connection, [resolution for resolution, _ in planned], now)
    users = {issue.id: user_id for issue in locked}
    issues.mark_resolved(connection, users, now)
    inbox.remove(connection, users)
    activity.subscribe(connection, users.items(), SubscriptionReason.STATUS_CHANGE)
    happened = [
        NewActivity(
            issue_id=resolution.issue_id,
            type=IssueActivityType.SET_RESOLVED_IN_RELEASE,
            user_id=user_id,
            ident=str(ids[resolution.issue_id]),
            details=details,
        )
        for resolution, details in planned
        if resolution.issue_id not in existing
    ]
    activity.add(connection, happened, now)
    newly = {new.issue_id: user_id for new in happened}
    activity.add_history(connection, HistoryStatus.SET_RESOLVED_IN_RELEASE, newly, None, now)
    return Updated(issues=tuple(locked), release=release, has_new_activity=bool(happened))


def _set_status(
    connection: Connection,
    locked: Sequence[Issue],
    change: StatusChange,
    user_id: int | None,
    now: datetime,
) -> Updated:
    """Reopen or ignore: delete resolutions; issues that stay as they are get no activity (groups-api.md 4.4)."""
    substatus = _substatus(change, locked, now)
    changed = [issue for issue in locked if _is_changed(issue, change, substatus)]
    users = {issue.id: user_id for issue in changed}
    resolutions.delete_of_issues(connection, [issue.id for issue in locked])
    if substatus in _ACTIVE_ANEW:
        states.reopen(connection, dict.fromkeys(users, now), substatus)
    else:
        states.set_status(connection, users, change.status, substatus)
    details: dict[str, object] = {}
    if change.status is IssueStatus.IGNORED:
        inbox.remove(connection, [issue.id for issue in locked])
        happened, history = IssueActivityType.SET_IGNORED, HistoryStatus.IGNORED
        details = snoozing.activity_details(change, now)
        if change.conditions is not None:
            snoozing.start(connection, locked, change.conditions, user_id, now)
        elif substatus is Substatus.ARCHIVED_UNTIL_ESCALATING:
            snoozing.start_until_escalating(connection, locked, user_id, now)
    else:
        happened, history = IssueActivityType.SET_UNRESOLVED, HistoryStatus.UNRESOLVED
    activity.add_plain(connection, happened, users, now, details)
    activity.add_history(connection, history, users, None, now)
    return Updated(issues=tuple(locked), substatus=substatus, has_new_activity=bool(changed))


def _is_changed(issue: Issue, change: StatusChange, substatus: Substatus) -> bool:
    """Return True unless the issue is as requested. Ignored ones may be ignored in another way, with other conditions.

    Open ones keep their substatus unless one is requested.
    """
    if issue.status is not change.status:
        return True
    if change.conditions is not None:
        return True
    is_requested = change.status is IssueStatus.IGNORED or change.substatus is not None
    return is_requested and issue.substatus is not substatus


def _substatus(change: StatusChange, locked: Sequence[Issue], now: datetime) -> Substatus:
    if change.substatus is not None:
        return change.substatus
    if change.conditions is not None:
        return Substatus.ARCHIVED_UNTIL_CONDITION_MET
    if change.status is IssueStatus.IGNORED:
        return Substatus.ARCHIVED_FOREVER
    [first, *others] = locked
    is_new = first.status is IssueStatus.IGNORED and now - first.first_seen_at < _NEW_FOR
    return Substatus.NEW if is_new and not others else Substatus.ONGOING


def _only_project(locked: Sequence[Issue], target: str) -> int:
    project_ids = {issue.project_id for issue in locked}
    if len(project_ids) > 1:
        raise BadRequest(f"Cannot set resolved in {target} for multiple projects.")
    return project_ids.pop()


def _target_release(
    connection: Connection, organization_id: int, project_id: int, change: StatusChange
) -> Release:
    """Return the requested release; for the next release, the newest one that it comes after."""
    field = "inNextRelease" if change.is_in_next_release else "inRelease"
    if change.is_in_next_release or change.in_release == LATEST:
        newest = shipping_order.newest_in(connection, organization_id, project_id)
        if newest is None:
            raise ValidationFailed({"statusDetails": {field: [NO_RELEASE]}})
        return newest
    assert change.in_release is not None
    # It can't be deleted meanwhile: the organization was locked before the issues.
    named = releases.by_version(connection, organization_id, change.in_release)
    attached = release_projects.of_releases(connection, [named.id]).get(named.id) if named else ()
    if named is None or not any(project.project_id == project_id for project in attached or ()):
        raise ValidationFailed({"statusDetails": {field: [UNKNOWN_RELEASE]}})
    return named


def _plan_in(release: Release, locked: Sequence[Issue], user_id: int | None) -> list[_Planned]:
    details: dict[str, object] = {"version": release.version}
    return [
        (NewResolution(issue_id=issue.id, release_id=release.id, user_id=user_id), details)
        for issue in locked
    ]


def _plan_next(
    connection: Connection,
    newest: Release,
    project_id: int,
    locked: Sequence[Issue],
    user_id: int | None,
) -> list[_Planned]:
    """Plan resolutions "in the next release" (groups-api.md 4.3).

    It comes after the release that an issue was seen in: by version if the project follows semver, else by date,
    where a later one may exist already. Otherwise the resolution waits for it.
    """
    ids = [issue.id for issue in locked]
    sample = releases.newest_versions(connection, project_id, versions.SAMPLE_MAX)
    if versions.goes_by_semver(newest.version, sample):
        current = occurrences.highest_versions(connection, ids)
        later: Mapping[int, Release] = {}
        is_semver = True
    else:
        current, later = _seen_by_date(connection, project_id, ids)
        is_semver = False
    planned: list[_Planned] = []
    for issue_id in ids:
        version, next_release = current.get(issue_id), later.get(issue_id)
        details: dict[str, object] = {"version": next_release.version if next_release else ""}
        if version is not None and is_semver:
            details["current_release_version"] = version
        resolution = NewResolution(
            issue_id=issue_id,
            release_id=(next_release or newest).id,
            user_id=user_id,
            pending_project_id=None if next_release else project_id,
            current_version=version,
        )
        planned.append((resolution, details))
    return planned


def _seen_by_date(
    connection: Connection, project_id: int, issue_ids: Sequence[int]
) -> tuple[dict[int, str], dict[int, Release]]:
    """Return the version in which each issue was last seen, and the project's release that shipped next after it."""
    last = occurrences.last_releases(connection, issue_ids)
    by_id = releases.by_ids(connection, set(last.values()))
    following = shipping_order.next_in(connection, project_id, set(last.values()))
    current = {issue_id: by_id[release_id].version for issue_id, release_id in last.items()}
    later = {issue: following[release] for issue, release in last.items() if release in following}
    return current, later
