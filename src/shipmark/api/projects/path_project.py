"""The project that a path names, and the projects that a caller may name."""

from collections.abc import Sequence
from typing import Annotated

from sqlalchemy import Connection

from shipmark.api.queries import ProjectQuery
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.projects import actions, store
from shipmark.projects.model import Project


def _path_project(context: RequestContext, connection: Connection, project: str) -> Project:
    return actions.require_project(connection, context.access, project)


def _visible_projects(context: RequestContext, connection: Connection) -> Sequence[Project]:
    return store.accessible(connection, context.access)


def _listed_projects(
    context: RequestContext, connection: Connection, query: ProjectQuery
) -> Sequence[Project]:
    return query.select_listed(connection, context.access)


def reload_project(context: RequestContext, connection: Connection, project: Project) -> Project:
    """Return the project as the transaction sees it. Raise `NotFound` if it was deleted meanwhile."""
    return _path_project(context, connection, str(project.id))


#: The project of the path, which the caller may see.
PathProject = Annotated[Project, Load(_path_project)]
#: All projects of the organization that the caller may name, by slug.
VisibleProjects = Annotated[Sequence[Project], Load(_visible_projects)]
#: The projects that the query names, or those of the caller's teams.
ListedProjects = Annotated[Sequence[Project], Load(_listed_projects)]
