"""Merging of issues: the largest has the events of all from then on, and the others' ids lead to it (decision 40).

What issues have few rows of moves at once. Events, users, tags and attachments may be many: a batch moves at once,
which is all that most issues have, and a job moves the rest. Until then the merged issues have rows, which no list
shows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.infrastructure.jobs import JobKind
from shipmark.issues import recent_counts
from shipmark.issues.actions import count_release_issues, snoozing
from shipmark.issues.model import PENDING_MERGE, Issue, IssueActivityType
from shipmark.issues.store import (
    activity,
    assignments,
    deletion,
    inbox,
    issues,
    merging,
    moved_rows,
    resolutions,
    retention,
    snoozes,
    states,
    tag_counts,
)
from shipmark.issues.tags import KEYS_MAX, VALUES_MAX
from shipmark.organizations import store as organizations

TOO_FEW = "At least two issues are needed to merge them."
SEVERAL_PROJECTS = "Merging across multiple projects is not supported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The issue that survives, and the ids of those that were merged into it, in order."""

    survivor_id: int
    merged_ids: tuple[int, ...]


def check(locked: Sequence[Issue]) -> None:
    """Raise `ValidationFailed` for fewer than two issues, and `BadRequest` for issues of several projects."""
    if len(locked) < 2:
        raise ValidationFailed({"merge": [TOO_FEW]})
    if are_of_several_projects(locked):
        raise BadRequest(SEVERAL_PROJECTS)


def are_of_several_projects(locked: Sequence[Issue]) -> bool:
    """Return True if the issues can't be merged, as they have no project in common."""
    return len({issue.project_id for issue in locked}) > 1


def survivor_among(candidates: Collection[Issue]) -> Issue:
    """Return the issue that survives: that with the most events, of equal ones the one that was first seen."""
    return min(candidates, key=lambda issue: (-issue.times_seen, issue.first_seen_at, issue.id))


def merge(
    connection: Connection, issue_ids: Collection[int], user_id: int | None, now: datetime
) -> Merged:
    """Merge issues for which `check` passed; they are locked by `states.locked`."""
    # As they are now: the same request may have changed them.
    current = list(issues.lock_whole(connection, issue_ids).values())
    survivor = survivor_among(current)
    others = [issue for issue in current if issue is not survivor]
    ids = [issue.id for issue in others]
    count_release_issues.schedule(connection, survivor.organization_id, issue_ids, now)
    merging.lead(connection, survivor, others)
    # Issues that were merged into these before may have rows left too.
    pending = merging.pending(connection, [survivor.id])
    merging.lock(connection, pending)
    states.hide(connection, ids, PENDING_MERGE)
    retention.forget_stored(connection, ids)
    inbox.remove(connection, ids)
    assignments.remove(connection, ids)
    resolutions.delete_of_issues(connection, ids)
    snoozes.remove(connection, ids)
    merging.move_rows(connection, survivor.id, pending)
    _count(connection, survivor, others, now)
    details = {"issues": [{"id": str(issue_id)} for issue_id in ids]}
    kind = IssueActivityType.MERGE
    activity.add_plain(connection, kind, {survivor.id: user_id}, now, details)
    if _move_batch(connection, survivor, pending):
        _enqueue(connection, survivor, now)
    else:
        _finish(connection, survivor.id, pending)
    return Merged(survivor_id=survivor.id, merged_ids=tuple(ids))


def go_on(connection: Connection, survivor_id: int, now: datetime) -> None:
    """Move the next batch of rows of issues that were merged into this one, and schedule the one after it."""
    survivor = issues.by_id(connection, None, survivor_id)
    if survivor is None:
        return
    # As for changes by users: releases that moved rows refer to stay until the transaction ends.
    organizations.lock_organization(connection, survivor.organization_id)
    pending = merging.pending(connection, [survivor_id])
    merging.lock(connection, [survivor_id, *pending])
    locked = issues.lock_whole(connection, [survivor_id]).get(survivor_id)
    if locked is None or not pending:
        # It was merged itself: the job of its survivor goes on.
        return
    if _move_batch(connection, locked, pending):
        _enqueue(connection, locked, now)
        return
    # A comment, say, may have been written by a request that had read a merged issue before.
    merging.move_rows(connection, survivor_id, pending)
    _finish(connection, survivor_id, pending)


def _count(connection: Connection, survivor: Issue, others: Sequence[Issue], now: datetime) -> None:
    """Count the events of all for the survivor, whose snooze ends no earlier for it."""
    every = [survivor, *others]
    first = min(every, key=lambda issue: (issue.first_seen_at, issue.id))
    times_seen = sum(issue.times_seen for issue in every)
    counts = recent_counts.merged([issue.recent_counts for issue in every])
    merging.count(
        connection,
        survivor.id,
        times_seen=times_seen,
        first_at=first.first_seen_at,
        last_at=max(issue.last_seen_at for issue in every),
        first_release_id=first.first_release_id,
        recent_counts=counts,
    )
    if survivor.is_snoozed:
        snoozes.shift(
            connection,
            survivor.id,
            events=times_seen - survivor.times_seen,
            hourly=snoozing.hourly_limit_of(counts, now),
        )


def _move_batch(connection: Connection, survivor: Issue, merged_ids: Sequence[int]) -> bool:
    """Move a batch of each table. Return True if more may be left."""
    has_more_events = moved_rows.move_events(connection, survivor.id, merged_ids)
    new_users, has_more_users = moved_rows.move_users(connection, survivor.id, merged_ids)
    if new_users:
        merging.count_users(connection, survivor.id, new_users)
        if survivor.is_snoozed:
            snoozes.shift(connection, survivor.id, users=new_users)
    has_more_tags = moved_rows.move_tags(connection, survivor.id, merged_ids)
    return has_more_events or has_more_users or has_more_tags


def _finish(connection: Connection, survivor_id: int, merged_ids: Sequence[int]) -> None:
    """Delete merged issues, which have no rows left, and the tags that the survivor has too many of."""
    deletion.remove_whole(connection, merged_ids)
    tag_counts.trim(connection, [survivor_id], keys_max=KEYS_MAX, values_max=VALUES_MAX)


def _enqueue(connection: Connection, survivor: Issue, now: datetime) -> None:
    # Without a key: its row would be locked by a running job, which waits for the organization.
    jobs.enqueue(
        connection,
        JobKind.MERGE_ISSUES,
        {"issue_id": survivor.id, "project_id": survivor.project_id},
        now=now,
        organization_id=survivor.organization_id,
    )
