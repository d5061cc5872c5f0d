"""The tables of projects, their teams and platforms."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from shipmark.avatars.model import read_avatar
from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.ids import id_of
from shipmark.infrastructure.inserts import insert_missing, insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.organizations.model import Access, Role, Team
from shipmark.organizations.store import (
    TEAM,
    is_on_team,
    members,
    organizations,
    team_members,
    teams,
)
from shipmark.projects.model import Project


class ProjectColumns(sa.TypedColumns):
    """``last_short_id`` is the number of the newest issue; numbers are never reused. ``commit_paths`` is JSON.

    A project whose ``deletion_requested_at`` is set is returned by ``store/deletion.py`` only.
    """

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations")
    slug = sa.Column(sa.String(50), nullable=False)
    name = sa.Column(sa.String(200), nullable=False)
    platform = sa.Column(sa.String(64))
    first_event_at = sa.Column(db.UtcDateTime)
    has_releases = sa.Column(sa.Boolean, nullable=False)
    last_short_id = sa.Column(sa.Integer, nullable=False)
    created_at = sa.Column(db.UtcDateTime, nullable=False)
    commit_paths = sa.Column(sa.Text, nullable=False, server_default=sa.text("'[]'"))
    avatar_kind = sa.Column(sa.String(16))
    avatar_ident = sa.Column(sa.String(32))
    deletion_requested_at = sa.Column(db.UtcDateTime)


class ProjectTeamColumns(sa.TypedColumns):
    """A team that owns a project."""

    project_id = parent("projects", primary_key=True)
    team_id = parent("teams", primary_key=True, index=True)


class ProjectPlatformColumns(sa.TypedColumns):
    """A platform that events of the project came from."""

    project_id = parent("projects", primary_key=True)
    platform = sa.Column(sa.String(64), primary_key=True)


projects = table("projects", ProjectColumns, sa.UniqueConstraint("organization_id", "slug"))
project_teams = table("project_teams", ProjectTeamColumns)
platforms = table("project_platforms", ProjectPlatformColumns)
PROJECT = RowReader(
    Project,
    projects,
    commit_paths=lambda text: tuple(json.loads(text)) if text != "[]" else (),
    avatar=(read_avatar, projects.c.avatar_kind, projects.c.avatar_ident),
)

IS_VISIBLE = projects.c.deletion_requested_at.is_(None)
_BY_IDS = PROJECT.select().join(db.IDS, db.IDS.c.id == projects.c.id).where(IS_VISIBLE)
_ALL_OF = (
    PROJECT.select()
    .where(projects.c.organization_id == sa.bindparam("organization_id"), IS_VISIBLE)
    .order_by(db.in_binary_order(projects.c.slug))
)
_OF_TEAMS = _ALL_OF.where(
    sa.exists().where(
        project_teams.c.project_id == projects.c.id, is_on_team(project_teams.c.team_id)
    )
)
_OF_USER = (
    PROJECT.select()
    .join(organizations, organizations.c.id == projects.c.organization_id)
    .join(members, members.c.organization_id == organizations.c.id)
    .where(
        members.c.user_id == sa.bindparam("user_id", type_=db.Id),
        IS_VISIBLE,
        sa.or_(
            organizations.c.is_open,
            members.c.role.in_([role.value for role in Role if role.is_org_wide]),
            sa.exists().where(
                project_teams.c.project_id == projects.c.id,
                team_members.c.team_id == project_teams.c.team_id,
                team_members.c.member_id == members.c.id,
            ),
        ),
    )
    .order_by(db.in_binary_order(projects.c.slug), projects.c.id)
)
_TEAMS_OF = (
    TEAM.select(project_teams.c.project_id)
    .join(teams, teams.c.id == project_teams.c.team_id)
    .join(db.IDS, db.IDS.c.id == project_teams.c.project_id)
    .order_by(db.in_binary_order(teams.c.slug))
)
_PLATFORMS_OF = (
    sa.select(platforms.c.project_id, platforms.c.platform)
    .join(db.IDS, db.IDS.c.id == platforms.c.project_id)
    .order_by(db.in_binary_order(platforms.c.platform))
)
_OWNED_BY = (
    sa.select(project_teams.c.team_id, project_teams.c.project_id)
    .join(db.IDS, db.IDS.c.id == project_teams.c.team_id)
    .order_by(project_teams.c.project_id)
)
_ADD_PLATFORMS = insert_rows(
    platforms, "added", ("project_id", "platform"), order_by=("project_id", "platform")
).on_conflict_do_nothing()
_NOTE_RELEASES = (
    sa.update(projects)
    .where(db.in_ids(projects.c.id), projects.c.has_releases.is_(False))
    .values(has_releases=True)
)


def accessible(connection: sa.Connection, access: Access) -> list[Project]:
    """Return the projects that the caller may name: all of an open organization, else those of their teams."""
    return _visible_to(connection, access, covers_all_projects=access.organization.is_open)


def projects_of_teams(connection: sa.Connection, access: Access) -> list[Project]:
    """Return the projects of lists for a caller who names none: those of their teams (releases.md 0.5)."""
    return _visible_to(connection, access, covers_all_projects=access.user is None)


def of_organization(connection: sa.Connection, organization_id: int) -> list[Project]:
    """Return all projects of the organization, by slug."""
    return PROJECT.all(connection, _ALL_OF, {"organization_id": organization_id})


def of_user(connection: sa.Connection, user_id: int) -> list[Project]:
    """Return the projects of all organizations that the user may name, by slug, as in `accessible`."""
    return PROJECT.all(connection, _OF_USER, {"user_id": user_id, "member_user_id": user_id})


def by_slug_or_id(
    connection: sa.Connection, organization_id: int, slug_or_id: str
) -> Project | None:
    """Return the organization's project with this slug, or with this id if all digits, or None."""
    project_id = id_of(slug_or_id)
    named = projects.c.slug == slug_or_id if project_id is None else projects.c.id == project_id
    query = PROJECT.select().where(projects.c.organization_id == organization_id, named, IS_VISIBLE)
    return PROJECT.first(connection, query)


def by_ids(connection: sa.Connection, project_ids: Collection[int]) -> dict[int, Project]:
    """Return the projects with these ids, by id."""
    return PROJECT.by_ids(connection, _BY_IDS, project_ids)


def is_on_its_team(connection: sa.Connection, project_id: int, user_id: int) -> bool:
    """Return True if the user is on a team that owns the project."""
    query = sa.select(project_teams.c.team_id).where(
        project_teams.c.project_id == project_id, is_on_team(project_teams.c.team_id)
    )
    return connection.execute(query.limit(1), {"member_user_id": user_id}).first() is not None


def ensure(
    connection: sa.Connection,
    organization_id: int,
    slug: str,
    name: str,
    platform: str | None,
    at: datetime,
) -> Project:
    """Return the project with this slug, created if missing."""
    if created := add(connection, organization_id, slug, name, platform, at):
        return created
    query = PROJECT.select().where(
        projects.c.organization_id == organization_id, projects.c.slug == slug
    )
    return PROJECT(connection.execute(query).one())


def add(
    connection: sa.Connection,
    organization_id: int,
    slug: str,
    name: str,
    platform: str | None,
    at: datetime,
) -> Project | None:
    """Insert a project. Return None if the slug is taken."""
    row = {"organization_id": organization_id, "slug": slug, "name": name, "platform": platform}
    row |= {"has_releases": False, "last_short_id": 0, "created_at": at}
    statement = db.upsert(projects).values(row).on_conflict_do_nothing()
    return PROJECT.first(connection, statement.returning(*PROJECT.columns))


def change(connection: sa.Connection, project_id: int, values: Mapping[str, str | None]) -> bool:
    """Change columns. Return False if another project has the slug, after which the transaction is unusable."""
    try:
        connection.execute(sa.update(projects).where(projects.c.id == project_id).values(**values))
    except IntegrityError:
        return False
    return True


def set_commit_paths(connection: sa.Connection, project_id: int, paths: Sequence[str]) -> None:
    """Store the project's commit paths; none for all commits."""
    statement = sa.update(projects).where(projects.c.id == project_id)
    connection.execute(statement.values(commit_paths=json.dumps(list(paths))))


def add_owner(connection: sa.Connection, project_id: int, team_id: int) -> bool:
    """Add an owning team. Return True if it did not own the project before."""
    row = {"project_id": project_id, "team_id": team_id}
    return insert_missing(connection, project_teams, row)


def remove_owner(connection: sa.Connection, project_id: int, team_id: int) -> bool:
    """Remove an owning team. Return True if it owned the project."""
    statement = sa.delete(project_teams).where(
        project_teams.c.project_id == project_id, project_teams.c.team_id == team_id
    )
    return connection.execute(statement).rowcount > 0


def teams_of(connection: sa.Connection, project_ids: Collection[int]) -> dict[int, list[Team]]:
    """Return the teams of each project, by slug."""
    rows = connection.execute(_TEAMS_OF, db.ids_param(project_ids))
    return grouped((row[-1], TEAM(row)) for row in rows)


def record_events(
    connection: sa.Connection,
    first_events: Mapping[int, datetime],
    project_platforms: Collection[tuple[int, str]],
) -> None:
    """Record the date of the first event of projects that have none yet, and the platforms of events."""
    for project_id, at in sorted(first_events.items()):
        is_first = projects.c.first_event_at.is_(None)
        statement = sa.update(projects).where(projects.c.id == project_id, is_first)
        connection.execute(statement.values(first_event_at=at))
    connection.execute(_ADD_PLATFORMS, db.rows_param("added", sorted(project_platforms)))


def record_releases(connection: sa.Connection, project_ids: Collection[int]) -> None:
    """Record that these projects have releases."""
    connection.execute(_NOTE_RELEASES, db.ids_param(project_ids))


def ids_of_team(connection: sa.Connection, team_id: int) -> set[int]:
    """Return the ids of the projects that the team owns."""
    query = sa.select(project_teams.c.project_id).where(project_teams.c.team_id == team_id)
    return set(connection.execute(query).scalars())


def of_teams(connection: sa.Connection, team_ids: Collection[int]) -> dict[int, list[int]]:
    """Return the ids of the projects that each team owns."""
    return grouped(connection.execute(_OWNED_BY, db.ids_param(team_ids)))


def platforms_of(connection: sa.Connection, project_ids: Collection[int]) -> dict[int, list[str]]:
    """Return the platforms of each project, sorted."""
    return grouped(connection.execute(_PLATFORMS_OF, db.ids_param(project_ids)))


def next_short_id(connection: sa.Connection, project_id: int) -> int:
    """Return the next number for an issue; concurrent transactions wait, and get different ones."""
    statement = (
        sa.update(projects)
        .where(projects.c.id == project_id)
        .values(last_short_id=projects.c.last_short_id + 1)
        .returning(projects.c.last_short_id)
    )
    return connection.execute(statement).scalar_one()


def lock_short_ids(connection: sa.Connection, project_id: int) -> None:
    """Have concurrent transactions that take a number of the project wait until this one ends."""
    query = sa.select(projects.c.id).where(projects.c.id == project_id)
    connection.execute(query.with_for_update(key_share=True))


def _visible_to(
    connection: sa.Connection, access: Access, *, covers_all_projects: bool
) -> list[Project]:
    query, parameters = _ALL_OF, {"organization_id": access.organization.id}
    if not (covers_all_projects or access.reaches_all):
        assert access.user is not None, "only users have teams"
        query, parameters = _OF_TEAMS, parameters | {"member_user_id": access.user.id}
    return PROJECT.all(connection, query, parameters)
