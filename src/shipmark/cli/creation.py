"""Idempotent creation of organizations, teams, projects and members, with audit log entries."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts.model import User
from shipmark.infrastructure import ids
from shipmark.organizations import actions as organizations
from shipmark.organizations import audit
from shipmark.organizations import store as organization_store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor, Organization, Role, Team
from shipmark.projects import actions as projects
from shipmark.projects import store as project_store
from shipmark.projects.model import Project

#: The actor of all commands.
COMMAND_LINE = Actor(user_id=None, label="command line")


def ensure_organization(connection: Connection, slug: str, name: str, at: datetime) -> Organization:
    """Return the organization with this slug, created if missing."""
    is_known = organization_store.by_slug(connection, slug) is not None
    created = organizations.create(connection, slug, name, at)
    if not is_known:
        fields = audit.snapshot(created)
        _log(connection, created, AuditEvent.ORG_ADD, fields, at, target_id=created.id)
    return created


def ensure_team(
    connection: Connection, owner: Organization, slug: str, name: str, at: datetime
) -> Team:
    """Return the team with this slug, created if missing."""
    is_known = organization_store.team_by_slug(connection, owner.id, slug) is not None
    created = organizations.create_team(connection, owner, slug, name, at)
    if not is_known:
        fields = {"slug": created.slug, "name": created.name}
        _log(connection, owner, AuditEvent.TEAM_ADD, fields, at, target_id=created.id)
    return created


def ensure_project(
    connection: Connection,
    owner: Organization,
    slug: str,
    teams: Sequence[Team],
    *,
    name: str = "",
    platform: str | None = None,
    at: datetime,
) -> Project:
    """Return the project with this slug, created with a DSN key if missing."""
    is_known = project_store.by_slug_or_id(connection, owner.id, slug) is not None
    created = projects.create(
        connection,
        owner,
        slug=slug,
        name=name or slug.capitalize(),
        platform=platform,
        teams=list(teams),
        key=(ids.hex32(), ids.hex32()),
        at=at,
    )
    if not is_known:
        fields = {"slug": created.slug, "name": created.name}
        _log(connection, owner, AuditEvent.PROJECT_ADD, fields, at, target_id=created.id)
    return created


def ensure_member(
    connection: Connection,
    owner: Organization,
    user: User,
    role: Role,
    teams: Sequence[str],
    at: datetime,
) -> None:
    """Add the user as a member on these teams; an existing member keeps the role. Raise `NotFound` for a team."""
    is_known = organization_store.member_who_is(connection, owner.id, user.id) is not None
    organizations.add_member(connection, owner, user, role, list(teams), at)
    if is_known:
        return
    member = organization_store.member_who_is(connection, owner.id, user.id)
    assert member is not None, "the user was added just now"
    fields = {"email": user.email, "role": role.value, "teams_slugs": list(teams)}
    event, target = AuditEvent.MEMBER_ADD, member.id
    _log(connection, owner, event, fields, at, target_id=target, target_user_id=user.id)


def create_organization_token(
    connection: Connection, owner: Organization, *, address: str, by: User, at: datetime
) -> str:
    """Create a token for pipelines and return its text."""
    token_id, token = organizations.add_token(
        connection,
        owner,
        name="bootstrap",
        address=address,
        secret=ids.secret_bytes(),
        by=by,
        at=at,
    )
    _log(connection, owner, AuditEvent.ORG_TOKEN_ADD, {"name": "bootstrap"}, at, target_id=token_id)
    return token


def _log(
    connection: Connection,
    owner: Organization,
    event: AuditEvent,
    data: Mapping[str, object],
    at: datetime,
    *,
    target_id: int,
    target_user_id: int | None = None,
) -> None:
    organization_store.record(
        connection,
        owner.id,
        event,
        COMMAND_LINE,
        at,
        data=data,
        target_id=target_id,
        target_user_id=target_user_id,
    )
