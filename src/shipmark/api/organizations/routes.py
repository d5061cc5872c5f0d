"""``organizations/{org}/``: what an organization is, its settings, and its end (files-and-avatars.md 1)."""

from dataclasses import replace

from litestar import Response, Router, delete, get, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.avatars.requests import OF_ORGANIZATION, saved, stashed_of_organization
from shipmark.api.organizations.detail_responses import (
    OrganizationDetailsJson,
    Within,
    organization_details_json,
)
from shipmark.api.organizations.requests import CHANGED, CHANGED_BY_OWNER, LISTS, amendment
from shipmark.api.organizations.responses import OrganizationJson, organization_json
from shipmark.api.projects.loading import ViewerContext, serialize_projects, serialize_teams
from shipmark.api.query_parameters import DETAILED
from shipmark.api.scopes import ORGANIZATION_CHANGE, ORGANIZATION_DELETE, ORGANIZATION_READ
from shipmark.http.request_context import GivenVisit, Visit
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotSignedIn
from shipmark.organizations import actions as organizations
from shipmark.organizations import deletion_requests, settings, store
from shipmark.organizations.model import Access
from shipmark.projects import store as projects


@get("/", scopes=ORGANIZATION_READ | {"org:ci"}, asks=(DETAILED,), sync_to_thread=True)
def get_organization(
    visit: GivenVisit, organization: FromPath[str]
) -> OrganizationDetailsJson | OrganizationJson:
    """Show an organization. Newer clients take the address for all later calls from it."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        is_whole = visit.parameter("detailed") != "0"
        if access.user is None:
            return organization_json(access.organization, visit.settings.address)
        return shown(visit, connection, access, is_whole=is_whole)


@put("/", scopes=ORGANIZATION_CHANGE, takes=CHANGED_BY_OWNER, sync_to_thread=True)
def amend_organization(
    visit: GivenVisit, organization: FromPath[str], body: RawBody
) -> OrganizationDetailsJson:
    """Change an organization's settings: those that are sent. What only owners may change, others may send in vain."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
    record = CHANGED_BY_OWNER if "org:admin" in access.scopes else CHANGED
    fields = visit.body(body, record, lists=LISTS, step="organization.validate")
    avatar = stashed_of_organization(visit, fields)
    with visit.database.transaction() as connection:
        changed = settings.amend(
            connection, access.organization.id, amendment(fields), visit.actor(access), now()
        )
        if avatar is not None:
            changed = saved(organizations.save_avatar, connection, changed, avatar, OF_ORGANIZATION)
        return shown(visit, connection, replace(access, organization=changed))


@delete("/", status_code=202, scopes=ORGANIZATION_DELETE, sync_to_thread=True)
def delete_organization(
    visit: GivenVisit, organization: FromPath[str]
) -> Response[OrganizationDetailsJson]:
    """Have an organization deleted in a day. Until then an owner may restore it."""
    with visit.database.transaction() as connection:
        access = visit.enter(connection, organization)
        if access.user is None:
            raise NotSignedIn("This request requires an authenticated user.")
        going = deletion_requests.request(
            connection, access.organization.id, visit.actor(access), now()
        )
        return Response(
            shown(visit, connection, replace(access, organization=going)), status_code=202
        )


def shown(
    visit: Visit, connection: Connection, access: Access, *, is_whole: bool = True
) -> OrganizationDetailsJson:
    """An organization with its settings; the whole one has all teams and projects too."""
    organization_id = access.organization.id
    return organization_details_json(
        access,
        store.options_of(connection, organization_id),
        visit.settings.address,
        is_default=store.default_id(connection) == organization_id,
        within=_within(connection, access, visit.settings.address) if is_whole else None,
    )


def _within(connection: Connection, access: Access, address: str) -> Within:
    mine = ViewerContext.load(connection, access, address)
    teams = store.teams_of(connection, access.organization.id)
    known = projects.all_of(connection, access.organization.id)
    return Within(
        teams=serialize_teams(connection, mine, teams),
        projects=serialize_projects(connection, mine, known),
    )


router = Router(
    "/api/0/organizations/{organization:str}",
    route_handlers=[get_organization, amend_organization, delete_organization],
)
