"""The view model of what runs in each environment of each project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.deploys.model import ProjectDeploy
from shipmark.deploys.store.live_deploys import live_in
from shipmark.projects.model import Project
from shipmark.releases.store import lineage
from shipmark.releases.store.lineage import CommitsAfter
from shipmark.web.request_context import Workspace

#: Projects and environments that are shown without a request for all.
CARDS_SHOWN = 6
ENVIRONMENTS_SHOWN = 4
#: Deploys that are read at most.
_LIVE_MAX = 1000
#: Environments that come first, whatever their place in the alphabet.
_FIRST = ("production", "prod")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDeploy:
    """A live deploy; ``behind`` are the commits of the later releases of its lineage."""

    deploy: ProjectDeploy
    behind: CommitsAfter


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProject:
    """A project with its live deploys, production first; ``more`` are the names of other environments."""

    project: Project
    deploys: tuple[LiveDeploy, ...]
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNow:
    """The projects that were deployed, the last deployed first; ``count`` is the number of all of them."""

    projects: tuple[LiveProject, ...]
    count: int


_UNKNOWN = CommitsAfter(count=None, is_cut=False)
NOTHING_LIVE = LiveNow(projects=(), count=0)


def live_now(
    connection: Connection, workspace: Workspace, slug: str = "", *, shows_all: bool = False
) -> LiveNow:
    """Return what is live in the projects of the workspace, or in the one with this slug."""
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
    cards = [_card(by_id[project_id], deploys, behind) for project_id, deploys in shown.items()]
    return LiveNow(projects=tuple(cards), count=len(by_project))


def _card(
    project: Project,
    ordered: Sequence[ProjectDeploy],
    behind: Mapping[tuple[int, int], CommitsAfter],
) -> LiveProject:
    return LiveProject(
        project=project,
        deploys=tuple(
            LiveDeploy(deploy=deploy, behind=behind.get((project.id, deploy.release_id), _UNKNOWN))
            for deploy in ordered[:ENVIRONMENTS_SHOWN]
        ),
        more=tuple(deploy.environment for deploy in ordered[ENVIRONMENTS_SHOWN:]),
    )


def production_first(deploy: ProjectDeploy) -> tuple[bool, str]:
    """Return the key that orders the environments of a project."""
    return deploy.environment not in _FIRST, deploy.environment
