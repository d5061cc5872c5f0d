"""Teams: the list with a new one, and one team with its members, its projects and its deletion."""

from collections.abc import Mapping

from litestar import get, post
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.http.scopes import PROJECT_WRITE, TEAM_CHANGE, TEAM_CREATE, TEAM_DELETE
from shipmark.infrastructure.errors import BadRequest, Conflict, NotFound, ValidationFailed
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import membership, slugs
from shipmark.organizations import store as organizations
from shipmark.organizations.model import NAME_MAX, Member, Team
from shipmark.projects import settings as project_settings
from shipmark.web import forms, urls
from shipmark.web.form_versions import require_unchanged
from shipmark.web.forms import UNSENT, FormState, form_of, refused, row_id
from shipmark.web.handlers.settings.confirmation import Deletion, confirmation_page
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace, require_storable
from shipmark.web.template_filters import counted
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.members import TeamPage, team_page, teams_page

_TEAM = PATH + "teams/{team:str}/"
_NO_MEMBER = "No member of the organization has this address."


@get(PATH + "teams/", scopes=None, sync_to_thread=True)
def list_teams(web_request: InjectedWebRequest) -> Answer:
    """Show the teams with their numbers of members and projects."""
    return _list(web_request)


@post(PATH + "teams/", scopes=None, sync_to_thread=True)
def create_team(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Create a team with the user on it. Its slug is made of the name."""
    name = form_of(body).get("name", "").strip()
    slug = slugs.from_name(name) or hex32()[:12]
    try:
        with web_request.change(scopes=TEAM_CREATE) as (connection, workspace):
            forms.require_none(name=forms.name_problem(name, NAME_MAX))
            context = web_request.action_context(workspace)
            team = membership.create_team(connection, context, slug, name)
    except (ValidationFailed, Conflict) as refusal:
        return _list(web_request, refused({"name": name}, refusal))
    return redirect(web_request.settings_url("teams", team.slug))


def _list(web_request: WebRequest, state: FormState = UNSENT) -> Answer:
    with web_request.view() as (connection, workspace):
        number = web_request.page_number()
        teams = teams_page(connection, workspace, number)
    return page(
        web_request,
        "settings/teams.html",
        form_state=state,
        workspace=workspace,
        teams=teams,
        name=state.over({"name": ""})["name"],
        name_max=NAME_MAX,
        problem=state.problem,
    )


@get(_TEAM, scopes=None, sync_to_thread=True)
def show_team(web_request: InjectedWebRequest, team: FromPath[str]) -> Answer:
    """Show a team with its members and projects."""
    return _one(web_request, team)


@post(_TEAM, scopes=None, sync_to_thread=True)
def rename_team(web_request: InjectedWebRequest, team: FromPath[str], body: RawBody) -> Answer:
    """Change name and slug of a team."""
    form = form_of(body)
    sent = {field: form.get(field, "").strip() for field in ("name", "slug")}
    try:
        with web_request.change(scopes=TEAM_CHANGE) as (connection, workspace):
            current = _find(connection, workspace, team)
            forms.require_none(
                name=forms.name_problem(sent["name"], NAME_MAX),
                slug=forms.team_slug_problem(sent["slug"]),
            )
            require_unchanged(form, {"name": current.name, "slug": current.slug})
            context = web_request.action_context(workspace)
            changed = membership.update_team(connection, context, current, sent)
    except (ValidationFailed, Conflict) as refusal:
        return _one(web_request, team, refused(sent, refusal, "slug"))
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
        return _one(web_request, team, refused(sent, refusal))
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


def _one(web_request: WebRequest, team: str, state: FormState = UNSENT) -> Answer:
    with web_request.view() as (connection, workspace):
        current = _find(connection, workspace, team)
        number = web_request.page_number()
        shown = team_page(connection, workspace, current, number)
    stored = {"name": current.name, "slug": current.slug, "email": ""}
    return page(
        web_request,
        "settings/team.html",
        form_state=state,
        workspace=workspace,
        shown=shown,
        values=state.over(stored),
        name_max=NAME_MAX,
    )
