"""The release that a path names, with the projects that decide who may see and change it (releases.md 0.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection

from shipmark.api.queries import ProjectQuery
from shipmark.http.endpoint import Load
from shipmark.http.request_context import Visit, all_of
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases import actions as releases
from shipmark.releases.model import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRelease:
    """A release, the projects that the caller may name, and the ids of those that it is attached to."""

    release: Release
    visible: Sequence[Project]
    attached_ids: Sequence[int]

    @property
    def attached(self) -> Sequence[Project]:
        """The projects of the release that the caller may name."""
        return [project for project in self.visible if project.id in self.attached_ids]


def _visible(
    context: Visit, connection: Connection, version: str, query: ProjectQuery
) -> PathRelease:
    """Return the release if it is in one of the selected projects. Raise `NotFound`."""
    visible = projects.accessible(connection, context.access)
    selected = query.select(visible)
    organization_id = context.access.organization.id
    release, attached_ids = releases.find_attached(
        connection, organization_id, version, {project.id for project in selected}
    )
    return PathRelease(release=release, visible=visible, attached_ids=attached_ids)


def _editable(
    context: Visit, connection: Connection, version: str, query: ProjectQuery
) -> PathRelease:
    """Return the same, if the caller may name all projects of the release (releases.md 0.5, newer)."""
    found = _visible(context, connection, version, query)
    all_of([project.id for project in found.visible], found.attached_ids)
    return found


VisibleRelease = Annotated[PathRelease, Load(_visible)]
EditableRelease = Annotated[PathRelease, Load(_editable)]
