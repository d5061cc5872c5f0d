"""Organizations, their roles, teams and members, and the access of callers."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag, StrEnum

from shipmark.accounts.model import User
from shipmark.avatars.model import LETTERS, Avatar

SLUG_MAX = 50
NAME_MAX = 64
BAD_SLUG = "Use lower case letters, digits and dashes, at most 50, and not only digits."
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")


class Role(StrEnum):
    """Role of a member in an organization (auth-and-errors.md 3)."""

    MEMBER = "member"
    ADMIN = "admin"
    MANAGER = "manager"
    OWNER = "owner"

    @property
    def is_org_wide(self) -> bool:
        """Return True if the role reaches every project, whatever the teams."""
        return self in {Role.MANAGER, Role.OWNER}

    @property
    def scopes(self) -> frozenset[str]:
        """Scopes of the role, before the organization's settings limit them."""
        return _SCOPES[self]

    @property
    def rank(self) -> int:
        """Rank of the role; that of owners is the highest."""
        return list(Role).index(self)


_MEMBER = frozenset([
    "event:read", "event:write", "event:admin", "project:releases", "project:read", "org:read",
    "member:read", "team:read", "alerts:read", "alerts:write",
])  # fmt: skip
_CONTRIBUTOR = _MEMBER - {"event:admin", "alerts:write"}
_ADMIN = _MEMBER | {"project:write", "project:admin", "org:integrations"}
_ADMIN |= {"team:write", "team:admin"}
_MANAGER = _ADMIN | {"member:write", "member:admin", "org:write"}
_SCOPES = {
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.MANAGER: _MANAGER,
    Role.OWNER: _MANAGER | {"org:admin"},
}


class TeamRole(StrEnum):
    """Role of a member on a team: it follows from the role in the organization."""

    CONTRIBUTOR = "contributor"
    ADMIN = "admin"

    @property
    def scopes(self) -> frozenset[str]:
        """Scopes of the role for what the team owns."""
        return _ADMIN if self is TeamRole.ADMIN else _CONTRIBUTOR

    @classmethod
    def of(cls, role: Role) -> "TeamRole":
        """Return the team role of a member with this role."""
        return cls.CONTRIBUTOR if role is Role.MEMBER else cls.ADMIN


class OrganizationStatus(StrEnum):
    """Status of an organization."""

    ACTIVE = "active"
    PENDING_DELETION = "pending_deletion"
    DELETION_IN_PROGRESS = "deletion_in_progress"

    @property
    def is_pending_deletion(self) -> bool:
        """Return True if its deletion was requested."""
        return self is not OrganizationStatus.ACTIVE


class Flag(IntFlag):
    """Flags of an organization, with their names and bits in the audit log.

    Open membership is stored apart, as ``is_open``, because access depends on it.
    """

    ALLOW_JOINLEAVE = 1
    ENHANCED_PRIVACY = 2
    DISABLE_SHARED_ISSUES = 4
    EARLY_ADOPTER = 8
    REQUIRE_2FA = 16
    REQUIRE_EMAIL_VERIFICATION = 64
    CODECOV_ACCESS = 128
    DISABLE_MEMBER_PROJECT_CREATION = 256
    PREVENT_SUPERUSER_ACCESS = 512
    DISABLE_MEMBER_INVITE = 1024


NO_FLAGS = Flag(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The owner of projects, releases, commits and repositories.

    ``deletes_events`` and ``writes_alerts``: the role member has ``event:admin`` and ``alerts:write`` there.
    """

    id: int
    slug: str
    name: str
    is_open: bool
    created_at: datetime
    status: OrganizationStatus = OrganizationStatus.ACTIVE
    default_role: Role = Role.MEMBER
    flags: Flag = NO_FLAGS
    deletes_events: bool = True
    writes_alerts: bool = True
    avatar: Avatar = LETTERS

    def scopes_of(self, role: Role) -> frozenset[str]:
        """Return the scopes of a role in this organization."""
        withheld = set()
        if role is Role.MEMBER and not self.deletes_events:
            withheld.add("event:admin")
        if role is Role.MEMBER and not self.writes_alerts:
            withheld.add("alerts:write")
        return role.scopes - withheld

    def has(self, flag: Flag) -> bool:
        """Return True if the flag is set."""
        return self.is_open if flag is Flag.ALLOW_JOINLEAVE else bool(self.flags & flag)

    @property
    def shares_issues(self) -> bool:
        """Return True if issues may be shared with the public."""
        return not self.has(Flag.DISABLE_SHARED_ISSUES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A group of members of an organization, which owns projects."""

    id: int
    slug: str
    name: str
    created_at: datetime
    avatar: Avatar = LETTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A user in an organization."""

    id: int
    user_id: int
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation of a person to an organization, who follows a link to become a member. It can be used once.

    ``member_id`` is the resulting member, or None while the invitation is pending.
    """

    id: int
    organization_id: int
    email: str
    role: Role
    team_ids: tuple[int, ...]
    invited_by: int | None
    created_at: datetime
    expires_at: datetime
    member_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationToken:
    """A token of the organization itself, for pipelines; its one scope is ``org:ci``."""

    id: int
    organization_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedToken:
    """A token as listed after its creation, without its secret."""

    id: int
    name: str
    last_characters: str
    created_at: datetime
    last_used_at: datetime | None
    last_project_id: int | None
    created_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The actor of an audit log entry: a user, or a label only."""

    user_id: int | None
    label: str
    ip_address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a caller may do in one organization (auth-and-errors.md 2.1).

    ``user`` and ``role`` are None for a token of the organization itself; ``token_id`` is None for users. Callers with
    ``reaches_all`` see every project; others see those of their teams, and in an open organization may also name the
    rest.
    """

    organization: Organization
    scopes: frozenset[str]
    user: User | None
    reaches_all: bool
    role: Role | None = None
    token_id: int | None = None

    @property
    def user_id(self) -> int | None:
        """Id of the user, or None for a token of the organization itself."""
        return self.user.id if self.user else None


def is_slug(text: str) -> bool:
    """Return True for lower case letters, digits and dashes that are not all digits, which would read as an id."""
    return len(text) <= SLUG_MAX and _SLUG.fullmatch(text) is not None and not text.isdigit()
