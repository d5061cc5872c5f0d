"""A project's code mappings: which folder of a repository the files in its stacks are in."""

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.http.scopes import REPOSITORY, REPOSITORY_CHANGE
from shipmark.infrastructure.errors import NotFound, ValidationFailed
from shipmark.releases import code_mapping_actions
from shipmark.repositories.store import code_mappings as store
from shipmark.web.forms import UNSENT, FormState, form_of, refused, row_id
from shipmark.web.handlers.settings.project_access import (
    PROJECT_PATH,
    change_project,
    visible_project,
)
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.view_models.settings.project_code_mappings import (
    CodeMappingForm,
    code_mappings_page,
    read_form,
)

_LIST = PROJECT_PATH + "code-mappings/"


@get(_LIST, scopes=None, sync_to_thread=True)
def list_code_mappings(web_request: InjectedWebRequest, project: FromPath[str]) -> Answer:
    """Show the code mappings, and the form for a new one."""
    return _answer(web_request, project, CodeMappingForm())


@post(_LIST, scopes=None, sync_to_thread=True)
def add_code_mapping(
    web_request: InjectedWebRequest, project: FromPath[str], body: RawBody
) -> Answer:
    """Add a code mapping, or change the repository and the branch of the one with the same two roots."""
    form = read_form(form_of(body))
    try:
        with change_project(web_request, project, REPOSITORY) as change:
            form.require_valid()
            code_mapping_actions.save(
                change.connection,
                change.workspace.access,
                change.project,
                form.repository,
                [(form.stack_root, form.source_root)],
                default_branch=form.branch or None,
                at=change.context.at,
            )
    except ValidationFailed as refusal:
        return _answer(web_request, project, form, refused({}, refusal))
    return redirect(web_request.settings_url("projects", project, "code-mappings"))


@post(_LIST + "{mapping:str}/", scopes=None, sync_to_thread=True)
def remove_code_mapping(
    web_request: InjectedWebRequest, project: FromPath[str], mapping: FromPath[str]
) -> Answer:
    """Remove a code mapping."""
    with change_project(web_request, project, REPOSITORY_CHANGE) as change:
        if not store.remove(change.connection, row_id(mapping), [change.project.id]):
            raise NotFound
    return redirect(web_request.settings_url("projects", project, "code-mappings"))


def _answer(
    web_request: WebRequest, slug: str, form: CodeMappingForm, state: FormState = UNSENT
) -> Answer:
    with web_request.view(scopes=REPOSITORY) as (connection, workspace):
        project = visible_project(connection, workspace, slug)
        shown = code_mappings_page(connection, workspace, project, web_request.page_number())
    return page(
        web_request,
        "settings/project_code_mappings.html",
        form_state=state,
        workspace=workspace,
        project=project,
        shown=shown,
        form=form,
    )
