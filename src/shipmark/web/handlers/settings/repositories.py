"""The repositories of the organization: list and add them."""

from litestar import get, post
from litestar.params import RawBody

from shipmark.http.scopes import REPOSITORY
from shipmark.infrastructure.errors import Forbidden
from shipmark.releases import repository_access
from shipmark.repositories import settings as repository_settings
from shipmark.web.forms import form_of
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.repositories import (
    RepositoryForm,
    read_form,
    repositories_page,
)

_QUERY_MAX = 200


@get(PATH + "repositories/", scopes=None, sync_to_thread=True)
def list_repositories(web_request: InjectedWebRequest) -> Answer:
    """Show the repositories with their remotes, and the last fetch of each."""
    return _answer(web_request, RepositoryForm())


@post(PATH + "repositories/", scopes=None, sync_to_thread=True)
def add_repository(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Add a repository by name and URL, and redirect to it."""
    form = read_form(form_of(body))
    if form.problems:
        return _answer(web_request, form, status=400)
    with web_request.change(scopes=REPOSITORY) as (connection, workspace):
        if repository_access.is_hidden(connection, workspace.access, form.name):
            raise Forbidden
        context = web_request.action_context(workspace)
        repository = repository_settings.add(connection, context, form.name, form.url or None)
    return redirect(web_request.settings_url("repositories", repository.id))


def _answer(web_request: WebRequest, form: RepositoryForm, *, status: int = 200) -> Answer:
    with web_request.view(scopes=REPOSITORY) as (connection, workspace):
        repositories = repositories_page(
            connection,
            workspace,
            web_request.settings,
            web_request.parameter("query")[:_QUERY_MAX],
            web_request.page_number(),
        )
    return page(
        web_request,
        "settings/repositories.html",
        status=status,
        workspace=workspace,
        repositories=repositories,
        form=form,
    )
