"""The table of invitations: at most one per address and organization."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    delete,
    func,
    select,
    update,
)

from shipmark.infrastructure.database import Id, UtcDateTime, metadata, upsert
from shipmark.organizations.model import Invitation, Role
from shipmark.organizations.store.people import members


class InvitationColumns(TypedColumns):
    """An invitation. ``digest`` is the SHA-256 of the token in its link; ``team_ids`` is a JSON list.

    Addresses are in lower case. An accepted invitation is stored as long as its member: clients that have its id find
    the member by it.
    """

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    email = Column(Text, nullable=False)
    role = Column(String(32), nullable=False)
    team_ids = Column(Text, nullable=False)
    digest = Column(String(64), nullable=False, unique=True)
    invited_by = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = Column(UtcDateTime, nullable=False)
    expires_at = Column(UtcDateTime, nullable=False)
    member_id = Column(Id, ForeignKey("members.id", ondelete="CASCADE"), index=True)


invitations = Table(
    "invitations",
    metadata,
    InvitationColumns,
    UniqueConstraint("organization_id", "email"),
    sqlite_autoincrement=True,
)

_INVITATION = (
    invitations.c.id,
    invitations.c.organization_id,
    invitations.c.email,
    invitations.c.role,
    invitations.c.team_ids,
    invitations.c.invited_by,
    invitations.c.created_at,
    invitations.c.expires_at,
    invitations.c.member_id,
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


def put(connection: Connection, new: NewInvitation) -> Invitation:
    """Store an invitation, replacing an earlier one to the same address, whose link becomes invalid."""
    row = {
        "organization_id": new.organization_id,
        "email": new.email,
        "role": new.role.value,
        "team_ids": json.dumps(sorted(new.team_ids)),
        "digest": new.digest,
        "invited_by": new.invited_by,
        "created_at": new.created_at,
        "expires_at": new.expires_at,
    }
    statement = upsert(invitations).values(row)
    again = {name: row[name] for name in row if name not in {"organization_id", "email"}}
    again["member_id"] = None
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id", "email"], set_=again
    )
    return _invitation(*connection.execute(statement.returning(*_INVITATION)).one())


def by_digest(connection: Connection, digest: str) -> Invitation | None:
    """Return the invitation with this token, locked so that it is accepted only once, or None."""
    query = select(*_INVITATION).where(invitations.c.digest == digest, _IS_PENDING)
    row = connection.execute(query.with_for_update()).first()
    return _invitation(*row) if row else None


def look_up(connection: Connection, digest: str) -> Invitation | None:
    """Return the invitation with this token, without a lock, or None."""
    query = select(*_INVITATION).where(invitations.c.digest == digest, _IS_PENDING)
    row = connection.execute(query).first()
    return _invitation(*row) if row else None


def by_id(connection: Connection, organization_id: int, invitation_id: int) -> Invitation | None:
    """Return the organization's invitation with this id, or None."""
    query = select(*_INVITATION).where(
        invitations.c.id == invitation_id, invitations.c.organization_id == organization_id
    )
    row = connection.execute(query).first()
    return _invitation(*row) if row else None


def page_of(
    connection: Connection, organization_id: int, *, limit: int, offset: int
) -> list[Invitation]:
    """Return a page of the organization's invitations, oldest first."""
    query = (
        select(*_INVITATION)
        .where(invitations.c.organization_id == organization_id, _IS_PENDING)
        .order_by(invitations.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [_invitation(*row) for row in connection.execute(query)]


def count_members(connection: Connection, organization_id: int) -> int:
    """Return the number of members: invitations are listed after them."""
    query = select(func.count()).where(members.c.organization_id == organization_id)
    return connection.execute(query).scalar_one()


def count_pending(connection: Connection, organization_id: int) -> int:
    """Return the number of the organization's pending invitations."""
    query = select(func.count()).where(
        invitations.c.organization_id == organization_id, _IS_PENDING
    )
    return connection.execute(query).scalar_one()


def mark_accepted(connection: Connection, invitation_id: int, member_id: int) -> None:
    """Store the member that accepted an invitation; its link becomes invalid."""
    connection.execute(
        update(invitations).where(invitations.c.id == invitation_id).values(member_id=member_id)
    )


def remove(connection: Connection, invitation_id: int) -> None:
    """Delete an invitation; its link becomes invalid."""
    connection.execute(delete(invitations).where(invitations.c.id == invitation_id))


def _invitation(*row: Any) -> Invitation:
    names = [column.name for column in _INVITATION]
    columns = dict(zip(names, row, strict=True))
    team_ids = tuple(json.loads(columns.pop("team_ids")))
    return Invitation(role=Role(columns.pop("role")), team_ids=team_ids, **columns)
