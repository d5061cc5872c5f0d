"""``/organizations/{organization}/settings/``: members and invitations, projects, and tokens."""

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.http.scopes import AUDIT_READ, MEMBER_CHANGE, PROJECT_CREATE
from shipmark.infrastructure.errors import BadRequest, Conflict, NotFound, ValidationFailed
from shipmark.infrastructure.ids import hex32, id_of, secret_bytes, secret_hex
from shipmark.organizations import invitations, membership, token_actions
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Role
from shipmark.organizations.store import invitations as invitation_store
from shipmark.projects import settings as project_settings
from shipmark.projects.settings import NewProject
from shipmark.web import urls
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, form_of
from shipmark.web.view_models.audit_log import audit_log_page
from shipmark.web.view_models.settings import members_page, projects_page, token_rows

_PATH = "/organizations/{organization:str}/settings/"
_PAGES_MAX = 1000
_NAME_MAX = 200
_TOKEN_NAME_MAX = 64


@get(_PATH + "members/", scopes=None, sync_to_thread=True)
def list_members(web_request: InjectedWebRequest, organization: FromPath[str]) -> Answer:
    """Show the members and the pending invitations."""
    return _members(web_request, organization)


@post(_PATH + "members/", scopes=None, sync_to_thread=True)
def invite_member(
    web_request: InjectedWebRequest, organization: FromPath[str], body: RawBody
) -> Answer:
    """Invite a person, and show the link, which is shown once: no mail is sent."""
    sent, secret = form_of(body), secret_hex()
    email = sent.get("email", "").strip()
    try:
        with web_request.change(organization) as (connection, workspace):
            context, role = web_request.action_context(workspace), _role(sent.get("role", ""))
            invitations.invite(connection, context, email, role, (), secret)
    except (ValidationFailed, BadRequest) as refusal:
        problem = _sentence(refusal)
        return _members(web_request, organization, status=400, email=email, problem=problem)
    link = f"{web_request.settings.address}/invitations/{secret}/"
    return _members(web_request, organization, status=201, link=link, invited=email)


@post(_PATH + "members/{member:str}/", scopes=None, sync_to_thread=True)
def change_member(
    web_request: InjectedWebRequest,
    organization: FromPath[str],
    member: FromPath[str],
    body: RawBody,
) -> Answer:
    """Change the role of a member, or remove them, also oneself."""
    sent = form_of(body)
    try:
        with web_request.change(organization) as (connection, workspace):
            context = web_request.action_context(workspace)
            current = organizations.member(connection, workspace.organization.id, _id(member))
            if current is None:
                raise NotFound
            if sent.get("action") == "remove":
                membership.remove_member(connection, context, current)
            else:
                role = _role(sent.get("role", ""))
                membership.update_member(connection, context, current, role, None)
    except BadRequest as refusal:  # such as the last owner
        return _members(web_request, organization, status=400, problem=refusal.detail)
    if sent.get("action") == "remove" and current.user_id == workspace.user.id:
        return redirect(urls.HOME)
    return redirect(urls.settings(organization, "members"))


@post(_PATH + "invitations/{invitation:str}/", scopes=None, sync_to_thread=True)
def revoke_invitation(
    web_request: InjectedWebRequest, organization: FromPath[str], invitation: FromPath[str]
) -> Answer:
    """Revoke an invitation: its link becomes invalid."""
    with web_request.change(organization) as (connection, workspace):
        pending = invitation_store.by_id(connection, workspace.organization.id, _id(invitation))
        if pending is None:
            raise NotFound
        invitations.revoke(connection, web_request.action_context(workspace), pending)
    return redirect(urls.settings(organization, "members"))


@get(_PATH + "tokens/", scopes=None, sync_to_thread=True)
def list_tokens(web_request: InjectedWebRequest, organization: FromPath[str]) -> Answer:
    """Show the organization's tokens, but for their text."""
    return _tokens(web_request, organization)


@post(_PATH + "tokens/", scopes=None, sync_to_thread=True)
def create_token(
    web_request: InjectedWebRequest, organization: FromPath[str], body: RawBody
) -> Answer:
    """Create a token, and show its text, which is never shown again."""
    name = form_of(body).get("name", "").strip()
    if not 0 < len(name) <= _TOKEN_NAME_MAX:
        problem = f"Enter a name of at most {_TOKEN_NAME_MAX} characters."
        return _tokens(web_request, organization, status=400, name=name, problem=problem)
    with web_request.change(organization) as (connection, workspace):
        _, text = token_actions.create(
            connection,
            web_request.action_context(workspace),
            name=name,
            address=web_request.settings.address,
            secret=secret_bytes(),
        )
    return _tokens(web_request, organization, status=201, created=name, text=text)


@post(_PATH + "tokens/{token:str}/", scopes=None, sync_to_thread=True)
def revoke_token(
    web_request: InjectedWebRequest, organization: FromPath[str], token: FromPath[str]
) -> Answer:
    """Revoke a token: what uses it fails from now on."""
    with web_request.change(organization) as (connection, workspace):
        token_actions.revoke(connection, web_request.action_context(workspace), _id(token))
    return redirect(urls.settings(organization, "tokens"))


@get(_PATH + "projects/", scopes=None, sync_to_thread=True)
def list_projects(web_request: InjectedWebRequest, organization: FromPath[str]) -> Answer:
    """Show the projects with the DSN of their first key."""
    return _projects(web_request, organization)


@post(_PATH + "projects/", scopes=None, sync_to_thread=True)
def create_project(
    web_request: InjectedWebRequest, organization: FromPath[str], body: RawBody
) -> Answer:
    """Create a project of a team, with a DSN key."""
    sent = form_of(body)
    name = sent.get("name", "").strip()
    if not 0 < len(name) <= _NAME_MAX:
        problem = f"Enter a name of at most {_NAME_MAX} characters."
        return _projects(web_request, organization, status=400, name=name, problem=problem)
    try:
        _create_project(web_request, organization, name, sent.get("team", ""))
    except ValidationFailed as refusal:
        problem = _sentence(refusal)
        return _projects(web_request, organization, status=400, name=name, problem=problem)
    except Conflict as refusal:
        return _projects(web_request, organization, status=409, name=name, problem=refusal.detail)
    return redirect(urls.settings(organization, "projects"))


def _create_project(web_request: WebRequest, organization: str, name: str, team_slug: str) -> None:
    new = NewProject(
        name=name, slug=None, platform=None, spare_slug=hex32()[:8], key=(hex32(), hex32())
    )
    with web_request.change(organization, scopes=PROJECT_CREATE) as (connection, workspace):
        context = web_request.action_context(workspace)
        owner = workspace.organization
        team = organizations.team_by_slug(connection, owner.id, team_slug)
        if team is None:
            raise ValidationFailed({"team": ["Select a team."]})
        membership.require_team_access(connection, workspace.access, team)
        project_settings.create(connection, owner, new, team=team, by=context.by, at=context.at)


@get(_PATH + "audit-log/", scopes=None, sync_to_thread=True)
def show_audit_log(web_request: InjectedWebRequest, organization: FromPath[str]) -> Answer:
    """Show the changes of the organization and the users who made them. Raise `Forbidden` without the right."""
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        workspace.require(AUDIT_READ)
        log = audit_log_page(connection, web_request, workspace)
    return page(
        web_request, "settings_audit_log.html", section="settings", workspace=workspace, log=log
    )


def _members(
    web_request: WebRequest,
    organization: str,
    *,
    status: int = 200,
    email: str = "",
    problem: str = "",
    link: str = "",
    invited: str = "",
) -> Answer:
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        number = web_request.page_number("page", most=_PAGES_MAX)
        members = members_page(connection, workspace, number)
    return page(
        web_request,
        "settings_members.html",
        status=status,
        section="settings",
        workspace=workspace,
        members=members,
        may_change=workspace.may(MEMBER_CHANGE),
        may_remove=workspace.may(membership.REMOVE_SCOPES),
        email=email,
        problem=problem,
        link=link,
        invited=invited,
    )


def _tokens(
    web_request: WebRequest,
    organization: str,
    *,
    status: int = 200,
    name: str = "",
    problem: str = "",
    created: str = "",
    text: str = "",
) -> Answer:
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        rows = token_rows(connection, workspace)
    return page(
        web_request,
        "settings_tokens.html",
        status=status,
        section="settings",
        workspace=workspace,
        rows=rows,
        name=name,
        problem=problem,
        created=created,
        text=text,
    )


def _projects(
    web_request: WebRequest,
    organization: str,
    *,
    status: int = 200,
    name: str = "",
    problem: str = "",
) -> Answer:
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        projects = projects_page(connection, workspace)
    return page(
        web_request,
        "settings_projects.html",
        status=status,
        section="settings",
        workspace=workspace,
        projects=projects,
        may_create=workspace.may(PROJECT_CREATE),
        address=web_request.settings.address,
        name=name,
        problem=problem,
    )


def _role(text: str) -> Role:
    if text not in {role.value for role in Role}:
        raise BadRequest("Select a role.")
    return Role(text)


def _id(text: str) -> int:
    number = id_of(text)
    if number is None:
        raise NotFound
    return number


def _sentence(refusal: ValidationFailed | BadRequest) -> str:
    if isinstance(refusal, BadRequest):
        return refusal.detail
    messages = next(iter(refusal.fields.values()))
    assert isinstance(messages, list), "fields of forms are not nested"
    return str(messages[0])
