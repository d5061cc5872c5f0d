"""Deletion of issues: they are gone at once, and a job deletes their rows in batches, as it may be very many."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.events.attachments import actions as attachment_actions
from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.telemetry import span
from shipmark.issues.actions import count_release_issues
from shipmark.issues.model import Issue
from shipmark.issues.short_ids import format_short_id
from shipmark.issues.store import deleted_issues, deletion, merging
from shipmark.organizations import store as organizations
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor
from shipmark.projects import store as projects
from shipmark.projects.model import Project

#: The most short ids that an entry of the audit log lists; ``count`` is the number of all.
LOGGED_MAX = 20


def request(
    connection: Connection,
    locked: Sequence[Issue],
    by: Actor,
    at: datetime,
    audit_event: AuditEvent = AuditEvent.ISSUE_REMOVE,
) -> None:
    """Hide issues of one organization, which are locked by `states.locked`, and have a job delete them.

    What was merged into them and still has events is deleted with them. ``audit_event`` is the entry of the audit log.
    """
    if not locked:
        return
    organization_id = locked[0].organization_id
    ids = [issue.id for issue in locked]
    count_release_issues.schedule(connection, organization_id, ids, at)
    # The organization is locked: the job that moves their events finds their survivor hidden.
    deleted_issues.hide(connection, [*ids, *merging.pending(connection, ids)])
    known = projects.by_ids(connection, {issue.project_id for issue in locked})
    organizations.record(
        connection,
        organization_id,
        audit_event,
        by,
        at,
        data={"count": len(ids), "short_ids": _short_ids(locked, known)},
        target_id=ids[0] if len(ids) == 1 else None,
    )
    enqueue(connection, organization_id, at)


def enqueue(connection: Connection, organization_id: int, at: datetime) -> None:
    """Schedule the next batch."""
    # Without a key: its row would be locked by a running job, which waits for the organization.
    jobs.enqueue(
        connection,
        JobKind.REMOVE_ISSUES,
        {"organization_id": organization_id},
        now=at,
        organization_id=organization_id,
    )


def remove_some(connection: Connection, organization_id: int, at: datetime) -> bool:
    """Delete a batch of the rows of issues whose deletion was requested, and those that have none left.

    Return True if there may be more. Each batch finds what is left, whatever became of the one before.
    """
    # As for projects, whose deletion goes through the same rows.
    organizations.lock_organization(connection, organization_id)
    # So that nothing is added to them: an attachment that comes late would be left when its issue is gone.
    ids = merging.lock(connection, deleted_issues.some_of(connection, organization_id))
    if not ids:
        return False
    with span("issue.delete", **{"issues.count": len(ids)}):
        if not _remove_events(connection, ids, at) and deletion.remove_details(connection, ids):
            deletion.remove_whole(connection, ids)
    return True


def _remove_events(connection: Connection, issue_ids: Sequence[int], at: datetime) -> bool:
    """Delete a batch of attachments, or else of events. Return True if there may be more."""
    if attachment_actions.delete_of_issues(connection, issue_ids, at):
        return True
    removed, has_more = deleted_issues.remove_events(connection, issue_ids)
    # Some may be tied to no issue yet.
    attachment_actions.delete_of_events(connection, removed, at)
    return has_more


def _short_ids(deleted: Sequence[Issue], known: Mapping[int, Project]) -> list[str]:
    return [
        format_short_id(known[issue.project_id].slug, issue.number)
        for issue in deleted[:LOGGED_MAX]
        if issue.project_id in known
    ]
