"""The signed address of a project that build services create releases by."""

from litestar import get, post
from litestar.params import FromPath

from shipmark.http.scopes import RELEASE_TOKEN
from shipmark.infrastructure.ids import token_hex
from shipmark.releases import webhook_actions
from shipmark.releases.store import webhook_tokens
from shipmark.web.handlers.settings.project_access import (
    PROJECT_PATH,
    change_project,
    visible_project,
)
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest

_WEBHOOK = PROJECT_PATH + "webhook/"


@get(_WEBHOOK, scopes=None, sync_to_thread=True)
def show_webhook(web_request: InjectedWebRequest, project: FromPath[str]) -> Answer:
    """Show the address to those who may make one. It can be read again: that is why it is stored (releases.md 2.17)."""
    with web_request.view() as (connection, workspace):
        shown = visible_project(connection, workspace, project)
        workspace.require(RELEASE_TOKEN)
        token = webhook_tokens.of_project(connection, shown.id)
    path = webhook_actions.webhook_path(shown, token) if token else ""
    return page(
        web_request,
        "settings/project_webhook.html",
        workspace=workspace,
        project=shown,
        address=f"{web_request.address}{path}" if path else "",
    )


@post(_WEBHOOK, scopes=None, sync_to_thread=True)
def replace_webhook(web_request: InjectedWebRequest, project: FromPath[str]) -> Answer:
    """Make an address; a former one stops working."""
    fresh = token_hex()
    with change_project(web_request, project, RELEASE_TOKEN) as change:
        webhook_actions.replace(change.connection, change.context, change.project, fresh)
    path = web_request.settings_url("projects", project, "webhook")
    return redirect(f"{path}?changed=webhook")
