"""The table of identities: which users are whom at OpenID providers."""

from datetime import datetime

import sqlalchemy as sa

from shipmark.accounts.model import User
from shipmark.accounts.openid_connect import SUBJECT_MAX, Identity
from shipmark.accounts.store import USER, emails, users
from shipmark.infrastructure.database import Id, UtcDateTime
from shipmark.infrastructure.inserts import insert_missing
from shipmark.infrastructure.schema import parent, table


class IdentityColumns(sa.TypedColumns):
    """A user at a provider; ``subject`` is its name for them. A user may have several."""

    id = sa.Column(Id, primary_key=True)
    user_id = parent("users", index=True)
    issuer = sa.Column(sa.String(500), nullable=False)
    subject = sa.Column(sa.String(SUBJECT_MAX), nullable=False)
    created_at = sa.Column(UtcDateTime, nullable=False)


identities = table(
    "identities", IdentityColumns, sa.UniqueConstraint("issuer", "subject", name="uq_identities")
)


def user_of(connection: sa.Connection, identity: Identity) -> User | None:
    """Return the user with this identity, active or not, or None."""
    query = (
        USER.select()
        .join(identities, identities.c.user_id == users.c.id)
        .where(identities.c.issuer == identity.issuer, identities.c.subject == identity.subject)
    )
    return USER.first(connection, query)


def user_with_verified_email(connection: sa.Connection, email: str) -> User | None:
    """Return the user with this address, active or not, or None. An unverified address belongs to no user."""
    query = (
        USER.select()
        .join(emails, emails.c.user_id == users.c.id)
        .where(emails.c.email == email, emails.c.is_verified)
    )
    return USER.first(connection, query)


def add(connection: sa.Connection, user_id: int, identity: Identity, at: datetime) -> None:
    """Insert the identity of a user. Of two requests at the same moment, the first decides."""
    row = {"user_id": user_id, "issuer": identity.issuer, "subject": identity.subject}
    insert_missing(connection, identities, row | {"created_at": at})
