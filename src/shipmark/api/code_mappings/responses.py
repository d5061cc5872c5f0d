"""The code mapping object, and what became of those of a request."""

from shipmark.api.responses import Wire
from shipmark.projects.model import Project
from shipmark.repositories.code_mappings import CodeMapping
from shipmark.repositories.model import Repository


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
    """A code mapping as the API shows it."""
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
