"""The release that a path of files names, in a project of the path or in one that the query selects."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.api.queries import ProjectQuery
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.projects import actions as project_actions
from shipmark.projects import store as projects
from shipmark.releases import actions as releases
from shipmark.releases.model import Release


def _path_release(
    context: RequestContext,
    connection: Connection,
    project: str | None,
    version: str,
    query: ProjectQuery,
) -> Release:
    access = context.access
    if project is None:
        selected = query.select(projects.accessible(connection, access))
    else:
        selected = [project_actions.require_project(connection, access, project)]
    ids = [each.id for each in selected]
    return releases.find(connection, access.organization.id, version, ids)


#: The release of the path, if the caller can see it.
PathRelease = Annotated[Release, Load(_path_release)]
