"""The tables of users, their addresses, sessions and tokens."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from shipmark.accounts.model import (
    UNKNOWN_CLIENT,
    Client,
    Email,
    Session,
    User,
    UserToken,
    UserTokenSummary,
)
from shipmark.avatars.model import read_avatar
from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, in_binary_order
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table

#: Longer names of browsers are cut.
USER_AGENT_MAX = 512


class UserColumns(sa.TypedColumns):
    """A user. ``password`` is an argon2 hash, or NULL for a user who can't sign in."""

    id = sa.Column(Id, primary_key=True)
    email = sa.Column(sa.String(200), nullable=False, unique=True)
    name = sa.Column(sa.String(200), nullable=False)
    password = sa.Column(sa.Text)
    is_active = sa.Column(sa.Boolean, nullable=False)
    created_at = sa.Column(UtcDateTime, nullable=False)
    last_login_at = sa.Column(UtcDateTime)
    avatar_kind = sa.Column(sa.String(16))
    avatar_ident = sa.Column(sa.String(32))


class EmailColumns(sa.TypedColumns):
    """An address of a user, in lower case."""

    id = sa.Column(Id, primary_key=True)
    user_id = parent("users", index=True)
    email = sa.Column(sa.String(200), nullable=False)
    is_verified = sa.Column(sa.Boolean, nullable=False)


class SessionColumns(sa.TypedColumns):
    """A session of a browser. ``digest`` is the SHA-256 of its cookie; ``last_used_at`` is exact to an hour."""

    digest = sa.Column(sa.String(64), primary_key=True)
    user_id = parent("users", index=True)
    expires_at = sa.Column(UtcDateTime, nullable=False, index=True)
    created_at = sa.Column(UtcDateTime)
    last_used_at = sa.Column(UtcDateTime)
    ip_address = sa.Column(sa.String(64))
    user_agent = sa.Column(sa.String(USER_AGENT_MAX))


class UserTokenColumns(sa.TypedColumns):
    """A token of a user. ``digest`` is its SHA-256; ``scopes`` are separated by spaces."""

    id = sa.Column(Id, primary_key=True)
    user_id = parent("users", index=True)
    digest = sa.Column(sa.String(64), nullable=False, unique=True)
    last_characters = sa.Column(sa.String(4), nullable=False)
    name = sa.Column(sa.String(255), nullable=False)
    scopes = sa.Column(sa.Text, nullable=False)
    created_at = sa.Column(UtcDateTime, nullable=False)
    expires_at = sa.Column(UtcDateTime)


users = table("users", UserColumns)
emails = table("user_emails", EmailColumns, sa.Index("uq_user_emails_email", "email", unique=True))
sessions = table("sessions", SessionColumns)
tokens = table("user_tokens", UserTokenColumns)
#: The readers of users and tokens, for queries of packages above too. Addresses are rows of their own.
USER = RowReader(
    User,
    users,
    has_password=(lambda password: password is not None, users.c.password),
    avatar=(read_avatar, users.c.avatar_kind, users.c.avatar_ident),
)
_TOKEN_SUMMARY = RowReader(UserTokenSummary, tokens, scopes=lambda text: tuple(text.split()))
_EMAIL = RowReader(Email, emails)
_USER_OF_SESSION = (
    USER.select(sessions.c.last_used_at)
    .join(sessions, sessions.c.user_id == users.c.id)
    .where(
        sessions.c.digest == sa.bindparam("digest"),
        sessions.c.expires_at > sa.bindparam("at"),
        users.c.is_active,
    )
)
_SESSION = RowReader(Session, sessions)
_BY_IDS = (
    USER.select(*_EMAIL.columns)
    .join(IDS, IDS.c.id == users.c.id)
    .outerjoin(emails, emails.c.user_id == users.c.id)
    .order_by(users.c.id, emails.c.id)
)
TOKEN = RowReader(
    UserToken,
    tokens,
    user=(lambda *row: USER(row), *USER.columns),
    scopes=lambda text: frozenset(text.split()),
)
_TOKEN_BY_DIGEST = (
    TOKEN.select()
    .join(users, users.c.id == tokens.c.user_id)
    .where(tokens.c.digest == sa.bindparam("digest"))
)


def add(
    connection: sa.Connection, email: str, name: str, password: str | None, at: datetime
) -> int:
    """Insert a user with one verified address, whose constraint decides races. Return the id."""
    row = {"email": email, "name": name, "password": password, "is_active": True, "created_at": at}
    user_id = connection.execute(sa.insert(users).values(row).returning(users.c.id)).scalar_one()
    connection.execute(sa.insert(emails).values(user_id=user_id, email=email, is_verified=True))
    return user_id


def set_email(connection: sa.Connection, user: User, email: str, *, keeps_former: bool) -> None:
    """Change the main address of a user, which is verified, and drop the former one unless it is kept."""
    connection.execute(sa.update(users).where(users.c.id == user.id).values(email=email))
    of_user = emails.c.user_id == user.id
    replaced = [email] if keeps_former else [email, user.email]
    connection.execute(sa.delete(emails).where(of_user, emails.c.email.in_(replaced)))
    connection.execute(sa.insert(emails).values(user_id=user.id, email=email, is_verified=True))


def exists(connection: sa.Connection) -> bool:
    """Return True if there is any user."""
    return connection.execute(sa.select(users.c.id).limit(1)).first() is not None


def by_id(connection: sa.Connection, user_id: int) -> User | None:
    """Return the user with this id, with addresses, or None."""
    return by_ids(connection, [user_id]).get(user_id)


def by_email(connection: sa.Connection, email: str) -> User | None:
    """Return the user with this address, in any case, active or not, or None."""
    query = sa.select(emails.c.user_id).where(emails.c.email == email.lower())
    user_id = connection.execute(query).scalar_one_or_none()
    return by_id(connection, user_id) if user_id is not None else None


def by_ids(connection: sa.Connection, user_ids: Collection[int]) -> dict[int, User]:
    """Return the users with those ids, with their email addresses, in one statement."""
    if not user_ids:
        return {}
    rows = connection.execute(_BY_IDS, ids_param(user_ids)).all()
    addresses = grouped(
        (row[0], _EMAIL(row[len(USER.columns) :])) for row in rows if row[-1] is not None
    )
    return {row[0]: replace(USER(row), emails=tuple(addresses.get(row[0], ()))) for row in rows}


def all_users(connection: sa.Connection, *, limit: int, after_id: int = 0) -> list[User]:
    """Return a page of all users, by id, without their further addresses."""
    query = USER.select().where(users.c.id > after_id).order_by(users.c.id).limit(limit)
    return USER.all(connection, query)


def remove(connection: sa.Connection, user_id: int) -> None:
    """Delete a user with addresses, sessions, tokens and memberships; references to the user become NULL."""
    connection.execute(sa.delete(users).where(users.c.id == user_id))


def password_of(connection: sa.Connection, email: str) -> tuple[int, str] | None:
    """Return id and password hash of the active user with this address, or None without a user or hash."""
    query = (
        sa.select(users.c.id, users.c.password)
        .join(emails, emails.c.user_id == users.c.id)
        .where(emails.c.email == email.lower(), users.c.is_active, users.c.password.is_not(None))
    )
    row = connection.execute(query).first()
    return (row[0], row[1]) if row and row[1] else None


def set_password(connection: sa.Connection, user_id: int, password: str) -> int:
    """Store a new hash, and end the user's sessions. Return their number."""
    connection.execute(sa.update(users).where(users.c.id == user_id).values(password=password))
    return connection.execute(sa.delete(sessions).where(sessions.c.user_id == user_id)).rowcount


def add_session(
    connection: sa.Connection,
    user_id: int,
    digest: str,
    at: datetime,
    expires_at: datetime,
    client: Client = UNKNOWN_CLIENT,
) -> None:
    """Insert a session, and store the date of signing in."""
    row: dict[str, object] = {"digest": digest, "user_id": user_id, "expires_at": expires_at}
    row |= {"created_at": at, "last_used_at": at, "ip_address": client.ip_address}
    row |= {"user_agent": client.user_agent[:USER_AGENT_MAX]}
    connection.execute(sa.insert(sessions).values(row))
    connection.execute(sa.update(users).where(users.c.id == user_id).values(last_login_at=at))


def user_of_session(
    connection: sa.Connection, digest: str, at: datetime
) -> tuple[User, datetime | None] | None:
    """Return the active user of the session, and when it was last used, or None if it has ended."""
    row = connection.execute(_USER_OF_SESSION, {"digest": digest, "at": at}).first()
    return (USER(row), row[-1]) if row else None


def record_session_use(
    connection: sa.Connection, digest: str, at: datetime, *, older_than: datetime
) -> None:
    """Store that a session was used, unless it was since ``older_than``."""
    last_used_at = sessions.c.last_used_at
    is_older = last_used_at.is_(None) | (last_used_at < older_than)
    statement = sa.update(sessions).where(sessions.c.digest == digest, is_older)
    connection.execute(statement.values(last_used_at=at))


def sessions_of(
    connection: sa.Connection, user_id: int, at: datetime, *, limit: int
) -> list[Session]:
    """Return the user's sessions that have not expired, the last used first."""
    query = (
        _SESSION.select()
        .where(sessions.c.user_id == user_id, sessions.c.expires_at > at)
        .order_by(
            sessions.c.last_used_at.desc().nulls_last(),
            sessions.c.expires_at.desc(),
            in_binary_order(sessions.c.digest),
        )
        .limit(limit)
    )
    return _SESSION.all(connection, query)


def end_session(connection: sa.Connection, digest: str) -> None:
    """Delete a session."""
    connection.execute(sa.delete(sessions).where(sessions.c.digest == digest))


def end_session_of(connection: sa.Connection, user_id: int, digest: str) -> bool:
    """Delete a session of the user. Return False if it is not one of theirs, or has ended."""
    is_own = (sessions.c.user_id == user_id) & (sessions.c.digest == digest)
    return connection.execute(sa.delete(sessions).where(is_own)).rowcount > 0


def end_other_sessions(connection: sa.Connection, user_id: int, digest: str) -> int:
    """Delete the sessions of the user except the one with this digest. Return their number."""
    is_other = (sessions.c.user_id == user_id) & (sessions.c.digest != digest)
    return connection.execute(sa.delete(sessions).where(is_other)).rowcount


def set_name(connection: sa.Connection, user_id: int, name: str) -> None:
    """Store the name of a user."""
    connection.execute(sa.update(users).where(users.c.id == user_id).values(name=name))


def end_old_sessions(connection: sa.Connection, at: datetime) -> int:
    """Delete expired sessions. Return their number."""
    return connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= at)).rowcount


def add_token(
    connection: sa.Connection,
    user_id: int,
    *,
    digest: str,
    last_characters: str,
    name: str,
    scopes: Sequence[str],
    at: datetime,
    expires_at: datetime | None,
) -> int:
    """Insert a token by its digest. Return its id."""
    row: dict[str, object] = {
        "user_id": user_id,
        "digest": digest,
        "last_characters": last_characters,
        "name": name,
        "scopes": " ".join(scopes),
        "created_at": at,
        "expires_at": expires_at,
    }
    return connection.execute(sa.insert(tokens).values(row).returning(tokens.c.id)).scalar_one()


def token_by_digest(connection: sa.Connection, digest: str) -> UserToken | None:
    """Return the token with this digest and its user, active or not, or None."""
    return TOKEN.first(connection, _TOKEN_BY_DIGEST, {"digest": digest})


def tokens_of(
    connection: sa.Connection, user_id: int | None, *, limit: int, offset: int = 0
) -> list[UserTokenSummary]:
    """Return a page of a user's tokens, or of all users' if None, by id."""
    query = _TOKEN_SUMMARY.select()
    if user_id is not None:
        query = query.where(tokens.c.user_id == user_id)
    query = query.order_by(tokens.c.id).limit(limit).offset(offset)
    return _TOKEN_SUMMARY.all(connection, query)


def token_by_id(connection: sa.Connection, token_id: int) -> UserTokenSummary | None:
    """Return the token with this id, or None."""
    return _TOKEN_SUMMARY.first(connection, _TOKEN_SUMMARY.select().where(tokens.c.id == token_id))


def remove_token(connection: sa.Connection, token_id: int) -> None:
    """Delete a token."""
    connection.execute(sa.delete(tokens).where(tokens.c.id == token_id))
