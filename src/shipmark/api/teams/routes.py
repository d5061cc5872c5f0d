"""``organizations/{org}/teams/`` and ``teams/{org}/{team}/`` (auth-and-errors.md 8.5)."""

from typing import Annotated, Self

from litestar import Response
from pydantic import Field, model_validator
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.api.members.responses import MemberResponse, member_response
from shipmark.api.organizations.responses import organization_response
from shipmark.api.projects.loading import (
    load_viewer,
    projects_by_team,
    serialize_project,
    serialize_teams,
)
from shipmark.api.projects.responses import ProjectResponse
from shipmark.api.queries import DetailedQuery, PageQuery
from shipmark.api.teams.path_team import PathTeam, reload_team
from shipmark.api.teams.responses import TeamDetailsResponse
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate, paginate_all
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import PROJECT_CREATE, TEAM_CHANGE, TEAM_CREATE, TEAM_DELETE, TEAM_READ
from shipmark.http.validation import Omittable, RequestModel, Text, optional, refuse, require
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import membership, slugs, store, text_filter
from shipmark.organizations.model import NAME_MAX, SLUG_MAX, Team
from shipmark.projects import settings as project_settings
from shipmark.projects.model import PLATFORM_MAX
from shipmark.projects.settings import NewProject

#: The slug of a team or a project.
TeamSlug = Annotated[
    str, Text(max_length=SLUG_MAX), require(slugs.TEAM_PATTERN.fullmatch, slugs.NO_MATCH)
]


class TeamListQuery(PageQuery, DetailedQuery):
    """A page of the teams of an organization."""

    query: str | None = optional(
        "Text in slugs or names, or terms such as `slug:core` and `id:1`.", example="core"
    )


class TeamUpdateRequest(RequestModel):
    """Changes of a team."""

    name: Omittable[Annotated[str, Text(max_length=NAME_MAX)]] = optional("Name of the team.")
    slug: Omittable[TeamSlug] = optional("Slug, unique in the organization.")


class TeamRequest(TeamUpdateRequest):
    """A new team, with a name or a slug."""

    @model_validator(mode="after")
    def _require_name_or_slug(self) -> Self:
        if not (self.name or self.slug):
            raise refuse("Name or slug is required")
        return self

    def new_slug(self) -> str:
        """Return the slug, or one made of the name."""
        return self.slug or slugs.from_name(self.name or "") or hex32()[:12]


class NewProjectRequest(RequestModel):
    """A new project that a team owns."""

    name: Annotated[str, Text(max_length=SLUG_MAX)] = Field(description="Name of the project.")
    slug: Omittable[TeamSlug] = optional(
        "Slug, unique in the organization; by default made of the name."
    )
    platform: Annotated[str, Text(max_length=PLATFORM_MAX, blank=True)] | None = optional(
        "Platform of the project, such as `python`."
    )

    def to_input(self) -> NewProject:
        """Return the project for the domain."""
        return NewProject(
            name=self.name,
            slug=self.slug,
            platform=self.platform or None,
            spare_slug=hex32()[:12],
            key=(hex32(), hex32()),
        )


_TEAMS = "/organizations/{organization:str}/teams/"
_TEAM = "/teams/{organization:str}/{team:str}/"


@endpoint.get(_TEAMS, scopes=TEAM_READ)
def list_teams(
    context: RequestContext, query: TeamListQuery
) -> Response[list[TeamDetailsResponse]]:
    """List the teams of an organization, by slug, with the projects that they own."""
    access, page = context.access, query.page()
    with context.database.snapshot() as connection:
        known = store.teams_of(connection, access.organization.id)
        selected = text_filter.apply_filter(known, query.query, text_filter.NAME_TESTS)
        teams, links = paginate_all(selected, page)
        viewer = load_viewer(context, connection)
        by_team = projects_by_team(connection, viewer, teams) if query.is_detailed else None
        shown = serialize_teams(connection, viewer, teams, by_team=by_team)
    return context.listed(shown, links)


@endpoint.post(_TEAMS, scopes=TEAM_CREATE, step="team.validate")
def create_team(context: RequestContext, body: TeamRequest) -> TeamDetailsResponse:
    """Create a team with the user as its first member. Without a slug, one is made of the name."""
    slug = body.new_slug()
    with context.database.transaction() as connection:
        action = context.action_context()
        team = membership.create_team(connection, action, slug, body.name or slug)
        return _details(context, connection, team)


@endpoint.get(_TEAM, scopes=TEAM_READ)
def get_team(context: RequestContext, team: PathTeam) -> TeamDetailsResponse:
    """Show a team, with its organization and the projects that it owns."""
    with context.database.snapshot() as connection:
        return _details(context, connection, team)


@endpoint.put(_TEAM, scopes=TEAM_CHANGE, step="team.validate")
def update_team(
    context: RequestContext, team: PathTeam, body: TeamUpdateRequest
) -> TeamDetailsResponse:
    """Change the name or the slug of a team."""
    with context.database.transaction() as connection:
        current = reload_team(context, connection, team)
        updated = membership.update_team(connection, context.action_context(), current, body.sent())
        return _details(context, connection, updated)


@endpoint.delete(_TEAM, scopes=TEAM_DELETE)
def delete_team(context: RequestContext, team: PathTeam) -> None:
    """Delete a team. Its projects stay, without an owner if it was the only one."""
    with context.database.transaction() as connection:
        current = reload_team(context, connection, team)
        membership.remove_team(connection, context.action_context(), current)


@endpoint.get(f"{_TEAM}members/", scopes=TEAM_READ)
def list_team_members(
    context: RequestContext, team: PathTeam, query: PageQuery
) -> Response[list[MemberResponse]]:
    """List the members of a team."""
    page = query.page()
    with context.database.snapshot() as connection:
        rows = store.members_of_teams(connection, [team.id], **page.window)
        members, links = paginate(rows, page)
        users = accounts.by_ids(connection, {member.user_id for member in members})
    shown = [member_response(member, users[member.user_id]) for member in members]
    return context.listed(shown, links)


@endpoint.get(f"{_TEAM}projects/", scopes=TEAM_READ | PROJECT_CREATE | {"project:read"})
def list_team_projects(
    context: RequestContext, team: PathTeam, query: PageQuery
) -> Response[list[ProjectResponse]]:
    """List the projects that a team owns, by slug."""
    page = query.page()
    with context.database.snapshot() as connection:
        viewer = load_viewer(context, connection)
        owned = projects_by_team(connection, viewer, [team]).get(team.id, [])
    return context.listed(*paginate_all(owned, page))


@endpoint.post(f"{_TEAM}projects/", scopes=PROJECT_CREATE, step="project.validate")
def create_project(
    context: RequestContext, team: PathTeam, body: NewProjectRequest
) -> ProjectResponse:
    """Create a project that a team owns, with a DSN key. Without a slug, one is made of the name."""
    access = context.access
    with context.database.transaction() as connection:
        owner = reload_team(context, connection, team)
        membership.require_team_access(connection, access, owner)
        action = context.action_context()
        project = project_settings.create(connection, action, body.to_input(), owner)
        return serialize_project(context, connection, project)


def _details(context: RequestContext, connection: Connection, team: Team) -> TeamDetailsResponse:
    viewer = load_viewer(context, connection)
    return serialize_teams(
        connection,
        viewer,
        [team],
        by_team=projects_by_team(connection, viewer, [team]),
        organization=organization_response(context.access.organization, viewer.address),
    )[0]
