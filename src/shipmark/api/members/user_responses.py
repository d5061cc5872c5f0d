"""The user object (auth-and-errors.md 8.2)."""

from datetime import datetime

import msgspec

from shipmark.accounts.model import User
from shipmark.api.avatars.responses import AvatarResponse, avatar_response, photo_url
from shipmark.api.responses import Wire
from shipmark.avatars.model import OwnerKind


class EmailResponse(msgspec.Struct):
    """An address of a user. The reference writes this one key in snake case."""

    id: str
    email: str
    is_verified: bool


class UserResponse(Wire, kw_only=True):
    """A person with an account."""

    id: str
    name: str
    username: str
    email: str
    avatar_url: str | None
    is_active: bool
    has_password_auth: bool
    is_managed: bool = False
    date_joined: datetime
    last_login: datetime | None
    has2fa: bool = False
    last_active: datetime | None
    is_superuser: bool = False
    is_staff: bool = False
    experiments: dict[str, object] = msgspec.field(default_factory=dict)
    emails: list[EmailResponse]
    avatar: AvatarResponse


def optional_user_response(user: User | None) -> UserResponse | None:
    """Return a nested user, or None."""
    return None if user is None else user_response(user)


def user_response(user: User, address: str = "") -> UserResponse:
    """Return a user; ``address`` is that of this server, left out where users are nested."""
    return UserResponse(
        id=str(user.id),
        name=user.display_name,
        username=user.email,
        email=user.email,
        avatar_url=photo_url(user.avatar, OwnerKind.USER, address),
        is_active=user.is_active,
        has_password_auth=user.has_password,
        date_joined=user.created_at,
        last_login=user.last_login_at,
        last_active=user.last_login_at,
        emails=[
            EmailResponse(id=str(row.id), email=row.email, is_verified=row.is_verified)
            for row in user.emails
        ],
        avatar=avatar_response(user.avatar, OwnerKind.USER, address),
    )
