"""``organizations/{org}/code-mappings/``, which `sentry-cli code-mappings upload` fills."""

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.code_mappings.requests import CodeMappingListQuery, CodeMappingsRequest
from shipmark.api.code_mappings.responses import (
    CodeMappingResponse,
    SavedMapping,
    SavedMappingsResponse,
    code_mapping_response,
)
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext, require_id
from shipmark.http.scopes import REPOSITORY, REPOSITORY_CHANGE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound, ValidationFailed
from shipmark.projects import actions as projects
from shipmark.projects import store as project_store
from shipmark.projects.model import Project
from shipmark.releases import repository_access
from shipmark.repositories import store as repositories
from shipmark.repositories.code_mappings import MAPPINGS_MAX
from shipmark.repositories.store import code_mappings as store

_TOO_MANY = f"A project has at most {MAPPINGS_MAX:,} code mappings."


@endpoint.get("/", scopes=REPOSITORY)
def list_code_mappings(
    context: RequestContext, query: CodeMappingListQuery
) -> Response[list[CodeMappingResponse]]:
    """List code mappings, the oldest first."""
    page = query.page()
    with context.database.autocommit_read() as connection:
        selected = {row.id: row for row in query.select_listed(connection, context.access)}
        mappings, links = paginate(store.page_of(connection, selected, **page.window), page)
        named = repositories.by_ids(connection, {each.repository_id for each in mappings})
    responses = [
        code_mapping_response(each, selected[each.project_id], named[each.repository_id])
        for each in mappings
    ]
    return context.listed(responses, links)


@endpoint.post("/bulk/", status_code=200, scopes=REPOSITORY, step="code_mappings.validate")
def save_code_mappings(context: RequestContext, body: CodeMappingsRequest) -> SavedMappingsResponse:
    """Add code mappings to a project, or change those with the same two roots: all of them, or none."""
    at = now()
    with context.database.transaction() as connection:
        project = _named_project(context, connection, body.project)
        if repository_access.is_hidden(connection, context.access, body.repository):
            raise Forbidden
        known = _known_roots(connection, project, body)
        ids = repositories.ensure_named(connection, context.organization_id, [body.repository], at)
        store.save(
            connection,
            project.id,
            ids[body.repository],
            [each.roots for each in body.mappings],
            default_branch=body.default_branch or None,
            at=at,
        )
    saved = [
        SavedMapping(*each.roots, "updated" if each.roots in known else "created")
        for each in body.mappings
    ]
    updated = sum(each.status == "updated" for each in saved)
    return SavedMappingsResponse(len(saved) - updated, updated, 0, saved)


def _named_project(context: RequestContext, connection: Connection, name: str) -> Project:
    try:
        return projects.require_project(connection, context.access, name)
    except NotFound:
        # sentry-cli takes a 404 for an unknown organization.
        raise BadRequest(f'project: There is no project "{name}".') from None


def _known_roots(
    connection: Connection, project: Project, body: CodeMappingsRequest
) -> set[tuple[str, str]]:
    """Return the roots of the project's mappings. Raise `ValidationFailed` if it would have too many."""
    known = {
        (each.stack_root, each.source_root) for each in store.of_project(connection, project.id)
    }
    if len(known.union(each.roots for each in body.mappings)) > MAPPINGS_MAX:
        raise ValidationFailed({"mappings": [_TOO_MANY]})
    return known


@endpoint.delete("/{mapping:str}/", status_code=204, scopes=REPOSITORY_CHANGE)
def delete_code_mapping(context: RequestContext, mapping: str) -> None:
    """Delete a code mapping."""
    mapping_id = require_id(mapping)
    with context.database.transaction() as connection:
        visible = {row.id for row in project_store.accessible(connection, context.access)}
        if not store.remove(connection, mapping_id, visible):
            raise NotFound


router = endpoint.router("/api/0/organizations/{organization:str}/code-mappings", __name__)
