"""The frames in quarantine: list them, have them processed again, download or discard one."""

from litestar import Response, get, post
from litestar.params import FromPath, RawBody

from shipmark.events.quarantine import actions as quarantine
from shipmark.events.quarantine import store as quarantine_store
from shipmark.http.downloads import OCTETS
from shipmark.http.scopes import ORGANIZATION_CHANGE
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.web.forms import form_of, row_id
from shipmark.web.rendering import HEADERS, Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.quarantine import quarantine_page


@get(PATH + "quarantine/", scopes=None, sync_to_thread=True)
def list_quarantine(web_request: InjectedWebRequest) -> Answer:
    """Show what was received and could not be stored."""
    with web_request.view(scopes=ORGANIZATION_CHANGE) as (connection, workspace):
        content = quarantine_page(connection, workspace, web_request.page_number())
    return page(
        web_request,
        "settings/quarantine.html",
        workspace=workspace,
        quarantine=content,
        days=quarantine.RETENTION.days,
    )


@post(PATH + "quarantine/", scopes=None, sync_to_thread=True)
def retry_quarantine(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Have all frames of the organization processed again."""
    if form_of(body).get("action") != "retry-all":
        raise BadRequest("The action must be retry-all.")
    with web_request.change(scopes=ORGANIZATION_CHANGE) as (connection, workspace):
        quarantine.retry_all(connection, web_request.action_context(workspace))
    return redirect(web_request.settings_url("quarantine"))


@post(PATH + "quarantine/{frame:str}/", scopes=None, sync_to_thread=True)
def change_quarantined_frame(
    web_request: InjectedWebRequest, frame: FromPath[str], body: RawBody
) -> Answer:
    """Have a frame processed again, or discard it."""
    action = form_of(body).get("action")
    with web_request.change(scopes=ORGANIZATION_CHANGE) as (connection, workspace):
        context = web_request.action_context(workspace)
        match action:
            case "retry":
                quarantine.retry(connection, context, row_id(frame))
            case "discard":
                quarantine.discard(connection, context, row_id(frame))
            case _:
                raise BadRequest("The action must be retry or discard.")
    return redirect(web_request.settings_url("quarantine"))


@get(PATH + "quarantine/{frame:str}/payload/", scopes=None, sync_to_thread=True)
def download_quarantined_frame(
    web_request: InjectedWebRequest, frame: FromPath[str]
) -> Response[bytes]:
    """Return the payload of a frame as it was received."""
    with web_request.view(scopes=ORGANIZATION_CHANGE) as (connection, workspace):
        found = quarantine.find(connection, workspace.organization.id, row_id(frame))
        payload = quarantine_store.payload_of(connection, found.id)
    if payload is None:
        raise NotFound
    disposition = {"Content-Disposition": f'attachment; filename="{found.filename}"'}
    return Response(payload, headers=HEADERS | disposition, media_type=OCTETS)
