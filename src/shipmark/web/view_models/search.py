"""The view model of the search over everything: releases, issues, events, commits, authors, projects and pages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.events import store as events
from shipmark.events.payload import is_event_id
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues import short_ids
from shipmark.issues.store import issues, named_issues
from shipmark.releases.model import ReleaseFilter, ReleaseSort
from shipmark.releases.search import parse
from shipmark.releases.store import list_query, project_commits
from shipmark.repositories.store import authors_like
from shipmark.web import urls
from shipmark.web.navigation import sections, settings_pages
from shipmark.web.request_context import Workspace
from shipmark.web.template_filters import first_line, short_key, short_version

QUERY_MAX = 250
_RELEASES_MAX = 10
_COMMITS_MAX = 5
_AUTHORS_MAX = 5
#: A shorter text is part of too many names.
_AUTHOR_QUERY_MIN = 3
_PROJECTS_MAX = 10
#: Shorter beginnings of hashes name too many commits.
_HASH = re.compile(r"[0-9a-fA-F]{6,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something that matches: its kind in words, its name, and its URL. ``is_exact`` if the query is its whole name."""

    kind: str
    icon: str
    title: str
    address: str
    detail: str = ""
    is_exact: bool = False


def search(connection: Connection, workspace: Workspace, query: str, at: datetime) -> Sequence[Hit]:
    """Return what matches and is visible to the user, by a constant number of statements."""
    if not query:
        return []
    return [
        *_issues(connection, workspace, query),
        *_releases(connection, workspace, query, at),
        *_commits(connection, workspace, query),
        *_authors(connection, workspace, query),
        *_projects(workspace, query),
        *_pages(workspace, query),
    ]


def _releases(
    connection: Connection, workspace: Workspace, query: str, at: datetime
) -> Iterator[Hit]:
    try:
        terms = parse(query, at)
    except BadRequest:  # what looks like a term of the grammar may be the beginning of a title
        return
    slug = workspace.organization.slug
    release_filter = ReleaseFilter(
        organization_id=workspace.organization.id,
        project_ids=workspace.project_ids,
        status=None,
        search=terms,
    )
    rows = list_query.page(
        connection, release_filter, ReleaseSort.EFFECTIVE_DATE, limit=_RELEASES_MAX
    )
    for row in rows:
        version = row.release.version
        yield Hit(
            kind="Release",
            icon="tag",
            title=short_version(version),
            detail=version,
            address=urls.release(slug, version),
            is_exact=query == version,
        )


def _issues(connection: Connection, workspace: Workspace, query: str) -> Iterator[Hit]:
    """Yield the issue of a short id or an event id."""
    is_event = is_event_id(query.lower())
    issue_id: int | None = None
    if is_event:
        issue_id = events.issue_of_event(connection, workspace.project_ids, query.lower())
    elif short_id := short_ids.parse(query):
        found = named_issues.ids_of_short_ids(connection, workspace.organization.id, [short_id])
        issue_id = found.get(short_id)
    issue = issues.by_id(connection, workspace.organization.id, issue_id) if issue_id else None
    project = workspace.projects_by_id.get(issue.project_id) if issue else None
    if issue is None or project is None:
        return
    yield Hit(
        kind="Event" if is_event else "Issue",
        icon="bug",
        title=issue.title,
        detail=short_ids.format_short_id(project.slug, issue.number),
        address=urls.issue(
            workspace.organization.slug, short_ids.format_short_id(project.slug, issue.number)
        ),
        is_exact=True,
    )


def _commits(connection: Connection, workspace: Workspace, query: str) -> Iterator[Hit]:
    """Yield the commits whose hash begins so, each with the newest visible release that has it."""
    if not _HASH.fullmatch(query):
        return
    project_ids = workspace.project_ids
    commits = project_commits.page_by_prefix(
        connection, workspace.organization.id, project_ids, query, limit=_COMMITS_MAX, offset=0
    )
    versions = project_commits.newest_versions(connection, [row.id for row in commits], project_ids)
    for commit in commits:
        version = versions[commit.id]
        yield Hit(
            kind="Commit",
            icon="commit",
            title=first_line(commit.message) or commit.sha,
            detail=f"{short_key(commit.sha)} in {short_version(version)}",
            address=urls.release(workspace.organization.slug, version),
        )


def _authors(connection: Connection, workspace: Workspace, query: str) -> Iterator[Hit]:
    """Yield the authors with this text in name or address, each with the newest visible release of their commits."""
    if len(query) < _AUTHOR_QUERY_MIN:
        return
    organization, project_ids = workspace.organization, workspace.project_ids
    authors = authors_like(connection, organization.id, query, limit=_AUTHORS_MAX)
    newest = project_commits.newest_of_authors(
        connection, organization.id, [author.id for author in authors], project_ids
    )
    versions = project_commits.newest_versions(connection, list(newest.values()), project_ids)
    for author in authors:
        if (version := versions.get(newest.get(author.id, 0))) is None:
            continue
        yield Hit(
            kind="Author",
            icon="user",
            title=author.name or author.email,
            detail=f"{author.email}, last commit in {short_version(version)}",
            address=urls.release(organization.slug, version),
        )


def _projects(workspace: Workspace, query: str) -> Iterator[Hit]:
    slug, text = workspace.organization.slug, query.lower()
    matching = (
        project
        for project in workspace.projects
        if text in project.slug or text in project.name.lower()
    )
    for _, project in zip(range(_PROJECTS_MAX), matching, strict=False):
        yield Hit(
            kind="Project",
            icon="cube",
            title=project.name,
            detail=project.slug,
            address=urls.releases(slug, project=project.slug),
        )
        yield Hit(
            kind="Page",
            icon="sliders",
            title=f"Settings of {project.name}",
            detail=project.slug,
            address=urls.settings(slug, "projects", project.slug),
        )


def _pages(workspace: Workspace, query: str) -> Iterator[Hit]:
    slug = workspace.organization.slug
    pages = [(section.name, section.address) for section in sections(slug)]
    pages += [(f"Settings: {name}", address) for name, address in settings_pages(workspace)]
    pages += [
        ("Account settings: profile, password, sessions, time zone", urls.ACCOUNT),
        ("Account: auth tokens", urls.ACCOUNT_TOKENS),
        ("Keyboard shortcuts", urls.KEYS),
        ("API reference", urls.DOCUMENTATION),
    ]
    for name, address in pages:
        if query.lower() in name.lower():
            yield Hit(kind="Page", icon="file", title=name, address=address)
