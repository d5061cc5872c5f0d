"""The event that a path names, in a project or in an issue, and the issue whose committers are listed."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.api.issues.path_issue import find_issue
from shipmark.events import store
from shipmark.events.payload import event_id_in, without_dashes
from shipmark.events.store import StoredEvent
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.issues.model import Issue
from shipmark.projects import actions as project_actions
from shipmark.projects.model import Project
from shipmark.projects.store import accessible

_NEWEST = frozenset({"latest", "recommended"})
_OLDEST = "oldest"


def _in_project(
    context: RequestContext, connection: Connection, project: str, event: str
) -> StoredEvent:
    path_project = project_actions.require_project(connection, context.access, project)
    stored = store.by_event_id(connection, path_project.id, without_dashes(event))
    if stored is None:
        raise NotFound("Event not found")
    return stored


def _in_issue(
    context: RequestContext,
    connection: Connection,
    organization: str | None,
    issue: str,
    event: str,
) -> StoredEvent:
    path_issue = find_issue(context, connection, organization, issue)
    if event in _NEWEST:
        stored = store.newest_of(connection, path_issue.id)
    elif event == _OLDEST:
        stored = store.oldest_of(connection, path_issue.id)
    else:
        stored = store.by_event_id(connection, path_issue.project_id, without_dashes(event))
    if stored is None or stored.issue_id != path_issue.id:
        raise NotFound("Event not found")
    return stored


def _in_organization(
    context: RequestContext, connection: Connection, event: str
) -> tuple[StoredEvent, Project]:
    event_id = event_id_in(event)
    if event_id is None:
        raise BadRequest("Invalid event ID")
    projects = {project.id: project for project in accessible(connection, context.access)}
    stored = store.first_by_event_id(connection, projects, event_id)
    if stored is None:
        raise NotFound("Event not found")
    return stored, projects[stored.project_id]


def _blamed_issue(
    context: RequestContext, connection: Connection, organization: str | None, issue: str
) -> Issue:
    try:
        return find_issue(context, connection, organization, issue)
    except NotFound:
        raise NotFound("Issue not found") from None


#: The event of the path, in the project of the path.
ProjectEvent = Annotated[StoredEvent, Load(_in_project)]
#: The event of the path in the issue of the path: an id, or ``latest``, ``oldest`` or ``recommended``.
IssueEvent = Annotated[StoredEvent, Load(_in_issue)]
#: The event of the path, in any project that the caller can see, and that project.
EventOfProject = Annotated[tuple[StoredEvent, Project], Load(_in_organization)]
#: The issue of the path, for endpoints whose 404 says what is missing.
BlamedIssue = Annotated[Issue, Load(_blamed_issue)]
