"""Operations on accounts: create users, sign in and out, create tokens."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.accounts import store
from shipmark.accounts.model import (
    ALL_SCOPES,
    EMAIL_MAX,
    NAME_MAX,
    UNKNOWN_CLIENT,
    USER_TOKEN_PREFIX,
    Client,
    User,
    UserToken,
)
from shipmark.accounts.password_checks import hasher, verify
from shipmark.avatars import actions as avatars
from shipmark.avatars.model import NewAvatar, Owner, OwnerKind
from shipmark.infrastructure.errors import Unauthenticated, ValidationFailed
from shipmark.infrastructure.ids import digest

SESSION_LENGTH = timedelta(days=14)
#: The last use of a session is exact to this.
USE_PERIOD = timedelta(hours=1)
PASSWORD_MIN = 8
NO_ADDRESS = "Enter a valid email address."
PASSWORD_SHORT = f"Ensure this field has at least {PASSWORD_MIN} characters."


def create_user(
    connection: Connection, email: str, name: str, password: str | None, at: datetime
) -> User:
    """Return the user with this address, created if missing; an existing one stays as it is.

    Raise `ValidationFailed` for an address without ``@``, one over 200 characters, or a password under 8.
    """
    address = email.strip().lower()
    if known := store.by_email(connection, address):
        return known
    problems: dict[str, list[str]] = {}
    if not _is_address(address):
        problems["email"] = [NO_ADDRESS]
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
    """Change a user's password, and end their sessions. Return their number. Tokens stay valid.

    Raise `ValidationFailed` for a password under 8 characters.
    """
    if len(password) < PASSWORD_MIN:
        raise ValidationFailed({"password": [PASSWORD_SHORT]})
    return store.set_password(connection, user.id, hasher.hash(password))


def set_email(connection: Connection, user: User, email: str, *, keeps_former: bool) -> User:
    """Change the main address of a user. The former one is no longer theirs unless it is kept, for their commits.

    Raise `ValidationFailed` for what is no address, or that of another user.
    """
    address = email.strip().lower()
    if not _is_address(address):
        raise ValidationFailed({"email": [NO_ADDRESS]})
    owner = store.by_email(connection, address)
    if owner is not None and owner.id != user.id:
        raise ValidationFailed({"email": ["Another user has this address."]})
    store.set_email(connection, user, address, keeps_former=keeps_former)
    changed = store.by_id(connection, user.id)
    assert changed is not None, "it is locked by the change"
    return changed


def _is_address(text: str) -> bool:
    return "@" in text and len(text) <= EMAIL_MAX


def remove_user(connection: Connection, user: User, at: datetime) -> None:
    """Delete a user with avatar, sessions, tokens and memberships.

    `organizations.user_removal` checks first that no organization loses its last owner.
    """
    avatars.remove(connection, OwnerKind.USER, [user.id], at)
    store.remove(connection, user.id)


def save_avatar(connection: Connection, user: User, new: NewAvatar, at: datetime) -> User:
    """Store the user's avatar. Raise `PhotoMissing` if it needs a photo and there is none."""
    owner = Owner(kind=OwnerKind.USER, id=user.id)
    avatar = avatars.save(connection, owner, store.users, new, name=f"{user.id}.png", at=at)
    return replace(user, avatar=avatar)


def check_password(connection: Connection, email: str, password: str) -> int | None:
    """Return the id of the user with this address and password, or None, after the same time.

    For the command line. Requests use `PasswordChecks`, with no unit of work open.
    """
    stored = store.password_of(connection, email.strip())
    is_right = verify(stored[1] if stored else None, password)
    return stored[0] if stored and is_right else None


def sign_in(
    connection: Connection, user_id: int, secret: str, at: datetime, client: Client = UNKNOWN_CLIENT
) -> None:
    """Create a session of 14 days whose cookie is ``secret``."""
    store.add_session(connection, user_id, digest(secret), at, at + SESSION_LENGTH, client)


def is_use_due(last_used_at: datetime | None, at: datetime) -> bool:
    """Return True if the use of a session must be recorded: once an hour, so that pages seldom write."""
    return last_used_at is None or at - last_used_at >= USE_PERIOD


def record_use(connection: Connection, secret: str, at: datetime) -> None:
    """Record that the session with this cookie is in use. Of several at once, one writes."""
    store.record_session_use(connection, digest(secret), at, older_than=at - USE_PERIOD)


def sign_out(connection: Connection, secret: str) -> None:
    """End the session with this cookie."""
    store.end_session(connection, digest(secret))


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
    """Create a token of 64 random hexadecimal digits (``secret``). Return its id and its text, which is never stored.

    Raise `ValidationFailed` for an unknown scope.
    """
    if unknown := sorted(set(scopes) - set(ALL_SCOPES)):
        problems = [f'"{scope}" is not a valid choice.' for scope in unknown]
        raise ValidationFailed({"scopes": problems})
    token = USER_TOKEN_PREFIX + secret
    token_id = store.add_token(
        connection,
        user.id,
        digest=digest(token),
        last_characters=token[-4:],
        name=name,
        scopes=scopes,
        at=at,
        expires_at=expires_at,
    )
    return token_id, token


def authenticate(connection: Connection, token: str, at: datetime) -> UserToken:
    """Return the record of a token. Raise `Unauthenticated` if it is unknown or expired, or its user inactive."""
    return check_token(store.token_by_digest(connection, digest(token)), at)


def check_token(known: UserToken | None, at: datetime) -> UserToken:
    """Return the token if it is valid at this time. Raise `Unauthenticated` if it is not, or None."""
    if known is None:
        raise Unauthenticated("Invalid token")
    if known.expires_at is not None and known.expires_at <= at:
        raise Unauthenticated("Token expired")
    if not known.user.is_active:
        raise Unauthenticated("User inactive or deleted")
    return known
