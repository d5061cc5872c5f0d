"""What is removed from the events of all projects of an organization."""

from litestar import get, post
from litestar.params import RawBody
from sqlalchemy import Connection

from shipmark.http.scopes import ORGANIZATION_CHANGE
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.organizations import options, settings, store
from shipmark.organizations.settings import OrganizationUpdate
from shipmark.web.form_versions import require_unchanged
from shipmark.web.forms import UNSENT, FormState, form_of, refused
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.settings_forms import FIELD_LISTS, SWITCHES, scrubbing_of, scrubbing_values
from shipmark.web.urls import SETTINGS_PATH

_DATA = SETTINGS_PATH + "data/"


@get(_DATA, scopes=None, sync_to_thread=True)
def show_shared_scrubbing(web_request: InjectedWebRequest) -> Answer:
    """Show what is removed from the events of all projects."""
    return _answer(web_request)


@post(_DATA, scopes=None, sync_to_thread=True)
def change_shared_scrubbing(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Set what is removed from the events of all projects, besides what each removes."""
    sent = form_of(body)
    try:
        with web_request.change(scopes=ORGANIZATION_CHANGE) as (connection, workspace):
            require_unchanged(sent, _values(connection, workspace.organization.id))
            context = web_request.action_context(workspace)
            update = OrganizationUpdate(options=scrubbing_of(sent))
            settings.update(connection, workspace.organization.id, update, context.by, context.at)
    except ValidationFailed as refusal:
        typed = dict.fromkeys(SWITCHES, "") | sent
        return _answer(web_request, refused(typed, refusal))
    return redirect(f"{web_request.settings_url('data')}?changed=scrubbing")


def _answer(web_request: WebRequest, state: FormState = UNSENT) -> Answer:
    with web_request.view() as (connection, workspace):
        stored = _values(connection, workspace.organization.id)
    return page(
        web_request,
        "settings/data.html",
        form_state=state,
        workspace=workspace,
        stored=stored,
        values=state.over(stored),
        may_change=workspace.may(ORGANIZATION_CHANGE),
    )


def _values(connection: Connection, organization_id: int) -> dict[str, str]:
    """Return the values of the form's fields, as stored."""
    stored = store.options_of(connection, organization_id)
    names = [*SWITCHES.values(), *FIELD_LISTS.values()]
    return scrubbing_values({name: options.value(stored, name) for name in names})
