"""Rules on who may create, rename and revoke tokens of an organization."""

from shipmark.infrastructure.errors import Forbidden
from shipmark.organizations.model import Access, ListedToken

CLOSED = (
    "This organization has open membership off: only those who manage it create its tokens,"
    " which reach all of its projects."
)
NOT_OWN = "Members rename and revoke only the tokens that they created."

_MANAGES = frozenset({"org:write", "org:admin"})


def check_creation(access: Access) -> None:
    """Raise `Forbidden` if open membership is off, and the token would reach further than the caller."""
    if not (access.organization.is_open or access.scopes & _MANAGES):
        raise Forbidden(CLOSED)


def check_change(access: Access, token: ListedToken) -> None:
    """Raise `Forbidden` unless the caller manages the organization, or created the token."""
    is_own = access.user is not None and access.user.id == token.created_by
    if not (is_own or access.scopes & _MANAGES):
        raise Forbidden(NOT_OWN)
