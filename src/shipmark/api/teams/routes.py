"""``organizations/{org}/teams/`` and ``teams/{org}/{team}/`` (auth-and-errors.md 8.5)."""

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.api.members.responses import MemberResponse, member_response
from shipmark.api.organizations.responses import organization_response
from shipmark.api.projects.loading import (
    ViewerContext,
    projects_by_team,
    serialize_projects,
    serialize_teams,
)
from shipmark.api.projects.responses import ProjectResponse
from shipmark.api.query_parameters import DETAILED, PAGE, TEAM_QUERY
from shipmark.api.scopes import (
    PROJECT_CREATE,
    TEAM_CHANGE,
    TEAM_CREATE,
    TEAM_DELETE,
    TEAM_READ,
)
from shipmark.api.teams.responses import TeamDetailsResponse
from shipmark.http.fields import Field, FieldError, Fields, Object, Text, documented_as
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound, ValidationFailed
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import membership, slugs, store, text_filter
from shipmark.organizations.membership import ActionContext
from shipmark.organizations.model import NAME_MAX, SLUG_MAX, Access, Team
from shipmark.projects import settings as project_settings
from shipmark.projects.model import PLATFORM_MAX

_SLUG = Text(max=SLUG_MAX)
_NAMELESS = "Name or slug is required"


@documented_as(_SLUG)
def slug(value: object) -> str:
    """The slug of a team or a project."""
    text = _SLUG(value) or ""
    if slugs.TEAM_PATTERN.fullmatch(text) is None:
        raise FieldError([slugs.NO_MATCH])
    return text


_TEAM = Object({"name": Field(Text(max=NAME_MAX)), "slug": Field(slug)})
_NEW_PROJECT = Object(
    {
        "name": Field(Text(max=SLUG_MAX), is_required=True),
        "slug": Field(slug),
        "platform": Field(Text(max=PLATFORM_MAX, is_blank_ok=True, is_null_ok=True)),
    }
)
_TESTS: text_filter.Tests[Team] = {
    text_filter.TEXT: lambda it, text: text_filter.contains(text, it.slug, it.name),
    "query": lambda it, text: text_filter.contains(text, it.slug, it.name),
    "slug": lambda it, text: it.slug == text,
    "id": lambda it, text: str(it.id) == text,
}


@get(
    "/organizations/{organization:str}/teams/",
    scopes=TEAM_READ,
    asks=(TEAM_QUERY, DETAILED, *PAGE),
    sync_to_thread=True,
)
def list_teams(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[list[TeamDetailsResponse]]:
    """List the teams of an organization, by slug, with the projects that they own."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        page = context.page()
        known = store.teams_of(connection, access.organization.id)
        chosen = text_filter.apply_filter(known, context.parameter("query"), _TESTS)
        found, links = paginate(chosen[page.skipped : page.skipped + page.limit], page)
        mine = ViewerContext.of(connection, access, context.settings.address)
        is_whole = context.parameter("detailed") != "0"
        owned = projects_by_team(connection, access, found, mine) if is_whole else None
        shown = serialize_teams(connection, access, found, mine, owned=owned)
    return context.listed(shown, links)


@post(
    "/organizations/{organization:str}/teams/", scopes=TEAM_CREATE, takes=_TEAM, sync_to_thread=True
)
def create_team(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> TeamDetailsResponse:
    """Make a team, with its maker on it. A slug is made of its name where none is sent."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
    fields = context.body(body, _TEAM, step="team.validate")
    if not fields.get("name") and not fields.get("slug"):
        raise ValidationFailed({"non_field_errors": [_NAMELESS]})
    chosen = fields.get("slug") or slugs.from_name(fields["name"]) or hex32()[:12]
    with context.database.transaction() as connection:
        team = membership.create_team(
            connection, _done(context, access), chosen, fields.get("name") or chosen
        )
        return _shown(context, connection, access, team)


@get("/teams/{organization:str}/{team:str}/", scopes=TEAM_READ, sync_to_thread=True)
def get_team(
    context: InjectedRequest, organization: FromPath[str], team: FromPath[str]
) -> TeamDetailsResponse:
    """Show a team, with its organization and the projects that it owns."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        return _shown(context, connection, access, found(connection, access, team))


@put("/teams/{organization:str}/{team:str}/", scopes=TEAM_CHANGE, takes=_TEAM, sync_to_thread=True)
def amend_team(
    context: InjectedRequest, organization: FromPath[str], team: FromPath[str], body: RawBody
) -> TeamDetailsResponse:
    """Change the name or the slug of a team."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        found(connection, access, team)
    fields = context.body(body, _TEAM, step="team.validate")
    with context.database.transaction() as connection:
        known = found(connection, access, team)
        changed = membership.update_team(connection, _done(context, access), known, fields)
        return _shown(context, connection, access, changed)


@delete(
    "/teams/{organization:str}/{team:str}/",
    status_code=204,
    scopes=TEAM_DELETE,
    sync_to_thread=True,
)
def delete_team(
    context: InjectedRequest, organization: FromPath[str], team: FromPath[str]
) -> Response[None]:
    """Delete a team. Its projects stay, without an owner if it was the only one."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        membership.remove_team(connection, _done(context, access), found(connection, access, team))
    return Response(None, status_code=204)


@get(
    "/teams/{organization:str}/{team:str}/members/",
    scopes=TEAM_READ,
    asks=PAGE,
    sync_to_thread=True,
)
def list_team_members(
    context: InjectedRequest, organization: FromPath[str], team: FromPath[str]
) -> Response[list[MemberResponse]]:
    """List the members of a team."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        known = found(connection, access, team)
        page = context.page()
        rows = store.members_of_team(connection, known.id, limit=page.limit, offset=page.skipped)
        shown, links = paginate(rows, page)
        users = accounts.by_ids(connection, {it.user_id for it in shown})
    return context.listed([member_response(it, users[it.user_id]) for it in shown], links)


@get(
    "/teams/{organization:str}/{team:str}/projects/",
    scopes=TEAM_READ | PROJECT_CREATE | {"project:read"},
    asks=PAGE,
    sync_to_thread=True,
)
def list_team_projects(
    context: InjectedRequest, organization: FromPath[str], team: FromPath[str]
) -> Response[list[ProjectResponse]]:
    """List the projects that a team owns, by slug."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        known = found(connection, access, team)
        page = context.page()
        owned = projects_by_team(
            connection,
            access,
            [known],
            ViewerContext.of(connection, access, context.settings.address),
        ).get(known.id, [])
        shown, links = paginate(owned[page.skipped : page.skipped + page.limit], page)
    return context.listed(shown, links)


@post(
    "/teams/{organization:str}/{team:str}/projects/",
    scopes=PROJECT_CREATE,
    takes=_NEW_PROJECT,
    sync_to_thread=True,
)
def create_project(
    context: InjectedRequest, organization: FromPath[str], team: FromPath[str], body: RawBody
) -> ProjectResponse:
    """Make a project that a team owns, with a DSN key. A slug is made of its name where none is sent."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        found(connection, access, team)
    fields = context.body(body, _NEW_PROJECT, step="project.validate")
    with context.database.transaction() as connection:
        owner = found(connection, access, team)
        membership.require_team_access(connection, access, owner)
        made = project_settings.create(
            connection,
            access.organization,
            _new_project(fields),
            team=owner,
            by=context.actor(access),
            at=now(),
        )
        return serialize_projects(
            connection,
            access,
            [made],
            ViewerContext.of(connection, access, context.settings.address),
        )[0]


def found(connection: Connection, access: Access, name: str) -> Team:
    """The team that an address names."""
    known = store.team_by_slug_or_id(connection, access.organization.id, name)
    if known is None:
        raise NotFound
    return known


def _new_project(fields: Fields) -> project_settings.NewProject:
    return project_settings.NewProject(
        name=fields["name"],
        slug=fields.get("slug"),
        platform=fields.get("platform") or None,
        spare_slug=hex32()[:12],
        key=(hex32(), hex32()),
    )


def _done(context: RequestContext, access: Access) -> ActionContext:
    return ActionContext(access=access, by=context.actor(access), at=now())


def _shown(
    context: RequestContext, connection: Connection, access: Access, team: Team
) -> TeamDetailsResponse:
    mine = ViewerContext.of(connection, access, context.settings.address)
    return serialize_teams(
        connection,
        access,
        [team],
        mine,
        owned=projects_by_team(connection, access, [team], mine),
        organization=organization_response(access.organization, context.settings.address),
    )[0]


router = Router(
    "/api/0",
    route_handlers=[
        list_teams,
        create_team,
        get_team,
        amend_team,
        delete_team,
        list_team_members,
        list_team_projects,
        create_project,
    ],
)
