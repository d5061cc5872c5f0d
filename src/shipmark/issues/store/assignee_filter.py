"""The conditions of searches by assignee, whose members and teams are looked up."""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.issues.people import TEAM_SIGN, AssignmentCondition
from shipmark.issues.search import ME, NO_ASSIGNEE, NamesTerm
from shipmark.issues.store.named_members import members_named
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access
from shipmark.organizations.store import teams

#: The caller's teams.
_MY_TEAMS = "my_teams"

_SLUGS = db.json_rows("slugs", slug=sa.Text())
_TEAMS_NAMED = (
    sa.select(_SLUGS.c.slug, teams.c.id)
    .join(teams, teams.c.slug == _SLUGS.c.slug)
    .where(teams.c.organization_id == sa.bindparam("organization_id", type_=db.Id))
)


def assignment_conditions(
    connection: sa.Connection, access: Access, terms: Sequence[NamesTerm]
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
    ids = {
        name: [member.id for member in of_name]
        for name, of_name in members_named(connection, access, others).items()
    }
    if ME in names and access.user is not None:
        member = organizations.member_who_is(connection, access.organization.id, access.user.id)
        ids[ME] = [member.id] if member else []
    return ids


def _team_ids(
    connection: sa.Connection, access: Access, names: Collection[str]
) -> Mapping[str, Collection[int]]:
    slugs = {name.removeprefix(TEAM_SIGN) for name in names if name.startswith(TEAM_SIGN)}
    ids = dict[str, Collection[int]]()
    if slugs:
        rows = db.values_param("slugs", slugs)
        organization_id = access.organization.id
        result = connection.execute(_TEAMS_NAMED, {**rows, "organization_id": organization_id})
        ids |= {f"{TEAM_SIGN}{slug}": [team_id] for slug, team_id in result}
    if _MY_TEAMS in names and access.user is not None:
        organization_id = access.organization.id
        ids[_MY_TEAMS] = organizations.team_ids_of(connection, organization_id, access.user.id)
    return ids


def _condition(
    term: NamesTerm,
    member_ids: Mapping[str, Collection[int]],
    team_ids: Mapping[str, Collection[int]],
) -> AssignmentCondition:
    return AssignmentCondition(
        member_ids=frozenset(id_ for name in term.names for id_ in member_ids.get(name, ())),
        team_ids=frozenset(id_ for name in term.names for id_ in team_ids.get(name, ())),
        includes_unassigned=NO_ASSIGNEE in term.names,
        is_negated=term.is_negated,
    )
