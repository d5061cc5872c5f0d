"""``projects/``: projects, their settings and teams (auth-and-errors.md 8.4)."""

from collections.abc import Callable, Sequence
from typing import Any

from litestar import Response, Router, delete, get, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts.model import UserToken
from shipmark.api.organizations.responses import organization_json
from shipmark.api.projects.detail_responses import (
    OwnedProjectJson,
    ProjectDetailsJson,
    owned_project_json,
    project_details_json,
)
from shipmark.api.projects.loading import (
    ViewerContext,
    prefetch_for_projects,
    serialize_projects,
    serialize_teams,
)
from shipmark.api.projects.responses import ProjectJson
from shipmark.api.query_parameters import (
    ALL_PROJECTS,
    PAGE,
    PROJECT_QUERY,
    PROJECT_STATUS,
    STATS_PERIOD,
)
from shipmark.api.scopes import ORGANIZATION_READ, PROJECT_DELETE, PROJECT_READ, PROJECT_WRITE
from shipmark.api.teams.responses import TeamDetailsJson
from shipmark.http.fields import (
    Field,
    Fields,
    ListOf,
    Number,
    Record,
    Switch,
    Text,
    Wrong,
    accepting,
)
from shipmark.http.pagination.offset import counted
from shipmark.http.request_context import GivenVisit, Visit
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Invalid, NotAllowed
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
_DELAY = Number(min=60, max=3600)
_PERIODS = frozenset({"", "1h", "24h", "7d", "14d", "30d"})
_WORDS = ListOf(Text())
_OPTIONAL = Text(max=_TEXT_MAX, is_blank_ok=True, is_null_ok=True)


@accepting(_SLUG)
def _slug(value: object) -> str:
    text = _SLUG(value) or ""
    if slugs.TEAM_PATTERN.fullmatch(text) is None:
        raise Wrong([slugs.NO_MATCH])
    if text in slugs.RESERVED_OF_PROJECTS:
        raise Wrong([f'The slug "{text}" is reserved and not allowed.'])
    return text


@accepting(_OPTIONAL)
def _text(value: object) -> str:
    """A text that is blank where none is sent."""
    return _OPTIONAL(value) or ""


@accepting(Number(min=-1, max=100))
def _crash_reports(value: object) -> int | None:
    """How many crash reports to keep; null for as many as the organization says."""
    return None if value is None else Number(min=-1, max=100)(value)


_COLUMNS: dict[str, Field[Any]] = {
    "name": Field(Text(max=NAME_MAX)),
    "slug": Field(_slug),
    "platform": Field(Text(max=PLATFORM_MAX, is_blank_ok=True, is_null_ok=True)),
}
_OPTIONS: dict[str, Field[Any]] = {
    "resolveAge": Field(Number(min=0, max=_HOURS_MAX)),
    "defaultEnvironment": Field(Text(max=ENVIRONMENT_MAX, is_blank_ok=True, is_null_ok=True)),
    **{
        name: Field(Switch())
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
_CHANGED = Record({**_COLUMNS, **_OPTIONS})
_LISTS = ("sensitiveFields", "safeFields", "allowedDomains")


@get(
    "/projects/",
    scopes=PROJECT_READ,
    asks=(PROJECT_QUERY, PROJECT_STATUS, *PAGE),
    sync_to_thread=True,
)
def list_own_projects(visit: GivenVisit) -> Response[list[OwnedProjectJson]]:
    """List the projects of all organizations that the user may see, by slug."""
    with visit.database.snapshot() as connection:
        caller = visit.caller(connection)
        if not isinstance(caller, UserToken):
            raise NotAllowed
        page = visit.page()
        known = store.of_user(connection, caller.user.id)
        if visit.parameter("status") not in {None, "", "active"}:
            known = []
        chosen = text_filter.chosen(known, visit.parameter("query"), _own_tests())
        found, links = counted(chosen[page.skipped : page.skipped + page.limit], page)
        shown = _owned(visit, connection, caller, found)
    return visit.listed(shown, links)


@get(
    "/organizations/{organization:str}/projects/",
    scopes=ORGANIZATION_READ,
    asks=(PROJECT_QUERY, STATS_PERIOD, ALL_PROJECTS, *PAGE),
    sync_to_thread=True,
)
def list_projects(visit: GivenVisit, organization: FromPath[str]) -> Response[list[ProjectJson]]:
    """List the organization's projects that the caller may name, by slug."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        if (visit.parameter("statsPeriod") or "") not in _PERIODS:
            message = "Invalid stats_period. Valid choices are '', '1h', '24h', '7d', '14d', '30d'."
            raise Invalid({"error": {"params": {"stats_period": {"message": message}}}})
        page = visit.page()
        known = store.accessible(connection, access)
        mine = ViewerContext.load(connection, access, visit.settings.address)
        chosen = _chosen(visit, connection, known, mine)
        if visit.parameter("all_projects") == "1":
            return visit.listed(serialize_projects(connection, mine, chosen), None)
        found, links = counted(chosen[page.skipped : page.skipped + page.limit], page)
        return visit.listed(serialize_projects(connection, mine, found), links)


@get(
    "/projects/{organization:str}/{project:str}/",
    scopes=PROJECT_READ | {"org:ci"},
    sync_to_thread=True,
)
def get_project(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str]
) -> ProjectDetailsJson:
    """Show a project with its settings."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        found = actions.reached(connection, access, project)
        return details_response(visit, connection, access, found)


@put(
    "/projects/{organization:str}/{project:str}/",
    scopes=PROJECT_WRITE,
    takes=_CHANGED,
    sync_to_thread=True,
)
def amend_project(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> ProjectDetailsJson:
    """Change a project's settings: those that are sent. Its former slug leads to it from now on."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
        actions.reached(connection, access, project)
    fields = visit.body(body, _CHANGED, lists=_LISTS, step="project.validate")
    with visit.database.transaction() as connection:
        known = actions.reached(connection, access, project)
        changed = settings.amend(
            connection, known, _amendment(fields), by=visit.actor(access), at=now()
        )
        return details_response(visit, connection, access, changed)


@delete(
    "/projects/{organization:str}/{project:str}/",
    scopes=PROJECT_DELETE,
    status_code=204,
    sync_to_thread=True,
)
def delete_project(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str]
) -> Response[None]:
    """Delete a project. It is gone from everything at once and its slug is free; its data is deleted a day later."""
    with visit.database.transaction() as connection:
        access = visit.enter(connection, organization)
        known = actions.reached(connection, access, project)
        deletion_requests.request(
            connection, known, spare_slug=hex32(), by=visit.actor(access), at=now()
        )
    return Response(None, status_code=204)


@get(
    "/projects/{organization:str}/{project:str}/teams/",
    scopes=PROJECT_READ,
    asks=PAGE,
    sync_to_thread=True,
)
def list_project_teams(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str]
) -> Response[list[TeamDetailsJson]]:
    """List the teams that own a project, by name."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        known = actions.reached(connection, access, project)
        page = visit.page()
        teams = store.teams_of(connection, [known.id]).get(known.id, [])
        in_order = sorted(teams, key=lambda team: (team.name, team.id))
        found, links = counted(in_order[page.skipped : page.skipped + page.limit], page)
        shown = serialize_teams(
            connection, ViewerContext.load(connection, access, visit.settings.address), found
        )
    return visit.listed(shown, links)


def details_response(
    visit: Visit, connection: Connection, access: Access, project: Project
) -> ProjectDetailsJson:
    """Return a project with its settings, as the caller sees it."""
    around = prefetch_for_projects(
        connection, ViewerContext.load(connection, access, visit.settings.address), [project]
    )[project.id]
    organization = organization_json(access.organization, visit.settings.address)
    stored = store.options_of(connection, project.id)
    return project_details_json(project, access, around, organization, stored)


def _amendment(fields: Fields) -> settings.ProjectAmendment:
    columns = {name: fields[name] for name in _COLUMNS if name in fields}
    if "platform" in columns:
        columns["platform"] = columns["platform"] or None
    if "name" in columns and columns["name"] is None:
        raise BadRequest("A project has a name.")
    return settings.ProjectAmendment(
        columns=columns,
        options={name: it for name, it in fields.items() if name in options.OPTIONS},
    )


def _owned(
    visit: Visit, connection: Connection, caller: UserToken, found: Sequence[Project]
) -> list[OwnedProjectJson]:
    """Projects of several organizations; what the caller may do in each is found out once."""
    shown: dict[int, OwnedProjectJson] = {}
    for organization_id in sorted({it.organization_id for it in found}):
        access = organization_actions.access_of_user(
            connection, str(organization_id), caller.user, caller.scopes
        )
        own = [it for it in found if it.organization_id == organization_id]
        around = prefetch_for_projects(
            connection, ViewerContext.load(connection, access, visit.settings.address), own
        )
        organization = organization_json(access.organization, visit.settings.address)
        shown |= {it.id: owned_project_json(it, access, around[it.id], organization) for it in own}
    return [shown[it.id] for it in found]


Test = Callable[[Project, str], bool]


def _own_tests() -> dict[str, Test]:
    return {
        text_filter.TEXT: lambda it, text: text_filter.holds(text, it.slug, it.name),
        "query": lambda it, text: text_filter.holds(text, it.slug, it.name),
        "slug": lambda it, text: it.slug == text,
        "name": lambda it, text: text_filter.holds(text, it.name),
        "platform": lambda it, text: it.platform == text,
        "id": lambda it, text: str(it.id) == text,
    }


def _chosen(
    visit: Visit, connection: Connection, known: Sequence[Project], mine: ViewerContext
) -> list[Project]:
    """Those that the query finds; teams are looked up where it asks for them."""
    query = visit.parameter("query")
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
    return text_filter.chosen(known, query, tests)


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
