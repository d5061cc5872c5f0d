"""Addresses of the reference that clients print or open in a browser: redirects to the pages here.

``sentry-cli login`` opens the first one, the npm client ``sentry`` has the others.
"""

from urllib.parse import quote

from litestar import get
from litestar.params import FromPath

from shipmark.web import urls
from shipmark.web.rendering import Answer, redirect
from shipmark.web.request_context import InjectedWebRequest


@get("/orgredirect/organizations/:orgslug/settings/auth-tokens/", scopes=None, sync_to_thread=True)
def go_to_tokens(web_request: InjectedWebRequest) -> Answer:
    """Redirect to the tokens of the organization that the browser was in last."""
    with web_request.database.snapshot() as connection:
        workspace = web_request.workspace_of(connection, web_request.user(connection))
    if workspace is None:
        return redirect(urls.HOME)
    return redirect(urls.settings(workspace.organization.slug, "tokens"))


@get("/settings/{organization:str}/", scopes=None, sync_to_thread=False)
def go_to_settings(organization: FromPath[str]) -> Answer:
    """Redirect to the settings of an organization."""
    return redirect(urls.settings(organization, "general"))


@get("/settings/{organization:str}/repos/", scopes=None, sync_to_thread=False)
def go_to_repositories(organization: FromPath[str]) -> Answer:
    """Redirect to the repositories of an organization."""
    return redirect(urls.settings(organization, "repositories"))


@get("/settings/{organization:str}/projects/{project:str}/", scopes=None, sync_to_thread=False)
def go_to_project(organization: FromPath[str], project: FromPath[str]) -> Answer:
    """Redirect to the settings of a project."""
    return redirect(urls.settings(organization, "projects", quote(project, safe="")))
