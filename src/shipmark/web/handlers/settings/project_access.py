"""The project that a page's path names, as the user may see and change it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.infrastructure.errors import NotFound, Renamed
from shipmark.organizations.membership import ActionContext
from shipmark.projects import settings, store
from shipmark.projects.model import Project
from shipmark.projects.settings import ProjectUpdate
from shipmark.web.request_context import WebRequest, Workspace, require_storable
from shipmark.web.urls import SETTINGS_PATH

PROJECT_PATH = SETTINGS_PATH + "projects/{project:str}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectChange:
    """A change of a project by the signed-in user, in a transaction."""

    connection: Connection
    workspace: Workspace
    project: Project
    context: ActionContext

    def update(self, update: ProjectUpdate) -> Project:
        """Change columns and options of the project, and return it as it is now."""
        return settings.update(self.connection, self.context, self.project, update)


def visible_project(connection: Connection, workspace: Workspace, slug: str) -> Project:
    """Return the project with this slug. Raise `NotFound` if the user sees none.

    Raise `Renamed` for a former slug of one: a page that was opened before still leads there, and saves there.
    """
    by_slug = {project.slug: project for project in workspace.projects}
    if slug in by_slug:
        return by_slug[slug]
    require_storable(slug)
    current = store.redirected(connection, workspace.organization.id, slug)
    if current is None or current not in by_slug:
        raise NotFound
    raise Renamed(slug, current)


@contextmanager
def change_project(
    web_request: WebRequest, slug: str, scopes: frozenset[str]
) -> Iterator[ProjectChange]:
    """Authorize the user, and then open a transaction with the project as it is there.

    Raise `NotFound` or `Renamed` as `visible_project`, and `Forbidden` without one of the scopes: before any lock.
    """
    with web_request.view() as (reading, workspace):
        project_id = visible_project(reading, workspace, slug).id
    workspace.require(scopes)
    with web_request.database.transaction() as connection:
        project = store.by_slug_or_id(connection, workspace.organization.id, str(project_id))
        if project is None:  # its deletion was requested meanwhile
            raise NotFound
        yield ProjectChange(
            connection=connection,
            workspace=workspace,
            project=project,
            context=web_request.action_context(workspace),
        )
