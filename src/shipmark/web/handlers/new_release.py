"""``/organizations/{organization}/new-release/``: the form that creates a release."""

from litestar import get, post
from litestar.params import RawBody

from shipmark.http.scopes import RELEASE_WRITE
from shipmark.publishing import actions as publishing
from shipmark.publishing.model import BUSY
from shipmark.releases.model import REF_MAX, URL_MAX, USER_AGENT_MAX, VERSION_MAX
from shipmark.web import urls
from shipmark.web.forms import form_of, values_of
from shipmark.web.release_changes import publish_context
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.view_models.new_release import NewReleaseForm, read_form

_PATH = "/organizations/{organization:str}/new-release/"


@get(_PATH, scopes=None, sync_to_thread=True)
def show_new_release(web_request: InjectedWebRequest) -> Answer:
    """Show the form, with the project chosen if there is only one."""
    workspace = web_request.authorized(scopes=RELEASE_WRITE)
    slugs = tuple(project.slug for project in workspace.projects)
    return _form(web_request, workspace, NewReleaseForm(slugs=slugs if len(slugs) == 1 else ()))


@post(_PATH, scopes=None, sync_to_thread=True)
def create_release(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Create the release, and redirect to it; or show the form again with what is wrong."""
    sent, slugs = form_of(body), values_of(body, "project")
    workspace = web_request.authorized(scopes=RELEASE_WRITE)
    around = publish_context(web_request, workspace)
    agent = (web_request.request.headers.get("user-agent") or "")[:USER_AGENT_MAX] or None
    with web_request.database.transaction(busy=BUSY) as connection:
        form = read_form(connection, workspace, sent, slugs)
        if not form.problems:
            publishing.publish(connection, form.to_input(workspace, agent), around)
    if form.problems:
        return _form(web_request, workspace, form)
    return redirect(urls.release(workspace.organization.slug, form.version))


def _form(web_request: WebRequest, workspace: Workspace, form: NewReleaseForm) -> Answer:
    return page(
        web_request,
        "new_release.html",
        status=400 if form.problems else 200,
        section="releases",
        workspace=workspace,
        form=form,
        limits={"version": VERSION_MAX, "ref": REF_MAX, "url": URL_MAX},
    )
