"""The organization's name, slug and options, and its avatar."""

from collections.abc import Mapping
from functools import partial

from litestar import get, post
from litestar.params import RawBody

from shipmark.http.multipart import threaded
from shipmark.http.scopes import ORGANIZATION_CHANGE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.organizations import actions as organizations
from shipmark.organizations import settings
from shipmark.organizations.model import NAME_MAX, Role
from shipmark.organizations.settings import OrganizationUpdate
from shipmark.web import forms, urls
from shipmark.web.avatar_forms import BODY_MAX, AvatarForm, receive, save
from shipmark.web.forms import UNSENT, FormState, form_of, refused
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.general import general_page


@get(PATH, scopes=None, sync_to_thread=True)
def go_to_settings(web_request: InjectedWebRequest) -> Answer:
    """Redirect to the first page of the settings."""
    workspace = web_request.authorized()
    return redirect(urls.settings(workspace.organization.slug, "general"))


@get(PATH + "general/", scopes=None, sync_to_thread=True)
def show_general(web_request: InjectedWebRequest) -> Answer:
    """Show name, slug, avatar and the options that have an effect."""
    return _answer(web_request)


@post(PATH + "general/", scopes=None, sync_to_thread=True)
def change_general(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Change name, slug and options. A new slug is the organization's address from now on."""
    sent = form_of(body)
    try:
        with web_request.change(scopes=ORGANIZATION_CHANGE) as (connection, workspace):
            context = web_request.action_context(workspace)
            changed = settings.update(
                connection, workspace.organization.id, _update(sent), context.by, context.at
            )
    except ValidationFailed as refusal:
        return _answer(web_request, refused(sent, refusal))
    return redirect(f"{urls.settings(changed.slug, 'general')}?changed=settings")


@post(PATH + "avatar/", scopes=None, request_max_body_size=BODY_MAX)
async def change_avatar(web_request: InjectedWebRequest) -> Answer:
    """Show the organization by a photo or without one. Who may not is refused before the photo is received."""
    authorized = partial(web_request.authorized, scopes=ORGANIZATION_CHANGE)
    workspace = await threaded(authorized)
    form = await receive(web_request)
    return await threaded(_save_avatar, web_request, workspace, form)


def _save_avatar(web_request: WebRequest, workspace: Workspace, form: AvatarForm) -> Answer:
    owner = workspace.organization
    problem = save(
        web_request,
        form,
        lambda connection, new: organizations.save_avatar(connection, owner, new, now()),
    )
    if problem is not None:
        state = FormState(problems={"photo": problem.text}, status=problem.status)
        return _answer(web_request, state)
    return redirect(f"{urls.settings(owner.slug, 'general')}?changed=avatar")


def _update(sent: Mapping[str, str]) -> OrganizationUpdate:
    """Return the changes of a form. A box that is not ticked is not sent."""
    name, slug, role = (sent.get(field, "").strip() for field in ("name", "slug", "debug_files"))
    forms.require_none(
        name=forms.name_problem(name, NAME_MAX),
        slug=forms.organization_slug_problem(slug),
        debug_files=None if role in set(Role) else "Select a role.",
    )
    return OrganizationUpdate(
        name=name,
        slug=slug,
        switches={
            "openMembership": "open_membership" in sent,
            "allowSharedIssues": "shared_issues" in sent,
        },
        options={
            "eventsMemberAdmin": "events_member_admin" in sent,
            "alertsMemberWrite": "alerts_member_write" in sent,
            "debugFilesRole": role,
        },
    )


def _answer(web_request: WebRequest, state: FormState = UNSENT) -> Answer:
    with web_request.view() as (connection, workspace):
        general = general_page(connection, workspace, state.sent)
    return page(
        web_request,
        "settings/general.html",
        form_state=state,
        workspace=workspace,
        general=general,
        name_max=NAME_MAX,
    )
