"""Tokens of organizations: their format (auth-and-errors.md 1.2), and who may create, rename and revoke them.

``sntrys_`` + base64 of a JSON object + ``_`` + base64 of 32 random bytes without padding. Clients read the organization
and the address of the server from it; the server only looks up its digest.
"""

import base64
import json
from datetime import datetime

from shipmark.infrastructure.errors import Forbidden
from shipmark.organizations.model import Access, ListedToken

PREFIX = "sntrys_"
CLOSED = (
    "This organization has open membership off: only those who manage it create its tokens,"
    " which reach all of its projects."
)
NOT_OWN = "Members rename and revoke only the tokens that they created."

_MANAGES = frozenset({"org:write", "org:admin"})


def encode_token(organization_slug: str, address: str, secret: bytes, at: datetime) -> str:
    """Return the text of a token; ``secret`` is 32 random bytes, ``address`` the URL of this server for clients."""
    assert len(secret) == 32
    payload = {"iat": at.timestamp(), "url": address, "region_url": address}
    payload["org"] = organization_slug
    head = base64.b64encode(json.dumps(payload).encode()).decode()
    tail = base64.b64encode(secret).decode().rstrip("=")
    return f"{PREFIX}{head}_{tail}"


def may_create(access: Access) -> bool:
    """Return False if open membership is off, and a token would reach further than the caller."""
    return access.organization.is_open or bool(access.scopes & _MANAGES)


def check_creation(access: Access) -> None:
    """Raise `Forbidden` if the caller may create no token."""
    if not may_create(access):
        raise Forbidden(CLOSED)


def check_change(access: Access, token: ListedToken) -> None:
    """Raise `Forbidden` unless the caller manages the organization, or created the token."""
    is_own = access.user is not None and access.user.id == token.created_by
    if not (is_own or access.scopes & _MANAGES):
        raise Forbidden(NOT_OWN)
