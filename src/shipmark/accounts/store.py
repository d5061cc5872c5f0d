"""The tables of users, their addresses, sessions and tokens."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    TypedColumns,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from shipmark.accounts.model import Email, User, UserToken, UserTokenSummary
from shipmark.avatars.model import read_avatar
from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, metadata


class UserColumns(TypedColumns):
    """A user. ``password`` is an argon2 hash, or NULL for a user who can't sign in."""

    id = Column(Id, primary_key=True)
    email = Column(String(200), nullable=False, unique=True)
    name = Column(String(200), nullable=False)
    password = Column(Text)
    is_active = Column(Boolean, nullable=False)
    created_at = Column(UtcDateTime, nullable=False)
    last_login_at = Column(UtcDateTime)
    avatar_kind = Column(String(16))
    avatar_ident = Column(String(32))


class EmailColumns(TypedColumns):
    """An address of a user, in lower case."""

    id = Column(Id, primary_key=True)
    user_id = Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)
    email = Column(String(200), nullable=False)
    is_verified = Column(Boolean, nullable=False)


class SessionColumns(TypedColumns):
    """A session of a browser. ``digest`` is the SHA-256 of its cookie."""

    digest = Column(String(64), primary_key=True)
    user_id = Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)
    expires_at = Column(UtcDateTime, nullable=False, index=True)


class UserTokenColumns(TypedColumns):
    """A token of a user. ``digest`` is its SHA-256; ``scopes`` are separated by spaces."""

    id = Column(Id, primary_key=True)
    user_id = Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)
    digest = Column(String(64), nullable=False, unique=True)
    last_characters = Column(String(4), nullable=False)
    name = Column(String(255), nullable=False)
    scopes = Column(Text, nullable=False)
    created_at = Column(UtcDateTime, nullable=False)
    expires_at = Column(UtcDateTime)


users = Table("users", metadata, UserColumns, sqlite_autoincrement=True)
emails = Table(
    "user_emails",
    metadata,
    EmailColumns,
    Index("uq_user_emails_email", "email", unique=True),
    sqlite_autoincrement=True,
)
sessions = Table("sessions", metadata, SessionColumns)
tokens = Table("user_tokens", metadata, UserTokenColumns, sqlite_autoincrement=True)

#: The columns of a user, for queries of packages above too.
USER = (
    users.c.id,
    users.c.email,
    users.c.name,
    users.c.is_active,
    users.c.password,
    users.c.created_at,
    users.c.last_login_at,
    users.c.avatar_kind,
    users.c.avatar_ident,
)

_TOKEN_SUMMARY = (
    tokens.c.id,
    tokens.c.user_id,
    tokens.c.name,
    tokens.c.scopes,
    tokens.c.last_characters,
    tokens.c.created_at,
    tokens.c.expires_at,
)

_BY_IDS = (
    select(
        *USER, emails.c.id.label("email_id"), emails.c.email.label("address"), emails.c.is_verified
    )
    .join(IDS, IDS.c.id == users.c.id)
    .outerjoin(emails, emails.c.user_id == users.c.id)
    .order_by(users.c.id, emails.c.id)
)
#: The columns of a token with its user.
TOKEN = (tokens.c.id, tokens.c.scopes, tokens.c.expires_at, *USER)
_TOKEN_BY_DIGEST = (
    select(*TOKEN)
    .join(users, users.c.id == tokens.c.user_id)
    .where(tokens.c.digest == bindparam("digest"))
)


def add(connection: Connection, email: str, name: str, password: str | None, at: datetime) -> int:
    """Insert a user with one verified address, whose constraint decides races. Return the id."""
    row = {"email": email, "name": name, "password": password, "is_active": True, "created_at": at}
    user_id = connection.execute(insert(users).values(row).returning(users.c.id)).scalar_one()
    connection.execute(insert(emails).values(user_id=user_id, email=email, is_verified=True))
    return user_id


def exists(connection: Connection) -> bool:
    """Return True if there is any user."""
    return connection.execute(select(users.c.id).limit(1)).first() is not None


def by_id(connection: Connection, user_id: int) -> User | None:
    """Return the user with this id, with addresses, or None."""
    return by_ids(connection, [user_id]).get(user_id)


def by_email(connection: Connection, email: str) -> User | None:
    """Return the user with this address, in any case, active or not, or None."""
    query = select(emails.c.user_id).where(emails.c.email == email.lower())
    user_id = connection.execute(query).scalar_one_or_none()
    return by_id(connection, user_id) if user_id is not None else None


def by_ids(connection: Connection, user_ids: Collection[int]) -> dict[int, User]:
    """Return the users with those ids, with their email addresses, in one statement."""
    if not user_ids:
        return {}
    people: dict[int, Sequence[Any]] = {}
    addresses: dict[int, list[Email]] = {}
    for row in connection.execute(_BY_IDS, ids_param(user_ids)):
        people[row[0]] = row[: len(USER)]
        user_id, (email_id, email, is_verified) = row[0], cast("tuple[Any, ...]", row[len(USER) :])
        known = addresses.setdefault(user_id, [])
        if email_id is not None:
            known.append(Email(id=email_id, email=email, is_verified=is_verified))
    return {user_id: read_user(row, addresses[user_id]) for user_id, row in people.items()}


def all_users(connection: Connection, *, limit: int, after_id: int = 0) -> list[User]:
    """Return a page of all users, by id, without their further addresses."""
    query = select(*USER).where(users.c.id > after_id).order_by(users.c.id).limit(limit)
    return [read_user(row) for row in connection.execute(query)]


def remove(connection: Connection, user_id: int) -> None:
    """Delete a user with addresses, sessions, tokens and memberships; references to the user become NULL."""
    connection.execute(delete(users).where(users.c.id == user_id))


def password_of(connection: Connection, email: str) -> tuple[int, str] | None:
    """Return id and password hash of the active user with this address, or None without a user or hash."""
    query = (
        select(users.c.id, users.c.password)
        .join(emails, emails.c.user_id == users.c.id)
        .where(emails.c.email == email.lower(), users.c.is_active, users.c.password.is_not(None))
    )
    row = connection.execute(query).first()
    return (row[0], row[1]) if row and row[1] else None


def set_password(connection: Connection, user_id: int, password: str) -> int:
    """Store a new hash, and end the user's sessions. Return their number."""
    connection.execute(update(users).where(users.c.id == user_id).values(password=password))
    return connection.execute(delete(sessions).where(sessions.c.user_id == user_id)).rowcount


def add_session(
    connection: Connection, user_id: int, digest: str, at: datetime, expires_at: datetime
) -> None:
    """Insert a session, and store the date of signing in."""
    connection.execute(
        insert(sessions).values(digest=digest, user_id=user_id, expires_at=expires_at)
    )
    connection.execute(update(users).where(users.c.id == user_id).values(last_login_at=at))


def user_of_session(connection: Connection, digest: str, at: datetime) -> User | None:
    """Return the active user of the session, or None if it has ended."""
    query = (
        select(*USER)
        .join(sessions, sessions.c.user_id == users.c.id)
        .where(sessions.c.digest == digest, sessions.c.expires_at > at, users.c.is_active)
    )
    row = connection.execute(query).first()
    return read_user(row) if row else None


def end_session(connection: Connection, digest: str) -> None:
    """Delete a session."""
    connection.execute(delete(sessions).where(sessions.c.digest == digest))


def end_old_sessions(connection: Connection, at: datetime) -> int:
    """Delete expired sessions. Return their number."""
    return connection.execute(delete(sessions).where(sessions.c.expires_at <= at)).rowcount


def add_token(
    connection: Connection,
    user_id: int,
    digest: str,
    last: str,
    name: str,
    scopes: Sequence[str],
    at: datetime,
    expires_at: datetime | None = None,
) -> int:
    """Insert a token by its digest. Return its id."""
    row = {
        "user_id": user_id,
        "digest": digest,
        "last_characters": last,
        "name": name,
        "created_at": at,
        "expires_at": expires_at,
    }
    statement = insert(tokens).values(row | {"scopes": " ".join(scopes)})
    return connection.execute(statement.returning(tokens.c.id)).scalar_one()


def token_by_digest(connection: Connection, digest: str) -> UserToken | None:
    """Return the token with this digest and its user, active or not, or None."""
    row = connection.execute(_TOKEN_BY_DIGEST, {"digest": digest}).first()
    return read_token(row) if row else None


def read_token(row: Sequence[Any]) -> UserToken:
    """Return a token from a row with the columns of `TOKEN`."""
    user = read_user(row[len(TOKEN) - len(USER) : len(TOKEN)])
    return UserToken(id=row[0], user=user, scopes=frozenset(row[1].split()), expires_at=row[2])


def tokens_of(
    connection: Connection, user_id: int | None, *, limit: int, offset: int = 0
) -> list[UserTokenSummary]:
    """Return a page of a user's tokens, or of all users' if None, by id."""
    query = select(*_TOKEN_SUMMARY)
    if user_id is not None:
        query = query.where(tokens.c.user_id == user_id)
    result = connection.execute(query.order_by(tokens.c.id).limit(limit).offset(offset))
    return [_summary(*row) for row in result]


def token_by_id(connection: Connection, token_id: int) -> UserTokenSummary | None:
    """Return the token with this id, or None."""
    row = connection.execute(select(*_TOKEN_SUMMARY).where(tokens.c.id == token_id)).first()
    return _summary(*row) if row else None


def remove_token(connection: Connection, token_id: int) -> None:
    """Delete a token."""
    connection.execute(delete(tokens).where(tokens.c.id == token_id))


def _summary(
    token_id: int,
    user_id: int,
    name: str,
    scopes: str,
    last_characters: str,
    created_at: datetime,
    expires_at: datetime | None,
) -> UserTokenSummary:
    return UserTokenSummary(
        id=token_id,
        user_id=user_id,
        name=name,
        scopes=tuple(scopes.split()),
        last_characters=last_characters,
        created_at=created_at,
        expires_at=expires_at,
    )


def read_user(row: Sequence[object], addresses: Sequence[Email] = ()) -> User:
    """Return a user from a row with the columns of `USER`."""
    user_id, email, name, is_active, password, created_at, last_login_at, kind, ident = row
    assert isinstance(user_id, int)
    assert isinstance(created_at, datetime)
    assert last_login_at is None or isinstance(last_login_at, datetime)
    return User(
        id=user_id,
        email=str(email),
        name=str(name),
        is_active=bool(is_active),
        has_password=password is not None,
        created_at=created_at,
        last_login_at=last_login_at,
        emails=tuple(addresses),
        avatar=read_avatar(_text(kind), _text(ident)),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)
