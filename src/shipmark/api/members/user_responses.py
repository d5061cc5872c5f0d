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


class UserResponse(Wire):
    """A person with an account."""

    id: str
    name: str
    username: str
    email: str
    avatar_url: str | None
    is_active: bool
    has_password_auth: bool
    is_managed: bool
    date_joined: datetime
    last_login: datetime | None
    has2fa: bool
    last_active: datetime | None
    is_superuser: bool
    is_staff: bool
    experiments: dict[str, object]
    emails: list[EmailResponse]
    avatar: AvatarResponse


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
        is_managed=False,
        date_joined=user.created_at,
        last_login=user.last_login_at,
        has2fa=False,
        last_active=user.last_login_at,
        is_superuser=False,
        is_staff=False,
        experiments={},
        emails=[
            EmailResponse(id=str(e.id), email=e.email, is_verified=e.is_verified)
            for e in user.emails
        ],
        avatar=avatar_response(user.avatar, OwnerKind.USER, address),
    )
