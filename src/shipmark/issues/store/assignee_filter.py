"""The conditions of searches by assignee, whose members and teams are looked up."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from shipmark.accounts.store import emails, users
from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.issues.people import TEAM_SIGN, AssignmentCondition
from shipmark.issues.search import ME, NO_ASSIGNEE, AssigneeTerm
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access
from shipmark.organizations.store import members, teams

#: The caller's teams.
_MY_TEAMS = "my_teams"

_NAMES = db.json_rows("names", name=sa.Text(), address=sa.Text())
_IN_ORGANIZATION = members.c.organization_id == sa.bindparam("organization_id", type_=db.Id)
_MEMBERS_NAMED = sa.union(
    sa.select(_NAMES.c.name, members.c.id)
    .join(emails, emails.c.email == _NAMES.c.address)
    .join(members, members.c.user_id == emails.c.user_id)
    .where(emails.c.is_verified, _IN_ORGANIZATION),
    sa.select(_NAMES.c.name, members.c.id)
    .join(users, users.c.name == _NAMES.c.name)
    .join(members, members.c.user_id == users.c.id)
    .where(_IN_ORGANIZATION),
)
_TEAMS_NAMED = (
    sa.select(_NAMES.c.name, teams.c.id)
    .join(teams, teams.c.slug == _NAMES.c.name)
    .where(teams.c.organization_id == sa.bindparam("organization_id", type_=db.Id))
)


def assignment_conditions(
    connection: sa.Connection, access: Access, terms: Sequence[AssigneeTerm]
) -> tuple[AssignmentCondition, ...]:
    """Return the conditions of the terms, by at most four statements. An unknown assignee matches nothing."""
    names = {name for term in terms for name in term.names if name != NO_ASSIGNEE}
    member_ids = _member_ids(connection, access, names)
    team_ids = _team_ids(connection, access, names)
    return tuple(_condition(term, member_ids, team_ids) for term in terms)


def _member_ids(
    connection: sa.Connection, access: Access, names: Collection[str]
) -> Mapping[str, Collection[int]]:
    others = {name for name in names if not name.startswith(TEAM_SIGN)} - {ME, _MY_TEAMS}
    ids = dict(_looked_up(connection, _MEMBERS_NAMED, access, others))
    if ME in names and access.user is not None:
        member = organizations.member_who_is(connection, access.organization.id, access.user.id)
        ids[ME] = [member.id] if member else []
    return ids


def _team_ids(
    connection: sa.Connection, access: Access, names: Collection[str]
) -> Mapping[str, Collection[int]]:
    slugs = {name.removeprefix(TEAM_SIGN) for name in names if name.startswith(TEAM_SIGN)}
    found = _looked_up(connection, _TEAMS_NAMED, access, slugs)
    ids: dict[str, Collection[int]] = {f"{TEAM_SIGN}{slug}": of for slug, of in found.items()}
    if _MY_TEAMS in names and access.user is not None:
        organization_id = access.organization.id
        ids[_MY_TEAMS] = organizations.team_ids_of(connection, organization_id, access.user.id)
    return ids


def _looked_up(
    connection: sa.Connection,
    query: sa.Executable,
    access: Access,
    names: Collection[str],
) -> Mapping[str, Collection[int]]:
    if not names:
        return {}
    rows = db.rows_param("names", ((name, name.lower()) for name in sorted(names)))
    result = connection.execute(query, {**rows, "organization_id": access.organization.id})
    return grouped((row[0], row[1]) for row in result)


def _condition(
    term: AssigneeTerm,
    member_ids: Mapping[str, Collection[int]],
    team_ids: Mapping[str, Collection[int]],
) -> AssignmentCondition:
    return AssignmentCondition(
        member_ids=frozenset(id_ for name in term.names for id_ in member_ids.get(name, ())),
        team_ids=frozenset(id_ for name in term.names for id_ in team_ids.get(name, ())),
        includes_unassigned=NO_ASSIGNEE in term.names,
        is_negated=term.is_negated,
    )
