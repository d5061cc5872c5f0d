"""The tables of projects, their teams and platforms."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    bindparam,
    delete,
    exists,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from shipmark.avatars.model import read_avatar
from shipmark.infrastructure.database import (
    IDS,
    Id,
    UtcDateTime,
    ids_param,
    in_binary_order,
    metadata,
    upsert,
)
from shipmark.infrastructure.ids import id_of
from shipmark.organizations.model import Access, Role, Team
from shipmark.organizations.store import (
    TEAM,
    is_on_team,
    members,
    organizations,
    read_team,
    team_members,
    teams,
)
from shipmark.projects.model import Project
from shipmark.projects.store.keys import keys


class ProjectColumns(TypedColumns):
    """``last_short_id`` is the number of the newest issue; numbers are never reused. ``commit_paths`` is JSON.

    A project whose ``deletion_requested_at`` is set is returned by ``store/deletion.py`` only.
    """

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    slug = Column(String(50), nullable=False)
    name = Column(String(200), nullable=False)
    platform = Column(String(64))
    first_event_at = Column(UtcDateTime)
    has_releases = Column(Boolean, nullable=False)
    last_short_id = Column(Integer, nullable=False)
    created_at = Column(UtcDateTime, nullable=False)
    commit_paths = Column(Text, nullable=False, server_default=text("'[]'"))
    avatar_kind = Column(String(16))
    avatar_ident = Column(String(32))
    deletion_requested_at = Column(UtcDateTime)


class ProjectTeamColumns(TypedColumns):
    """A team that owns a project."""

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    team_id = Column(Id, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True, index=True)


class ProjectPlatformColumns(TypedColumns):
    """A platform that events of the project came from."""

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    platform = Column(String(64), primary_key=True)


projects = Table(
    "projects",
    metadata,
    ProjectColumns,
    UniqueConstraint("organization_id", "slug"),
    sqlite_autoincrement=True,
)
project_teams = Table("project_teams", metadata, ProjectTeamColumns)
platforms = Table("project_platforms", metadata, ProjectPlatformColumns)
_PROJECT = (
    projects.c.id,
    projects.c.organization_id,
    projects.c.slug,
    projects.c.name,
    projects.c.platform,
    projects.c.first_event_at,
    projects.c.has_releases,
    projects.c.created_at,
    projects.c.commit_paths,
    projects.c.avatar_kind,
    projects.c.avatar_ident,
)

IS_VISIBLE = projects.c.deletion_requested_at.is_(None)
_BY_IDS = select(*_PROJECT).join(IDS, IDS.c.id == projects.c.id).where(IS_VISIBLE)
_ALL_OF = (
    select(*_PROJECT)
    .where(projects.c.organization_id == bindparam("organization_id"), IS_VISIBLE)
    .order_by(in_binary_order(projects.c.slug))
)
_OF_TEAMS = _ALL_OF.where(
    exists().where(project_teams.c.project_id == projects.c.id, is_on_team(project_teams.c.team_id))
)
_OF_USER = (
    select(*_PROJECT)
    .join(organizations, organizations.c.id == projects.c.organization_id)
    .join(members, members.c.organization_id == organizations.c.id)
    .where(
        members.c.user_id == bindparam("user_id", type_=Id),
        IS_VISIBLE,
        or_(
            organizations.c.is_open,
            members.c.role.in_([role.value for role in Role if role.is_org_wide]),
            exists().where(
                project_teams.c.project_id == projects.c.id,
                team_members.c.team_id == project_teams.c.team_id,
                team_members.c.member_id == members.c.id,
            ),
        ),
    )
    .order_by(in_binary_order(projects.c.slug), projects.c.id)
)
_TEAMS_OF = (
    select(project_teams.c.project_id, *TEAM)
    .join(teams, teams.c.id == project_teams.c.team_id)
    .join(IDS, IDS.c.id == project_teams.c.project_id)
    .order_by(in_binary_order(teams.c.slug))
)
_PLATFORMS_OF = (
    select(platforms.c.project_id, platforms.c.platform)
    .join(IDS, IDS.c.id == platforms.c.project_id)
    .order_by(in_binary_order(platforms.c.platform))
)
_OWNED_BY = (
    select(project_teams.c.team_id, project_teams.c.project_id)
    .join(IDS, IDS.c.id == project_teams.c.team_id)
    .order_by(project_teams.c.project_id)
)
_NOTE_RELEASES = (
    update(projects)
    .where(projects.c.id.in_(select(IDS.c.id)), projects.c.has_releases.is_(False))
    .values(has_releases=True)
)


def accessible(connection: Connection, access: Access) -> list[Project]:
    """Return the projects that the caller may name: all of an open organization, else those of their teams."""
    return _visible_to(connection, access, covers_all_projects=access.organization.is_open)


def projects_of_teams(connection: Connection, access: Access) -> list[Project]:
    """Return the projects of lists for a caller who names none: those of their teams (releases.md 0.5)."""
    return _visible_to(connection, access, covers_all_projects=access.user is None)


def of_organization(connection: Connection, organization_id: int) -> list[Project]:
    """Return all projects of the organization, by slug."""
    result = connection.execute(_ALL_OF, {"organization_id": organization_id})
    return [_project(*row) for row in result]


def of_user(connection: Connection, user_id: int) -> list[Project]:
    """Return the projects of all organizations that the user may name, by slug, as in `accessible`."""
    parameters = {"user_id": user_id, "member_user_id": user_id}
    return [_project(*row) for row in connection.execute(_OF_USER, parameters)]


def by_slug_or_id(connection: Connection, organization_id: int, slug_or_id: str) -> Project | None:
    """Return the organization's project with this slug, or with this id if all digits, or None."""
    project_id = id_of(slug_or_id)
    named = projects.c.slug == slug_or_id if project_id is None else projects.c.id == project_id
    query = select(*_PROJECT).where(
        projects.c.organization_id == organization_id, named, IS_VISIBLE
    )
    row = connection.execute(query).first()
    return _project(*row) if row else None


def by_ids(connection: Connection, project_ids: Collection[int]) -> dict[int, Project]:
    """Return the projects with these ids, by id."""
    if not project_ids:
        return {}
    return {row[0]: _project(*row) for row in connection.execute(_BY_IDS, ids_param(project_ids))}


def is_on_its_team(connection: Connection, project_id: int, user_id: int) -> bool:
    """Return True if the user is on a team that owns the project."""
    query = select(project_teams.c.team_id).where(
        project_teams.c.project_id == project_id, is_on_team(project_teams.c.team_id)
    )
    return connection.execute(query.limit(1), {"member_user_id": user_id}).first() is not None


def ensure(
    connection: Connection,
    organization_id: int,
    slug: str,
    name: str,
    platform: str | None,
    at: datetime,
) -> Project:
    """Return the project with this slug, created if missing."""
    row = {"organization_id": organization_id, "slug": slug, "name": name, "platform": platform}
    row |= {"has_releases": False, "last_short_id": 0, "created_at": at}
    connection.execute(upsert(projects).values(row).on_conflict_do_nothing())
    query = select(*_PROJECT).where(
        projects.c.organization_id == organization_id, projects.c.slug == slug
    )
    return _project(*connection.execute(query).one())


def add(
    connection: Connection,
    organization_id: int,
    slug: str,
    name: str,
    platform: str | None,
    at: datetime,
) -> Project | None:
    """Insert a project. Return None if the slug is taken."""
    row = {"organization_id": organization_id, "slug": slug, "name": name, "platform": platform}
    row |= {"has_releases": False, "last_short_id": 0, "created_at": at}
    statement = upsert(projects).values(row).on_conflict_do_nothing().returning(*_PROJECT)
    made: Sequence[Any] | None = connection.execute(statement).first()
    return _project(*made) if made else None


def change(connection: Connection, project_id: int, values: Mapping[str, str | None]) -> bool:
    """Change columns. Return False if another project has the slug, after which the transaction is unusable."""
    try:
        connection.execute(update(projects).where(projects.c.id == project_id).values(**values))
    except IntegrityError:
        return False
    return True


def set_commit_paths(connection: Connection, project_id: int, paths: Sequence[str]) -> None:
    """Store the project's commit paths; none for all commits."""
    connection.execute(
        update(projects)
        .where(projects.c.id == project_id)
        .values(commit_paths=json.dumps(list(paths)))
    )


def add_owner(connection: Connection, project_id: int, team_id: int) -> bool:
    """Add an owning team. Return True if it did not own the project before."""
    row = {"project_id": project_id, "team_id": team_id}
    statement = upsert(project_teams).values(row).on_conflict_do_nothing()
    return connection.execute(statement.returning(project_teams.c.team_id)).first() is not None


def remove_owner(connection: Connection, project_id: int, team_id: int) -> bool:
    """Remove an owning team. Return True if it owned the project."""
    statement = delete(project_teams).where(
        project_teams.c.project_id == project_id, project_teams.c.team_id == team_id
    )
    return connection.execute(statement).rowcount > 0


def teams_of(connection: Connection, project_ids: Collection[int]) -> dict[int, list[Team]]:
    """Return the teams of each project, by slug."""
    result: dict[int, list[Team]] = {}
    rows = connection.execute(_TEAMS_OF, ids_param(project_ids))
    for row in rows:
        result.setdefault(row[0], []).append(read_team(*row[1:]))
    return result


def by_key(connection: Connection, public_key: str) -> Project | None:
    """Return the project with this active key, or None."""
    query = (
        select(*_PROJECT)
        .join(keys, keys.c.project_id == projects.c.id)
        .where(keys.c.public_key == public_key, keys.c.is_active, IS_VISIBLE)
    )
    row = connection.execute(query).first()
    return _project(*row) if row else None


def record_event(connection: Connection, project: Project, platform: str, at: datetime) -> None:
    """Record the date of the first event, and the platform of an event."""
    if project.first_event_at is None:
        first = projects.c.first_event_at.is_(None)
        connection.execute(
            update(projects).where(projects.c.id == project.id, first).values(first_event_at=at)
        )
    row = {"project_id": project.id, "platform": platform}
    connection.execute(upsert(platforms).values(row).on_conflict_do_nothing())


def record_releases(connection: Connection, project_ids: Collection[int]) -> None:
    """Record that these projects have releases."""
    connection.execute(_NOTE_RELEASES, ids_param(project_ids))


def ids_of_team(connection: Connection, team_id: int) -> set[int]:
    """Return the ids of the projects that the team owns."""
    query = select(project_teams.c.project_id).where(project_teams.c.team_id == team_id)
    return set(connection.execute(query).scalars())


def of_teams(connection: Connection, team_ids: Collection[int]) -> dict[int, list[int]]:
    """Return the ids of the projects that each team owns."""
    result: dict[int, list[int]] = {}
    for team_id, project_id in connection.execute(_OWNED_BY, ids_param(team_ids)):
        result.setdefault(team_id, []).append(project_id)
    return result


def platforms_of(connection: Connection, project_ids: Collection[int]) -> dict[int, list[str]]:
    """Return the platforms of each project, sorted."""
    result: dict[int, list[str]] = {}
    for project_id, platform in connection.execute(_PLATFORMS_OF, ids_param(project_ids)):
        result.setdefault(project_id, []).append(platform)
    return result


def next_short_id(connection: Connection, project_id: int) -> int:
    """Return the next number for an issue; concurrent transactions wait, and get different ones."""
    statement = (
        update(projects)
        .where(projects.c.id == project_id)
        .values(last_short_id=projects.c.last_short_id + 1)
        .returning(projects.c.last_short_id)
    )
    return connection.execute(statement).scalar_one()


def _visible_to(
    connection: Connection, access: Access, *, covers_all_projects: bool
) -> list[Project]:
    query, parameters = _ALL_OF, {"organization_id": access.organization.id}
    if not (covers_all_projects or access.reaches_all):
        assert access.user is not None, "only users have teams"
        query, parameters = _OF_TEAMS, parameters | {"member_user_id": access.user.id}
    return [_project(*row) for row in connection.execute(query, parameters)]


def _project(
    project_id: int,
    organization_id: int,
    slug: str,
    name: str,
    platform: str | None,
    first_event_at: datetime | None,
    has_releases: bool,
    created_at: datetime,
    commit_paths: str,
    avatar_kind: str | None,
    avatar_ident: str | None,
) -> Project:
    return Project(
        id=project_id,
        organization_id=organization_id,
        slug=slug,
        name=name,
        platform=platform,
        first_event_at=first_event_at,
        has_releases=has_releases,
        created_at=created_at,
        commit_paths=tuple(json.loads(commit_paths)) if commit_paths != "[]" else (),
        avatar=read_avatar(avatar_kind, avatar_ident),
    )
