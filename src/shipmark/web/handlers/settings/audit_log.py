"""The audit log."""

from litestar import get

from shipmark.http.scopes import AUDIT_READ
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.audit_log import audit_log_page


@get(PATH + "audit-log/", scopes=None, sync_to_thread=True)
def show_audit_log(web_request: InjectedWebRequest) -> Answer:
    """Show the changes of the organization and the users who made them. Raise `Forbidden` without the right."""
    with web_request.view(scopes=AUDIT_READ) as (connection, workspace):
        log = audit_log_page(connection, web_request, workspace)
    return page(web_request, "settings/audit_log.html", workspace=workspace, log=log)
