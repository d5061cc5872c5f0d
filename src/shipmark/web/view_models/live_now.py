"""The view model of what runs in each environment of each project."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.deploys.model import ProjectDeploy
from shipmark.deploys.store.live_deploys import live_in
from shipmark.projects.model import Project
from shipmark.web.request_context import Workspace

#: Projects and environments that are shown without a request for all.
CARDS_SHOWN = 6
ENVIRONMENTS_SHOWN = 4
#: Deploys that are read at most.
_LIVE_MAX = 1000
#: Environments that come first, whatever their place in the alphabet.
_FIRST = ("production", "prod")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProject:
    """A project with its live deploys, production first; ``more`` are the names of other environments."""

    project: Project
    deploys: tuple[ProjectDeploy, ...]
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNow:
    """The projects that were deployed, the last deployed first; ``count`` is the number of all of them."""

    projects: tuple[LiveProject, ...]
    count: int


NOTHING_LIVE = LiveNow(projects=(), count=0)


def live_now(
    connection: Connection, workspace: Workspace, slug: str = "", *, shows_all: bool = False
) -> LiveNow:
    """Return what is live in the projects of the workspace, or in the one with this slug."""
    by_id = {project.id: project for project in workspace.projects if slug in {"", project.slug}}
    by_project: dict[int, list[ProjectDeploy]] = {}
    for deploy in live_in(connection, by_id, limit=_LIVE_MAX):
        by_project.setdefault(deploy.project_id, []).append(deploy)
    cards = [_card(by_id[project_id], deploys) for project_id, deploys in by_project.items()]
    shown = cards if shows_all else cards[:CARDS_SHOWN]
    return LiveNow(projects=tuple(shown), count=len(cards))


def _card(project: Project, deploys: Sequence[ProjectDeploy]) -> LiveProject:
    ordered = sorted(deploys, key=production_first)
    return LiveProject(
        project=project,
        deploys=tuple(ordered[:ENVIRONMENTS_SHOWN]),
        more=tuple(deploy.environment for deploy in ordered[ENVIRONMENTS_SHOWN:]),
    )


def production_first(deploy: ProjectDeploy) -> tuple[bool, str]:
    """Return the key that orders the environments of a project."""
    return deploy.environment not in _FIRST, deploy.environment
