"""The view model of one event of an issue: what it tells, what is beside it, and what may have caused it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.events import store as events
from shipmark.events.store import StoredEvent
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.actions.suspect_commits import suspects_of
from shipmark.issues.model import Issue
from shipmark.releases.model import Release
from shipmark.releases.store import releases
from shipmark.repositories import store as repositories
from shipmark.repositories.code_mappings import SourceFinder
from shipmark.repositories.model import Commit, Repository
from shipmark.repositories.store import code_mappings
from shipmark.symbolication import event_symbolication
from shipmark.symbolication.event_symbolication import Uploads
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.view_models.event_attachments import EventAttachments, event_attachments
from shipmark.web.view_models.event_details import EventDetails, event_details
from shipmark.web.view_models.people import Person, people
from shipmark.web.view_models.source_links import source_links
from shipmark.web.view_models.stack import ShownEvent, shown_event
from shipmark.web.view_models.upload_instructions import commands

SUSPECT_FRAMES_MAX = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectCommit:
    """The most suspicious commit, with its author, its release, and its file in the stack."""

    commit: Commit
    author: Person | None
    repository: Repository | None
    release: Release | None
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPart:
    """An event of an issue; ``older`` and ``newer`` are the ids of the events beside it, or None.

    ``remedies`` are the commands that upload what its stack lacks.
    """

    shown: ShownEvent
    details: EventDetails
    older: str | None
    newer: str | None
    attachments: EventAttachments
    suspect: SuspectCommit | None
    remedies: tuple[str, ...]


def current_event(web_request: WebRequest, issue: Issue, event: StoredEvent) -> StoredEvent:
    """Return an event of the issue with the original stack, as far as files for it are there by now.

    They are read while no unit of work is open.
    """
    uploads = Uploads(
        database=web_request.database,
        blobs=web_request.blobs,
        organization_id=issue.organization_id,
        project_id=issue.project_id,
        at=now(),
    )
    return event_symbolication.refresh_event(event, uploads)


def event_part(
    connection: Connection,
    workspace: Workspace,
    issue: Issue,
    event: StoredEvent,
    server: str,
) -> EventPart:
    """Return the event, which is scrubbed already; ``server`` is the base URL of this server."""
    project = workspace.projects_by_id[issue.project_id]
    sources = SourceFinder(code_mappings.of_project(connection, project.id))
    links = source_links(connection, workspace.organization.id, event.payload, sources)
    shown = shown_event(event, links)
    older, newer = events.neighbours_of(connection, event)
    return EventPart(
        shown=shown,
        details=event_details(event),
        older=older,
        newer=newer,
        attachments=event_attachments(connection, workspace, event),
        suspect=_suspect_commit(connection, workspace, issue, event.payload, sources),
        remedies=commands(shown, server, workspace.organization.slug, project.slug),
    )


def _suspect_commit(
    connection: Connection,
    workspace: Workspace,
    issue: Issue,
    payload: Mapping[str, object],
    sources: SourceFinder,
) -> SuspectCommit | None:
    """Return the commit that most likely introduced the issue, or None."""
    try:
        committers = suspects_of(connection, issue, payload, sources, frames_max=SUSPECT_FRAMES_MAX)
    except NotFound:
        return None
    if not committers:
        return None
    first = committers[0].suspects[0]
    commit = repositories.commits_by_ids(connection, [first.commit_id])[first.commit_id]
    authors = people(connection, workspace.organization.id, [commit.author_id])
    repositories_by_id = repositories.by_ids(connection, [commit.repository_id])
    return SuspectCommit(
        commit=commit,
        author=authors.get(commit.author_id or 0),
        repository=repositories_by_id.get(commit.repository_id),
        release=releases.by_ids(connection, [first.release_id]).get(first.release_id),
        filename=first.filename,
    )
