"""Teams: the list, and a new one."""

from litestar import get, post
from litestar.params import RawBody

from shipmark.http.scopes import TEAM_CREATE
from shipmark.infrastructure.errors import Conflict, ValidationFailed
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import membership, slugs
from shipmark.organizations.model import NAME_MAX
from shipmark.web import field_rules
from shipmark.web.forms import form_of, problem_of
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.teams import teams_page


@get(PATH + "teams/", scopes=None, sync_to_thread=True)
def list_teams(web_request: InjectedWebRequest) -> Answer:
    """Show the teams with their numbers of members and projects."""
    return _answer(web_request)


@post(PATH + "teams/", scopes=None, sync_to_thread=True)
def create_team(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Create a team with the user on it. Its slug is made of the name."""
    name = form_of(body).get("name", "").strip()
    slug = slugs.from_name(name) or hex32()[:12]
    try:
        with web_request.change(scopes=TEAM_CREATE) as (connection, workspace):
            field_rules.require_none(name=field_rules.name_problem(name, NAME_MAX))
            context = web_request.action_context(workspace)
            team = membership.create_team(connection, context, slug, name)
    except ValidationFailed as refusal:
        problem = problem_of(refusal)
        return _answer(web_request, status=400, name=name, problem=problem)
    except Conflict as refusal:
        return _answer(web_request, status=409, name=name, problem=refusal.detail)
    return redirect(web_request.settings_url("teams", team.slug))


def _answer(
    web_request: WebRequest, *, status: int = 200, name: str = "", problem: str = ""
) -> Answer:
    with web_request.view() as (connection, workspace):
        number = web_request.page_number()
        teams = teams_page(connection, workspace, number)
    return page(
        web_request,
        "settings/teams.html",
        status=status,
        workspace=workspace,
        teams=teams,
        name=name,
        name_max=NAME_MAX,
        problem=problem,
    )
