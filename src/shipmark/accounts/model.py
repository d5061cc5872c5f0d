"""Users, their tokens, and the scopes of tokens."""

from dataclasses import dataclass
from datetime import datetime

from shipmark.avatars.model import LETTERS, Avatar

#: Every scope that a token can have (auth-and-errors.md 2).
ALL_SCOPES = (
    "org:read", "org:write", "org:admin", "org:integrations", "org:ci",
    "member:read", "member:write", "member:admin",
    "team:read", "team:write", "team:admin",
    "project:read", "project:write", "project:admin", "project:releases",
    "event:read", "event:write", "event:admin",
    "alerts:read", "alerts:write",
    "openid", "profile", "email",
)  # fmt: skip
EMAIL_MAX = 200
NAME_MAX = 200
TOKEN_NAME_MAX = 255
#: Prefix of user tokens; 64 hexadecimal digits follow.
USER_TOKEN_PREFIX = "sntryu_"  # noqa: S105  # the prefix is no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """An address of a user, in lower case. Only verified ones tie commits to their user."""

    id: int
    email: str
    is_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person with an account."""

    id: int
    email: str
    name: str
    is_active: bool
    has_password: bool
    created_at: datetime
    last_login_at: datetime | None
    emails: tuple[Email, ...] = ()
    avatar: Avatar = LETTERS

    @property
    def display_name(self) -> str:
        """Name of the user, or else the address."""
        return self.name or self.email


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The browser that begins a session, as it presents itself."""

    ip_address: str | None = None
    user_agent: str = ""


UNKNOWN_CLIENT = Client()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session of a browser. ``digest`` is the SHA-256 of its cookie, and names it.

    Sessions from before these were recorded have neither moments nor a client.
    """

    digest: str
    created_at: datetime | None
    last_used_at: datetime | None
    ip_address: str | None
    user_agent: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserToken:
    """A token that acts as its user, limited to ``scopes``."""

    id: int
    user: User
    scopes: frozenset[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTokenSummary:
    """A user token as listed after its creation, without its secret."""

    id: int
    user_id: int
    name: str
    scopes: tuple[str, ...]
    last_characters: str
    created_at: datetime
    expires_at: datetime | None
