"""Where are projects, their keys and environments kept?"""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    TypedColumns,
    UniqueConstraint,
    exists,
    literal,
    select,
    update,
)

from shipmark.ground.database import Id, Moment, listed, metadata, upsert
from shipmark.organizations.model import Access, Team
from shipmark.organizations.store import is_on_team, teams
from shipmark.projects.model import Environment, Project, ProjectKey


class ProjectColumns(TypedColumns):
    """``last_short_id`` is the number of the newest issue; numbers are never given twice."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    slug = Column(String(50), nullable=False)
    name = Column(String(200), nullable=False)
    platform = Column(String(64))
    first_event_at = Column(Moment)
    has_releases = Column(Boolean, nullable=False)
    last_short_id = Column(Integer, nullable=False)
    created_at = Column(Moment, nullable=False)


class ProjectTeamColumns(TypedColumns):
    """A team that owns a project."""

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    team_id = Column(Id, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True, index=True)


class ProjectKeyColumns(TypedColumns):
    """A DSN key. Both halves are 32 hexadecimal digits."""

    id = Column(Id, primary_key=True)
    project_id = Column(
        Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False, index=True
    )
    public_key = Column(String(32), nullable=False, unique=True)
    secret_key = Column(String(32), nullable=False)
    label = Column(String(64), nullable=False)
    is_active = Column(Boolean, nullable=False)
    created_at = Column(Moment, nullable=False)


class ProjectPlatformColumns(TypedColumns):
    """A platform that events of the project came from."""

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    platform = Column(String(64), primary_key=True)


class EnvironmentColumns(TypedColumns):
    """An environment of an organization."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    name = Column(String(64), nullable=False)


class ProjectEnvironmentColumns(TypedColumns):
    """An environment that a project runs in."""

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    environment_id = Column(
        Id, ForeignKey("environments.id", ondelete="CASCADE"), primary_key=True, index=True
    )


projects = Table(
    "projects",
    metadata,
    ProjectColumns,
    UniqueConstraint("organization_id", "slug"),
    sqlite_autoincrement=True,
)
project_teams = Table("project_teams", metadata, ProjectTeamColumns)
keys = Table("project_keys", metadata, ProjectKeyColumns, sqlite_autoincrement=True)
platforms = Table("project_platforms", metadata, ProjectPlatformColumns)
environments = Table(
    "environments",
    metadata,
    EnvironmentColumns,
    UniqueConstraint("organization_id", "name"),
    sqlite_autoincrement=True,
)
project_environments = Table("project_environments", metadata, ProjectEnvironmentColumns)

_PROJECT = (
    projects.c.id,
    projects.c.organization_id,
    projects.c.slug,
    projects.c.name,
    projects.c.platform,
    projects.c.first_event_at,
    projects.c.has_releases,
    projects.c.created_at,
)


def accessible(connection: Connection, access: Access) -> list[Project]:
    """The projects that the caller may name: all of an open organization, else those of their teams."""
    return _seen_by(connection, access, is_everything=access.organization.is_open)


def joined(connection: Connection, access: Access) -> list[Project]:
    """The projects that a list shows a caller who names none: those of their teams (releases.md 0.5)."""
    return _seen_by(connection, access, is_everything=access.user is None)


def by_slug_or_id(connection: Connection, organization_id: int, slug_or_id: str) -> Project | None:
    """The organization's project with that slug, or that id if it is all digits."""
    named = (
        projects.c.id == int(slug_or_id)
        if slug_or_id.isascii() and slug_or_id.isdigit() and len(slug_or_id) < 19
        else projects.c.slug == slug_or_id
    )
    query = select(*_PROJECT).where(projects.c.organization_id == organization_id, named)
    row = connection.execute(query).first()
    return _project(*row) if row else None


def by_ids(connection: Connection, project_ids: Collection[int]) -> dict[int, Project]:
    """The projects of those ids."""
    if not project_ids:
        return {}
    wanted = listed(connection, "wanted", {"id": Id}, [[i] for i in sorted(project_ids)])
    query = select(*_PROJECT).join(wanted, wanted.c.id == projects.c.id)
    return {row[0]: _project(*row) for row in connection.execute(query)}


def is_on_its_team(connection: Connection, project_id: int, user_id: int) -> bool:
    """Is the user on a team that owns the project?"""
    query = select(project_teams.c.team_id).where(
        project_teams.c.project_id == project_id, is_on_team(user_id, project_teams.c.team_id)
    )
    return connection.execute(query.limit(1)).first() is not None


def ensure(
    connection: Connection,
    organization_id: int,
    slug: str,
    name: str,
    platform: str | None,
    at: datetime,
) -> Project:
    """The project with that slug, made if missing."""
    row = {"organization_id": organization_id, "slug": slug, "name": name, "platform": platform}
    row |= {"has_releases": False, "last_short_id": 0, "created_at": at}
    connection.execute(upsert(connection, projects).values(row).on_conflict_do_nothing())
    query = select(*_PROJECT).where(
        projects.c.organization_id == organization_id, projects.c.slug == slug
    )
    return _project(*connection.execute(query).one())


def own(connection: Connection, project_id: int, team_id: int) -> None:
    """Let the team own the project, unless it does already."""
    row = {"project_id": project_id, "team_id": team_id}
    connection.execute(upsert(connection, project_teams).values(row).on_conflict_do_nothing())


def teams_of(connection: Connection, project_ids: Collection[int]) -> dict[int, list[Team]]:
    """The teams of each project, by slug."""
    wanted = listed(connection, "wanted", {"id": Id}, [[i] for i in sorted(project_ids)])
    query = (
        select(
            project_teams.c.project_id, teams.c.id, teams.c.slug, teams.c.name, teams.c.created_at
        )
        .join(teams, teams.c.id == project_teams.c.team_id)
        .join(wanted, wanted.c.id == project_teams.c.project_id)
        .order_by(teams.c.slug)
    )
    found: dict[int, list[Team]] = {}
    for project_id, team_id, slug, name, created_at in connection.execute(query):
        found.setdefault(project_id, []).append(
            Team(id=team_id, slug=slug, name=name, created_at=created_at)
        )
    return found


def add_key(connection: Connection, key: ProjectKey, at: datetime) -> None:
    """Keep a DSN key."""
    row = {"project_id": key.project_id, "public_key": key.public_key, "secret_key": key.secret_key}
    row |= {"label": key.label, "is_active": key.is_active, "created_at": at}
    connection.execute(upsert(connection, keys).values(row))


def keys_of(connection: Connection, project_id: int) -> list[ProjectKey]:
    """The project's keys, newest first."""
    query = (
        select(
            keys.c.project_id, keys.c.public_key, keys.c.secret_key, keys.c.label, keys.c.is_active
        )
        .where(keys.c.project_id == project_id)
        .order_by(keys.c.id.desc())
    )
    return [_key(*row) for row in connection.execute(query)]


def by_key(connection: Connection, public_key: str) -> Project | None:
    """The project whose active key this is."""
    query = (
        select(*_PROJECT)
        .join(keys, keys.c.project_id == projects.c.id)
        .where(keys.c.public_key == public_key, keys.c.is_active)
    )
    row = connection.execute(query).first()
    return _project(*row) if row else None


def note_event(connection: Connection, project: Project, platform: str, at: datetime) -> None:
    """Remember the first event's moment, and the platform it came from."""
    if project.first_event_at is None:
        first = projects.c.first_event_at.is_(None)
        connection.execute(
            update(projects).where(projects.c.id == project.id, first).values(first_event_at=at)
        )
    row = {"project_id": project.id, "platform": platform}
    connection.execute(upsert(connection, platforms).values(row).on_conflict_do_nothing())


def note_releases(connection: Connection, project_ids: Collection[int]) -> None:
    """Remember that these projects have releases."""
    connection.execute(
        update(projects)
        .where(projects.c.id.in_(sorted(project_ids)), projects.c.has_releases.is_(False))
        .values(has_releases=True)
    )


def platforms_of(connection: Connection, project_ids: Collection[int]) -> dict[int, list[str]]:
    """The platforms of each project, sorted."""
    wanted = listed(connection, "wanted", {"id": Id}, [[i] for i in sorted(project_ids)])
    query = (
        select(platforms.c.project_id, platforms.c.platform)
        .join(wanted, wanted.c.id == platforms.c.project_id)
        .order_by(platforms.c.platform)
    )
    found: dict[int, list[str]] = {}
    for project_id, platform in connection.execute(query):
        found.setdefault(project_id, []).append(platform)
    return found


def next_short_id(connection: Connection, project_id: int) -> int:
    """Take the next number for an issue; concurrent takers wait for each other and get different ones."""
    statement = (
        update(projects)
        .where(projects.c.id == project_id)
        .values(last_short_id=projects.c.last_short_id + 1)
        .returning(projects.c.last_short_id)
    )
    return connection.execute(statement).scalar_one()


def ensure_environment(connection: Connection, organization_id: int, name: str) -> Environment:
    """The organization's environment with that name, made if missing."""
    row = {"organization_id": organization_id, "name": name}
    known = environments_named(connection, organization_id, [name])
    if not known:
        connection.execute(upsert(connection, environments).values(row).on_conflict_do_nothing())
        known = environments_named(connection, organization_id, [name])
    return known[0]


def environments_named(
    connection: Connection, organization_id: int, names: Iterable[str]
) -> list[Environment]:
    """Those of the organization's environments that have one of the names."""
    query = select(environments.c.id, environments.c.name).where(
        environments.c.organization_id == organization_id, environments.c.name.in_(list(names))
    )
    return [Environment(id=i, name=name) for i, name in connection.execute(query)]


def link_environment(
    connection: Connection, environment_id: int, project_ids: Collection[int]
) -> None:
    """Remember that these projects run there."""
    given = listed(connection, "given", {"project_id": Id}, [[i] for i in sorted(project_ids)])
    rows = select(given.c.project_id, literal(environment_id, Id)).order_by(given.c.project_id)
    connection.execute(
        upsert(connection, project_environments)
        .from_select(["project_id", "environment_id"], rows)
        .on_conflict_do_nothing()
    )


def environments_of(connection: Connection, project_id: int) -> list[Environment]:
    """The project's environments, by name."""
    query = (
        select(environments.c.id, environments.c.name)
        .join(project_environments, project_environments.c.environment_id == environments.c.id)
        .where(project_environments.c.project_id == project_id)
        .order_by(environments.c.name)
    )
    return [Environment(id=i, name=name) for i, name in connection.execute(query)]


def _seen_by(connection: Connection, access: Access, *, is_everything: bool) -> list[Project]:
    query = select(*_PROJECT).where(projects.c.organization_id == access.organization.id)
    if not (is_everything or access.reaches_all):
        assert access.user is not None, "only users have teams"
        query = query.where(_owned_by_team_of(access.user.id))
    return [_project(*row) for row in connection.execute(query.order_by(projects.c.slug))]


def _owned_by_team_of(user_id: int) -> ColumnElement[bool]:
    return exists().where(
        project_teams.c.project_id == projects.c.id, is_on_team(user_id, project_teams.c.team_id)
    )


def _project(
    project_id: int,
    organization_id: int,
    slug: str,
    name: str,
    platform: str | None,
    first_event_at: datetime | None,
    has_releases: bool,
    created_at: datetime,
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
    )


def _key(
    project_id: int, public_key: str, secret_key: str, label: str, is_active: bool
) -> ProjectKey:
    return ProjectKey(
        project_id=project_id,
        public_key=public_key,
        secret_key=secret_key,
        label=label,
        is_active=is_active,
    )
