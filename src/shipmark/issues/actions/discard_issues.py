"""Discarding issues: they are deleted, and later events of their kind are not stored, until that is taken back."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import NotFound
from shipmark.issues.actions import delete_issues
from shipmark.issues.discarded_issues import DiscardedIssue
from shipmark.issues.model import Issue
from shipmark.issues.short_ids import format_short_id
from shipmark.issues.store import discarded_issues
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext, record_action
from shipmark.organizations.model import Actor
from shipmark.projects.model import Project


def discard(connection: Connection, locked: Sequence[Issue], by: Actor, at: datetime) -> None:
    """Delete issues as `delete_issues.request` does, and have later events with their hashes discarded."""
    if locked:
        ids = [issue.id for issue in locked]
        discarded_issues.add(connection, ids, by.user_id, at)
        delete_issues.request(connection, locked, by, at, AuditEvent.ISSUE_DISCARD)


def find(connection: Connection, project: Project, discarded_id: int) -> DiscardedIssue:
    """Return a discarded issue of the project. Raise `NotFound` if there is none."""
    discarded = discarded_issues.by_id(connection, project.id, discarded_id)
    if discarded is None:
        raise NotFound
    return discarded


def stop_discarding(
    connection: Connection, context: ActionContext, project: Project, discarded_id: int
) -> None:
    """Store events of the issue's kind again: the next makes a new issue. Raise `NotFound` as `find` does."""
    discarded = find(connection, project, discarded_id)
    if not discarded_issues.remove(connection, discarded.id):
        raise NotFound
    short_id = format_short_id(project.slug, discarded.number)
    data = {"short_id": short_id, "title": discarded.title}
    record_action(connection, context, AuditEvent.DISCARDED_ISSUE_REMOVE, discarded.id, data)
