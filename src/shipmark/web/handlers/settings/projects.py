"""Projects."""

from collections.abc import Mapping

from litestar import get, post
from litestar.params import RawBody

from shipmark.http.scopes import PROJECT_CREATE
from shipmark.infrastructure.errors import Conflict, ValidationFailed
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import membership
from shipmark.organizations import store as organizations
from shipmark.projects import settings as project_settings
from shipmark.projects.model import NAME_MAX, PLATFORM_MAX
from shipmark.projects.settings import NewProject
from shipmark.web import forms
from shipmark.web.forms import UNSENT, FormState, form_of, refused
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.project import PLATFORMS, projects_page


@get(PATH + "projects/", scopes=None, sync_to_thread=True)
def list_projects(web_request: InjectedWebRequest) -> Answer:
    """Show the projects with the DSN of their first key."""
    return _answer(web_request)


@post(PATH + "projects/", scopes=None, sync_to_thread=True)
def create_project(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Create a project of a team, with a DSN key."""
    sent = form_of(body)
    sent = {field: sent.get(field, "").strip() for field in ("name", "team", "platform")}
    try:
        slug = _create_project(web_request, sent)
    except (ValidationFailed, Conflict) as refusal:
        return _answer(web_request, refused(sent, refusal, "name"))
    return redirect(web_request.settings_url("projects", slug, "keys"))


def _create_project(web_request: WebRequest, sent: Mapping[str, str]) -> str:
    """Create a project, and return its slug."""
    new = NewProject(
        name=sent["name"],
        slug=None,
        platform=sent["platform"] or None,
        spare_slug=hex32()[:8],
        key=(hex32(), hex32()),
    )
    with web_request.change(scopes=PROJECT_CREATE) as (connection, workspace):
        forms.require_none(
            name=forms.name_problem(sent["name"], NAME_MAX),
            platform=forms.platform_problem(sent["platform"]),
        )
        context = web_request.action_context(workspace)
        owner = workspace.organization
        team = organizations.team_by_slug(connection, owner.id, sent["team"])
        if team is None:
            raise ValidationFailed({"team": ["Select a team."]})
        membership.require_team_access(connection, workspace.access, team)
        project = project_settings.create(connection, context, new, team)
    return project.slug


def _answer(web_request: WebRequest, state: FormState = UNSENT) -> Answer:
    with web_request.view() as (connection, workspace):
        query, number = web_request.parameter("query"), web_request.page_number()
        projects = projects_page(connection, workspace, query, number)
    return page(
        web_request,
        "settings/projects.html",
        form_state=state,
        workspace=workspace,
        projects=projects,
        may_create=workspace.may(PROJECT_CREATE),
        address=web_request.address,
        values=state.over({"name": "", "team": "", "platform": ""}),
        name_max=NAME_MAX,
        platform_max=PLATFORM_MAX,
        platforms=PLATFORMS,
    )
