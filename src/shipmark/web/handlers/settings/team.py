"""One team: its name and slug, its members, its projects, and its deletion."""

from collections.abc import Mapping

from litestar import get, post
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.http.scopes import PROJECT_WRITE, TEAM_CHANGE, TEAM_DELETE
from shipmark.infrastructure.errors import BadRequest, Conflict, NotFound, ValidationFailed
from shipmark.organizations import membership
from shipmark.organizations import store as organizations
from shipmark.organizations.model import NAME_MAX, Member, Team
from shipmark.projects import settings as project_settings
from shipmark.web import field_rules, urls
from shipmark.web.forms import form_of, problems_of, row_id
from shipmark.web.handlers.settings.confirmation import confirmation_page
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace, require_storable
from shipmark.web.template_filters import counted
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.deletion import Deletion
from shipmark.web.view_models.settings.teams import TeamPage, team_page

_TEAM = PATH + "teams/{team:str}/"
_NO_MEMBER = "No member of the organization has this address."


@get(_TEAM, scopes=None, sync_to_thread=True)
def show_team(web_request: InjectedWebRequest, team: FromPath[str]) -> Answer:
    """Show a team with its members and projects."""
    return _answer(web_request, team)


@post(_TEAM, scopes=None, sync_to_thread=True)
def rename_team(web_request: InjectedWebRequest, team: FromPath[str], body: RawBody) -> Answer:
    """Change name and slug of a team."""
    sent = {field: form_of(body).get(field, "").strip() for field in ("name", "slug")}
    try:
        with web_request.change(scopes=TEAM_CHANGE) as (connection, workspace):
            current = _find(connection, workspace, team)
            field_rules.require_none(
                name=field_rules.name_problem(sent["name"], NAME_MAX),
                slug=field_rules.team_slug_problem(sent["slug"]),
            )
            context = web_request.action_context(workspace)
            changed = membership.update_team(connection, context, current, sent)
    except ValidationFailed as refusal:
        problems = problems_of(refusal)
        return _answer(web_request, team, status=400, sent=sent, problems=problems)
    except Conflict as refusal:
        problems = {"slug": refusal.detail}
        return _answer(web_request, team, status=409, sent=sent, problems=problems)
    return redirect(web_request.settings_url("teams", changed.slug))


@post(_TEAM + "members/", scopes=None, sync_to_thread=True)
def change_team_members(
    web_request: InjectedWebRequest, team: FromPath[str], body: RawBody
) -> Answer:
    """Join or leave a team, or add or remove another member."""
    sent = form_of(body)
    is_joining = sent.get("action") in {"join", "add"}
    change = membership.join_team if is_joining else membership.leave_team
    try:
        with web_request.change() as (connection, workspace):
            current = _find(connection, workspace, team)
            member = _member(connection, workspace, sent)
            change(connection, web_request.action_context(workspace), member, current)
    except ValidationFailed as refusal:
        problems = problems_of(refusal)
        return _answer(web_request, team, status=400, sent=sent, problems=problems)
    return redirect(urls.local_or(sent.get("next", ""), web_request.settings_url("teams", team)))


@post(_TEAM + "projects/", scopes=None, sync_to_thread=True)
def change_team_projects(
    web_request: InjectedWebRequest, team: FromPath[str], body: RawBody
) -> Answer:
    """Add a project to those that a team owns, or remove one."""
    sent = form_of(body)
    is_added = sent.get("action") == "add"
    change = project_settings.add_team if is_added else project_settings.remove_team
    with web_request.change(scopes=PROJECT_WRITE) as (connection, workspace):
        current, context = _find(connection, workspace, team), web_request.action_context(workspace)
        membership.require_team_access(connection, workspace.access, current)
        by_slug = {project.slug: project for project in workspace.projects}
        project = by_slug.get(sent.get("project", ""))
        if project is None:
            raise NotFound
        change(connection, context, project, current)
    return redirect(web_request.settings_url("teams", current.slug))


@get(_TEAM + "delete/", scopes=None, sync_to_thread=True)
def confirm_team_deletion(web_request: InjectedWebRequest, team: FromPath[str]) -> Answer:
    """Say what goes with the team."""
    with web_request.view() as (connection, workspace):
        current = _find(connection, workspace, team)
        workspace.require(TEAM_DELETE)
        membership.require_team_access(connection, workspace.access, current)
        shown = team_page(connection, workspace, current, 1)
    return confirmation_page(web_request, workspace, _deletion(workspace, shown))


@post(_TEAM + "delete/", scopes=None, sync_to_thread=True)
def delete_team(web_request: InjectedWebRequest, team: FromPath[str]) -> Answer:
    """Delete a team. Its projects stay."""
    with web_request.change(scopes=TEAM_DELETE) as (connection, workspace):
        current = _find(connection, workspace, team)
        membership.remove_team(connection, web_request.action_context(workspace), current)
    return redirect(web_request.settings_url("teams"))


def _deletion(workspace: Workspace, shown: TeamPage) -> Deletion:
    slug, team = workspace.organization.slug, shown.team
    consequences = [f"{counted(shown.member_count, 'member')} will stay in the organization."]
    if not workspace.organization.is_open:
        consequences.append("Members see its projects only by another team that owns them.")
    if shown.projects:
        count = counted(len(shown.projects), "project")
        consequences.append(f"{count} will stay, with all releases and issues.")
    return Deletion(
        kind="team",
        name=team.name,
        consequences=consequences,
        address=urls.settings(slug, "teams", team.slug, "delete"),
        cancel_address=urls.settings(slug, "teams", team.slug),
    )


def _find(connection: Connection, workspace: Workspace, slug: str) -> Team:
    require_storable(slug)
    team = organizations.team_by_slug(connection, workspace.organization.id, slug)
    if team is None:
        raise NotFound
    return team


def _member(connection: Connection, workspace: Workspace, sent: Mapping[str, str]) -> Member:
    """Return the member of a form: the user, the one whose address was typed, or the one of a row."""
    organization_id, action = workspace.organization.id, sent.get("action")
    if action == "remove":
        member = organizations.member(connection, organization_id, row_id(sent.get("member", "")))
        if member is None:
            raise NotFound
        return member
    if action not in {"join", "leave", "add"}:
        raise BadRequest("Unknown action.")
    user = workspace.user
    if action == "add":
        named = accounts.by_email(connection, sent.get("email", "").strip())
        if named is None:
            raise ValidationFailed({"email": [_NO_MEMBER]})
        user = named
    member = organizations.member_who_is(connection, organization_id, user.id)
    if member is None:
        raise ValidationFailed({"email": [_NO_MEMBER]})
    return member


def _answer(
    web_request: WebRequest,
    team: str,
    *,
    status: int = 200,
    sent: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Answer:
    with web_request.view() as (connection, workspace):
        current = _find(connection, workspace, team)
        number = web_request.page_number()
        shown = team_page(connection, workspace, current, number)
    stored = {"name": current.name, "slug": current.slug, "email": ""}
    return page(
        web_request,
        "settings/team.html",
        status=status,
        workspace=workspace,
        shown=shown,
        values=stored | dict(sent or {}),
        name_max=NAME_MAX,
        problems=problems or {},
    )
