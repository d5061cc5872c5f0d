"""A project's client keys (DSN), and how SDKs are set up with them."""

from collections.abc import Mapping

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.http.scopes import PROJECT_DELETE, PROJECT_WRITE
from shipmark.infrastructure.errors import BadRequest, NotFound, ValidationFailed
from shipmark.infrastructure.ids import hex32
from shipmark.projects import settings, store
from shipmark.projects.model import ProjectKey
from shipmark.web import forms
from shipmark.web.form_versions import require_unchanged
from shipmark.web.forms import UNSENT, FormState, form_of, refused
from shipmark.web.handlers.settings.project_access import (
    PROJECT_PATH,
    ProjectChange,
    change_project,
    visible_project,
)
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, require_storable
from shipmark.web.settings_forms import (
    CHOICE_NAMES,
    limit_of,
    limit_values,
    window_choices,
    window_name,
)
from shipmark.web.view_models.settings.project import keys_page

_LABEL_MAX = 64


@get(PROJECT_PATH + "keys/", scopes=None, sync_to_thread=True)
def list_keys(web_request: InjectedWebRequest, project: FromPath[str]) -> Answer:
    """Show the keys with their DSN, and the lines for each SDK."""
    return _answer(web_request, project)


@post(PROJECT_PATH + "keys/", scopes=None, sync_to_thread=True)
def create_key(web_request: InjectedWebRequest, project: FromPath[str], body: RawBody) -> Answer:
    """Create a key. Without a name it has the first digits of its public half."""
    name = form_of(body).get("name", "").strip()
    public, secret = hex32(), hex32()
    try:
        with change_project(web_request, project, PROJECT_WRITE) as change:
            label = _label(name or f"Key {public[:6]}")
            key = ProjectKey(
                project_id=change.project.id,
                public_key=public,
                secret_key=secret,
                label=label,
                is_active=True,
                created_at=change.context.at,
            )
            settings.add_key(change.connection, change.context, change.project, key)
    except ValidationFailed as refusal:
        return _answer(web_request, project, refused({"name": name}, refusal))
    return redirect(f"{web_request.settings_url('projects', project, 'keys')}?key={public}")


@post(PROJECT_PATH + "keys/{key:str}/", scopes=None, sync_to_thread=True)
def change_key(
    web_request: InjectedWebRequest, project: FromPath[str], key: FromPath[str], body: RawBody
) -> Answer:
    """Rename, limit, disable, enable or delete a key."""
    sent = form_of(body)
    action, name = sent.get("action"), sent.get("name", "").strip()
    scopes = PROJECT_DELETE if action == "delete" else PROJECT_WRITE
    try:
        with change_project(web_request, project, scopes) as change:
            _apply(change, key, action, sent)
    except ValidationFailed as refusal:
        typed = {"renamed": key, "name": name}
        if action == "limit":
            typed = {"limited": key, "count": "", "window": ""} | sent
        return _answer(web_request, project, refused(typed, refusal))
    return redirect(web_request.settings_url("projects", project, "keys"))


def _apply(
    change: ProjectChange, public_key: str, action: str | None, sent: Mapping[str, str]
) -> None:
    require_storable(public_key)
    key = store.key_of(change.connection, change.project.id, public_key)
    if key is None:
        raise NotFound
    values: dict[str, str | bool | int | None]
    match action:
        case "delete":
            settings.remove_key(change.connection, change.context, change.project, key)
            return
        case "rename":
            require_unchanged(sent, {"name": key.label})
            values = {"label": _label(sent.get("name", "").strip())}
        case "limit":
            require_unchanged(sent, limit_values(key.rate_limit), CHOICE_NAMES)
            count, window = limit_of(sent) or (None, None)
            values = {"rate_limit_count": count, "rate_limit_window": window}
        case "enable" | "disable":
            values = {"is_active": action == "enable"}
        case _:
            raise BadRequest("Unknown action.")
    settings.update_key(change.connection, change.context, change.project, key, values)


def _label(name: str) -> str:
    """Return the name of a key. Raise `ValidationFailed` if it is blank or too long."""
    forms.require_none(name=forms.name_problem(name, _LABEL_MAX))
    return name


def _answer(web_request: WebRequest, slug: str, state: FormState = UNSENT) -> Answer:
    """Answer with the page.

    ``renamed`` is the key that the ``name`` is about, ``limited`` that of the ``count``; "" for a new one.
    """
    address = web_request.address
    with web_request.view() as (connection, workspace):
        project = visible_project(connection, workspace, slug)
        chosen = web_request.parameter("key")
        shown = keys_page(connection, workspace, project, chosen, address)
    return page(
        web_request,
        "settings/project_keys.html",
        form_state=state,
        workspace=workspace,
        project=project,
        shown=shown,
        address=address,
        limit_values=limit_values,
        window_choices=window_choices,
        window_name=window_name,
        values=state.over(dict.fromkeys(("renamed", "limited", "count", "window", "name"), "")),
        problem=state.problem,
        label_max=_LABEL_MAX,
    )
