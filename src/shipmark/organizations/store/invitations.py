"""The table of invitations: at most one per address and organization."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, UtcDateTime, upsert
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.organizations.model import Invitation, Role
from shipmark.organizations.store.people import members


class InvitationColumns(sa.TypedColumns):
    """An invitation. ``digest`` is the SHA-256 of the token in its link; ``team_ids`` is a JSON list.

    Addresses are in lower case. An accepted invitation is stored as long as its member: clients that have its id find
    the member by it.
    """

    id = sa.Column(Id, primary_key=True)
    organization_id = parent("organizations")
    email = sa.Column(sa.Text, nullable=False)
    role = sa.Column(sa.String(32), nullable=False)
    team_ids = sa.Column(sa.Text, nullable=False)
    digest = sa.Column(sa.String(64), nullable=False, unique=True)
    invited_by = sa.Column(Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = sa.Column(UtcDateTime, nullable=False)
    expires_at = sa.Column(UtcDateTime, nullable=False)
    member_id = parent("members", nullable=True, index=True)


invitations = table(
    "invitations", InvitationColumns, sa.UniqueConstraint("organization_id", "email")
)

_INVITATION = RowReader(
    Invitation, invitations, role=Role, team_ids=lambda text: tuple(json.loads(text))
)
_IS_PENDING = invitations.c.member_id.is_(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """Values of a new invitation, with the digest of the token in its link."""

    organization_id: int
    email: str
    role: Role
    team_ids: Sequence[int]
    digest: str
    invited_by: int | None
    created_at: datetime
    expires_at: datetime


def put(connection: sa.Connection, new: NewInvitation) -> Invitation:
    """Store an invitation, replacing an earlier one to the same address, whose link becomes invalid."""
    row = asdict(new) | {"team_ids": json.dumps(sorted(new.team_ids)), "member_id": None}
    key = ["organization_id", "email"]
    statement = upsert(invitations).values(row)
    statement = statement.on_conflict_do_update(
        index_elements=key, set_={name: row[name] for name in row if name not in key}
    )
    return _INVITATION(connection.execute(statement.returning(*_INVITATION.columns)).one())


def by_digest(connection: sa.Connection, digest: str) -> Invitation | None:
    """Return the invitation with this token, locked so that it is accepted only once, or None."""
    return _INVITATION.first(connection, _with_digest(digest).with_for_update())


def look_up(connection: sa.Connection, digest: str) -> Invitation | None:
    """Return the invitation with this token, without a lock, or None."""
    return _INVITATION.first(connection, _with_digest(digest))


def by_id(connection: sa.Connection, organization_id: int, invitation_id: int) -> Invitation | None:
    """Return the organization's invitation with this id, or None."""
    query = _INVITATION.select().where(
        invitations.c.id == invitation_id, invitations.c.organization_id == organization_id
    )
    return _INVITATION.first(connection, query)


def page_of(
    connection: sa.Connection, organization_id: int, *, limit: int, offset: int
) -> list[Invitation]:
    """Return a page of the organization's invitations, oldest first."""
    query = (
        _INVITATION.select()
        .where(invitations.c.organization_id == organization_id, _IS_PENDING)
        .order_by(invitations.c.id)
        .limit(limit)
        .offset(offset)
    )
    return _INVITATION.all(connection, query)


def count_members(connection: sa.Connection, organization_id: int) -> int:
    """Return the number of members: invitations are listed after them."""
    query = sa.select(sa.func.count()).where(members.c.organization_id == organization_id)
    return connection.execute(query).scalar_one()


def count_pending(connection: sa.Connection, organization_id: int) -> int:
    """Return the number of the organization's pending invitations."""
    query = sa.select(sa.func.count()).where(
        invitations.c.organization_id == organization_id, _IS_PENDING
    )
    return connection.execute(query).scalar_one()


def mark_accepted(connection: sa.Connection, invitation_id: int, member_id: int) -> None:
    """Store the member that accepted an invitation; its link becomes invalid."""
    connection.execute(
        sa.update(invitations).where(invitations.c.id == invitation_id).values(member_id=member_id)
    )


def remove(connection: sa.Connection, invitation_id: int) -> None:
    """Delete an invitation; its link becomes invalid."""
    connection.execute(sa.delete(invitations).where(invitations.c.id == invitation_id))


def _with_digest(digest: str) -> sa.Select[*tuple[Any, ...]]:
    return _INVITATION.select().where(invitations.c.digest == digest, _IS_PENDING)
