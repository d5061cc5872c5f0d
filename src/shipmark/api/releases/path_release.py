"""The release that a path names, with the projects that decide who may see and change it (releases.md 0.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection

from shipmark.api.queries import ProjectQuery
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext, require_all_visible
from shipmark.projects import actions as project_actions
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases import actions as releases
from shipmark.releases.model import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInProjects:
    """A release, the ids of its projects, and the projects that the caller may name or has selected."""

    release: Release
    attached_ids: Sequence[int]
    visible: Sequence[Project]
    selected: Sequence[Project]

    @property
    def first_selected(self) -> Project:
        """Return the first selected project that the release is attached to."""
        by_id = {project.id: project for project in self.selected}
        return next(by_id[id_] for id_ in self.attached_ids if id_ in by_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseInProject:
    """A release and the project of the path, to which it is attached."""

    release: Release
    project: Project


def _visible(
    context: RequestContext, connection: Connection, version: str, query: ProjectQuery
) -> ReleaseInProjects:
    """Return the release if it is in one of the selected projects. Raise `NotFound`."""
    visible = projects.accessible(connection, context.access)
    selected = query.select(visible)
    release, attached_ids = _find(context, connection, version, selected)
    return ReleaseInProjects(
        release=release, attached_ids=attached_ids, visible=visible, selected=selected
    )


def _editable(
    context: RequestContext, connection: Connection, version: str, query: ProjectQuery
) -> ReleaseInProjects:
    """Return the same, if the caller may name all projects of the release (releases.md 0.5, newer)."""
    release = _visible(context, connection, version, query)
    require_all_visible([project.id for project in release.visible], release.attached_ids)
    return release


def _visible_in_project(
    context: RequestContext, connection: Connection, project: str, version: str
) -> ReleaseInProject:
    path_project = project_actions.require_project(connection, context.access, project)
    release, _ = _find(context, connection, version, [path_project])
    return ReleaseInProject(release=release, project=path_project)


def _editable_in_project(
    context: RequestContext, connection: Connection, project: str, version: str
) -> ReleaseInProject:
    path_project = project_actions.require_project(connection, context.access, project)
    release, attached_ids = _find(context, connection, version, [path_project])
    visible = projects.accessible(connection, context.access)
    require_all_visible([project.id for project in visible], attached_ids)
    return ReleaseInProject(release=release, project=path_project)


def _find(
    context: RequestContext, connection: Connection, version: str, selected: Sequence[Project]
) -> tuple[Release, Sequence[int]]:
    ids = {project.id for project in selected}
    return releases.find_attached(connection, context.organization_id, version, ids)


#: The release of the path, if it is in a selected project.
VisibleRelease = Annotated[ReleaseInProjects, Load(_visible)]
#: The same, if the caller may see all of its projects.
EditableRelease = Annotated[ReleaseInProjects, Load(_editable)]
#: The release of the path, if it is in the project of the path.
VisibleProjectRelease = Annotated[ReleaseInProject, Load(_visible_in_project)]
#: The same, if the caller may see all of its projects.
EditableProjectRelease = Annotated[ReleaseInProject, Load(_editable_in_project)]
