"""The view model of a project's code mappings, with the form for a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.http.scopes import REPOSITORY_CHANGE
from shipmark.projects.model import Project
from shipmark.repositories import store as repositories
from shipmark.repositories.code_mappings import BRANCH_MAX, ROOT_MAX, CodeMapping
from shipmark.repositories.model import REPOSITORY_NAME_MAX, Repository
from shipmark.repositories.store import code_mappings as store
from shipmark.web import forms
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.repository_names import suggested_repositories

ROWS_PER_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMappingRow:
    """A code mapping with its repository."""

    mapping: CodeMapping
    repository: Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMappingsPage:
    """A page of the code mappings, and the names of repositories to choose from."""

    rows: Sequence[CodeMappingRow]
    repositories: Sequence[str]
    number: int
    has_more: bool
    may_remove: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMappingForm:
    """A code mapping as typed."""

    stack_root: str = ""
    repository: str = ""
    source_root: str = ""
    branch: str = ""

    def require_valid(self) -> None:
        """Raise `ValidationFailed` for each field that is wrong."""
        forms.require_none(
            stack_root=_problem("Enter the beginning of paths", self.stack_root, ROOT_MAX),
            repository=forms.name_problem(self.repository, REPOSITORY_NAME_MAX),
            source_root=_problem("", self.source_root, ROOT_MAX),
            branch=_problem("", self.branch, BRANCH_MAX),
        )


def read_form(sent: Mapping[str, str]) -> CodeMappingForm:
    """Return the form as sent."""
    return CodeMappingForm(
        **{name: sent.get(name, "").strip() for name in CodeMappingForm.__dataclass_fields__}
    )


def code_mappings_page(
    connection: Connection, workspace: Workspace, project: Project, number: int
) -> CodeMappingsPage:
    """Return the requested page of the project's code mappings, the oldest first."""
    offset = (number - 1) * ROWS_PER_PAGE
    mappings = store.page_of(connection, [project.id], limit=ROWS_PER_PAGE + 1, offset=offset)
    shown = mappings[:ROWS_PER_PAGE]
    by_id = repositories.by_ids(connection, {mapping.repository_id for mapping in shown})
    return CodeMappingsPage(
        rows=[
            CodeMappingRow(mapping=mapping, repository=by_id[mapping.repository_id])
            for mapping in shown
        ],
        repositories=suggested_repositories(connection, workspace),
        number=number,
        has_more=len(mappings) > ROWS_PER_PAGE,
        may_remove=workspace.may(REPOSITORY_CHANGE),
    )


def _problem(if_blank: str, text: str, most: int) -> str | None:
    """Return the problem of a text, which may be blank unless there is a sentence for that."""
    if text or not if_blank:
        return None if len(text) <= most else f"Enter at most {most} characters."
    return f"{if_blank}."
