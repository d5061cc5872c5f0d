"""Projects."""

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.http.scopes import PROJECT_CREATE
from shipmark.infrastructure.errors import Conflict, ValidationFailed
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import membership
from shipmark.organizations import store as organizations
from shipmark.projects import settings as project_settings
from shipmark.projects.settings import NewProject
from shipmark.web import urls
from shipmark.web.forms import form_of, problem_of
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.projects import projects_page

_NAME_MAX = 200


@get(PATH + "projects/", scopes=None, sync_to_thread=True)
def list_projects(web_request: InjectedWebRequest, organization: FromPath[str]) -> Answer:
    """Show the projects with the DSN of their first key."""
    return _answer(web_request, organization)


@post(PATH + "projects/", scopes=None, sync_to_thread=True)
def create_project(
    web_request: InjectedWebRequest, organization: FromPath[str], body: RawBody
) -> Answer:
    """Create a project of a team, with a DSN key."""
    sent = form_of(body)
    name = sent.get("name", "").strip()
    if not 0 < len(name) <= _NAME_MAX:
        problem = f"Enter a name of at most {_NAME_MAX} characters."
        return _answer(web_request, organization, status=400, name=name, problem=problem)
    try:
        _create_project(web_request, organization, name, sent.get("team", ""))
    except ValidationFailed as refusal:
        problem = problem_of(refusal)
        return _answer(web_request, organization, status=400, name=name, problem=problem)
    except Conflict as refusal:
        return _answer(web_request, organization, status=409, name=name, problem=refusal.detail)
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


def _answer(
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
        "settings/projects.html",
        status=status,
        section="settings",
        workspace=workspace,
        projects=projects,
        may_create=workspace.may(PROJECT_CREATE),
        address=web_request.settings.address,
        name=name,
        problem=problem,
    )


handlers = [list_projects, create_project]
