"""The deletion of the organization: requested, carried out a day later, or taken back before."""

from litestar import get, post
from litestar.params import RawBody
from sqlalchemy import Connection

from shipmark.http.scopes import ORGANIZATION_DELETE
from shipmark.infrastructure.errors import BadRequest
from shipmark.organizations import deletion_requests, settings
from shipmark.organizations.settings import OrganizationUpdate
from shipmark.organizations.store import invitations
from shipmark.web import urls
from shipmark.web.forms import form_of
from shipmark.web.handlers.settings.confirmation import Deletion, confirmation_page
from shipmark.web.rendering import Answer, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.template_filters import counted
from shipmark.web.urls import SETTINGS_PATH as PATH


@get(PATH + "delete/", scopes=None, sync_to_thread=True)
def confirm_organization_deletion(web_request: InjectedWebRequest) -> Answer:
    """Say what goes with the organization, and ask for its slug."""
    return _answer(web_request)


@post(PATH + "delete/", scopes=None, sync_to_thread=True)
def delete_organization(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Request the deletion of the organization, or restore it."""
    sent = form_of(body)
    if sent.get("action") == "restore":
        return _restore(web_request)
    typed = sent.get("confirmation", "")
    try:
        with web_request.change(scopes=ORGANIZATION_DELETE) as (connection, workspace):
            _deletion(connection, workspace).require(typed)
            context = web_request.action_context(workspace)
            deletion_requests.request(connection, workspace.organization.id, context.by, context.at)
    except BadRequest as refusal:  # also of the organization that was made first
        return _answer(web_request, typed, refusal.detail)
    return redirect(web_request.settings_url("general"))


def _restore(web_request: WebRequest) -> Answer:
    with web_request.change(scopes=ORGANIZATION_DELETE) as (connection, workspace):
        context = web_request.action_context(workspace)
        update = OrganizationUpdate(is_restored=True)
        settings.update(connection, workspace.organization.id, update, context.by, context.at)
    return redirect(f"{web_request.settings_url('general')}?changed=restored")


def _deletion(connection: Connection, workspace: Workspace) -> Deletion:
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


def _answer(web_request: WebRequest, typed: str = "", problem: str = "") -> Answer:
    with web_request.view(scopes=ORGANIZATION_DELETE) as (connection, workspace):
        deletion = _deletion(connection, workspace)
    return confirmation_page(web_request, workspace, deletion, typed=typed, problem=problem)
