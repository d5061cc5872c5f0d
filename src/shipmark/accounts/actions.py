"""What can be done with accounts? Make them, sign in and out, make tokens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.accounts import store
from shipmark.accounts.model import (
    ALL_SCOPES,
    EMAIL_MAX,
    NAME_MAX,
    USER_TOKEN_PREFIX,
    User,
    UserToken,
)
from shipmark.accounts.password_checks import hasher, verify
from shipmark.avatars import actions as avatars
from shipmark.avatars.model import NewAvatar, Owner, OwnerKind
from shipmark.infrastructure.errors import Unauthenticated, ValidationFailed
from shipmark.infrastructure.ids import digest

SESSION_LENGTH = timedelta(days=14)
PASSWORD_MIN = 8
PASSWORD_SHORT = f"Ensure this field has at least {PASSWORD_MIN} characters."


def create_user(
    connection: Connection, email: str, name: str, password: str | None, at: datetime
) -> User:
    """The user with that address, made if missing; a known one stays as it is.

    Raises `ValidationFailed` for an address without ``@``, one over 200 characters, or a password under 8.
    """
    address = email.strip().lower()
    if known := store.by_email(connection, address):
        return known
    problems: dict[str, list[str]] = {}
    if "@" not in address or len(address) > EMAIL_MAX:
        problems["email"] = ["Enter a valid email address."]
    if len(name) > NAME_MAX:
        problems["name"] = [f"Ensure this field has no more than {NAME_MAX} characters."]
    if password is not None and len(password) < PASSWORD_MIN:
        problems["password"] = [PASSWORD_SHORT]
    if problems:
        raise ValidationFailed(problems)
    hashed = None if password is None else hasher.hash(password)
    user_id = store.add(connection, address, name, hashed, at)
    user = store.by_id(connection, user_id)
    assert user is not None, "it was added just now"
    return user


def set_password(connection: Connection, user: User, password: str) -> int:
    """Give a user another password, end their sessions, and return how many there were. Tokens stay valid.

    Raises `ValidationFailed` for a password under 8 characters.
    """
    if len(password) < PASSWORD_MIN:
        raise ValidationFailed({"password": [PASSWORD_SHORT]})
    return store.set_password(connection, user.id, hasher.hash(password))


def remove_user(connection: Connection, user: User, at: datetime) -> None:
    """Delete a user with photo, sessions, tokens and memberships.

    `organizations.user_removal` checks before that no organization loses its last owner.
    """
    avatars.remove(connection, OwnerKind.USER, [user.id], at)
    store.remove(connection, user.id)


def save_avatar(connection: Connection, user: User, new: NewAvatar, at: datetime) -> User:
    """The user, shown so from now on. Raises `PhotoMissing` where there is no photo to be shown."""
    owner = Owner(kind=OwnerKind.USER, id=user.id)
    avatar = avatars.save(connection, owner, store.users, new, name=f"{user.id}.png", at=at)
    return replace(user, avatar=avatar)


def check_password(connection: Connection, email: str, password: str) -> int | None:
    """Return the id of the user with that address and password, or None; takes as long if there is none.

    For the command line. Requests check in `PasswordChecks`, with no unit of work open.
    """
    known = store.password_of(connection, email.strip())
    is_right = verify(known[1] if known else None, password)
    return known[0] if known and is_right else None


def sign_in(connection: Connection, user_id: int, secret: str, at: datetime) -> None:
    """Begin a session of 14 days whose cookie is ``secret``."""
    store.add_session(connection, user_id, digest(secret), at, at + SESSION_LENGTH)


def sign_out(connection: Connection, secret: str) -> None:
    """End the session of that cookie."""
    store.end_session(connection, digest(secret))


def create_token(
    connection: Connection, user: User, scopes: Sequence[str], name: str, secret: str, at: datetime
) -> str:
    """Make a token of 64 random hexadecimal digits (``secret``); the answer is shown once and never kept.

    Raises `ValidationFailed` for a scope that does not exist.
    """
    _, token = add_token(connection, user, scopes, name, secret, at)
    return token


def add_token(
    connection: Connection,
    user: User,
    scopes: Sequence[str],
    name: str,
    secret: str,
    at: datetime,
    *,
    expires_at: datetime | None = None,
) -> tuple[int, str]:
    """Make a token as `create_token` does, and return its id and its text."""
    if unknown := sorted(set(scopes) - set(ALL_SCOPES)):
        raise ValidationFailed(
            {"scopes": [f'"{scope}" is not a valid choice.' for scope in unknown]}
        )
    token = USER_TOKEN_PREFIX + secret
    token_id = store.add_token(
        connection, user.id, digest(token), token[-4:], name, scopes, at, expires_at
    )
    return token_id, token


def authenticate(connection: Connection, token: str, at: datetime) -> UserToken:
    """The token's record; raises `Unauthenticated` if it is unknown, over, or its user inactive."""
    return check_token(store.token_by_digest(connection, digest(token)), at)


def check_token(known: UserToken | None, at: datetime) -> UserToken:
    """Return a token that is valid at that time. Raise `Unauthenticated` for one that is not, or for None."""
    if known is None:
        raise Unauthenticated("Invalid token")
    if known.expires_at is not None and known.expires_at <= at:
        raise Unauthenticated("Token expired")
    if not known.user.is_active:
        raise Unauthenticated("User inactive or deleted")
    return known
