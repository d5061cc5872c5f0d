"""The context of a web request: the signed-in user, the parameters, and the database."""

from dataclasses import dataclass
from urllib.parse import quote

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.http.client_address import client_address
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Forbidden, NotFound, Unauthenticated
from shipmark.infrastructure.ids import digest
from shipmark.infrastructure.settings import Settings
from shipmark.organizations import actions as organizations
from shipmark.organizations import store as organization_store
from shipmark.organizations.model import Organization
from shipmark.projects import store as projects
from shipmark.projects.model import Project

AnyRequest = Request[object, object, State]

COOKIE = "shipmark_session"

#: How many organizations the menu offers.
_ORGANIZATIONS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where a signed-in visitor is: the organization, and which of its projects they may see."""

    user: User
    organization: Organization
    organizations: tuple[Organization, ...]
    projects: tuple[Project, ...]

    @property
    def project_ids(self) -> tuple[int, ...]:
        """The ids of the projects."""
        return tuple(project.id for project in self.projects)

    @property
    def projects_by_id(self) -> dict[int, Project]:
        """The projects by their id."""
        return {project.id: project for project in self.projects}


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request at the web's door, by somebody who may be signed in."""

    request: AnyRequest
    database: Database
    settings: Settings

    @property
    def blobs(self) -> Blobs:
        """Where contents are kept."""
        blobs: Blobs = self.request.app.state.blobs
        return blobs

    @property
    def secret(self) -> str | None:
        """The cookie of the session, if the browser has one."""
        return self.request.cookies.get(COOKIE)

    @property
    def client_address(self) -> str | None:
        """The address of the client, or None where the connection has none."""
        return client_address(self.request, self.settings)

    @property
    def is_secure(self) -> bool:
        """Does the browser reach us over HTTPS, perhaps through a proxy that the base URL tells of?"""
        return self.request.url.scheme == "https" or self.settings.address.startswith("https:")

    def user_if_any(self, connection: Connection) -> User | None:
        """Who is signed in, or null for nobody."""
        if not self.secret:
            return None
        return accounts.user_of_session(connection, digest(self.secret), now())

    def user(self, connection: Connection) -> User:
        """Who is signed in; raises `Unauthenticated`."""
        user = self.user_if_any(connection)
        if user is None:
            raise Unauthenticated
        return user

    def workspace_if_any(self, connection: Connection) -> Workspace | None:
        """Return where the navigation of a page leads that belongs to no organization, or None for who is in none.

        It is the organization of the address where the user is in it, or else their newest. It shows no projects.
        """
        user = self.user_if_any(connection)
        if user is None:
            return None
        rows = organization_store.of_user(connection, user.id, limit=_ORGANIZATIONS_MAX)
        known = [organization for organization, _ in rows]
        if not known:
            return None
        path = self.request.url.path
        named = [
            organization
            for organization in known
            if path.startswith(f"/organizations/{organization.slug}/")
        ]
        return Workspace(
            user=user,
            organization=(named or known)[0],
            organizations=tuple(known),
            projects=(),
        )

    def authorize(self, connection: Connection, organization: str) -> Workspace:
        """The organization of the address; raises `Unauthenticated`, or `NotFound` for those who are not in it."""
        user = self.user(connection)
        if "\x00" in organization:
            raise NotFound
        try:
            access = organizations.access_of_user(connection, organization, user, None)
        except Forbidden:
            raise NotFound from None
        rows = organization_store.of_user(connection, user.id, limit=_ORGANIZATIONS_MAX)
        return Workspace(
            user=user,
            organization=access.organization,
            organizations=tuple(each for each, _ in rows),
            projects=tuple(projects.accessible(connection, access)),
        )

    def parameter(self, name: str) -> str:
        """A parameter of the address, the last one where there are several; "" if it is not there."""
        value = self.request.query_params.getall(name, [""])[-1]
        # PostgreSQL has no NUL in texts, so nothing there has one either.
        return str(value).replace("\x00", "").strip()

    def page_number(self, name: str, *, most: int) -> int:
        """The number of the page that is asked for, from 1 to ``most``."""
        text = self.parameter(name)
        is_number = text.isascii() and text.isdigit() and len(text) < 9
        return min(max(int(text), 1), most) if is_number else 1


def request_url(request: AnyRequest) -> str:
    """The address that was asked for, as a path: where to go on after signing in."""
    raw = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    path = raw.decode("latin-1").partition("?")[0]
    query = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


async def provide_web_request(request: AnyRequest) -> WebRequest:
    """Make the visitor of a request; what needs the database is done by the handler, in its thread."""
    return WebRequest(request, request.app.state.database, request.app.state.settings)


InjectedWebRequest = NamedDependency[SkipValidation[WebRequest]]
