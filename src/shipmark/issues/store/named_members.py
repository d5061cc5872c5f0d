"""Members of an organization by the names that searches have for them: the caller, addresses, and names."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from shipmark.accounts.store import emails, users
from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.issues.people import UserCondition
from shipmark.issues.search import ME, NamesTerm
from shipmark.organizations.model import Access
from shipmark.organizations.store import members


class NamedMember(NamedTuple):
    """A member of the organization, by both of its ids."""

    id: int
    user_id: int


_NAMES = db.json_rows("names", name=sa.Text(), address=sa.Text())
_MEMBER = (_NAMES.c.name, members.c.id, members.c.user_id)
_IN_ORGANIZATION = members.c.organization_id == sa.bindparam("organization_id", type_=db.Id)
_NAMED = sa.union(
    sa.select(*_MEMBER)
    .join(emails, emails.c.email == _NAMES.c.address)
    .join(members, members.c.user_id == emails.c.user_id)
    .where(emails.c.is_verified, _IN_ORGANIZATION),
    sa.select(*_MEMBER)
    .join(users, users.c.name == _NAMES.c.name)
    .join(members, members.c.user_id == users.c.id)
    .where(_IN_ORGANIZATION),
)


def members_named(
    connection: sa.Connection, access: Access, names: Collection[str]
) -> Mapping[str, Collection[NamedMember]]:
    """Return the members with each of these names, by one statement; unknown ones are left out."""
    if not names:
        return {}
    rows = db.rows_param("names", ((name, name.lower()) for name in sorted(names)))
    result = connection.execute(_NAMED, {**rows, "organization_id": access.organization.id})
    return grouped((name, NamedMember(*ids)) for name, *ids in result)


def user_conditions(
    connection: sa.Connection, access: Access, terms: Sequence[NamesTerm]
) -> tuple[UserCondition, ...]:
    """Return the conditions of terms of users, by at most one statement. An unknown user matches nothing."""
    names = {name for term in terms for name in term.names} - {ME}
    ids = {
        name: {member.user_id for member in of_name}
        for name, of_name in members_named(connection, access, names).items()
    }
    if access.user_id is not None:
        ids[ME] = {access.user_id}
    return tuple(
        UserCondition(
            user_ids=frozenset(id_ for name in term.names for id_ in ids.get(name, ())),
            is_negated=term.is_negated,
        )
        for term in terms
    )
