"""Deletion of issues, with or without later events of their kind, as several endpoints share it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.api.issues.queries import ProjectIssueSelectionQuery, issue_filter, search_ids
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ISSUE_DELETE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound
from shipmark.issues.actions import discard_issues
from shipmark.issues.model import Issue
from shipmark.issues.store import states
from shipmark.organizations.model import Actor
from shipmark.projects.model import Project

#: The action on locked issues.
Delete = Callable[[Connection, Sequence[Issue], Actor, datetime], None]


def delete_one(context: RequestContext, issue: Issue, delete: Delete) -> None:
    """Delete an issue. Raise `NotFound` if it was deleted meanwhile."""
    with context.database.transaction() as connection:
        locked = states.locked(connection, issue.organization_id, [issue.id])
        if not locked:
            raise NotFound
        delete(connection, locked, context.actor(), now())


def delete_selected(
    context: RequestContext,
    projects: Sequence[Project],
    query: ProjectIssueSelectionQuery,
    delete: Delete,
) -> None:
    """Delete the issues that the query names or the search finds, by a constant number of statements."""
    access, ids = context.access, query.ids()
    project_ids = {project.id for project in projects}
    if not (ids or query.status or (query.query or "").strip()):
        # A request whose ids, or whose query, were forgotten would delete a thousand issues.
        raise BadRequest("Name the issues to delete by id, or find them by query or status.")
    search = query.search(default="")
    with context.database.transaction() as connection:
        if not ids:
            conditions = issue_filter(connection, access, projects, search, query)
            ids, _ = search_ids(connection, conditions, None)
        locked = states.locked(connection, access.organization.id, ids)
        locked = [issue for issue in locked if issue.project_id in project_ids]
        delete(connection, locked, context.actor(), now())


def discard_one(context: RequestContext, issue: Issue) -> None:
    """Discard an issue. Raise `Forbidden` for a caller who may not delete it, and as `delete_one` does."""
    _require_right(context)
    delete_one(context, issue, discard_issues.discard)


def discard_selected(
    context: RequestContext, projects: Sequence[Project], query: ProjectIssueSelectionQuery
) -> None:
    """Discard issues as `delete_selected` deletes them. Raise `Forbidden` for a caller who may not delete them."""
    _require_right(context)
    delete_selected(context, projects, query, discard_issues.discard)


def _require_right(context: RequestContext) -> None:
    """Raise `Forbidden` unless the caller, who may change issues, may delete them too."""
    if not context.access.scopes & ISSUE_DELETE:
        raise Forbidden
