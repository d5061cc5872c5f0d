"""Names of repositories that fields of forms suggest."""

from sqlalchemy import Connection

from shipmark.releases import repository_access
from shipmark.repositories import store as repositories
from shipmark.repositories.model import RepositoryStatus
from shipmark.web.request_context import Workspace

_SUGGESTED_MAX = 100


def suggested_repositories(connection: Connection, workspace: Workspace) -> list[str]:
    """Return the names of the first active repositories that the user may see."""
    suggested = repositories.page_of(
        connection,
        workspace.organization.id,
        statuses=[RepositoryStatus.ACTIVE],
        name_parts=[],
        visible=repository_access.condition(workspace.access),
        limit=_SUGGESTED_MAX,
        offset=0,
    )
    return [repository.name for repository in suggested]
