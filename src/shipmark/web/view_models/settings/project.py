"""The view models of the projects and of one: profile, teams, commit paths, rules, limits, criteria and client keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events import accepted_store, discard_store
from shipmark.events.discard_store import DiscardTotal
from shipmark.events.discards import DAYS, hour_of
from shipmark.http.scopes import PROJECT_DELETE, PROJECT_WRITE
from shipmark.organizations import membership
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Team
from shipmark.projects import options, store
from shipmark.projects import store as projects
from shipmark.projects.model import Project, ProjectKey
from shipmark.projects.options import RATE_LIMIT, RESOLVE_AGE, VERDICT_CRITERIA
from shipmark.verdicts.criteria import from_option, texts_of
from shipmark.verdicts.model import Measure
from shipmark.web.request_context import Workspace
from shipmark.web.settings_forms import limit_values
from shipmark.web.view_models.settings.sdk_setup import SdkSetup, sdk_setups

#: The platforms that the field suggests; clients may set others.
PLATFORMS = (
    "android", "apple", "dart", "dotnet", "elixir", "flutter", "go", "java", "javascript", "kotlin", "native", "node",
    "perl", "php", "python", "react-native", "ruby", "rust", "unity", "unreal",
)  # fmt: skip
PROJECTS_PER_PAGE = 50
#: The reasons and categories that the page shows.
DISCARDS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """A project with the teams that own it, and those that the user may make its owner.

    ``removable_ids`` are the ids of the teams that the user may remove.
    """

    project: Project
    teams: Sequence[Team]
    further_teams: Sequence[Team]
    removable_ids: frozenset[int]
    stored: Mapping[str, str]
    accepted_count: int
    discards: Sequence[DiscardTotal]
    may_change: bool
    may_delete: bool

    @property
    def rate_limit(self) -> tuple[int, int] | None:
        """Return the number of events and the seconds of the rate limit, or None."""
        stored = self.stored
        return (int(stored["count"]), int(stored["window"])) if stored["count"] else None

    @property
    def resolve_age(self) -> int:
        """Return the hours after which issues are resolved, 0 for never."""
        return int(self.stored[RESOLVE_AGE])


def project_values(connection: Connection, project: Project) -> dict[str, str]:
    """Return the values of the forms' fields, as stored; "" for a box that is not ticked."""
    chosen = options.values(store.options_of(connection, project.id))
    criteria = from_option(chosen[VERDICT_CRITERIA])
    return {
        "name": project.name,
        "slug": project.slug,
        "platform": project.platform or "",
        RESOLVE_AGE: str(chosen[RESOLVE_AGE] or 0),
        "paths": "\n".join(project.commit_paths),
        "rules": str(chosen["fingerprintingRules"]),
        **limit_values(_rate_limit(chosen[RATE_LIMIT])),
        **texts_of(criteria),
        **{measure: "1" if measure in criteria.measures else "" for measure in Measure},
    }


def _rate_limit(option: object) -> tuple[int, int] | None:
    return (option["count"], option["window"]) if isinstance(option, dict) else None


def project_page(
    connection: Connection, workspace: Workspace, project: Project, at: datetime
) -> ProjectPage:
    """Return the settings of a project that the user sees, with what was stored, or not, in the 30 days before."""
    access, may_change = workspace.access, workspace.may(PROJECT_WRITE)
    owners = store.teams_of(connection, [project.id]).get(project.id, [])
    owner_ids = {team.id for team in owners}
    teams = organizations.teams_of(connection, workspace.organization.id)
    own_ids = organizations.team_ids_of(connection, workspace.organization.id, workspace.user.id)
    reached = [team for team in teams if membership.reaches_team(access, team, own_ids)]
    stored = project_values(connection, project)
    begin = hour_of(at - timedelta(days=DAYS))
    return ProjectPage(
        project=project,
        teams=owners,
        further_teams=[team for team in reached if may_change and team.id not in owner_ids],
        removable_ids=frozenset(team.id for team in reached if may_change),
        accepted_count=accepted_store.events_since(connection, project.id, begin),
        discards=discard_store.totals_since(connection, project.id, begin, limit=DISCARDS_MAX),
        stored=stored,
        may_change=may_change,
        may_delete=workspace.may(PROJECT_DELETE),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectsPage:
    """A page of projects with the first active key of each, and the teams that may own a new one.

    ``count`` is the number of all projects that match the ``query``. ``is_searchable`` if there are several pages.
    """

    rows: Sequence[tuple[Project, ProjectKey | None]]
    teams: Sequence[Team]
    query: str
    number: int
    count: int
    is_searchable: bool

    @property
    def has_more(self) -> bool:
        """Return True if there is another page."""
        return self.count > self.number * PROJECTS_PER_PAGE


def projects_page(
    connection: Connection, workspace: Workspace, query: str, number: int
) -> ProjectsPage:
    """Return the requested page of the projects visible to the user with this text in name or slug."""
    part = query.casefold()
    matching = [
        project
        for project in workspace.projects
        if part in project.name.casefold() or part in project.slug
    ]
    begin = (number - 1) * PROJECTS_PER_PAGE
    shown = matching[begin : begin + PROJECTS_PER_PAGE]
    keys = projects.first_keys(connection, [project.id for project in shown])
    organization_id = workspace.organization.id
    own_ids = organizations.team_ids_of(connection, organization_id, workspace.user.id)
    return ProjectsPage(
        rows=[(project, keys.get(project.id)) for project in shown],
        query=query,
        number=number,
        count=len(matching),
        is_searchable=len(workspace.projects) > PROJECTS_PER_PAGE,
        teams=[
            team
            for team in organizations.teams_of(connection, organization_id)
            if membership.reaches_team(workspace.access, team, own_ids)
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysPage:
    """The keys of a project, newest first, and how SDKs are set up with the ``chosen`` one, None if none is active."""

    project: Project
    keys: Sequence[ProjectKey]
    chosen: ProjectKey | None
    setups: Sequence[SdkSetup]
    may_change: bool
    may_delete: bool


def keys_page(
    connection: Connection, workspace: Workspace, project: Project, chosen: str, address: str
) -> KeysPage:
    """Return the keys; ``chosen`` is the public half of the active key to show lines for, by default the oldest."""
    keys = store.keys_of(connection, project.id)
    active = [key for key in reversed(keys) if key.is_active]
    key = next((key for key in active if key.public_key == chosen), active[0] if active else None)
    return KeysPage(
        project=project,
        keys=keys,
        chosen=key,
        setups=sdk_setups(key.dsn(address), project.slug, project.platform) if key else (),
        may_change=workspace.may(PROJECT_WRITE),
        may_delete=workspace.may(PROJECT_DELETE),
    )
