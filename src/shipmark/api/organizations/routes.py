"""``organizations/{org}/``: what an organization is, its settings, and its end (files-and-avatars.md 1)."""

from dataclasses import replace

from litestar import Response, Router, delete, get, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.avatars.requests import OF_ORGANIZATION, saved, stashed_of_organization
from shipmark.api.organizations.detail_responses import (
    OrganizationContext,
    OrganizationDetailsResponse,
    organization_details_response,
)
from shipmark.api.organizations.requests import CHANGED, CHANGED_BY_OWNER, LISTS, amendment
from shipmark.api.organizations.responses import OrganizationResponse, organization_response
from shipmark.api.projects.loading import ViewerContext, serialize_projects, serialize_teams
from shipmark.api.query_parameters import DETAILED
from shipmark.api.scopes import ORGANIZATION_CHANGE, ORGANIZATION_DELETE, ORGANIZATION_READ
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Unauthenticated
from shipmark.organizations import actions as organizations
from shipmark.organizations import deletion_requests, settings, store
from shipmark.organizations.model import Access
from shipmark.projects import store as projects


@get("/", scopes=ORGANIZATION_READ | {"org:ci"}, asks=(DETAILED,), sync_to_thread=True)
def get_organization(
    context: InjectedRequest, organization: FromPath[str]
) -> OrganizationDetailsResponse | OrganizationResponse:
    """Show an organization. Newer clients take the address for all later calls from it."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        is_whole = context.parameter("detailed") != "0"
        if access.user is None:
            return organization_response(access.organization, context.settings.address)
        return serialize_organization(context, connection, access, is_whole=is_whole)


@put("/", scopes=ORGANIZATION_CHANGE, takes=CHANGED_BY_OWNER, sync_to_thread=True)
def amend_organization(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> OrganizationDetailsResponse:
    """Change an organization's settings: those that are sent. What only owners may change, others may send in vain."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
    record = CHANGED_BY_OWNER if "org:admin" in access.scopes else CHANGED
    fields = context.body(body, record, lists=LISTS, step="organization.validate")
    avatar = stashed_of_organization(context, fields)
    with context.database.transaction() as connection:
        changed = settings.update(
            connection, access.organization.id, amendment(fields), context.actor(access), now()
        )
        if avatar is not None:
            changed = saved(organizations.save_avatar, connection, changed, avatar, OF_ORGANIZATION)
        return serialize_organization(context, connection, replace(access, organization=changed))


@delete("/", status_code=202, scopes=ORGANIZATION_DELETE, sync_to_thread=True)
def delete_organization(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[OrganizationDetailsResponse]:
    """Have an organization deleted in a day. Until then an owner may restore it."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        if access.user is None:
            raise Unauthenticated("This request requires an authenticated user.")
        going = deletion_requests.request(
            connection, access.organization.id, context.actor(access), now()
        )
        return Response(
            serialize_organization(context, connection, replace(access, organization=going)),
            status_code=202,
        )


def serialize_organization(
    context: RequestContext, connection: Connection, access: Access, *, is_whole: bool = True
) -> OrganizationDetailsResponse:
    """An organization with its settings; the whole one has all teams and projects too."""
    organization_id = access.organization.id
    return organization_details_response(
        access,
        store.options_of(connection, organization_id),
        context.settings.address,
        is_default=store.default_id(connection) == organization_id,
        within=_within(connection, access, context.settings.address) if is_whole else None,
    )


def _within(connection: Connection, access: Access, address: str) -> OrganizationContext:
    mine = ViewerContext.of(connection, access, address)
    teams = store.teams_of(connection, access.organization.id)
    known = projects.of_organization(connection, access.organization.id)
    return OrganizationContext(
        teams=serialize_teams(connection, access, teams, mine),
        projects=serialize_projects(connection, access, known, mine),
    )


router = Router(
    "/api/0/organizations/{organization:str}",
    route_handlers=[get_organization, amend_organization, delete_organization],
)
