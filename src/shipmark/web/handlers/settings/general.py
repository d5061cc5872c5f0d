"""The organization's name, slug, options and avatar; and its deletion: carried out a day later, or taken back."""

from collections.abc import Mapping
from functools import partial

from litestar import get, post
from litestar.params import RawBody
from sqlalchemy import Connection

from shipmark.http.multipart import threaded
from shipmark.http.scopes import ORGANIZATION_CHANGE, ORGANIZATION_DELETE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.organizations import actions as organizations
from shipmark.organizations import deletion_requests, settings
from shipmark.organizations.model import NAME_MAX, Role
from shipmark.organizations.settings import OrganizationUpdate
from shipmark.organizations.store import invitations
from shipmark.web import forms, urls
from shipmark.web.avatar_forms import BODY_MAX, AvatarForm, receive, save
from shipmark.web.form_versions import require_unchanged
from shipmark.web.forms import UNSENT, FormState, form_of, refused
from shipmark.web.handlers.settings.confirmation import Deletion, confirmation_page
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.template_filters import counted
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.general import ROLE_NAMES, general_page, general_values


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
            stored = general_values(connection, workspace.organization)
            require_unchanged(sent, stored, {"debug_files": ROLE_NAMES.__getitem__})
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
    refused_form = save(
        web_request,
        form,
        lambda connection, new: organizations.save_avatar(connection, owner, new, now()),
    )
    if refused_form is not None:
        return _answer(web_request, refused_form)
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
        general = general_page(connection, workspace)
    return page(
        web_request,
        "settings/general.html",
        form_state=state,
        workspace=workspace,
        general=general,
        # Of boxes only those that are ticked are sent.
        values=general.stored
        if state.sent is None
        else dict.fromkeys(general.stored, "") | dict(state.sent),
        role_names=ROLE_NAMES,
        name_max=NAME_MAX,
    )


@get(PATH + "delete/", scopes=None, sync_to_thread=True)
def confirm_organization_deletion(web_request: InjectedWebRequest) -> Answer:
    """Say what goes with the organization, and ask for its slug."""
    return _deletion_page(web_request)


@post(PATH + "delete/", scopes=None, sync_to_thread=True)
def delete_organization(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Request the deletion of the organization, or restore it."""
    sent = form_of(body)
    if sent.get("action") == "restore":
        return _restore(web_request)
    typed = sent.get("confirmation", "")
    try:
        with web_request.change(scopes=ORGANIZATION_DELETE) as (connection, workspace):
            _deletion_of(connection, workspace).require(typed)
            context = web_request.action_context(workspace)
            deletion_requests.request(connection, workspace.organization.id, context.by, context.at)
    except BadRequest as refusal:  # also of the organization that was made first
        return _deletion_page(web_request, typed, refusal.detail)
    return redirect(web_request.settings_url("general"))


def _restore(web_request: WebRequest) -> Answer:
    with web_request.change(scopes=ORGANIZATION_DELETE) as (connection, workspace):
        context = web_request.action_context(workspace)
        update = OrganizationUpdate(is_restored=True)
        settings.update(connection, workspace.organization.id, update, context.by, context.at)
    return redirect(f"{web_request.settings_url('general')}?changed=restored")


def _deletion_of(connection: Connection, workspace: Workspace) -> Deletion:
    organization = workspace.organization
    members = invitations.count_members(connection, organization.id)
    projects = counted(len(workspace.projects), "project")
    return Deletion(
        kind="organization",
        name=organization.name,
        consequences=(
            "It is deleted a day from now. Until then, owners can restore it here.",
            f"{projects} with all releases, issues, events and artifacts are deleted.",
            "Repositories, commits, teams, tokens and the audit log are deleted.",
            f"{counted(members, 'member')} will lose access. Accounts stay.",
        ),
        address=urls.settings(organization.slug, "delete"),
        cancel_address=urls.settings(organization.slug, "general"),
        slug=organization.slug,
    )


def _deletion_page(web_request: WebRequest, typed: str = "", problem: str = "") -> Answer:
    with web_request.view(scopes=ORGANIZATION_DELETE) as (connection, workspace):
        deletion = _deletion_of(connection, workspace)
    return confirmation_page(web_request, workspace, deletion, typed=typed, problem=problem)
