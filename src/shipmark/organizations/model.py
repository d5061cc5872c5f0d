"""What is an organization, a role, a team, and what may somebody do there?"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shipmark.accounts.model import User
from shipmark.avatars.model import LETTERS, Avatar

SLUG_MAX = 50
NAME_MAX = 64
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")


class Role(StrEnum):
    """What a member is in an organization (auth-and-errors.md 3)."""

    MEMBER = "member"
    ADMIN = "admin"
    MANAGER = "manager"
    OWNER = "owner"

    @property
    def is_org_wide(self) -> bool:
        """Does the role reach every project, whatever the teams?"""
        return self in {Role.MANAGER, Role.OWNER}

    @property
    def scopes(self) -> frozenset[str]:
        """All that the role may do."""
        return _SCOPES[self]


_MEMBER = frozenset(
    [
        "event:read",
        "event:write",
        "event:admin",
        "project:releases",
        "project:read",
        "org:read",
        "member:read",
        "team:read",
        "alerts:read",
        "alerts:write",
    ]
)
_ADMIN = _MEMBER | {
    "project:write",
    "project:admin",
    "team:write",
    "team:admin",
    "org:integrations",
}
_MANAGER = _ADMIN | {"member:write", "member:admin", "org:write"}
_SCOPES = {
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.MANAGER: _MANAGER,
    Role.OWNER: _MANAGER | {"org:admin"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The owner of projects, releases, commits and repositories."""

    id: int
    slug: str
    name: str
    is_open: bool
    created_at: datetime
    avatar: Avatar = LETTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """Some members of an organization, who own projects together."""

    id: int
    slug: str
    name: str
    created_at: datetime
    avatar: Avatar = LETTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationToken:
    """A token of the organization itself, for pipelines; its one scope is ``org:ci``."""

    id: int
    organization_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a caller may do in one organization (auth-and-errors.md 2.1).

    ``user`` and ``role`` are null for a token of the organization itself. Whoever ``reaches_all`` sees every project,
    others see those of their teams, and in an open organization may also name the rest.
    """

    organization: Organization
    scopes: frozenset[str]
    user: User | None
    reaches_all: bool
    role: Role | None = None


def is_slug(text: str) -> bool:
    """Is that a slug: lower case letters, digits and dashes, and not all digits, which would read as an id?"""
    return len(text) <= SLUG_MAX and _SLUG.fullmatch(text) is not None and not text.isdigit()
