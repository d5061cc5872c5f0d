"""The conditions of searches by assignee, whose members and teams are looked up."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from shipmark.accounts.store import emails, users
from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.issues.people import AssignmentCondition
from shipmark.issues.search import ME, NO_ASSIGNEE, AssigneeTerm
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access
from shipmark.organizations.store import members, teams

#: The caller's teams.
_MY_TEAMS = "my_teams"
_TEAM_SIGN = "#"

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
    if not names:
        return tuple(_condition(term, {}, {}) for term in terms)
    slugs = {name.removeprefix(_TEAM_SIGN) for name in names if name.startswith(_TEAM_SIGN)}
    others = {name for name in names if not name.startswith(_TEAM_SIGN)} - {ME, _MY_TEAMS}
    member_ids = dict(_looked_up(connection, _MEMBERS_NAMED, access, others))
    found = _looked_up(connection, _TEAMS_NAMED, access, slugs)
    team_ids: dict[str, Collection[int]] = {
        f"{_TEAM_SIGN}{slug}": ids for slug, ids in found.items()
    }
    organization_id, user = access.organization.id, access.user
    if ME in names and user is not None:
        member = organizations.member_who_is(connection, organization_id, user.id)
        member_ids[ME] = [member.id] if member else []
    if _MY_TEAMS in names and user is not None:
        team_ids[_MY_TEAMS] = organizations.team_ids_of(connection, organization_id, user.id)
    return tuple(_condition(term, member_ids, team_ids) for term in terms)


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
