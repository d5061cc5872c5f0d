"""``projects/``: projects, their settings and teams (auth-and-errors.md 8.4)."""

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Response, Router, delete, get, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts.model import UserToken
from shipmark.api.organizations.responses import organization_response
from shipmark.api.projects.detail_responses import (
    OwnedProjectResponse,
    ProjectDetailsResponse,
    owned_project_response,
    project_details_response,
)
from shipmark.api.projects.loading import (
    ViewerContext,
    prefetch_for_projects,
    serialize_projects,
    serialize_teams,
)
from shipmark.api.projects.responses import ProjectResponse
from shipmark.api.query_parameters import (
    ALL_PROJECTS,
    PAGE,
    PROJECT_QUERY,
    PROJECT_STATUS,
    STATS_PERIOD,
)
from shipmark.api.scopes import ORGANIZATION_READ, PROJECT_DELETE, PROJECT_READ, PROJECT_WRITE
from shipmark.api.teams.responses import TeamDetailsResponse
from shipmark.http.fields import (
    Boolean,
    Field,
    FieldError,
    Fields,
    Integer,
    ListOf,
    Object,
    Text,
    documented_as,
)
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Forbidden, ValidationFailed
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import actions as organization_actions
from shipmark.organizations import slugs, text_filter
from shipmark.organizations.model import SLUG_MAX, Access
from shipmark.projects import actions, deletion_requests, options, settings, store
from shipmark.projects.model import ENVIRONMENT_MAX, NAME_MAX, PLATFORM_MAX, Project

_SLUG = Text(max=SLUG_MAX)
_TEXT_MAX = 200
_CONFIG_MAX = 100_000
#: Half a year, as in the reference.
_HOURS_MAX = 4320
_DELAY = Integer(min=60, max=3600)
_PERIODS = frozenset({"", "1h", "24h", "7d", "14d", "30d"})
_WORDS = ListOf(Text())
_OPTIONAL = Text(max=_TEXT_MAX, is_blank_ok=True, is_null_ok=True)


@documented_as(_SLUG)
def _slug(value: object) -> str:
    text = _SLUG(value) or ""
    if slugs.TEAM_PATTERN.fullmatch(text) is None:
        raise FieldError([slugs.NO_MATCH])
    if text in slugs.RESERVED_OF_PROJECTS:
        raise FieldError([f'The slug "{text}" is reserved and not allowed.'])
    return text


@documented_as(_OPTIONAL)
def _text(value: object) -> str:
    """A text that is blank where none is sent."""
    return _OPTIONAL(value) or ""


@documented_as(Integer(min=-1, max=100))
def _crash_reports(value: object) -> int | None:
    """How many crash reports to keep; null for as many as the organization says."""
    return None if value is None else Integer(min=-1, max=100)(value)


_COLUMNS: dict[str, Field[Any]] = {
    "name": Field(Text(max=NAME_MAX)),
    "slug": Field(_slug),
    "platform": Field(Text(max=PLATFORM_MAX, is_blank_ok=True, is_null_ok=True)),
}
_OPTIONS: dict[str, Field[Any]] = {
    "resolveAge": Field(Integer(min=0, max=_HOURS_MAX)),
    "defaultEnvironment": Field(Text(max=ENVIRONMENT_MAX, is_blank_ok=True, is_null_ok=True)),
    **{
        name: Field(Boolean())
        for name in (
            "scrapeJavaScript",
            "dataScrubber",
            "dataScrubberDefaults",
            "scrubIPAddresses",
            "verifySSL",
        )
    },
    "sensitiveFields": Field(_WORDS),
    "safeFields": Field(_WORDS),
    "storeCrashReports": Field(_crash_reports),
    "subjectPrefix": Field(_text),
    "subjectTemplate": Field(Text(max=_TEXT_MAX)),
    "allowedDomains": Field(_WORDS),
    "securityToken": Field(_text),
    "securityTokenHeader": Field(_OPTIONAL),
    "digestsMinDelay": Field(_DELAY),
    "digestsMaxDelay": Field(_DELAY),
    "relayPiiConfig": Field(Text(max=_CONFIG_MAX, is_blank_ok=True, is_null_ok=True)),
}
_CHANGED = Object({**_COLUMNS, **_OPTIONS})
_LISTS = ("sensitiveFields", "safeFields", "allowedDomains")


@get(
    "/projects/",
    scopes=PROJECT_READ,
    asks=(PROJECT_QUERY, PROJECT_STATUS, *PAGE),
    sync_to_thread=True,
)
def list_own_projects(context: InjectedRequest) -> Response[list[OwnedProjectResponse]]:
    """List the projects of all organizations that the user may see, by slug."""
    with context.database.snapshot() as connection:
        caller = context.caller(connection)
        if not isinstance(caller, UserToken):
            raise Forbidden
        page = context.page()
        known = store.of_user(connection, caller.user.id)
        if context.parameter("status") not in {None, "", "active"}:
            known = []
        chosen = text_filter.apply_filter(known, context.parameter("query"), _own_tests())
        found, links = paginate(chosen[page.skipped : page.skipped + page.limit], page)
        shown = _owned(context, connection, caller, found)
    return context.listed(shown, links)


@get(
    "/organizations/{organization:str}/projects/",
    scopes=ORGANIZATION_READ,
    asks=(PROJECT_QUERY, STATS_PERIOD, ALL_PROJECTS, *PAGE),
    sync_to_thread=True,
)
def list_projects(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[list[ProjectResponse]]:
    """List the organization's projects that the caller may name, by slug."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        if (context.parameter("statsPeriod") or "") not in _PERIODS:
            message = "Invalid stats_period. Valid choices are '', '1h', '24h', '7d', '14d', '30d'."
            raise ValidationFailed({"error": {"params": {"stats_period": {"message": message}}}})
        page = context.page()
        known = store.accessible(connection, access)
        mine = ViewerContext.of(connection, access, context.settings.address)
        chosen = _chosen(context, connection, known, mine)
        if context.parameter("all_projects") == "1":
            return context.listed(serialize_projects(connection, access, chosen, mine), None)
        found, links = paginate(chosen[page.skipped : page.skipped + page.limit], page)
        return context.listed(serialize_projects(connection, access, found, mine), links)


@get(
    "/projects/{organization:str}/{project:str}/",
    scopes=PROJECT_READ | {"org:ci"},
    sync_to_thread=True,
)
def get_project(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> ProjectDetailsResponse:
    """Show a project with its settings."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        found = actions.require_project(connection, access, project)
        return details_response(context, connection, access, found)


@put(
    "/projects/{organization:str}/{project:str}/",
    scopes=PROJECT_WRITE,
    takes=_CHANGED,
    sync_to_thread=True,
)
def amend_project(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> ProjectDetailsResponse:
    """Change a project's settings: those that are sent. Its former slug leads to it from now on."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        actions.require_project(connection, access, project)
    fields = context.body(body, _CHANGED, lists=_LISTS, step="project.validate")
    with context.database.transaction() as connection:
        known = actions.require_project(connection, access, project)
        changed = settings.update(
            connection, known, _amendment(fields), by=context.actor(access), at=now()
        )
        return details_response(context, connection, access, changed)


@delete(
    "/projects/{organization:str}/{project:str}/",
    scopes=PROJECT_DELETE,
    status_code=204,
    sync_to_thread=True,
)
def delete_project(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[None]:
    """Delete a project. It is gone from everything at once and its slug is free; its data is deleted a day later."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        known = actions.require_project(connection, access, project)
        deletion_requests.request(
            connection, known, spare_slug=hex32(), by=context.actor(access), at=now()
        )
    return Response(None, status_code=204)


@get(
    "/projects/{organization:str}/{project:str}/teams/",
    scopes=PROJECT_READ,
    asks=PAGE,
    sync_to_thread=True,
)
def list_project_teams(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[list[TeamDetailsResponse]]:
    """List the teams that own a project, by name."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        known = actions.require_project(connection, access, project)
        page = context.page()
        teams = store.teams_of(connection, [known.id]).get(known.id, [])
        in_order = sorted(teams, key=lambda team: (team.name, team.id))
        found, links = paginate(in_order[page.skipped : page.skipped + page.limit], page)
        shown = serialize_teams(
            connection,
            access,
            found,
            ViewerContext.of(connection, access, context.settings.address),
        )
    return context.listed(shown, links)


def details_response(
    context: RequestContext, connection: Connection, access: Access, project: Project
) -> ProjectDetailsResponse:
    """Return a project with its settings, as the caller sees it."""
    around = prefetch_for_projects(
        connection,
        access,
        [project],
        ViewerContext.of(connection, access, context.settings.address),
    )[project.id]
    organization = organization_response(access.organization, context.settings.address)
    stored = store.options_of(connection, project.id)
    return project_details_response(project, access, around, organization, stored)


def _amendment(fields: Fields) -> settings.ProjectUpdate:
    columns = {name: fields[name] for name in _COLUMNS if name in fields}
    if "platform" in columns:
        columns["platform"] = columns["platform"] or None
    if "name" in columns and columns["name"] is None:
        raise BadRequest("A project has a name.")
    return settings.ProjectUpdate(
        columns=columns,
        options={name: it for name, it in fields.items() if name in options.OPTIONS},
    )


def _owned(
    context: RequestContext, connection: Connection, caller: UserToken, found: Sequence[Project]
) -> list[OwnedProjectResponse]:
    """Projects of several organizations; what the caller may do in each is found out once."""
    shown: dict[int, OwnedProjectResponse] = {}
    for organization_id in sorted({it.organization_id for it in found}):
        access = organization_actions.access_of_user(
            connection, str(organization_id), caller.user, caller.scopes
        )
        own = [it for it in found if it.organization_id == organization_id]
        around = prefetch_for_projects(
            connection, access, own, ViewerContext.of(connection, access, context.settings.address)
        )
        organization = organization_response(access.organization, context.settings.address)
        shown |= {
            it.id: owned_project_response(it, access, around[it.id], organization) for it in own
        }
    return [shown[it.id] for it in found]


Test = Callable[[Project, str], bool]


def _own_tests() -> dict[str, Test]:
    return {
        text_filter.TEXT: lambda it, text: text_filter.contains(text, it.slug, it.name),
        "query": lambda it, text: text_filter.contains(text, it.slug, it.name),
        "slug": lambda it, text: it.slug == text,
        "name": lambda it, text: text_filter.contains(text, it.name),
        "platform": lambda it, text: it.platform == text,
        "id": lambda it, text: str(it.id) == text,
    }


def _chosen(
    context: RequestContext, connection: Connection, known: Sequence[Project], mine: ViewerContext
) -> list[Project]:
    """Those that the query finds; teams are looked up where it asks for them."""
    query = context.parameter("query")
    asked = {name for name, _ in text_filter.terms(query or "")}
    tests = _own_tests()
    if asked & {"team", "!team", "is_member"}:
        teams = store.teams_of(connection, [it.id for it in known])

        def is_of(project: Project, slug: str) -> bool:
            return any(team.slug == slug for team in teams.get(project.id, ()))

        def is_mine(project: Project, _: str) -> bool:
            return any(team.id in mine.team_ids for team in teams.get(project.id, ()))

        tests |= {
            "team": is_of,
            "!team": lambda it, slug: not is_of(it, slug),
            "is_member": is_mine,
        }
    return text_filter.apply_filter(known, query, tests)


router = Router(
    "/api/0",
    route_handlers=[
        list_own_projects,
        list_projects,
        get_project,
        amend_project,
        delete_project,
        list_project_teams,
    ],
)
