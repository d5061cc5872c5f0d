"""Operations on projects: create them, and look up those that a caller names."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from shipmark.avatars import actions as avatars
from shipmark.avatars.model import NewAvatar, Owner, OwnerKind
from shipmark.infrastructure.errors import Forbidden, NotFound, Renamed, ValidationFailed
from shipmark.organizations.model import BAD_SLUG, Access, Organization, Team, is_slug
from shipmark.projects import store
from shipmark.projects.model import Project, default_key


def create(
    connection: Connection,
    organization: Organization,
    *,
    slug: str,
    name: str,
    platform: str | None,
    teams: Sequence[Team],
    key: tuple[str, str],
    at: datetime,
) -> Project:
    """Return the project with this slug, created if missing, with a DSN key of two 32-digit halves if it has none."""
    if not is_slug(slug):
        raise ValidationFailed({"slug": [BAD_SLUG]})
    project = store.ensure(connection, organization.id, slug, name or slug, platform, at)
    for team in teams:
        store.add_owner(connection, project.id, team.id)
    if not store.keys_of(connection, project.id):
        store.add_key(connection, default_key(project, *key), at)
    return project


def save_avatar(connection: Connection, project: Project, new: NewAvatar, at: datetime) -> Project:
    """Store the project's avatar. Raise `PhotoMissing` if it needs a photo and there is none."""
    owner = Owner(kind=OwnerKind.PROJECT, id=project.id)
    avatar = avatars.save(connection, owner, store.projects, new, name=f"{project.id}.png", at=at)
    return replace(project, avatar=avatar)


def require_project(connection: Connection, access: Access, slug_or_id: str) -> Project:
    """Return the project of a path. Raise `NotFound` if there is none, and `Forbidden` without access to it.

    Raise `Renamed` if it had this slug before.
    """
    organization_id = access.organization.id
    project = store.by_slug_or_id(connection, organization_id, slug_or_id)
    slug = None
    if project is None:
        slug = store.redirected(connection, organization_id, slug_or_id)
        project = store.by_slug_or_id(connection, organization_id, slug) if slug else None
    if project is None:
        raise NotFound
    if not (access.reaches_all or access.organization.is_open):
        assert access.user is not None, "only users have teams"
        if not store.is_on_its_team(connection, project.id, access.user.id):
            raise Forbidden
    if slug is not None:
        raise Renamed(slug_or_id, slug)
    return project
