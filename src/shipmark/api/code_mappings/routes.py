"""``organizations/{org}/code-mappings/``, which `sentry-cli code-mappings upload` fills."""

from typing import Annotated

from litestar import Response
from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel
from sqlalchemy import Connection

from shipmark.api.queries import PageQuery, ProjectQuery
from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext, require_id
from shipmark.http.scopes import REPOSITORY, REPOSITORY_CHANGE
from shipmark.http.validation import Items, RequestModel, Text, TrimmedText, optional
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.projects import actions as projects
from shipmark.projects import store as project_store
from shipmark.projects.model import Project
from shipmark.releases import code_mapping_actions
from shipmark.repositories import store as repositories
from shipmark.repositories.code_mappings import BRANCH_MAX, ROOT_MAX, CodeMapping
from shipmark.repositories.model import REPOSITORY_NAME_MAX, Repository
from shipmark.repositories.store import code_mappings as store

BASE_PATH = "/api/0/organizations/{organization:str}/code-mappings"
#: The most mappings of a request; sentry-cli sends more in several.
BULK_MAX = 300


class CodeMappingListQuery(PageQuery, ProjectQuery):
    """A page of code mappings."""


class _EitherCase(RequestModel):
    """A body in camelCase, as `sentry-cli` sends it, or in snake_case, as the newer client does."""

    @model_validator(mode="before")
    @classmethod
    def _in_camel_case(cls, value: object) -> object:
        return (
            {to_camel(key): item for key, item in value.items()}
            if isinstance(value, dict)
            else value
        )


class CodeMappingRequest(_EitherCase):
    """A code mapping."""

    stack_root: Annotated[str, Text(max_length=ROOT_MAX)] = Field(
        description="Where paths in stacks begin.", examples=["com/example/shop"]
    )
    source_root: Annotated[str, Text(max_length=ROOT_MAX, blank=True)] = Field(
        description="Folder of the repository; blank for its top.",
        examples=["shop/src/main/java/com/example/shop"],
    )

    @property
    def roots(self) -> tuple[str, str]:
        """Return both roots, by which a mapping is known in its project."""
        return self.stack_root, self.source_root


class CodeMappingsRequest(_EitherCase):
    """Code mappings of a project to a repository."""

    project: TrimmedText = Field(description="Slug or id of the project.", examples=["web"])
    repository: Annotated[str, Text(max_length=REPOSITORY_NAME_MAX)] = Field(
        description="Name of the repository; one that is unknown is added.",
        examples=["acme/web"],
    )
    mappings: Annotated[list[CodeMappingRequest], Items(empty=False, max_length=BULK_MAX)] = Field(
        description="Mappings to add or change."
    )
    default_branch: Annotated[str, Text(max_length=BRANCH_MAX, blank=True)] | None = optional(
        "Branch that links lead to where a release has no commit of the repository.",
        example="main",
    )
    provider: Annotated[str, Text(blank=True)] | None = optional(
        "Accepted, without effect: repositories are known by name."
    )


class CodeMappingResponse(Wire, kw_only=True):
    """A code mapping of a project to a repository."""

    id: str
    project_id: str
    project_slug: str
    repo_id: str
    repo_name: str
    integration_id: str | None = None
    provider: str | None
    stack_root: str
    source_root: str
    default_branch: str | None
    automatically_generated: bool = False


class SavedMapping(Wire):
    """A mapping of a request; ``status`` is "created" or "updated"."""

    stack_root: str
    source_root: str
    status: str


class SavedMappingsResponse(Wire):
    """What became of the mappings of a request."""

    created: int
    updated: int
    errors: int
    mappings: list[SavedMapping]


def code_mapping_response(
    mapping: CodeMapping, project: Project, repository: Repository
) -> CodeMappingResponse:
    """Return a code mapping as the API shows it."""
    return CodeMappingResponse(
        id=str(mapping.id),
        project_id=str(project.id),
        project_slug=project.slug,
        repo_id=str(repository.id),
        repo_name=repository.name,
        provider=repository.provider,
        stack_root=mapping.stack_root,
        source_root=mapping.source_root,
        default_branch=mapping.default_branch,
    )


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
        known = code_mapping_actions.save(
            connection,
            context.access,
            project,
            body.repository,
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


@endpoint.delete("/{mapping:str}/", status_code=204, scopes=REPOSITORY_CHANGE)
def delete_code_mapping(context: RequestContext, mapping: str) -> None:
    """Delete a code mapping."""
    mapping_id = require_id(mapping)
    with context.database.transaction() as connection:
        visible = {row.id for row in project_store.accessible(connection, context.access)}
        if not store.remove(connection, mapping_id, visible):
            raise NotFound
