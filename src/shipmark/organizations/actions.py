"""Operations on organizations: create them, add members, create tokens, determine the access of callers."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts.model import User
from shipmark.avatars import actions as avatars
from shipmark.avatars.model import NewAvatar, Owner, OwnerKind
from shipmark.infrastructure.errors import Forbidden, NotFound, Unauthenticated, ValidationFailed
from shipmark.infrastructure.ids import digest
from shipmark.organizations import store, tokens
from shipmark.organizations.model import (
    BAD_SLUG,
    NAME_MAX,
    Access,
    Organization,
    OrganizationToken,
    Role,
    Team,
    is_slug,
)

#: The scope that endpoints check of an organization's own token; behind that check it may do everything.
CI_SCOPES = frozenset({"org:ci"})
_EVERY_SCOPE = Role.OWNER.scopes | CI_SCOPES


def create(connection: Connection, slug: str, name: str, at: datetime) -> Organization:
    """Return the organization with this slug, created if missing. Raise `ValidationFailed` for a bad slug or name."""
    _check(slug, name)
    return store.ensure(connection, slug, name or slug, at)


def save_avatar(
    connection: Connection, organization: Organization, new: NewAvatar, at: datetime
) -> Organization:
    """Store the organization's avatar. Raise `PhotoMissing` if it needs a photo and there is none."""
    owner = Owner(kind=OwnerKind.ORGANIZATION, id=organization.id)
    avatar = avatars.save(
        connection, owner, store.organizations, new, name=f"{organization.slug}.png", at=at
    )
    return replace(organization, avatar=avatar)


def save_team_avatar(connection: Connection, team: Team, new: NewAvatar, at: datetime) -> Team:
    """Store the team's avatar. Raise `PhotoMissing` if it needs a photo and there is none."""
    owner = Owner(kind=OwnerKind.TEAM, id=team.id)
    avatar = avatars.save(connection, owner, store.teams, new, name=f"{team.id}.png", at=at)
    return replace(team, avatar=avatar)


def create_team(
    connection: Connection, organization: Organization, slug: str, name: str, at: datetime
) -> Team:
    """Return the team with this slug, created if missing. Raise `ValidationFailed` for a bad slug or name."""
    _check(slug, name)
    return store.ensure_team(connection, organization.id, slug, name or slug, at)


def add_member(
    connection: Connection,
    organization: Organization,
    user: User,
    role: Role,
    teams: list[str],
    at: datetime,
) -> None:
    """Add a user as a member, and to teams by slug; an existing role stays. Raise `NotFound` for an unknown team."""
    member_id = store.ensure_member(connection, organization.id, user.id, role, at)
    for slug in teams:
        team = store.team_by_slug(connection, organization.id, slug)
        if team is None:
            raise NotFound(f"There is no team {slug} in {organization.slug}.")
        store.join_team(connection, team.id, member_id)


def add_token(
    connection: Connection,
    organization: Organization,
    *,
    name: str,
    address: str,
    secret: bytes,
    by: User | None,
    at: datetime,
) -> tuple[int, str]:
    """Create a token for pipelines. Return its id and its text, which is never stored."""
    token = tokens.encode_token(organization.slug, address, secret, at)
    token_id = store.add_token(
        connection,
        organization.id,
        name=name,
        digest=digest(token),
        last_characters=token[-4:],
        by=by.id if by else None,
        at=at,
    )
    return token_id, token


def authenticate(connection: Connection, token: str) -> OrganizationToken:
    """Return the record of a token. Raise `Unauthenticated` if it is unknown or was deactivated."""
    known = store.token_by_digest(connection, digest(token))
    if known is None:
        raise Unauthenticated("Invalid org token")
    return known


def record_token_use(
    connection: Connection, access: Access, project_ids: Collection[int], at: datetime
) -> None:
    """Record the use of an organization's token, for the first of the projects, at most once a minute."""
    if access.token_id is not None:
        store.record_use(connection, access.token_id, min(project_ids, default=None), at)


def access_of_user(
    connection: Connection, slug_or_id: str, user: User, token_scopes: frozenset[str] | None
) -> Access:
    """Return what a user may do in the organization of a path; see `user_access`."""
    known = store.organization_and_role(connection, slug_or_id, user.id)
    organization, role = known or (None, None)
    return user_access(user, organization, role, token_scopes)


def user_access(
    user: User,
    organization: Organization | None,
    role: Role | None,
    token_scopes: frozenset[str] | None,
) -> Access:
    """Return what a user may do: the role's scopes, cut to the token's. A signed-in browser has None for a token.

    Raise `NotFound` without an organization, and `Forbidden` without a role in it.
    """
    if organization is None:
        raise NotFound
    if role is None:
        raise Forbidden
    scopes = organization.scopes_of(role)
    if token_scopes is not None:
        scopes &= token_scopes
    return Access(
        organization=organization, scopes=scopes, user=user, reaches_all=role.is_org_wide, role=role
    )


def token_access(token: OrganizationToken, organization: Organization | None) -> Access:
    """Return what an organization's own token may do there: everything, once the endpoint's scopes admit it.

    Raise `NotFound` without an organization, and `Forbidden` for a token of another one.
    """
    if organization is None:
        raise NotFound
    if organization.id != token.organization_id:
        raise Forbidden
    return Access(
        organization=organization,
        scopes=_EVERY_SCOPE,
        user=None,
        reaches_all=True,
        token_id=token.id,
    )


def _check(slug: str, name: str) -> None:
    problems = {}
    if not is_slug(slug):
        problems["slug"] = [BAD_SLUG]
    if len(name) > NAME_MAX:
        problems["name"] = [f"Ensure this field has no more than {NAME_MAX} characters."]
    if problems:
        raise ValidationFailed(problems)
