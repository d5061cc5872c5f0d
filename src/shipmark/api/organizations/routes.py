"""``organizations/``: organizations, their settings and deletion (files-and-avatars.md 1)."""

from collections.abc import Sequence
from dataclasses import replace

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.auth.calling_user import CallingUser
from shipmark.api.avatars.requests import photo_required
from shipmark.api.organizations.detail_responses import (
    OrganizationContext,
    OrganizationDetailsResponse,
    organization_details_response,
)
from shipmark.api.organizations.requests import OrganizationListQuery, OrganizationUpdateRequest
from shipmark.api.organizations.responses import (
    OrganizationResponse,
    OwnedOrganizationResponse,
    organization_response,
)
from shipmark.api.projects.loading import ViewerContext, serialize_projects, serialize_teams
from shipmark.api.queries import DetailedQuery
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate_all
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ORGANIZATION_CHANGE, ORGANIZATION_DELETE, ORGANIZATION_READ
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Unauthenticated
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import actions, deletion_requests, settings, store, text_filter
from shipmark.organizations.model import Access, Organization, Role
from shipmark.projects import store as projects

BASE_PATH = "/api/0/organizations"
_TESTS: text_filter.Tests[Organization] = {
    **text_filter.NAME_TESTS,
    "status": lambda organization, text: organization.status.value == text,
}
_EMAIL_TERMS = {"email", text_filter.TEXT}
_ORGANIZATION = "/{organization:str}/"


@endpoint.get("/", scopes=ORGANIZATION_READ)
def list_organizations(
    context: RequestContext, caller: CallingUser, query: OrganizationListQuery
) -> Response[list[OrganizationResponse | OwnedOrganizationResponse]]:
    """List the user's organizations, the newest first."""
    page = query.page()
    with context.database.snapshot() as connection:
        known = [
            organization
            for organization, role in store.of_user(connection, caller.user.id)
            if role is Role.OWNER or not query.is_of_owner
        ]
        rows, links = paginate_all(_filter(connection, caller, known, query.query), page)
        shown = [organization_response(row, context.address) for row in rows]
        if not query.is_of_owner:
            return context.listed(shown, links)
        single = store.with_one_owner(connection, [row.id for row in rows])
    owned = [
        OwnedOrganizationResponse(organization=response, single_owner=row.id in single)
        for row, response in zip(rows, shown, strict=True)
    ]
    return context.listed(owned, links)


@endpoint.get(_ORGANIZATION, scopes=ORGANIZATION_READ | {"org:ci"})
def get_organization(
    context: RequestContext, query: DetailedQuery
) -> OrganizationDetailsResponse | OrganizationResponse:
    """Show an organization. Newer clients take the address for all later calls from it."""
    access = context.access
    if access.user is None:
        return organization_response(access.organization, context.address)
    with context.database.snapshot() as connection:
        return _details(context, connection, access, is_detailed=query.is_detailed)


@endpoint.put(_ORGANIZATION, scopes=ORGANIZATION_CHANGE, step="organization.validate")
def update_organization(
    context: RequestContext, body: OrganizationUpdateRequest
) -> OrganizationDetailsResponse:
    """Change the settings of an organization that are sent. Some only owners may change; others send them in vain."""
    access, avatar = context.access, body.new_avatar(context)
    with context.database.transaction() as connection, photo_required("avatarType", "avatar"):
        updated = settings.update(
            connection, access.organization.id, body.to_input(), context.actor(), now()
        )
        if avatar is not None:
            updated = actions.save_avatar(connection, updated, avatar, now())
        return _details(context, connection, replace(access, organization=updated))


@endpoint.delete(_ORGANIZATION, status_code=202, scopes=ORGANIZATION_DELETE)
def delete_organization(context: RequestContext) -> OrganizationDetailsResponse:
    """Have an organization deleted in a day. Until then an owner may restore it."""
    access = context.access
    if access.user is None:
        raise Unauthenticated("This request requires an authenticated user.")
    with context.database.transaction() as connection:
        pending = deletion_requests.request(
            connection, access.organization.id, context.actor(), now()
        )
        return _details(context, connection, replace(access, organization=pending))


def _filter(
    connection: Connection,
    caller: CallingUser,
    organizations: Sequence[Organization],
    query: str | None,
) -> list[Organization]:
    """Return the organizations that a query finds (auth-and-errors.md 8.3); looks up what its terms need."""
    sent = text_filter.terms(query or "")
    tests = dict(_TESTS)
    if emails := {value.lower() for name, value in sent if name in _EMAIL_TERMS and "@" in value}:
        of_email = store.organizations_of_addresses(connection, emails)
        tests["email"] = lambda row, text: (text.lower(), row.id) in of_email
        tests[text_filter.TEXT] = lambda row, text: (
            _TESTS[text_filter.TEXT](row, text) or (text.lower(), row.id) in of_email
        )
    if ids := [number for name, value in sent if name == "member_id" and (number := id_of(value))]:
        of_member = store.organizations_of_members(connection, ids)
        tests["member_id"] = lambda row, text: (text, row.id) in of_member
    if any(name == "platform" for name, _ in sent):
        visible = projects.of_user(connection, caller.user.id)
        seen = projects.platforms_of(connection, [project.id for project in visible])
        of_platform = {
            (platform, project.organization_id)
            for project in visible
            for platform in (project.platform, *seen.get(project.id, ()))
        }
        tests["platform"] = lambda row, text: (text, row.id) in of_platform
    return text_filter.apply_filter(organizations, query, tests)


def _details(
    context: RequestContext, connection: Connection, access: Access, *, is_detailed: bool = True
) -> OrganizationDetailsResponse:
    """Return an organization with its settings and, in detail, with all teams and projects."""
    organization_id, address = access.organization.id, context.address
    return organization_details_response(
        access,
        store.options_of(connection, organization_id),
        address,
        is_default=store.default_id(connection) == organization_id,
        context=_load(connection, access, address) if is_detailed else None,
    )


def _load(connection: Connection, access: Access, address: str) -> OrganizationContext:
    organization_id = access.organization.id
    viewer = ViewerContext.load(connection, access, address)
    teams = store.teams_of(connection, organization_id)
    return OrganizationContext(
        teams=serialize_teams(connection, viewer, teams),
        projects=serialize_projects(
            connection, viewer, projects.of_organization(connection, organization_id)
        ),
    )
