"""Which repositories a caller may see, with their commits and remotes.

In an open organization, all. Else all for callers who reach every project or may change repositories, and for other
users those that a project of one of their teams has released from.
"""

from sqlalchemy import ColumnElement, Connection

from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.organizations.model import Access
from shipmark.releases.store.commits import is_released_by_team_of
from shipmark.repositories import store
from shipmark.repositories.model import Repository

_MANAGES = frozenset({"org:write", "org:admin", "org:integrations"})


def condition(access: Access) -> ColumnElement[bool] | None:
    """Return the condition on the repositories that the caller may see, or None for all."""
    if access.reaches_all or access.organization.is_open or access.scopes & _MANAGES:
        return None
    assert access.user is not None, "only users have teams"
    return is_released_by_team_of(access.user.id)


def require_repository(connection: Connection, access: Access, text: str) -> Repository:
    """Return the repository with this id in a path. Raise `NotFound` if there is none that the caller may see."""
    repository_id = id_of(text)
    if repository_id is None:
        raise NotFound
    organization_id, visible = access.organization.id, condition(access)
    repository = store.in_organization(connection, organization_id, repository_id, visible=visible)
    if repository is None:
        raise NotFound
    return repository


def is_hidden(connection: Connection, access: Access, name: str) -> bool:
    """Return True if there is a repository of this name that the caller may not see."""
    visible = condition(access)
    if visible is None:
        return False
    organization_id = access.organization.id
    known = store.ids_by_name(connection, organization_id, [name]).get(name)
    if known is None:
        return False
    return store.in_organization(connection, organization_id, known, visible=visible) is None
