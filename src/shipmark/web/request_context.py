"""The context of a web request: the signed-in user, the parameters, and the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from urllib.parse import quote, urlsplit

from litestar.di import NamedDependency
from litestar.params import SkipValidation
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import Client, User
from shipmark.accounts.openid_connect import OpenIdProvider
from shipmark.http import AnyRequest
from shipmark.http.client_address import client_address
from shipmark.http.server_address import server_address
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import BUSY, Database
from shipmark.infrastructure.errors import Forbidden, NotFound, Unauthenticated
from shipmark.infrastructure.ids import digest
from shipmark.infrastructure.settings import Settings
from shipmark.organizations import actions as organization_actions
from shipmark.organizations import membership
from shipmark.organizations import store as organization_store
from shipmark.organizations.membership import ActionContext
from shipmark.organizations.model import Access, Actor, Organization, Role
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.web import after_response, time_zones, urls
from shipmark.web.cookies import ORGANIZATION_COOKIE, ZONE_COOKIE
from shipmark.web.forms import number_in

COOKIE = "shipmark_session"
#: The most pages of a list that is paged by numbers.
PAGES_MAX = 1000
#: A larger number names no page.
_NUMBER_MAX = 99_999_999
#: The most organizations in the menu.
_ORGANIZATIONS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The organization of a signed-in user's request, and its projects visible to the user."""

    user: User
    access: Access
    organization: Organization
    organizations: tuple[Organization, ...]
    projects: tuple[Project, ...]

    def may(self, scopes: frozenset[str]) -> bool:
        """Return True if the user has one of the scopes: pages show no button that would be refused."""
        return bool(self.access.scopes & scopes)

    def require(self, scopes: frozenset[str]) -> None:
        """Raise `Forbidden` unless the user has one of the scopes."""
        membership.require_scope(self.access, scopes)

    @property
    def project_ids(self) -> tuple[int, ...]:
        """Return the ids of the projects."""
        return tuple(project.id for project in self.projects)

    @property
    def covers_all_projects(self) -> bool:
        """Return True if the projects are all of the organization."""
        return self.access.organization.is_open or self.access.reaches_all

    @property
    def projects_by_id(self) -> dict[int, Project]:
        """Return the projects by id."""
        return {project.id: project for project in self.projects}


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request to the web interface, by a user who may be signed in."""

    request: AnyRequest
    database: Database
    settings: Settings

    @property
    def blobs(self) -> Blobs:
        """Return the blob store."""
        blobs: Blobs = self.request.app.state.blobs
        return blobs

    @property
    def provider(self) -> OpenIdProvider | None:
        """Return the OpenID provider that users may sign in with, or None."""
        provider: OpenIdProvider | None = self.request.app.state.provider
        return provider

    @property
    def secret(self) -> str | None:
        """Return the cookie of the session, or None."""
        return self.request.cookies.get(COOKIE)

    @property
    def organization_slug(self) -> str:
        """Return the slug of the organization that the path names."""
        slug: str = self.request.path_params["organization"]
        return slug

    @property
    def last_organization(self) -> str | None:
        """Return the slug of the organization that the browser was in last, or None."""
        return self.request.cookies.get(ORGANIZATION_COOKIE)

    @property
    def zone_name(self) -> str:
        """Return the name of the reader's time zone, or `time_zones.BROWSER`."""
        return time_zones.zone_name(self.request.cookies.get(ZONE_COOKIE))

    @property
    def zone(self) -> tzinfo:
        """Return the time zone in which the server writes times."""
        return time_zones.zone(self.zone_name)

    @property
    def client_address(self) -> str | None:
        """Return the address of the client, or None if the connection has none."""
        return client_address(self.request, self.settings)

    @property
    def client(self) -> Client:
        """Return the browser, as a session that it begins records it."""
        # PostgreSQL can't store NUL.
        user_agent = self.request.headers.get("user-agent", "").replace("\x00", "")
        return Client(ip_address=self.client_address, user_agent=user_agent)

    @property
    def address(self) -> str:
        """Return the URL at which the browser reaches this server."""
        return server_address(self.request, self.settings)

    @property
    def is_secure(self) -> bool:
        """Return True if the browser uses HTTPS, perhaps through a proxy, as the base URL shows."""
        return self.request.url.scheme == "https" or self.address.startswith("https:")

    def user_if_any(self, connection: Connection) -> User | None:
        """Return the signed-in user, or None. The use of the session is recorded after the response."""
        if not self.secret:
            return None
        user_and_use = accounts.user_of_session(connection, digest(self.secret), now())
        if user_and_use is None:
            return None
        user, last_used_at = user_and_use
        after_response.note_session(self.request, self.secret, last_used_at)
        return user

    def user(self, connection: Connection) -> User:
        """Return the signed-in user; raise `Unauthenticated` if there is none."""
        user = self.user_if_any(connection)
        if user is None:
            raise Unauthenticated
        return user

    def require_user(self) -> User:
        """Return the signed-in user, before any lock is taken; raise `Unauthenticated` if there is none."""
        with self.database.snapshot() as connection:
            return self.user(connection)

    def workspace_if_any(self, connection: Connection) -> Workspace | None:
        """Return the workspace for the navigation of a page without an organization, or None for a user without any.

        It is the organization of the URL if the user is a member, else the one that the browser was in last, else
        their newest. It has no projects.
        """
        user = self.user_if_any(connection)
        return None if user is None else self.workspace_of(connection, user)

    def workspace_of(self, connection: Connection, user: User) -> Workspace | None:
        """Return the same for a user who has been loaded."""
        rows = organization_store.of_user(connection, user.id, limit=_ORGANIZATIONS_MAX)
        organizations = tuple(organization for organization, _ in rows)
        if not organizations:
            return None
        by_slug = {organization.slug: organization for organization in organizations}
        of_url = self.request.url.path.removeprefix("/organizations/").partition("/")[0]
        last = by_slug.get(self.last_organization or "", organizations[0])
        organization = by_slug.get(of_url, last)
        roles = {member_of.id: role for member_of, role in rows}
        return Workspace(
            user=user,
            access=organization_actions.user_access(
                user, organization, roles[organization.id], None
            ),
            organization=organization,
            organizations=organizations,
            projects=(),
        )

    def authorize(self, connection: Connection) -> Workspace:
        """Return the workspace of the path's organization. Raise `Unauthenticated`, or `NotFound` for non-members."""
        user = self.user(connection)
        require_storable(self.organization_slug)
        rows = organization_store.of_user(connection, user.id, limit=_ORGANIZATIONS_MAX)
        access = _access(connection, self.organization_slug, user, rows)
        return Workspace(
            user=user,
            access=access,
            organization=access.organization,
            organizations=tuple(organization for organization, _ in rows),
            projects=tuple(projects.accessible(connection, access)),
        )

    @contextmanager
    def view(
        self, *, scopes: frozenset[str] | None = None
    ) -> Iterator[tuple[Connection, Workspace]]:
        """Open a unit of work that reads, in which the user is authorized.

        Raise `Forbidden` too, unless the user has one of the ``scopes``; None leaves the decision to the caller.
        """
        with self.database.snapshot() as connection:
            workspace = self.authorize(connection)
            if scopes is not None:
                workspace.require(scopes)
            yield connection, workspace

    def authorized(self, *, scopes: frozenset[str] | None = None) -> Workspace:
        """Return the workspace as `view` does, in a unit of work of its own: before a lock, or before a body."""
        with self.view(scopes=scopes) as (_, workspace):
            return workspace

    @contextmanager
    def change(
        self, *, scopes: frozenset[str] | None = None, busy: str = BUSY
    ) -> Iterator[tuple[Connection, Workspace]]:
        """Authorize the user, and then open a transaction, so that a refused request takes no lock.

        Raise `Forbidden` unless the user has one of the ``scopes``; None leaves the decision to the action. ``busy`` is
        the message if a lock is not free.
        """
        workspace = self.authorized(scopes=scopes)
        with self.database.transaction(busy=busy) as connection:
            yield connection, workspace

    def actor(self, user: User) -> Actor:
        """Return the signed-in user as the actor for the audit log."""
        return Actor(user_id=user.id, label=user.email, ip_address=self.client_address)

    def action_context(self, workspace: Workspace) -> ActionContext:
        """Return the context of actions of the signed-in user in the organization."""
        return ActionContext(access=workspace.access, by=self.actor(workspace.user), at=now())

    def settings_url(self, name: str, *more: object) -> str:
        """Return the URL of a page of the settings of the path's organization, or of something on it."""
        return urls.settings(self.organization_slug, name, *more)

    def parameter(self, name: str) -> str:
        """Return a query parameter, the last one if there are several, or ""."""
        value = self.request.query_params.getall(name, [""])[-1]
        # PostgreSQL can't store NUL, so no name contains it.
        return str(value).replace("\x00", "").strip()

    def page_number(self, name: str = "page") -> int:
        """Return the number of the requested page, from 1 to `PAGES_MAX`."""
        return min(number_in(self.parameter(name), _NUMBER_MAX) or 1, PAGES_MAX)


def request_url(request: AnyRequest) -> str:
    """Return the requested path and query, to continue at after signing in."""
    raw = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    path = raw.decode("latin-1").partition("?")[0]
    query = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def sending_page(request: AnyRequest) -> str:
    """Return the path and query of our page that sent a form, or the home page if the browser does not say."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return urls.HOME
    if parts.netloc != request.headers.get("host"):
        return urls.HOME
    return urls.local_or(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def require_storable(name: str) -> None:
    """Raise `NotFound` for a name in a path that PostgreSQL can't store, so that nothing has it."""
    if "\x00" in name:
        raise NotFound


async def provide_web_request(request: AnyRequest) -> WebRequest:
    """Return the context of a request; database work is done by the handler, in its thread."""
    return WebRequest(request, request.app.state.database, request.app.state.settings)


InjectedWebRequest = NamedDependency[SkipValidation[WebRequest]]


def _access(
    connection: Connection,
    slug_or_id: str,
    user: User,
    listed: Sequence[tuple[Organization, Role]],
) -> Access:
    """Return what the user may do in the organization of a path, which is read only if it is not listed already."""
    for organization, role in listed:
        if organization.slug == slug_or_id:
            return organization_actions.user_access(user, organization, role, None)
    try:
        return organization_actions.access_of_user(connection, slug_or_id, user, None)
    except Forbidden:
        raise NotFound from None
