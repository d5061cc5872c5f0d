"""The view model of what runs in each environment of each project."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.deploys.model import ProjectDeploy
from shipmark.deploys.store.live_deploys import live_in
from shipmark.projects.model import Project
from shipmark.release_health.model import ALL_RELEASES, crash_free
from shipmark.release_health.periods import ADOPTION_HOURS, DEFAULT_SUMMARY, hours_of
from shipmark.release_health.standings import ALL_ENVIRONMENTS, Standing
from shipmark.release_health.store import standing_store
from shipmark.releases.store import lineage
from shipmark.releases.store.lineage import CommitsAfter
from shipmark.verdicts.store import verdicts
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.compared_shares import ComparedShare
from shipmark.web.view_models.environment_order import is_production

#: Projects and environments that are shown without a request for all.
CARDS_SHOWN = 6
ENVIRONMENTS_SHOWN = 4
#: Deploys that are read at most.
_LIVE_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDeploy:
    """A live deploy; ``behind`` are the commits of the later releases of its lineage.

    ``session_share`` is the percentage of the environment's sessions of the last 24 hours that the release had, or None
    if there were none.
    """

    deploy: ProjectDeploy
    behind: CommitsAfter
    session_share: float | None = None
    is_regressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProject:
    """A project with its live deploys, production first; ``more`` are the names of other environments.

    ``crash_free`` is the percentage of all its users of the last 24 hours beside that of 14 days.
    """

    project: Project
    deploys: tuple[LiveDeploy, ...]
    crash_free: ComparedShare
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNow:
    """The projects that were deployed, the last deployed first; ``count`` is the number of all of them."""

    projects: tuple[LiveProject, ...]
    count: int


#: Standings by project, release and environment.
_Standings = Mapping[tuple[int, int, int], Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Health:
    """What sessions come to in the last day, and in the last 14 days of whole projects."""

    day: _Standings
    fortnight: _Standings


_UNKNOWN = CommitsAfter(count=None, is_cut=False)
NOTHING_LIVE = LiveNow(projects=(), count=0)


def live_now(
    connection: Connection,
    workspace: Workspace,
    slug: str,
    *,
    shows_all: bool,
    used_project_ids: Collection[int],
) -> LiveNow:
    """Return what is live in the projects of the workspace, or in the one with this slug.

    Health is read of the projects that have had sessions.
    """
    by_id = {project.id: project for project in workspace.projects if slug in {"", project.slug}}
    by_project: dict[int, list[ProjectDeploy]] = {}
    for deploy in live_in(connection, by_id, limit=_LIVE_MAX):
        by_project.setdefault(deploy.project_id, []).append(deploy)
    listed = list(by_project.items())
    shown = {
        project_id: sorted(deploys, key=production_first)
        for project_id, deploys in (listed if shows_all else listed[:CARDS_SHOWN])
    }
    starts = {
        (project_id, deploy.release_id, deploy.version)
        for project_id, deploys in shown.items()
        for deploy in deploys[:ENVIRONMENTS_SHOWN]
    }
    behind = lineage.commits_after(connection, starts)
    used = [deploy for id_ in used_project_ids for deploy in shown.get(id_, ())]
    health = _health(connection, used)
    regressed = verdicts.regressed_environments(
        connection, {deploy.release_id for deploy in used}, used_project_ids
    )
    cards = [
        _card(by_id[project_id], deploys, behind, health, regressed)
        for project_id, deploys in shown.items()
    ]
    return LiveNow(projects=tuple(cards), count=len(by_project))


def _card(
    project: Project,
    ordered: Sequence[ProjectDeploy],
    behind: Mapping[tuple[int, int], CommitsAfter],
    health: _Health,
    regressed: Mapping[int, Sequence[str]],
) -> LiveProject:
    deploys = tuple(
        LiveDeploy(
            deploy=deploy,
            behind=behind.get((project.id, deploy.release_id), _UNKNOWN),
            session_share=_session_share(deploy, health.day),
            is_regressed=deploy.environment in regressed.get(deploy.release_id, ()),
        )
        for deploy in ordered[:ENVIRONMENTS_SHOWN]
    )
    return LiveProject(
        project=project,
        crash_free=_crash_free(project, health, deploys),
        deploys=deploys,
        more=tuple(deploy.environment for deploy in ordered[ENVIRONMENTS_SHOWN:]),
    )


def _crash_free(project: Project, health: _Health, deploys: Sequence[LiveDeploy]) -> ComparedShare:
    place = (project.id, ALL_RELEASES, ALL_ENVIRONMENTS)
    before, after = (
        crash_free(whole.users_crashed, whole.users) if (whole := known.get(place)) else None
        for known in (health.fortnight, health.day)
    )
    return ComparedShare(
        name="Crash-free users, 24 h",
        base=before,
        head=after,
        decimals=2,
        is_worse=any(each.is_regressed for each in deploys) and (after or 0) < (before or 0),
    )


def _health(connection: Connection, deploys: Sequence[ProjectDeploy]) -> _Health:
    """Return what the sessions of the deploys, their environments and projects come to."""
    places = set[tuple[int, int, int]]()
    for deploy in deploys:
        places |= {
            (deploy.project_id, deploy.release_id, deploy.environment_id),
            (deploy.project_id, ALL_RELEASES, deploy.environment_id),
            (deploy.project_id, ALL_RELEASES, ALL_ENVIRONMENTS),
        }
    projects = {(deploy.project_id, ALL_RELEASES, ALL_ENVIRONMENTS) for deploy in deploys}
    return _Health(
        day=standing_store.of_environments(connection, places, ADOPTION_HOURS),
        fortnight=standing_store.of_environments(connection, projects, hours_of(DEFAULT_SUMMARY)),
    )


def _session_share(deploy: ProjectDeploy, health: _Standings) -> float | None:
    own = health.get((deploy.project_id, deploy.release_id, deploy.environment_id))
    whole = health.get((deploy.project_id, ALL_RELEASES, deploy.environment_id))
    return own.sessions / whole.sessions * 100 if own and whole and whole.sessions else None


def production_first(deploy: ProjectDeploy) -> tuple[bool, str]:
    """Return the key that orders the environments of a project."""
    return not is_production(deploy.environment), deploy.environment
