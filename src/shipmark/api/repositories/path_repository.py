"""The repository that a path names."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.releases import repository_access
from shipmark.repositories.model import Repository


def _path_repository(
    context: RequestContext, connection: Connection, repository: str
) -> Repository:
    return repository_access.require_repository(connection, context.access, repository)


#: The repository of the path, which the caller may see.
PathRepository = Annotated[Repository, Load(_path_repository)]
