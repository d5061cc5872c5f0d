"""Members and invitations."""

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.http.scopes import MEMBER_CHANGE
from shipmark.infrastructure.errors import BadRequest, NotFound, ValidationFailed
from shipmark.infrastructure.ids import secret_hex
from shipmark.organizations import invitations, membership
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Role
from shipmark.organizations.store import invitations as invitation_store
from shipmark.web import urls
from shipmark.web.forms import UNSENT, FormState, form_of, refused, row_id
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.members import members_page


@get(PATH + "members/", scopes=None, sync_to_thread=True)
def list_members(web_request: InjectedWebRequest) -> Answer:
    """Show the members and the pending invitations."""
    return _answer(web_request)


@post(PATH + "members/", scopes=None, sync_to_thread=True)
def invite_member(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Invite a person, and show the link, which is shown once: no mail is sent."""
    sent, secret = form_of(body), secret_hex()
    email = sent.get("email", "").strip()
    try:
        with web_request.change() as (connection, workspace):
            context, role = web_request.action_context(workspace), _role(sent.get("role", ""))
            invitations.invite(connection, context, email, role, (), secret)
    except (ValidationFailed, BadRequest) as refusal:
        return _answer(web_request, refused({"email": email}, refusal))
    link = f"{web_request.address}/invitations/{secret}/"
    return _answer(web_request, link=link, invited=email)


@post(PATH + "members/{member:str}/", scopes=None, sync_to_thread=True)
def change_member(web_request: InjectedWebRequest, member: FromPath[str], body: RawBody) -> Answer:
    """Change the role of a member, or remove them, also oneself."""
    sent = form_of(body)
    try:
        with web_request.change() as (connection, workspace):
            context = web_request.action_context(workspace)
            current = organizations.member(connection, workspace.organization.id, row_id(member))
            if current is None:
                raise NotFound
            if sent.get("action") == "remove":
                membership.remove_member(connection, context, current)
            else:
                role = _role(sent.get("role", ""))
                membership.update_member(connection, context, current, role, None)
    except BadRequest as refusal:  # such as the last owner
        return _answer(web_request, refused({}, refusal))
    if sent.get("action") == "remove" and current.user_id == workspace.user.id:
        return redirect(urls.HOME)
    return redirect(web_request.settings_url("members"))


@post(PATH + "invitations/{invitation:str}/", scopes=None, sync_to_thread=True)
def revoke_invitation(web_request: InjectedWebRequest, invitation: FromPath[str]) -> Answer:
    """Revoke an invitation: its link becomes invalid."""
    with web_request.change() as (connection, workspace):
        pending = invitation_store.by_id(connection, workspace.organization.id, row_id(invitation))
        if pending is None:
            raise NotFound
        invitations.revoke(connection, web_request.action_context(workspace), pending)
    return redirect(web_request.settings_url("members"))


def _answer(
    web_request: WebRequest, state: FormState = UNSENT, *, link: str = "", invited: str = ""
) -> Answer:
    with web_request.view() as (connection, workspace):
        number = web_request.page_number()
        members = members_page(connection, workspace, number)
    return page(
        web_request,
        "settings/members.html",
        status=201 if link else 200,
        form_state=state,
        workspace=workspace,
        members=members,
        may_change=workspace.may(MEMBER_CHANGE),
        may_remove=workspace.may(membership.REMOVE_SCOPES),
        email=state.over({"email": ""})["email"],
        problem=state.problem,
        link=link,
        invited=invited,
    )


def _role(text: str) -> Role:
    if text not in {role.value for role in Role}:
        raise BadRequest("Select a role.")
    return Role(text)
