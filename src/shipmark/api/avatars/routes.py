"""``…/avatar/`` of organizations, projects, teams and users (files-and-avatars.md 2.2)."""

from collections.abc import Iterator
from contextlib import contextmanager

from litestar import Response
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts.model import User
from shipmark.api.auth.calling_user import SignedInUser, with_emails
from shipmark.api.avatars.requests import (
    AvatarRequest,
    UserAvatarRequest,
    photo_required,
    store_photo,
)
from shipmark.api.members.user_responses import UserResponse, user_response
from shipmark.api.organizations.responses import OrganizationResponse, organization_response
from shipmark.api.projects.loading import serialize_project, serialize_team
from shipmark.api.projects.path_project import PathProject
from shipmark.api.projects.responses import ProjectResponse
from shipmark.api.teams.path_team import PathTeam
from shipmark.api.teams.responses import TeamDetailsResponse
from shipmark.avatars.model import NewAvatar
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import (
    ANY_CALLER,
    ORGANIZATION_CHANGE,
    ORGANIZATION_READ,
    PROJECT_READ,
    PROJECT_WRITE,
    TEAM_CHANGE,
    TEAM_READ,
)
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.organizations import actions as organizations
from shipmark.projects import actions as projects

_ORGANIZATION = "/organizations/{organization:str}/avatar/"
_PROJECT = "/projects/{organization:str}/{project:str}/avatar/"
_TEAM = "/teams/{organization:str}/{team:str}/avatar/"
_USER = "/users/{user:str}/avatar/"
_VALIDATE = "avatar.validate"


@endpoint.get(_ORGANIZATION, scopes=ORGANIZATION_READ)
def get_organization_avatar(context: RequestContext) -> OrganizationResponse:
    """Show an organization with its avatar."""
    return organization_response(context.access.organization, context.address)


@endpoint.put(_ORGANIZATION, scopes=ORGANIZATION_CHANGE, step=_VALIDATE)
def set_organization_avatar(context: RequestContext, body: AvatarRequest) -> OrganizationResponse:
    """Show an organization by a photo or by letters."""
    with _change(context, body) as (connection, avatar):
        changed = organizations.save_avatar(connection, context.access.organization, avatar, now())
    return organization_response(changed, context.address)


@endpoint.get(_PROJECT, scopes=PROJECT_READ)
def get_project_avatar(context: RequestContext, project: PathProject) -> ProjectResponse:
    """Show a project with its avatar."""
    with context.database.snapshot() as connection:
        return serialize_project(context, connection, project)


@endpoint.put(_PROJECT, scopes=PROJECT_WRITE, step=_VALIDATE)
def set_project_avatar(
    context: RequestContext, project: PathProject, body: AvatarRequest
) -> ProjectResponse:
    """Show a project by a photo or by letters."""
    with _change(context, body) as (connection, avatar):
        changed = projects.save_avatar(connection, project, avatar, now())
        return serialize_project(context, connection, changed)


@endpoint.get(_TEAM, scopes=TEAM_READ)
def get_team_avatar(context: RequestContext, team: PathTeam) -> TeamDetailsResponse:
    """Show a team with its avatar."""
    with context.database.snapshot() as connection:
        return serialize_team(context, connection, team)


@endpoint.put(_TEAM, scopes=TEAM_CHANGE, step=_VALIDATE)
def set_team_avatar(
    context: RequestContext, team: PathTeam, body: AvatarRequest
) -> TeamDetailsResponse:
    """Show a team by a photo or by letters."""
    with _change(context, body) as (connection, avatar):
        changed = organizations.save_team_avatar(connection, team, avatar, now())
        return serialize_team(context, connection, changed)


@endpoint.get(_USER, scopes=ANY_CALLER)
def get_user_avatar(context: RequestContext, caller: SignedInUser, user: str) -> UserResponse:
    """Show the user with their avatar; ``me`` is the caller."""
    if not _is_caller(caller.user, user):
        raise NotFound
    with context.database.autocommit_read() as connection:
        return user_response(with_emails(connection, caller.user), context.address)


@endpoint.put(_USER, scopes=ANY_CALLER, responses={200: UserResponse, 403: None}, step=_VALIDATE)
def set_user_avatar(
    context: RequestContext, caller: SignedInUser, user: str, body: UserAvatarRequest
) -> Response[UserResponse | bytes]:
    """Show the user by a photo, by letters or by Gravatar. Users set their own avatar only."""
    if not _is_caller(caller.user, user):
        return Response(b"", status_code=403)
    with _change(context, body) as (connection, avatar):
        known = with_emails(connection, caller.user)
        changed = accounts.save_avatar(connection, known, avatar, now())
    return Response(user_response(changed, context.address))


def _is_caller(caller: User, user: str) -> bool:
    return user in {"me", str(caller.id)}


@contextmanager
def _change(context: RequestContext, body: AvatarRequest) -> Iterator[tuple[Connection, NewAvatar]]:
    """Store the photo of a body, and yield a transaction and the avatar to save in it."""
    avatar = store_photo(context, body.avatar_type, body.avatar_photo)
    with context.database.transaction() as connection, photo_required():
        yield connection, avatar
